namespace PgMahout.Core.Tuning;

/// <summary>
/// The stable name of what fixed a value. What each means and who says so is in <see cref="TuningRuleText"/>.
/// </summary>
public enum TuningRule
{
    /// <summary>The formula of <see cref="ClassicTuning"/>, unchanged.</summary>
    Classic,

    /// <summary>The formula of <see cref="PgtuneTuning"/>, unchanged.</summary>
    Pgtune,
    DefaultConnections,
    KeepDefaultWorkers,
    ShortQueriesFewWorkers,
    KeepDefaultWorkMemory,
    DataInMemory,
    ReadAhead,
    HugePages,
    ShortQueriesWithoutJit,
    CompressWal,
    CompressLargeValues,
    AutovacuumWorkers,
    AutovacuumMemory,
    AsynchronousReads,
    ReserveForKeepers,
    BoundWalByDisk,
    FitMemory,
    SameOnEveryMember,
}
