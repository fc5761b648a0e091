using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>
/// The WAL of a server: receiving it, and as a primary writing it, sending it and confirming commits.
/// </summary>
internal sealed partial class SimPostgres
{
    private const int CheckpointBytes = 120;
    private const int Sessions = 12;
    private static readonly long RetryReceiver = 100_000_000;

    private readonly Queue<long> _waiting = new();
    private readonly SortedDictionary<string, long> _slots = new(StringComparer.Ordinal);
    private ImmutableArray<Slot> _slotsSeen = [];
    private SynchronousSet _earlier = SynchronousSet.Nobody;
    private long _earlierUntil;

    public WalTimeline? Wal { get; private set; }
    public long Written { get; private set; }

    /// <summary>End of the WAL on disk: all that survives a loss of power, and all that is ever sent.</summary>
    public long Flushed { get; private set; }

    /// <summary>
    /// The highest timeline number whose history file was ever fetched here: a promotion takes the next one.
    /// </summary>
    public TimelineId HighestTimeline { get; private set; } = TimelineId.First;

    public int? Upstream { get; private set; }
    public WalLink? Receiver { get; private set; }
    public List<WalLink> Senders { get; } = [];

    /// <summary>
    /// synchronous_standby_names as it stands in the configuration, which a running server has just read.
    /// </summary>
    public SynchronousSet Synchronous { get; private set; } = SynchronousSet.Nobody;

    /// <summary>
    /// What some processes may still act on, having not read the configuration yet; null when all have.
    /// </summary>
    public SynchronousSet? StillInUse => _world.Now < _earlierUntil ? _earlier : null;

    public long FlushDelay() =>
        (long)(_world.Plan.DiskMilliseconds * Host.DiskSlowness * 1e6
            * _world.Chance.Between(0.4, _world.Chance.Chance(0.02) ? 15 : 1.6));

    public ImmutableArray<Slot> Slots
    {
        get
        {
            if (_slotsSeen.IsDefault)
                _slotsSeen = [.. _slots.Select(slot => new Slot(slot.Key, new Lsn((ulong)slot.Value), false))];
            return _slotsSeen;
        }
    }

    /// <summary>As an event of the server, which may be another one by then.</summary>
    private void WhenUnstuck(Action run)
    {
        var life = Server.Life;
        Host.Unstuck += () =>
        {
            if (Server.Life == life)
                _world.After(FlushDelay(), Server, run);
        };
    }

    public bool Keeps(string slot) => _slots.ContainsKey(slot);

    /// <summary>Made if it is missing, keeping all there is; moved forward unless a sender uses it.</summary>
    public void KeepSlot(string slot, long? advanceTo = null)
    {
        if (_slots.TryAdd(slot, 0))
            _slotsSeen = default;
        else if (advanceTo is { } target && !Senders.Exists(sender => SlotOf(sender.Downstream) == slot))
            MoveSlot(slot, target);
    }

    public void DropSlot(string slot)
    {
        _slots.Remove(slot);
        _slotsSeen = default;
    }

    private void MoveSlot(string slot, long to)
    {
        if (!_slots.TryGetValue(slot, out var from) || from >= to)
            return;
        _slots[slot] = to;
        _slotsSeen = default;
        if (Phase == ServerPhase.Primary)
            _world.Invariants.SlotMoved(this, slot, to);
    }

    private string SlotOf(SimPostgres other) => _world.Members[other.Index].Name.SlotName;

    /// <summary>A receiver has told what it has on disk.</summary>
    public void Heard(WalLink link)
    {
        MoveSlot(SlotOf(link.Downstream), link.Confirmed);
        ReleaseWaiters();
    }

    /// <summary>
    /// A reload: new settings for new looks, while processes that have not looked yet act on the old ones for a moment.
    /// </summary>
    public void Configure(SynchronousSet set, long lag)
    {
        if (set.Equals(Synchronous))
            return;
        _earlier = Synchronous;
        _earlierUntil = _world.Now + lag;
        Synchronous = set;
        _world.Note(Index, "postgres", $"synchronous: {set}");
        _world.Invariants.SynchronousChanged(this);
        _world.After(_world.Milliseconds(0.1, 5), Server, ReleaseWaiters);
    }

    public void Follow(int upstream)
    {
        Upstream = upstream;
        StopReceiving();
        if (Phase == ServerPhase.Standby)
            StartReceiving();
    }

    /// <summary>primary_conninfo is emptied; it stays so across restarts.</summary>
    public void FollowNobody()
    {
        Upstream = null;
        StopReceiving();
    }

    public void SenderClosed(WalLink link) => Senders.Remove(link);

