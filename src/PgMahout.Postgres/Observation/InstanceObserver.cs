using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Wal;

namespace PgMahout.Postgres.Observation;

/// <summary>
/// Turns what a server answers, or its silence, into a <see cref="PostgresState"/>, and remembers what that type asks
/// to be remembered. All memory is of one run of the server: another postmaster starts it anew.
/// </summary>
internal sealed class InstanceObserver(InstanceSettings settings, ServerProcesses processes) : IAsyncDisposable
{
    private readonly LastStreamed _lastStreamed = new();
    private readonly ReceivedPosition _received = new();
    private InstanceSettings _settings = settings;
    private ServerQuery _query = new(settings);
    private Task<ServerAnswer>? _unanswered;
    private ServerProcess? _postmaster;
    private ProcessWatch? _watch;
    private Instant? _startingSince;
    private Instant? _silentSince;
    private bool _wasPrimary;
    private TimelineHistory? _history;
    private WalPosition? _end;

    public SettledBarrier Barrier { get; } = new();

    /// <summary>Where the stopped server's WAL was found to end; null forgets it.</summary>
    public void RememberEnd(WalPosition? end) => _end = end;

    public async ValueTask<PostgresState> ObserveAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var postmaster = _watch is { IsAlive: true } ? _postmaster : processes.FindPostmaster();
        if (postmaster != _postmaster)
            Forget(postmaster);
        if (postmaster is null)
            return DataDirectory.Inspect(_settings, processes.List().Count, _end);
        _end = null;
        var askedAt = BootClock.Now();
        var answer = await AskAsync(limit, cancellation);
        return Describe(answer, askedAt, BootClock.Now());
    }

    public void Adopt(InstanceSettings settings) => _settings = settings;

    public ValueTask DisposeAsync()
    {
        _watch?.Dispose();
        return _query.DisposeAsync();
    }

    /// <summary>
    /// Null when there is no answer in time. An answer that comes later is to an old question, and is thrown away.
    /// </summary>
    private async Task<ServerAnswer?> AskAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var deadline = BootClock.Now() + limit;
        try
        {
            if (_unanswered is { } earlier)
                await earlier.WaitAsync(limit, cancellation);
            _unanswered = _query.AskAsync();
            var left = deadline - BootClock.Now();
            var answer = await _unanswered.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellation);
            _unanswered = null;
            return answer;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private PostgresState Describe(ServerAnswer? answer, Instant askedAt, Instant now)
    {
        if (answer is not ServerAnswer.Refuses)
            _startingSince = null;
        if (answer is not (null or ServerAnswer.Broken))
            _silentSince = null;
        return answer switch
        {
            null or ServerAnswer.Broken =>
                new PostgresState.Unresponsive(_silentSince ??= askedAt, _wasPrimary),
            ServerAnswer.Refuses => new PostgresState.Starting(_startingSince ??= now),
            ServerAnswer.Primary primary => Describe(primary, now),
            ServerAnswer.Standby standby => Describe(standby, now),
            _ => throw new InvalidOperationException($"unknown answer {answer}"),
        };
    }

    private PostgresState.Primary Describe(ServerAnswer.Primary primary, Instant now)
    {
        _wasPrimary = true;
        var effective = SynchronousNames.Parse(primary.SynchronousNames) ?? SynchronousSet.Nobody;
        if (_history?.Current != primary.Written.Timeline)
            _history = HistoryFile.Read(_settings.DataDirectory, primary.Written.Timeline)
                ?? new TimelineHistory([], primary.Written.Timeline);
        return new PostgresState.Primary(
            primary.SystemIdentifier,
            primary.Written,
            _history,
            Links(primary, now),
            effective,
            Barrier.Observe(effective, primary.Written.Lsn, now),
            primary.Slots);
    }

    private ImmutableArray<StandbyLink> Links(ServerAnswer.Primary primary, Instant now)
    {
        var links = ImmutableArray.CreateBuilder<StandbyLink>();
        foreach (var member in _settings.Others)
        {
            // A receiver that reconnects can stand there twice for a moment: the one that got further counts.
            SenderRow? best = null;
            foreach (var sender in primary.Senders)
                if (sender.ApplicationName == member.Name.Text && (best is null || sender.Flushed > best.Value.Flushed))
                    best = sender;
            var streamedAt = _lastStreamed.Observe(member.Name, best is { Streaming: true }, now);
            if (best is { } found)
                links.Add(new StandbyLink(member.Name, found.Flushed, found.Replayed, found.Streaming, streamedAt));
        }
        return links.ToImmutable();
    }

    private PostgresState.Standby Describe(ServerAnswer.Standby standby, Instant now)
    {
        _wasPrimary = false;
        Barrier.Reset();
        var upstream = PrimaryConnInfo.Target(standby.PrimaryConnInfo, _settings);
        // The receiver of an upstream that was just replaced streams on for a moment.
        var streaming = standby.Receiver is { Streaming: true } receiver
            && IsOf(upstream, new RegionServer(receiver.SenderHost, receiver.SenderPort));
        return new PostgresState.Standby(
            standby.SystemIdentifier,
            _received.Observe(standby),
            standby.Replayed,
            upstream,
            streaming,
            _lastStreamed.Observe(_settings.Name, streaming, now),
            SynchronousNames.Parse(standby.SynchronousNames) ?? SynchronousSet.Nobody,
            standby.Slots);
    }

    private bool IsOf(MemberName? upstream, RegionServer sender) =>
        upstream == Region.Upstream
            ? _settings.Region?.Twin.Servers.Contains(sender) == true
            : _settings.Others.Any(member =>
                member.Name == upstream && member.Host == sender.Host && member.Port == sender.Port);

    private void Forget(ServerProcess? postmaster)
    {
        _ = DiscardAsync(_query, _unanswered);
        _query = new ServerQuery(_settings);
        _postmaster = postmaster;
        _watch?.Dispose();
        _watch = postmaster is { } running ? ProcessWatch.Open(running) : null;
        // What it was (_wasPrimary) is kept: that is asked for when the next run says nothing.
        (_startingSince, _silentSince, _history, _unanswered) = (null, null, null, null);
        _lastStreamed.Reset();
        _received.Reset();
        Barrier.Reset();
    }

    /// <summary>
    /// The server is gone, so an open question ends by itself; the connection is not closed under it.
    /// </summary>
    private static async Task DiscardAsync(ServerQuery query, Task? unanswered)
    {
        if (unanswered is not null)
            await unanswered;
        await query.DisposeAsync();
    }
}
