namespace PgMahout.Core.Tuning;

/// <summary>Everything that advice depends on.</summary>
/// <param name="Machine">The whole host.</param>
public sealed record TuningQuestion(Machine Machine, WorkloadType Workload)
{
    /// <summary>Members on this host, at least 1: they share it in equal parts.</summary>
    public int Members { get; init; } = 1;

    /// <summary>The wanted <c>max_connections</c>; null for what the rules think fit.</summary>
    public int? Connections { get; init; }

    public DatabaseSize Size { get; init; } = DatabaseSize.AroundMemory;

    public ServerFeatures Server { get; init; } = ServerFeatures.Unknown;
}

/// <summary>Whose rules are asked.</summary>
public enum TuningRules
{
    /// <summary>The classic formula with the improvements that a cluster needs: the default.</summary>
    Pgmahout,

    /// <summary>The formula of 2021 and 2022 that most guides carry, unchanged.</summary>
    Classic,

    /// <summary>PGTune as it is in 2026, unchanged.</summary>
    Pgtune,
}
