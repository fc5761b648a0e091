using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Tuning;

/// <summary>What PostgreSQL may use of a host, or one member's part of it.</summary>
/// <param name="Memory">What processes may have: the control group's limit where it is lower than the host's
/// memory.</param>
/// <param name="Processors">At least 1, counted like <paramref name="Memory"/>.</param>
/// <param name="Storage">Of the file system that holds the data directory.</param>
/// <param name="FreeDisk">Free on the file system that holds WAL; null when it is not known.</param>
/// <param name="HugePages">Null when it is not known what the kernel has.</param>
public sealed record Machine(
    ByteSize Memory, int Processors, StorageType Storage, ByteSize? FreeDisk = null, HugePages? HugePages = null);

/// <summary>What the kernel has set aside as huge pages.</summary>
/// <param name="Limit">What the control group may take of them; null for no limit. A server that maps more is killed
/// with SIGBUS when it touches them, so <c>huge_pages = try</c> does not help there.</param>
public sealed record HugePages(ByteSize PageSize, long Total, long Free, ByteSize? Limit = null);

/// <summary>What the data lies on, as far as the cost of a random page is concerned.</summary>
public enum StorageType
{
    Hdd,
    Ssd,

    /// <summary>Many disks behind a network.</summary>
    San,

    /// <summary>Flash on PCI Express: many requests at once, each in less than a tenth of a millisecond.</summary>
    Nvme,
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

/// <summary>All databases together, against the memory of the machine.</summary>
public enum DatabaseSize
{
    LessThanMemory,

    /// <summary>One to three times the memory.</summary>
    AroundMemory,

    GreaterThanMemory,
}
