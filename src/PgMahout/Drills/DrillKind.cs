namespace PgMahout.Drills;

/// <summary>What is broken on purpose.</summary>
public enum DrillKind
{
    /// <summary>SIGKILL to the primary's postmaster.</summary>
    Failover,

    /// <summary>A planned change of leader.</summary>
    Switchover,

    /// <summary>SIGSTOP to everything of the primary's member for longer than the lease, then SIGCONT.</summary>
    Freeze,

    /// <summary>SIGKILL to the leader's agent; its PostgreSQL shall not notice.</summary>
    Agent,
}
