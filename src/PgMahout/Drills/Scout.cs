using PgMahout.Core.Vocabulary;

namespace PgMahout.Drills;

/// <summary>
/// Looks for a primary the way a client with a list of hosts does, all hosts at once: connect, ask, and while the server
/// is a standby ask it again every few milliseconds.
/// </summary>
internal sealed class Scout(IReadOnlyCollection<CanaryServer> servers)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(3);

    /// <summary>The first server that is a primary on <paramref name="least"/> or a later timeline.</summary>
    public async Task<CanaryConnection> FindAsync(TimelineId least, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var found = new TaskCompletionSource<CanaryConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        var searches = servers.Select(server => SearchAsync(server, least, found, ended.Token)).ToArray();
        try
        {
            return await found.Task.WaitAsync(cancellation);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(searches);
        }
    }

    private async Task SearchAsync(
        CanaryServer server, TimelineId least, TaskCompletionSource<CanaryConnection> found, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            CanaryConnection? connection = null;
            try
            {
                connection = await server.OpenAsync(ended);
                while (!await connection.IsPrimaryAsync(ended) || connection.Timeline < least)
                    await Task.Delay(Pace, ended);
                if (found.TrySetResult(connection))
                    return;
            }
            catch (Exception failure) when (CanaryConnection.IsExpected(failure))
            {
                // It is down, starting, or just died: try again.
            }
            if (connection is not null)
                await connection.DisposeAsync();
            await Task.Delay(Pace, ended).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
