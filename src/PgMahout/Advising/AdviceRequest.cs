using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Advising;

/// <summary>What the user asked of <c>tune</c>; null: nothing was said about it, so it is looked at.</summary>
internal sealed record AdviceRequest
{
    public ByteSize? Memory { get; init; }

    public int? Processors { get; init; }

    public StorageType? Storage { get; init; }

    public int? Connections { get; init; }

    public WorkloadType Workload { get; init; } = WorkloadType.Oltp;

    public int? Major { get; init; }

    public TuningRules Rules { get; init; } = TuningRules.Pgmahout;

    public DatabaseSize Size { get; init; } = DatabaseSize.AroundMemory;

    public int? Members { get; init; }

    public AdviceFormat Format { get; init; }

    /// <summary>Put into the cluster's configuration what differs.</summary>
    public bool Apply { get; init; }

    /// <summary>Only say what applying would do.</summary>
    public bool DryRun { get; init; }

    /// <summary>Try it out on a scratch server; null to only say it.</summary>
    public MeasureOptions? Measure { get; init; }

    /// <summary>Another machine is meant, so this one's disk and huge pages say nothing about it.</summary>
    public bool IsElsewhere => Memory is not null || Processors is not null || Storage is not null;
}
