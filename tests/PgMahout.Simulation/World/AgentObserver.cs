using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>
/// How one agent sees its own PostgreSQL, with what it remembers from earlier looks; a new agent remembers nothing.
/// </summary>
internal sealed class AgentObserver(SimWorld world, SimPostgres postgres)
{
    public const ulong SystemIdentifier = 7_300_000_000_000_000_001;

    /// <summary>After this long, in nanoseconds, every process of a server knows of a changed setting.</summary>
    public const long Spreading = 100_000_000;

    private static readonly TimeSpan Settling = TimeSpan.FromTicks(Spreading / 100);

    private readonly Instant?[] _streamedAt = new Instant?[world.Plan.Members];
    private readonly long[] _confirmed = new long[world.Plan.Members];
    private int _life = -1;
    private Instant? _receivedAt;
    private SynchronousSet? _effective;
    private Instant _effectiveSince;
    private Lsn? _settledAt;
    private Instant? _silentSince;
    private bool _wasPrimary;

    private Instant Now => postgres.Host.Clock(world.Now);

    /// <summary>It would not answer a query now.</summary>
    public bool IsSilent =>
        postgres.PostmasterAlive && postgres.Server.Frozen && postgres.Phase != ServerPhase.Starting;

    public DiskState Disk()
    {
        var low = DiskState.LowOf(ByteSize.Gigabytes(10));
        var (filling, full) = (postgres.Host.DiskFilling, postgres.Host.DiskFull);
        return new DiskState(
            full ? default : filling ? new ByteSize(low.Bytes / 2) : new ByteSize(low.Bytes * 10),
            low,
            postgres.Host.StuckSince is { } since ? TimeSpan.FromTicks((world.Now - since) / 100) : TimeSpan.Zero,
            null);
    }

    public PostgresState Observe()
    {
        if (_life != postgres.Server.Life)
            BeginLife();
        if (IsSilent)
            return new PostgresState.Unresponsive(_silentSince ??= Now, _wasPrimary);
        _silentSince = null;
        if (postgres.Foreign)
            return new PostgresState.Foreign("owned by somebody else");
        return postgres.Phase switch
        {
            ServerPhase.Down => postgres.Initialized ? Stopped(0) : new PostgresState.Uninitialized(),
            ServerPhase.Orphaned => Stopped(3),
            ServerPhase.Perishing => Stopped(1),
            ServerPhase.Starting => new PostgresState.Starting(Now),
            ServerPhase.Standby or ServerPhase.Promoting => Standby(),
            ServerPhase.Primary => Primary(),
            ServerPhase.Stopping => postgres.StandbySignal ? Standby() : Primary(),
        };
    }

    private void BeginLife()
    {
        _life = postgres.Server.Life;
        _receivedAt = null;
        _effective = null;
        Array.Clear(_streamedAt);
        _wasPrimary = !postgres.StandbySignal;
    }

    private PostgresState Stopped(int left) => new PostgresState.Stopped(
        SystemIdentifier, postgres.Wal!.Id, postgres.Clean, postgres.StandbySignal, postgres.Inspected, left);

    private PostgresState Standby()
    {
        _wasPrimary = false;
        var streaming = postgres.Receiver is { Receiving: true };
        if (streaming || _receivedAt is null)
            _receivedAt = Now;
        var received = postgres.Wal!.At(postgres.Flushed);
        var upstream = postgres.Upstream is { } index ? world.Members[index].Name : (MemberName?)null;
        return new PostgresState.Standby(
            SystemIdentifier, received, received.Lsn, upstream, streaming, _receivedAt.Value, postgres.Synchronous,
            postgres.Slots);
    }

    private PostgresState Primary()
    {
        _wasPrimary = true;
        var flushed = new Lsn((ulong)postgres.Flushed);
        if (!postgres.Synchronous.Equals(_effective))
        {
            _effective = postgres.Synchronous;
            _effectiveSince = Now;
            _settledAt = null;
        }
        if (_settledAt is null && (world.Knobs.SettleAtOnce || Now - _effectiveSince >= Settling))
            _settledAt = flushed;
        return new PostgresState.Primary(
            SystemIdentifier, postgres.Wal!.At(postgres.Flushed), postgres.Wal.History, Links(), postgres.Synchronous,
            _settledAt, postgres.Slots);
    }

    private System.Collections.Immutable.ImmutableArray<StandbyLink> Links()
    {
        var links = System.Collections.Immutable.ImmutableArray.CreateBuilder<StandbyLink>(postgres.Senders.Count);
        foreach (var member in world.Members)
        {
            var sender = postgres.Senders.Find(candidate => candidate.Downstream.Index == member.Index);
            var streaming = sender is { CaughtUp: true };
            if (streaming)
                _streamedAt[member.Index] = Now;
            if (sender is not null)
                _confirmed[member.Index] = sender.Confirmed;
            if (sender is null && _streamedAt[member.Index] is null)
                continue;
            var flushed = new Lsn((ulong)_confirmed[member.Index]);
            links.Add(new StandbyLink(member.Name, flushed, flushed, streaming, _streamedAt[member.Index] ?? Now));
        }
        return links.ToImmutable();
    }
}
