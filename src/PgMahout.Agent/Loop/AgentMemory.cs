using PgMahout.Agent.Guarding;
using PgMahout.Agent.Supervision;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;
using PgMahout.Store.Records;

namespace PgMahout.Agent.Loop;

/// <summary>
/// What an agent knows from one turn to the next and cannot observe again. All of it may be forgotten by a restart:
/// a lease is confirmed anew, and a promise or a seal forgotten is covered by the full ttl that a new agent must wait
/// before it takes anything. Only what was heard with a promise is on disk.
/// </summary>
internal sealed class AgentMemory(LeaseDeadline deadline, HeardPosition heard)
{
    private readonly Lock _gate = new();
    private LeaseKnowledge _lease = LeaseKnowledge.StartingAt(BootClock.Now());
    private Instant? _promisedUntil;
    private bool _taking;

    public ClusterRecords Records { get; set; } = ClusterRecords.None;
    public Revision? Sealed { get; set; }
    public LeftHead? LeftHead { get; set; }

    public WalPosition? LeaderWritten
    {
        get { lock (_gate) return field; }
        set { lock (_gate) field = value; }
    } = heard.Last;

    /// <summary>As of the last turn; null before the first.</summary>
    public DiskState? Disk { get; set; }

    public ClusterView? View { get; set; }
    public Decision? Decision { get; set; }
    public Instant RuleSince { get; set; }
    public string? StoreProblem { get; set; }

    /// <summary>The configuration whose files were last written; null before the first.</summary>
    public LoadedConfiguration? Configuration { get; set; }

    /// <summary>How the present or last reign of this member began.</summary>
    public Reign? Reign { get; set; }

    public MemberRequest? Request
    {
        get { lock (_gate) return field; }
        set { lock (_gate) field = value; }
    }

    public LeaseKnowledge Lease
    {
        get { lock (_gate) return _lease; }
    }

    public Instant? PromisedUntil
    {
        get { lock (_gate) return _promisedUntil; }
    }

    /// <summary>The lease as now known; a deadline that moved is passed on to the guard at once.</summary>
    public void Learn(Func<LeaseKnowledge, LeaseKnowledge> learn, Timing timing)
    {
        lock (_gate)
        {
            _lease = learn(_lease);
            if (_lease.FenceAt(timing) is { } fenceAt)
                deadline.Arm(fenceAt);
        }
    }

    /// <summary>Whether the guard has a deadline to enforce.</summary>
    public bool IsArmed => deadline.Read() is not null;

    /// <summary>Nothing is demanded of the guard any more: what runs here follows.</summary>
    public void Disarm() => deadline.Disarm();

    /// <summary>
    /// Promise not to take the lease for a ttl; false when this member is taking it at this moment, or knows a later
    /// reign than <paramref name="epoch"/>. How far the leader has <paramref name="written"/>, if it says so, is on
    /// disk before the promise is given.
    /// </summary>
    public bool TryPromise(Epoch epoch, TimeSpan ttl, WalPosition? written)
    {
        if (written is { } position)
        {
            heard.Hear(position);
            LeaderWritten = heard.Last;
        }
        lock (_gate)
        {
            if (_taking || (Records.Leadership?.Value is { } known && (known.Epoch != epoch || !known.IsHeld)))
                return false;
            _promisedUntil = BootClock.Now() + ttl;
            return true;
        }
    }

    /// <summary>
    /// Excludes promises while the lease is being taken; false when one is in force. A promise is to a holder: once the
    /// lease is <paramref name="released"/> there is none, and an heir that waited would be a failover that waits.
    /// </summary>
    public bool TryBeginTaking(bool released)
    {
        lock (_gate)
        {
            if (!released && _promisedUntil > BootClock.Now())
                return false;
            _taking = true;
            return true;
        }
    }

    public void EndTaking()
    {
        lock (_gate)
            _taking = false;
    }
}

/// <summary>Which version of the cluster's configuration this member has.</summary>
/// <param name="Complaint">Why its server has not taken it; null when it has, or does not run.</param>
internal sealed record LoadedConfiguration(long Number, string? Complaint);

/// <summary>How a reign began.</summary>
internal sealed record Reign(MemberName From, string Why, bool Planned);

/// <summary>What the parts of one agent share.</summary>
/// <param name="Postmaster">The running postmaster, if there is one.</param>
/// <param name="HasHome">False once the home was deleted, or another one made in its place.</param>
internal sealed record AgentState(
    AgentMemory Memory, LongWork Work, AgentJournal Journal, Func<ServerProcess?> Postmaster, Func<bool> HasHome)
{
    public required RepositoryCopy RepositoryCopy { get; init; }

    /// <summary>Hears that the loop turns.</summary>
    public required UnitNotice Unit { get; init; }

    /// <summary>The virtual address is still on this host.</summary>
    public Func<bool> HasAddress { get; init; } = () => false;

    /// <summary>What clients may be told of this member.</summary>
    public ServiceBoard Service { get; } = new(Memory);
}
