namespace PgMahout.Simulation.World;

/// <summary>
/// Faults built into the shell, all off: what the actuator or the guard would do if somebody broke it.
/// </summary>
internal sealed record ShellKnobs
{
    public static readonly ShellKnobs Sound = new();

    /// <summary>The guard kills this much later than the deadline, in ttls; infinite for never.</summary>
    public double FenceLateTtls { get; init; }

    /// <summary>The guard never kills: there is none.</summary>
    public bool NoGuard { get; init; }

    /// <summary>The lease is released although processes of the data directory live.</summary>
    public bool ReleaseWithProcessesLeft { get; init; }

    /// <summary>Members answer with what they saw in their last turn.</summary>
    public bool StaleReports { get; init; }

    /// <summary>Sealing is reported and not done.</summary>
    public bool SealWithoutStopping { get; init; }

    /// <summary>A member that has not sealed itself asks the others in an election all the same.</summary>
    public bool AskUnsealed { get; init; }

    /// <summary>Promises are given and not remembered.</summary>
    public bool ForgetPromises { get; init; }

    /// <summary>Who promises does not keep how far the leader said it had written.</summary>
    public bool ForgetPositions { get; init; }

    /// <summary>Silence counts as a promise.</summary>
    public bool AssumePromises { get; init; }

    /// <summary>The actuator writes to the store without looking at the revision.</summary>
    public bool WriteUnconditionally { get; init; }

    /// <summary>The holder counts its lease from the last look that named it, not from before its last write.</summary>
    public bool CountFromReading { get; init; }

    /// <summary>A change of synchronous_standby_names counts as settled at once.</summary>
    public bool SettleAtOnce { get; init; }

    /// <summary>PostgreSQL numbers its timelines itself.</summary>
    public bool NaturalTimelines { get; init; }

    /// <summary>The actuator promotes although the lease's deadline is past or unknown.</summary>
    public bool PromoteUnguarded { get; init; }
}