    public void ReceiverClosed(WalLink link)
    {
        if (Receiver != link)
            return;
        Receiver = null;
        if (Phase == ServerPhase.Standby)
            _world.After(RetryReceiver, Server, Connect);
    }

    private void StopReceiving()
    {
        var link = Receiver;
        Receiver = null;
        link?.CloseDownstream();
    }

    private void StartReceiving() => _world.After(_world.Milliseconds(2, 15), Server, Connect);

    private void Connect()
    {
        if (Phase != ServerPhase.Standby || Receiver is not null || Upstream is not { } index)
            return;
        var upstream = _world.Members[index].Postgres;
        if (!CanStreamFrom(upstream))
        {
            _world.After(RetryReceiver, Server, Connect);
            return;
        }
        var link = new WalLink(_world, upstream, this);
        Receiver = link;
        upstream.Senders.Add(link);
        link.Pump();
    }

    private bool CanStreamFrom(SimPostgres upstream)
    {
        if (!_world.Network.Reaches(Host.Index, upstream.Host.Index)
            || !_world.Network.Reaches(upstream.Host.Index, Host.Index))
            return false;
        if (upstream.Server.Frozen
            || upstream.Phase is not (ServerPhase.Primary or ServerPhase.Standby or ServerPhase.Promoting))
            return false;
        if (upstream == this || !upstream.Keeps(SlotOf(this)))
            return false;
        // The slot is still in use by a sender that has not noticed the end of its connection.
        if (upstream.Senders.Exists(sender => sender.Downstream == this))
            return false;
        if (upstream.Wal!.Id > HighestTimeline)
            HighestTimeline = upstream.Wal.Id;
        if (upstream.Wal.Extends(Wal!, Flushed, upstream.Flushed))
            return true;
        // PostgreSQL compares numbers, not contents: this is what it would accept.
        if (upstream.Wal.History.Contains(Wal!.At(Flushed)) && upstream.Flushed >= Flushed)
            _world.Invariants.MixedHistories(this, upstream);
        return false;
    }

    /// <summary>Takes WAL in from upstream; false when it does not continue what is here.</summary>
    public bool Append(WalTimeline? timeline, long end)
    {
        if (Wal is null || timeline is null || !timeline.Extends(Wal, Flushed, end))
            return false;
        if (timeline != Wal || end != Flushed)
            _world.Invariants.Received(this);
        Wal = timeline;
        Written = Flushed = end;
        if (timeline.Id > HighestTimeline)
            HighestTimeline = timeline.Id;
        foreach (var sender in Senders)
            sender.Pump();
        return true;
    }

    private void StartClients() => _world.After(_world.NextWrite(), Server, Write);

    private void Write()
    {
        if (Phase != ServerPhase.Primary)
            return;
        StartClients();
        if (_waiting.Count >= Sessions)
            return;
        if (Host.DiskFull)
        {
            Panic("no space left for WAL");
            return;
        }
        Written += _world.NextWriteBytes();
        _waiting.Enqueue(Written);
        var end = Written;
        _world.After(FlushDelay(), Server, () => Flush(end));
    }

    private void Flush(long end)
    {
        if (Phase is not (ServerPhase.Primary or ServerPhase.Orphaned) || end <= Flushed)
            return;
        if (Host.StuckSince is not null)
        {
            WhenUnstuck(() => Flush(end));
            return;
        }
        Flushed = end;
        foreach (var sender in Senders)
            sender.Pump();
        ReleaseWaiters();
    }

    /// <summary>
    /// Confirms to their clients the commits that enough members have, by any setting that a process may be acting on.
    /// </summary>
    public void ReleaseWaiters()
    {
        if (Phase is not (ServerPhase.Primary or ServerPhase.Orphaned) || _waiting.Count == 0)
            return;
        var confirmed = ConfirmedBy(Synchronous);
        if (StillInUse is { } earlier)
            confirmed = Math.Max(confirmed, ConfirmedBy(earlier));
        confirmed = Math.Min(confirmed, Flushed);
        var last = -1L;
        while (_waiting.TryPeek(out var end) && end <= confirmed)
            last = _waiting.Dequeue();
        if (last < 0)
            return;
        Wal!.AcknowledgedEnd = Math.Max(Wal.AcknowledgedEnd, last);
        _world.Invariants.Acknowledged(this, last);
    }

    private long ConfirmedBy(SynchronousSet set)
    {
        if (set.Quorum == 0)
            return long.MaxValue;
        Span<long> best = stackalloc long[Senders.Count];
        var count = 0;
        foreach (var sender in Senders)
            if (sender.CaughtUp && set.Contains(_world.Members[sender.Downstream.Index].Name))
                best[count++] = sender.Confirmed;
        if (count < set.Quorum)
            return -1;
        best[..count].Sort();
        return best[count - set.Quorum];
    }
}
