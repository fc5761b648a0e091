using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Restoring;

/// <summary>What <c>restore</c> was told. Null: chosen by pgmahout.</summary>
/// <param name="Repository">By name, of the cluster in the home.</param>
/// <param name="Address">A repository by its place: no cluster is needed then.</param>
/// <param name="Directory">The data directory to make.</param>
internal sealed record RestoreOrder(string? Repository, string? Address, string? KeyFile, string Directory)
{
    public required RecoveryTarget Target { get; init; }

    public BackupId? Backup { get; init; }

    public TimelineId? Timeline { get; init; }

    public ulong? SystemIdentifier { get; init; }

    /// <summary>Each tablespace goes into a directory of its own below this one, named by its OID.</summary>
    public string? Tablespaces { get; init; }

    public int? Workers { get; init; }

    /// <summary>Of <see cref="Address"/>, when it is a bucket.</summary>
    public ImmutableSortedDictionary<string, string> Options { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    public bool DryRun { get; init; }

    /// <summary>
    /// Of a restore in place: this is one host of several, and `deploy restore` has stopped all members, or will.
    /// </summary>
    public bool IsDeployed { get; init; }
}
