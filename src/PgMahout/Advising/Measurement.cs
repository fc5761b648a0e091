using System.Collections.Immutable;
using PgMahout.Core.Tuning;

namespace PgMahout.Advising;

/// <summary>How <c>tune --measure</c> measures.</summary>
/// <param name="Each">Length of one run.</param>
/// <param name="Scale">Of pgbench: 15 MB each.</param>
/// <param name="Plot">Where the picture goes; null for none.</param>
internal sealed record MeasureOptions(TimeSpan Each, int Rounds, int Scale, string? Plot);

/// <summary>One comparison as it came out.</summary>
/// <param name="Title">What was tried.</param>
/// <param name="Settings">What was changed for it.</param>
internal sealed record Trial(
    string Title, ImmutableSortedDictionary<string, string> Settings, Comparison Comparison)
{
    public bool IsKept => Comparison.Finding switch
    {
        Finding.Better or Finding.Undecided => true,
        Finding.Worse => false,
    };
}

/// <summary>All of it.</summary>
/// <param name="Groups">One after the other, each on what was kept before.</param>
/// <param name="Total">Everything that was kept against PostgreSQL's defaults.</param>
internal sealed record Measurement(
    int Major, WorkloadType Workload, int Clients, MeasureOptions Options, ImmutableArray<Trial> Groups, Trial Total)
{
    public IEnumerable<Trial> All => Groups.Append(Total);
}
