using System.Collections.Immutable;
using PgMahout.Backups;
using PgMahout.Core.Backup;
using PgMahout.Store.Records;

namespace PgMahout.Archiving;

/// <summary>One keeper for each repository that the cluster has now.</summary>
internal sealed class ArchiveKeepers(ArchivedCluster cluster) : IAsyncDisposable
{
    private volatile ImmutableArrayBox _keepers = new([]);

    /// <summary>What is done beside archiving, for people; null: nothing.</summary>
    public string? Running { get; set; }

    public BackupSchedule Schedule => cluster.Records.Backup?.Value.Schedule ?? BackupSchedule.Default;

    public ImmutableArray<ArchiveKeeper> All => _keepers.Keepers;

    /// <summary>Begins with repositories that are new, and leaves those that are gone or changed.</summary>
    public void Follow(ClusterRecords records)
    {
        var identity = records.SystemIdentifier?.Value;
        var gone = All.Where(keeper =>
            !records.Repositories.Contains(keeper.Settings) || keeper.SystemIdentifier != identity).ToList();
        foreach (var keeper in gone)
            _ = keeper.DisposeAsync().AsTask();
        var kept = All.RemoveRange(gone);
        if (identity is { } known)
            kept = kept.AddRange(records.Repositories
                .Where(repository => kept.All(keeper => keeper.Settings.Name != repository.Name))
                .Select(repository => new ArchiveKeeper(repository, known, cluster)));
        _keepers = new ImmutableArrayBox(kept);
        foreach (var keeper in kept)
            keeper.Wake();
    }

    public ImmutableArray<ArchiveReport> Reports() => [.. All.Select(keeper => keeper.Report())];

    public async ValueTask DisposeAsync()
    {
        foreach (var keeper in All)
            await keeper.DisposeAsync();
    }

    /// <summary>A reference, so that readers on other threads see the whole list or the one before.</summary>
    private sealed record ImmutableArrayBox(ImmutableArray<ArchiveKeeper> Keepers);
}
