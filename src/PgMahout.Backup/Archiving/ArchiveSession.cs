using System.Text;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Replication;
using PgMahout.Postgres.Wal;

namespace PgMahout.Backup.Archiving;

/// <summary>How a session with a primary ended.</summary>
/// <param name="Archived">What the archive has now; null when it must be looked through again.</param>
/// <param name="Problem">Why it ended; null when it was wanted.</param>
internal sealed record SessionEnd(
    ArchivedWal? Archived, Problem? Problem, ArchiveState State = ArchiveState.Connecting);

/// <summary>
/// One connection to a primary: checks that its WAL belongs to the archive, and archives it across every end of a
/// timeline until the connection ends.
/// </summary>
internal sealed class ArchiveSession(
    ArchiveContext context, ReplicationConnection connection, SegmentSource segments, CancellationToken letGo)
{
    private readonly ArchiverSettings _settings = context.Settings;
    private ArchivedWal _archived = ArchivedWal.Nothing;

    private bool _isStale;

    /// <param name="archived">Null when the archive must be looked through first.</param>
    /// <param name="isStale">
    /// Another archiver had the slot since: what is known of the archive serves to ask for the slot, not to go on.
    /// </param>
    public async Task<SessionEnd> RunAsync(ArchivedWal? archived, bool isStale, CancellationToken cancellation)
    {
        _isStale = isStale && archived is not null;
        var identified = await Task.Run(Identify, cancellation);
        if (!identified.TryGet(out var source))
            return new SessionEnd(archived, identified.Failure);
        if (archived is null)
        {
            var survey = await context.Archive.SurveyAsync(source.SegmentSize, cancellation);
            if (!survey.TryGet(out var found))
                return new SessionEnd(null, survey.Failure, ArchiveState.RepositoryFailing);
            archived = found.Archived(_settings.Buffers);
            var sized = await context.Archive.PutSegmentSizeAsync(source.SegmentSize, cancellation);
            if (sized.Failure is { } unsized)
                return new SessionEnd(null, unsized, ArchiveState.RepositoryFailing);
            await context.Archive.Repository.Store.DeleteAsync(found.Superseded, cancellation);
        }
        _archived = archived;
        var answer = ArchiveResume.Decide(_settings.SystemIdentifier, _archived, source);
        if (answer is not ResumeAnswer.Stream start)
            return new SessionEnd(
                _isStale ? null : _archived, ArchiveProblems.Of(answer, connection.Target.ToString()),
                ArchiveState.Refused);
        var stored = await StoreHistoriesAsync(source.History, cancellation)
            ?? (await Task.Run(EnsureSlot, cancellation)).Failure;
        return stored is null
            ? await StreamAsync(start, source, cancellation)
            : new SessionEnd(_archived, stored);
    }

    /// <summary>From one timeline to the next, until something ends it.</summary>
    private async Task<SessionEnd> StreamAsync(
        ResumeAnswer.Stream at, ArchiveSource source, CancellationToken cancellation)
    {
        while (true)
        {
            var started = await Task.Run(
                () => connection.StartStreaming(_settings.SlotName, at.From, _settings.CommandLimit, _settings.Silence),
                cancellation);
            if (!started.TryGet(out var start))
                return await RefusedAsync(at, source, started.Failure!, cancellation);
            if (_isStale)
                return new SessionEnd(null, ArchiveProblems.LetGo);
            if (start is not StreamStart.Switched(var next))
            {
                var stream = ((StreamStart.Streaming)start).Stream;
                var buffers = segments.Of(source.SegmentSize);
                var (problem, confirmed) =
                    await new StreamRun(context, stream).RunAsync(at, buffers, letGo, cancellation);
                if (confirmed > at.Durable)
                    _archived = _archived.Reaching(at.From with { Lsn = confirmed });
                if (problem is not null)
                    return await RefusedAsync(at with { Durable = confirmed }, source, problem, cancellation);
                var finished = await Task.Run(() => stream.Finish(_settings.CommandLimit), cancellation);
                if (!finished.TryGet(out next))
                    return new SessionEnd(_archived, finished.Failure);
            }
            if (await StoreHistoryAsync(next.Timeline, cancellation) is { } missing)
                return new SessionEnd(_archived, missing);
            at = ArchiveResume.After(next, source.SegmentSize);
        }
    }

    private Outcome<ArchiveSource> Identify()
    {
        var identified = connection.IdentifySystem(_settings.CommandLimit);
        if (!identified.TryGet(out var system))
            return new Outcome<ArchiveSource>.Failed(identified.Failure!);
        var size = connection.SegmentSize(_settings.CommandLimit);
        if (!size.TryGet(out var segmentSize))
            return new Outcome<ArchiveSource>.Failed(size.Failure!);
        var history = TimelineHistory.Initial;
        if (system.Timeline != TimelineId.First)
        {
            var read = connection.TimelineHistory(system.Timeline, _settings.CommandLimit);
            if (!read.TryGet(out var file))
                return new Outcome<ArchiveSource>.Failed(read.Failure!);
            if (Parse(system.Timeline, file) is not { } parsed)
                return new Outcome<ArchiveSource>.Failed(ArchiveProblems.Unreadable(file.Name));
            history = parsed;
        }
        return new Outcome<ArchiveSource>.Done(new ArchiveSource(
            system.SystemIdentifier, history, system.FlushedTo, segmentSize, connection.IsStandby));
    }

    /// <summary>
    /// Every history file that is not in the archive yet. Those of ancestors may be gone from the server; the file of
    /// its own timeline tells all that they told.
    /// </summary>
    private async Task<Problem?> StoreHistoriesAsync(TimelineHistory history, CancellationToken cancellation)
    {
        foreach (var ancestor in history.Ancestors)
            if (ancestor.Timeline != TimelineId.First)
                _ = await StoreHistoryAsync(ancestor.Timeline, cancellation);
        return history.Current == TimelineId.First ? null : await StoreHistoryAsync(history.Current, cancellation);
    }

    private async Task<Problem?> StoreHistoryAsync(TimelineId timeline, CancellationToken cancellation)
    {
        if (_archived.Find(timeline)?.History is not null)
            return null;
        var read = await Task.Run(
            () => connection.TimelineHistory(timeline, _settings.CommandLimit), cancellation);
        if (!read.TryGet(out var file))
            return read.Failure;
        if (Parse(timeline, file) is not { } history)
            return ArchiveProblems.Unreadable(file.Name);
        await context.Store.UntilDoneAsync(
            file.Content.Length,
            bound => context.Archive.PutHistoryAsync(timeline, file.Content, bound),
            null,
            cancellation);
        _archived = _archived.Knowing(history);
        return null;
    }

    private Outcome EnsureSlot()
    {
        if (connection.Major < 15)
            return Created();
        var read = connection.ReadSlot(_settings.SlotName, _settings.CommandLimit);
        if (!read.TryGet(out var slot))
            return new Outcome.Failed(read.Failure!);
        // Looked at first, because a server writes down that it cannot make what is there.
        if (slot is null)
            return Created();
        // One that lost its WAL, or never kept any, would not keep any from now on either.
        return slot.RestartLsn is not null ? Outcome.Success : RenewSlot();
    }

    private Outcome Created() =>
        connection.CreateSlot(_settings.SlotName, _settings.CommandLimit).Failure is { } problem
            ? new Outcome.Failed(problem)
            : Outcome.Success;

    private Outcome RenewSlot()
    {
        if (connection.DropSlot(_settings.SlotName, _settings.CommandLimit) is Outcome.Failed failed)
            return failed;
        return Created();
    }

    /// <summary>What can be done about it is done here; then the next session begins anew.</summary>
    private async Task<SessionEnd> RefusedAsync(
        ResumeAnswer.Stream at, ArchiveSource source, Problem problem, CancellationToken cancellation)
    {
        if (connection.Refusal is not { } refusal)
            return new SessionEnd(_archived, problem);
        switch (StreamRefusals.Of(refusal))
        {
            case StreamRefusal.SlotLost:
                return new SessionEnd(_archived, (await Task.Run(RenewSlot, cancellation)).Failure ?? problem);
            case StreamRefusal.WalGone:
                return await RecordGapAsync(at, source, refusal.Message, cancellation);
            case StreamRefusal.SlotBusy or StreamRefusal.SlotMissing or StreamRefusal.Other:
                return new SessionEnd(_archived, problem);
        }
        throw new InvalidOperationException(refusal.ToString());
    }

    private async Task<SessionEnd> RecordGapAsync(
        ResumeAnswer.Stream at, ArchiveSource source, string why, CancellationToken cancellation)
    {
        var survey = await context.Archive.SurveyAsync(source.SegmentSize, cancellation);
        if (!survey.TryGet(out var found))
            return new SessionEnd(_archived, survey.Failure, ArchiveState.RepositoryFailing);
        // An archiver on another host may have gone on meanwhile: then nothing is missing, but this one is late.
        if (ArchiveResume.IsLate(
            at, ArchiveResume.Decide(_settings.SystemIdentifier, found.Archived(_settings.Buffers), source)))
            return new SessionEnd(null, ArchiveProblems.LetGo);
        var missing = at.From with { Lsn = at.Durable };
        var gap = ArchiveResume.Gap(missing, found.NextAfter(missing), source);
        if (gap.To <= gap.From)
            return new SessionEnd(null, ArchiveProblems.NotThere(missing, why));
        var record = new GapRecord(gap, why, context.Time.GetUtcNow());
        await context.Store.UntilDoneAsync(
            0, bound => context.Archive.PutGapAsync(record, bound), null, cancellation);
        context.Board.Change(status => status with { Gap = record });
        return new SessionEnd(null, ArchiveProblems.Gone(record));
    }

    private static TimelineHistory? Parse(TimelineId timeline, TimelineHistoryFile file) =>
        HistoryFile.Parse(Encoding.UTF8.GetString(file.Content.Span), timeline);
}
