using System.Collections.Immutable;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Hosts;
using PgMahout.Operations;
using PgMahout.Output;
using PgMahout.Processes;
using PgMahout.Status;
using PgMahout.Store;

namespace PgMahout.Live;

/// <summary>
/// The screen of <c>up</c> at a terminal: verdict, members, last events, and keys that break things on purpose. Drawn
/// line by line over the former one, so that nothing flickers.
/// </summary>
internal sealed class LiveScreen(Invocation invocation, StatusObserver observer)
{
    private const int Events = 8;
    private const string Keys =
        "k kill the primary   f freeze it   s switch over   q leave (the cluster keeps running)";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan KeyPace = TimeSpan.FromMilliseconds(40);

    private readonly List<Task> _doing = [];
    private ImmutableArray<JournalEntry> _events = [];
    private string _said = "";

    public async Task RunAsync()
    {
        var terminal = invocation.Screen.Out;
        terminal.Write("\e[?1049h\e[?25l");
        try
        {
            await LoopAsync();
            await Task.WhenAll(_doing);
        }
        catch (OperationCanceledException) when (invocation.Cancellation.IsCancellationRequested)
        {
            // Ctrl-C leaves, like q.
        }
        finally
        {
            terminal.Write("\e[?25h\e[?1049l");
        }
    }

    private async Task LoopAsync()
    {
        while (true)
        {
            var status = await observer.ObserveAsync(invocation.Cancellation);
            _events = await ReadEventsAsync();
            Draw(status);
            if (await KeyAsync() is not { } key)
                continue;
            if (key == ConsoleKey.Q)
                return;
            Act(key, status);
        }
    }

    /// <summary>The key that was pressed before it is time to draw again; null if none was.</summary>
    private async Task<ConsoleKey?> KeyAsync()
    {
        for (var waited = TimeSpan.Zero; waited < Pace; waited += KeyPace)
        {
            if (Console.KeyAvailable)
                return Console.ReadKey(intercept: true).Key;
            await Task.Delay(KeyPace, invocation.Cancellation);
        }
        return null;
    }

    private void Act(ConsoleKey key, ClusterStatus status)
    {
        if (status.LeadingMember is not { } leader)
        {
            _said = "there is no leader now";
            return;
        }
        switch (key)
        {
            case ConsoleKey.K or ConsoleKey.F when HostHome.Is(invocation.Home):
                _said = "on several hosts: pgmahout drill failover, pgmahout drill freeze";
                break;
            case ConsoleKey.K when leader.Pid is { } pid:
                Signals.Send(pid, Signals.Kill);
                _said = $"kill -9 {pid}: the postmaster of {leader.Name}";
                break;
            case ConsoleKey.F:
                _doing.Add(FreezeAsync(leader, status.Timing?.Ttl ?? TimeSpan.FromSeconds(3)));
                break;
            case ConsoleKey.S:
                _doing.Add(SwitchAsync());
                break;
        }
    }

    private async Task FreezeAsync(MemberStatus leader, TimeSpan ttl)
    {
        var frozen = FrozenMember.Freeze(invocation.Home, leader);
        _said = $"SIGSTOP to {frozen.Count} processes of {leader.Name}, SIGCONT in {Durations.Text(ttl * 2)}";
        try
        {
            await Task.Delay(ttl * 2, invocation.Cancellation);
        }
        finally
        {
            frozen.Thaw();
            _said = $"SIGCONT to {leader.Name}";
        }
    }

    private async Task SwitchAsync()
    {
        _said = "switching over";
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
        {
            _said = failure.What;
            return;
        }
        await using var closing = cluster;
        var attempt = await new SwitchoverOperation(cluster).RunAsync(
            new SwitchoverWish(null, false, "key s"), TimeSpan.FromSeconds(30), invocation.Cancellation);
        _said = attempt.TryGet(out var result, out failure)
            ? $"{result.To} leads instead of {result.From}, after {Durations.Text(result.Took)}"
            : string.Join(": ", failure.Facts.Select(fact => fact.Text).Prepend(failure.What));
    }

    private async Task<ImmutableArray<JournalEntry>> ReadEventsAsync() =>
        await observer.ReadJournalAsync(Events, invocation.Cancellation) is JournalRead.Content content
            ? content.Entries
            : _events;

    private void Draw(ClusterStatus status)
    {
        var paint = invocation.Screen.Paint;
        List<string> lines = [.. StatusText.Human(status, paint, invocation.Verbose).Split('\n')];
        lines.Add(paint.Faint("EVENTS"));
        lines.AddRange(_events.Select(entry => $"{entry.At:HH:mm:ss.fff}  {entry.Text}"));
        lines.Add("");
        lines.Add(paint.Strong(_said));
        lines.Add(paint.Faint(Keys));
        var width = Math.Max(40, Console.WindowWidth);
        var text =
            string.Join("\e[K\n", lines.Take(Math.Max(10, Console.WindowHeight - 1)).Select(line => Cut(line, width)));
        invocation.Screen.Out.Write($"\e[H{text}\e[K\e[J");
        invocation.Screen.Out.Flush();
    }

    /// <summary>A line with colours in it is left as it is: cutting one could cut a colour's end off.</summary>
    private static string Cut(string line, int width) =>
        line.Length <= width || line.Contains('\e', StringComparison.Ordinal) ? line : line[..width];
}
