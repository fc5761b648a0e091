using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

internal enum ServerPhase
{
    Down,
    Starting,
    Standby,
    Promoting,
    Primary,
    Stopping,

    /// <summary>The postmaster is gone and its backends and senders are not, yet.</summary>
    Orphaned,

    /// <summary>All are killed, and some wait in the kernel for a disk before they die.</summary>
    Perishing,
}

/// <summary>
/// One data directory and the server on it: what is written, what is on disk, who is followed, whose confirmation a
/// commit waits for. This half holds its life; the WAL and the commits are in the other.
/// </summary>
internal sealed partial class SimPostgres
{
    private readonly SimWorld _world;
    private bool _clean;
    private bool _startAsPrimary;

    public SimPostgres(SimWorld world, int index, SimHost host)
    {
        _world = world;
        Index = index;
        Host = host;
        Server = new SimProcess(host);
        Guard = new SimGuard(world, this);
        host.Processes.Add(Server);
        host.Processes.Add(Guard.Process);
    }

    public int Index { get; }
    public SimHost Host { get; }
    public SimProcess Server { get; }
    public SimGuard Guard { get; }
    public ServerPhase Phase { get; private set; }

    /// <summary>Another owner, another version: not ours to touch.</summary>
    public bool Foreign { get; set; }

    /// <summary>The reign in which it became a primary; commits it confirms are of this epoch.</summary>
    public Epoch Reign { get; private set; }

    public bool StandbySignal { get; private set; }
    public bool Initialized => Wal is not null;
    public bool HasProcesses => Phase != ServerPhase.Down;
    public bool PostmasterAlive => Phase is not (ServerPhase.Down or ServerPhase.Orphaned or ServerPhase.Perishing);
    public bool InRecovery => Phase is ServerPhase.Standby or ServerPhase.Promoting;

    /// <summary>It can confirm commits, or is on its way to.</summary>
    public bool Leads => Phase switch
    {
        ServerPhase.Down or ServerPhase.Perishing or ServerPhase.Standby => false,
        ServerPhase.Promoting or ServerPhase.Primary or ServerPhase.Orphaned => true,
        ServerPhase.Starting => _startAsPrimary,
        ServerPhase.Stopping => !StandbySignal,
    };

    /// <summary>Known after somebody looked, until the next start.</summary>
    public WalPosition? Inspected { get; set; }

    public bool Clean => _clean;

    /// <summary>Told when the postmaster exits, for whatever reason.</summary>
    public Action? Exited { get; set; }

    public void StartPrimary(SynchronousSet synchronous, Epoch reign)
    {
        if (StandbySignal)
            Diverge();
        Configure(synchronous, 0);
        Reign = reign;
        Launch(asPrimary: true);
    }

    /// <summary>The primary of a cluster that has been healthy for a while.</summary>
    public void BeginAsPrimary(SynchronousSet synchronous, Epoch reign)
    {
        StandbySignal = false;
        StartPrimary(synchronous, reign);
        Synchronous = synchronous;
    }

    public void StartStandby(int? upstream)
    {
        Upstream = upstream;
        StandbySignal = true;
        Launch(asPrimary: false);
    }

    private void Launch(bool asPrimary)
    {
        Phase = ServerPhase.Starting;
        _startAsPrimary = asPrimary;
        Inspected = null;
        Server.Start();
        Guard.Start();
        var slowness = Host.DiskSlowness;
        var recovery = _clean
            ? _world.Milliseconds(30, 200)
            : _world.Milliseconds(80, _world.Chance.Chance(0.1) ? 5000 : 700);
        _clean = false;
        _world.After((long)(recovery * Math.Min(slowness, 5)), Server, Accept);
    }

    private void Accept()
    {
        if (Host.StuckSince is not null)
        {
            WhenUnstuck(Accept);
            return;
        }
        if (Host.DiskFull)
        {
            Panic("no space left while starting");
            return;
        }
        // Starting after a crash flushes what the crash left in the page cache.
        Flushed = Written;
        if (_startAsPrimary)
        {
            StandbySignal = false;
            Serve();
        }
        else
        {
            Phase = ServerPhase.Standby;
            StartReceiving();
        }
    }

    /// <summary>
    /// A standby's directory started without its signal goes on under the same number: the way to two histories with
    /// one name.
    /// </summary>
    private void Diverge() => Wal = new WalTimeline(Wal!.Id, Wal, Written);

    public void Promote(Epoch reign)
    {
        Phase = ServerPhase.Promoting;
        Reign = reign;
        StopReceiving();
        var ends = (long)(_world.Milliseconds(15, 150) * Math.Min(Host.DiskSlowness, 5));
        // The new timeline is on disk a moment before the standby's signal file is gone.
        _world.After(ends * 9 / 10, Server, () => BeginTimeline(reign, ends / 10));
    }

    private void EndRecovery()
    {
        StandbySignal = false;
        Serve();
    }

    private void BeginTimeline(Epoch reign, long rest)
    {
        if (Host.StuckSince is not null)
        {
            WhenUnstuck(() => BeginTimeline(reign, rest));
            return;
        }
        var natural = new TimelineId(Math.Max(HighestTimeline.Value, Wal!.Id.Value) + 1);
        var next = _world.Knobs.NaturalTimelines ? natural : new TimelineId((uint)reign.Value);
        if (next <= Wal.Id)
            throw new InvalidOperationException($"timeline {next} cannot follow {Wal.Id}");
        Wal = new WalTimeline(next, Wal, Flushed);
        HighestTimeline = next;
        Written = Flushed += CheckpointBytes;
        _world.After(rest, Server, EndRecovery);
    }

