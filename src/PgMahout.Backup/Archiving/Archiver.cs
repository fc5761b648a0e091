using PgMahout.Core.Backup;
using PgMahout.Postgres.Replication;

namespace PgMahout.Backup.Archiving;

/// <summary>
/// Keeps a repository's WAL complete: streams from whichever server is the primary, through every promotion, and tells
/// it only what is durable. Whatever dies at whatever moment, nothing is lost and nothing must be done by hand.
/// </summary>
/// <param name="primary">The primary as it is known now; null while there is none to stream from.</param>
/// <param name="sink">Is given the archived segments.</param>
public sealed class Archiver(
    WalArchive archive,
    ArchiverSettings settings,
    Func<CancellationToken, ValueTask<ReplicationTarget?>> primary,
    ISegmentSink sink,
    TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private readonly ArchiveBoard _board = new(time);
    private TaskCompletionSource _changed = NewSignal();

    public ArchiveStatus Status => _board.Status;

    /// <summary>Says whether somebody else has the slot, once that was refused; null: it is tried again.</summary>
    public SlotWatch? Slot { get; init; }

    /// <summary>
    /// Says that the primary may have changed, from any thread. One that is no longer named is let go at once: so it
    /// can be stopped without waiting for the repository.
    /// </summary>
    public void Wake() => Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();

    /// <summary>Until it is cancelled. Run it once, and one at a time for a repository.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var segments = new SegmentSource(settings);
        var context = new ArchiveContext(archive, settings, sink, time, _board);
        ArchivedWal? archived = null;
        SessionEnd? waiting = null;
        var isStale = false;
        var pause = FirstPause;
        try
        {
            while (true)
            {
                var changed = _changed.Task;
                var end = await primary(cancellation) is { } target
                    ? await StillAsync(waiting, cancellation)
                        ?? await ServeAsync(context, target, (archived, isStale), segments, cancellation)
                    : new SessionEnd(archived, null, ArchiveState.NoPrimary);
                pause = end.Archived != archived ? FirstPause : Longer(pause);
                archived = end.Archived;
                // On several hosts each has an archiver, and the one that has the slot archives.
                waiting = end.Problem?.Code == ReplicationProblems.SlotInUseCode ? end : null;
                isStale = archived is not null && (isStale || waiting is not null);
                if (end.Problem is { } problem && problem != ArchiveProblems.LetGo)
                    _board.Failed(end.State, problem);
                else
                    _board.State(end.State);
                await Task.WhenAny(changed, Task.Delay(pause, time, cancellation));
                cancellation.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _board.State(ArchiveState.Stopped);
        }
    }

    /// <summary>How it ended the last time, while another has the slot; null: it is time to ask for it.</summary>
    private async ValueTask<SessionEnd?> StillAsync(SessionEnd? waiting, CancellationToken cancellation)
    {
        if (waiting is null || Slot is not { } slot)
            return null;
        if (await slot.IsTakenAsync(cancellation))
            return waiting;
        await slot.CloseAsync();
        return null;
    }

    private async Task<SessionEnd> ServeAsync(
        ArchiveContext context, ReplicationTarget target, (ArchivedWal? Archived, bool IsStale) known,
        SegmentSource segments, CancellationToken cancellation)
    {
        _board.Change(status => status with { Primary = target.ToString() });
        using var letGo = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watching = WatchAsync(target, letGo);
        try
        {
            var opened = await Task.Run(
                () => ReplicationConnection.Open(target, settings.CommandLimit, letGo.Token), cancellation);
            if (!opened.TryGet(out var connection))
                return new SessionEnd(known.Archived, opened.Failure);
            using (connection)
                return await new ArchiveSession(context, connection, segments, letGo.Token)
                    .RunAsync(known.Archived, known.IsStale, cancellation);
        }
        finally
        {
            await letGo.CancelAsync();
            await watching;
        }
    }

    /// <summary>Lets the primary go when it is no longer the one.</summary>
    private async Task WatchAsync(ReplicationTarget target, CancellationTokenSource letGo)
    {
        try
        {
            while (!letGo.IsCancellationRequested)
            {
                // The signal first: what changes while the question is answered is not missed.
                var changed = _changed.Task;
                if (await primary(letGo.Token) != target)
                    await letGo.CancelAsync();
                await changed.WaitAsync(letGo.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The session ended by itself.
        }
    }

    private TimeSpan Longer(TimeSpan pause)
    {
        var most = settings.LongestPause < TimeSpan.FromSeconds(1) ? settings.LongestPause : TimeSpan.FromSeconds(1);
        return pause * 2 < most ? pause * 2 : most;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
