using PgMahout.Core.Vocabulary;

namespace PgMahout.Drills;

/// <summary>
/// Looks for a primary the way a client with a list of hosts does, all hosts at once: connect, ask, and while the
/// server is a standby ask it again every few milliseconds.
/// </summary>
internal sealed class Scout(IReadOnlyCollection<CanaryServer> servers)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(3);

    /// <summary>The first server that is a primary on <paramref name="least"/> or a later timeline.</summary>
    public async Task<CanaryConnection> FindAsync(TimelineId least, CancellationToken cancellation)
    {
        // Not disposed: the searches that lost look at it until they notice, and nobody waits for them.
        var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var found = new TaskCompletionSource<CanaryConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var server in servers)
            _ = SearchAsync(server, least, found, ended.Token);
        try
        {
            return await found.Task.WaitAsync(cancellation);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private static async Task SearchAsync(
        CanaryServer server, TimelineId least, TaskCompletionSource<CanaryConnection> found, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            CanaryConnection? connection = null;
            try
            {
                connection = await server.OpenAsync(ended);
                // The token is looked at between two questions only: to cancel one is another round trip to the server.
                while (!await connection.IsPrimaryAsync(CancellationToken.None) || connection.Timeline < least)
                    await Task.Delay(Pace, ended);
                if (!ended.IsCancellationRequested && found.TrySetResult(connection))
                    return;
            }
            catch (Exception failure) when (CanaryConnection.IsExpected(failure))
            {
                // It is down, starting, or just died: try again.
            }
            if (connection is not null)
                await connection.DisposeAsync();
            await Task.Delay(Pace, CancellationToken.None);
        }
    }
}
