using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Tuning;

/// <summary>What PostgreSQL may use of a host, or one member's part of it.</summary>
/// <param name="Memory">What processes may have: the control group's limit where it is lower than the host's
/// memory.</param>
/// <param name="Processors">At least 1, counted like <paramref name="Memory"/>.</param>
/// <param name="Storage">Of the file system that holds the data directory.</param>
/// <param name="FreeDisk">Free on that file system; null when it is not known.</param>
public sealed record Machine(ByteSize Memory, int Processors, StorageType Storage, ByteSize? FreeDisk = null);

/// <summary>What the data lies on, as far as the cost of a random page is concerned.</summary>
public enum StorageType
{
    Hdd,
    Ssd,

    /// <summary>Many disks behind a network.</summary>
    San,
}

/// <summary>What the databases are mostly used for.</summary>
public enum WorkloadType
{
    /// <summary>Many short reads, few writes; the data fits mostly into memory.</summary>
    Web,

    /// <summary>Many small transactions that write.</summary>
    Oltp,

    /// <summary>Few, long, large queries and bulk loads.</summary>
    DataWarehouse,

    /// <summary>A workstation that does other things too.</summary>
    Desktop,

    Mixed,
}
