using PgMahout.Core.Ha;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Processes;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Wal;

namespace PgMahout.Postgres.Instance;

/// <summary>
/// Stopping, promoting, and waiting for a start. Signals go to the postmaster directly: they work when SQL does not.
/// </summary>
internal sealed class Lifecycle(InstanceContext context)
{
    private const string PromoteFile = "promote";
    private static readonly TimeSpan RecountEvery = TimeSpan.FromMilliseconds(30);
    private const int LogTail = 2000;
    private static readonly TimeSpan Fencing = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Launching = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan KickEvery = TimeSpan.FromMilliseconds(15);

    private ServerProcesses Processes => context.Processes;

    public async Task<Outcome> StopAsync(
        StopMode mode, TimeSpan limit, Func<Task> parting, CancellationToken cancellation)
    {
        var deadline = BootClock.Now() + limit;
        if (Processes.FindPostmaster() is { } postmaster)
        {
            if (mode == StopMode.Fast)
            {
                await CheckpointAsync(limit / 2, cancellation);
                await parting();
                await SignalAndWaitAsync(postmaster, Signal.Interrupt, deadline - BootClock.Now(), cancellation);
            }
            await SignalAndWaitAsync(postmaster, Signal.Quit, limit / 4, cancellation);
        }
        return await FenceAsync(Fencing);
    }

    public Task<Outcome> FenceAsync(TimeSpan limit)
    {
        // Orphans need a moment to notice that their postmaster is gone; there is no reason to wait for them.
        return Task.Factory.StartNew(
            () => Processes.KillAll(limit) is var left and > 0
                ? new Outcome.Failed(Problems.OutOfTime("killing the server", limit, $"{left} processes are left"))
                : Outcome.Success,
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public async Task<Outcome> WaitUntilServingAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var started = BootClock.Now();
        var launched = false;
        var lost = false;
        var serving = await InstanceContext.UntilAsync(
            async () =>
            {
                var running = Processes.FindPostmaster() is not null;
                lost = !running && (launched || BootClock.Now() - started > Launching);
                launched |= running;
                return lost || (running && await AnswersAsync(limit, cancellation));
            },
            limit, cancellation);
        if (serving && !lost)
            return Outcome.Success;
        return new Outcome.Failed(lost
            ? Problems.DiedAtStart(LogEnd())
            : Problems.OutOfTime("starting PostgreSQL", limit, LogEnd()));
    }

    /// <summary>
    /// What pg_promote does, without its waiting in steps of 100 ms. A standby that waits between two attempts to reach
    /// its upstream would end that wait first (wal_retrieve_retry_interval); a reload wakes it.
    /// </summary>
    public async Task<Outcome> PromoteAsync(TimelineId timeline, TimeSpan limit, CancellationToken cancellation)
    {
        if (Processes.FindPostmaster() is not { } postmaster)
            return new Outcome.Failed(Problems.NotRunning("a promotion"));
        if (await InRecoveryAsync(limit, cancellation) is Outcome<bool>.Done { Value: false })
            return Outcome.Success;
        TimelineNumbers.Reserve(context.Settings.DataDirectory, timeline, context.Settings.Account);
        var file = Path.Combine(context.Settings.DataDirectory, PromoteFile);
        // Its owner does not matter: the server only looks whether it is there, and removes it, perhaps at once (any
        // signal from a child of it makes it look).
        await File.WriteAllBytesAsync(file, [], cancellation);
        Processes.Send(postmaster, Signal.User1);
        var kickAt = BootClock.Now() + KickEvery;
        Problem? problem = null;
        var promoted = await InstanceContext.UntilAsync(
            async () =>
            {
                var recovering = await InRecoveryAsync(limit, cancellation);
                problem = recovering.Failure;
                if (BootClock.Now() >= kickAt)
                {
                    Processes.Send(postmaster, Signal.Hangup);
                    kickAt = BootClock.Now() + KickEvery;
                }
                return recovering is Outcome<bool>.Done { Value: false } || !Processes.Lives(postmaster);
            },
            limit, cancellation);
        if (!Processes.Lives(postmaster))
            return new Outcome.Failed(Problems.DiedAtStart(LogEnd()));
        if (!promoted)
            return new Outcome.Failed(problem ?? Problems.OutOfTime("the promotion", limit));
        _ = CountFollowersAsync(postmaster);
        return Outcome.Success;
    }

    /// <summary>
    /// A follower that connected while this server was still in recovery is not counted for synchronous commit until
    /// its
    /// sender reads the configuration again (PostgreSQL takes it for cascading). Reloads make it do so: the first may
    /// come before the sender has noticed the promotion, so there are three.
    /// </summary>
    private async Task CountFollowersAsync(ServerProcess postmaster)
    {
        for (var reload = 0; reload < 3; reload++)
        {
            Processes.Send(postmaster, Signal.Hangup);
            await Task.Delay(RecountEvery);
        }
    }

    private Task<Outcome<bool>> InRecoveryAsync(TimeSpan limit, CancellationToken cancellation) =>
        context.Commands.RunAsync(
            "asking whether it is in recovery",
            (connection, bound) => connection.ScalarAsync<bool>("SELECT pg_is_in_recovery()", bound),
            limit, cancellation);

    private async Task<bool> AnswersAsync(TimeSpan limit, CancellationToken cancellation) =>
        await InRecoveryAsync(limit, cancellation) is Outcome<bool>.Done;

    private Task CheckpointAsync(TimeSpan limit, CancellationToken cancellation) =>
        context.Commands.RunAsync(
            "a checkpoint", (connection, bound) => connection.ExecuteAsync("CHECKPOINT", bound), limit, cancellation);

    private async Task SignalAndWaitAsync(
        ServerProcess postmaster, int signal, TimeSpan limit, CancellationToken cancellation)
    {
        if (!Processes.Send(postmaster, signal) || limit <= TimeSpan.Zero)
            return;
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await ProcessExit.WaitAsync(postmaster, waiting.Token).WaitAsync(limit, cancellation);
        }
        catch (TimeoutException)
        {
            // The caller goes on to something stronger.
        }
        finally
        {
            await waiting.CancelAsync();
        }
    }

    /// <summary>
    /// The end of what the server said: to its collected log if it got that far, else where it began.
    /// </summary>
    private string LogEnd()
    {
        var logs = MemberPaths.Logs(context.Settings);
        var collected = Directory.Exists(logs)
            ? new DirectoryInfo(logs).EnumerateFiles().OrderByDescending(file => file.LastWriteTimeUtc).Take(1)
            : [];
        var begun = new FileInfo(context.Settings.StartLog);
        var tails = collected.Append(begun).Where(file => file.Exists).Select(file => Tail(file.FullName));
        return string.Join('\n', tails);
    }

    private static string Tail(string path)
    {
        var text = File.ReadAllText(path);
        return text.Length > LogTail ? text[^LogTail..] : text;
    }
}