    /// <summary>
    /// The holder begins another reign while its server runs, or is on its way up: it is that reign's server now.
    /// </summary>
    public void Continue(Epoch reign)
    {
        if (Leads && reign > Reign)
            Reign = reign;
    }

    private void Serve()
    {
        Phase = ServerPhase.Primary;
        _world.Note(Index, "postgres", $"serves as primary of epoch {Reign} at {Wal!.At(Flushed)}");
        _world.Invariants.Serving(this);
        foreach (var sender in Senders)
            sender.Pump();
        StartClients();
    }

    /// <summary>initdb and a first start.</summary>
    public void Initialize(WalTimeline timeline, Epoch reign)
    {
        Wal = timeline;
        HighestTimeline = timeline.Id;
        Flushed = Written = 1000;
        _clean = true;
        StartPrimary(SynchronousSet.Nobody, reign);
    }

    /// <summary>Puts a copy in place of whatever was there. The directory has no slots: they are not copied.</summary>
    public void Replace(WalTimeline timeline, long end, bool keepSlots)
    {
        Wal = timeline;
        HighestTimeline = keepSlots && HighestTimeline > timeline.Id ? HighestTimeline : timeline.Id;
        Flushed = Written = end;
        StandbySignal = true;
        Upstream = null;
        Inspected = null;
        _clean = false;
        if (!keepSlots)
            DropSlots();
    }

    /// <summary>The data directory is gone; processes too.</summary>
    public void Wipe()
    {
        KillAll();
        Phase = ServerPhase.Down;
        Wal = null;
        Flushed = Written = 0;
        HighestTimeline = TimelineId.First;
        StandbySignal = false;
        DropSlots();
        Inspected = null;
    }

    private void DropSlots()
    {
        _slots.Clear();
        _slotsSeen = default;
    }

    /// <summary>Waits for connected standbys to have the last byte, then exits cleanly.</summary>
    public void StopFast(long deadline)
    {
        if (Phase is not (ServerPhase.Primary or ServerPhase.Standby or ServerPhase.Promoting))
        {
            KillAll();
            return;
        }
        var wasPrimary = Phase == ServerPhase.Primary;
        Phase = ServerPhase.Stopping;
        StopReceiving();
        _waiting.Clear();
        if (!wasPrimary)
        {
            _world.After(_world.Milliseconds(5, 60), Server, ExitCleanly);
            return;
        }
        Written += CheckpointBytes;
        _world.After(FlushDelay() + _world.Milliseconds(5, 80), Server, () => Checkpoint(deadline));
    }

    private void Checkpoint(long deadline)
    {
        if (Host.StuckSince is not null)
        {
            WhenUnstuck(() => Checkpoint(deadline));
            return;
        }
        Flushed = Written;
        foreach (var sender in Senders)
            sender.Pump();
        ExitWhenSent(deadline);
    }

    private void ExitWhenSent(long deadline)
    {
        if (Senders.TrueForAll(sender => sender.Confirmed >= Flushed))
            ExitCleanly();
        else if (_world.Now >= deadline)
            KillAll();
        else
            _world.After(5_000_000, Server, () => ExitWhenSent(deadline));
    }

    private void ExitCleanly()
    {
        Exit();
        _clean = true;
    }

    /// <summary>The postmaster alone is killed; its children linger, and can still confirm commits.</summary>
    public void KillPostmaster(long linger)
    {
        if (!PostmasterAlive)
            return;
        if (Phase != ServerPhase.Primary)
        {
            KillAll();
            return;
        }
        Phase = ServerPhase.Orphaned;
        _world.After(linger, Server, KillAll);
        Exited?.Invoke();
    }

    public void Panic(string why)
    {
        _world.Note(Index, "postgres", $"stops: {why}");
        KillAll();
    }

    public void KillAll()
    {
        if (Phase is ServerPhase.Down or ServerPhase.Perishing)
            return;
        // What was written and not flushed is in the page cache, all of it or a part.
        if (Written > Flushed && _world.Chance.Chance(0.5))
            Written = Flushed;
        Exit();
        _clean = false;
        if (Host.StuckSince is null)
            return;
        Phase = ServerPhase.Perishing;
        Host.Unstuck += () => Phase = Phase == ServerPhase.Perishing ? ServerPhase.Down : Phase;
    }

    /// <summary>The host loses power: only what was flushed is left.</summary>
    public void LosePower()
    {
        Written = Flushed;
        if (HasProcesses)
            _clean = false;
        Phase = ServerPhase.Down;
        _waiting.Clear();
        Receiver = null;
        Senders.Clear();
    }

    private void Exit()
    {
        var told = PostmasterAlive;
        Phase = ServerPhase.Down;
        Server.Kill();
        _waiting.Clear();
        Receiver?.CloseDownstream();
        Receiver = null;
        foreach (var sender in Senders.ToArray())
            sender.CloseUpstream();
        Senders.Clear();
        if (told)
            Exited?.Invoke();
    }
}
