using PgMahout.CommandLine;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Live;

/// <summary>
/// Shows a running cluster until the user leaves: a screen at a terminal, lines of what changes elsewhere.
/// </summary>
internal static class LiveView
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    public static async Task<Ending> ShowAsync(Invocation invocation)
    {
        await using var observer = new StatusObserver(invocation.Home, StatusObserver.Patient);
        if (invocation.Screen is { IsTerminal: true, CanAsk: true, IsJson: false })
            await new LiveScreen(invocation, observer).RunAsync();
        else
            await TellAsync(invocation, observer);
        invocation.Screen.Note(
            "the cluster keeps running; `pgmahout down` stops it, `pgmahout status -w` shows it again");
        return Ending.Ok;
    }

    private static async Task TellAsync(Invocation invocation, StatusObserver observer)
    {
        try
        {
            var before = await observer.ObserveAsync(invocation.Cancellation);
            while (true)
            {
                await Task.Delay(Pace, invocation.Cancellation);
                var now = await observer.ObserveAsync(invocation.Cancellation);
                foreach (var line in Changes.Between(before, now))
                    Tell(invocation.Screen, line);
                before = now;
            }
        }
        catch (OperationCanceledException) when (invocation.Cancellation.IsCancellationRequested)
        {
            // Leaving is what the signal means here.
        }
    }

    private static void Tell(Screen screen, string line)
    {
        var text = $"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {line}";
        if (screen.IsJson)
            screen.Note(text);
        else
            screen.Data(text);
    }
}
