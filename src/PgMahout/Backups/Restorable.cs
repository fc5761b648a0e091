using System.Collections.Immutable;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>What a repository can bring back, of one system identifier.</summary>
/// <param name="Backups">All finished ones.</param>
/// <param name="Archive">What WAL there is.</param>
/// <param name="ProvenAt">When a restore was last proven.</param>
internal sealed record Restorable(
    ImmutableArray<BackupHead> Backups, ArchiveMap Archive, DateTimeOffset? ProvenAt)
{
    public static readonly Restorable Unknown = new([], new ArchiveMap([], [], WalSegment.DefaultSize), null);

    public bool Any => !Backups.IsEmpty;

    /// <summary>The history that the archive ends with.</summary>
    public TimelineHistory? Line => Archive.Newest;

    public ImmutableArray<RecoveryWindow> Windows =>
        Line is { } line ? RestorePlanning.Windows(Backups, Archive, line) : [];

    /// <summary>Backups from which replay reaches the archive's end.</summary>
    public ImmutableArray<BackupHead> Reaching =>
    [
        .. Backups.Where(backup =>
            RestorePlanning.Chain(Backups, backup) is not null
            && Reaches(backup.Start)
            && Line!.Contains(new WalPosition(backup.Timeline, backup.Stop))),
    ];

    /// <summary>Whether all that it builds on is there, and the WAL that makes it consistent.</summary>
    public bool IsRestorable(BackupHead backup) =>
        RestorePlanning.Chain(Backups, backup) is not null
        && Archive.HistoryOf(backup.Timeline) is { } line
        && Archive.ReachedFrom(backup.Start, line) >= backup.Stop;

    /// <summary>Whether the archive has all WAL from there on.</summary>
    public bool Reaches(Lsn start)
    {
        if (Line is not { } line)
            return false;
        var end = Archive.EndOf(line);
        return start < end && Archive.ReachedFrom(start, line) >= end;
    }

    /// <summary>Two of a quiet cluster begin at one place: the later one counts.</summary>
    public BackupHead? LastBackup => Reaching
        .OrderBy(backup => backup.Start.Value)
        .ThenBy(backup => backup.Id.Text, StringComparer.Ordinal)
        .LastOrDefault();

    /// <summary>Any commit from then on can be restored.</summary>
    public DateTimeOffset? From => Reaching.MinBy(backup => backup.Stop.Value)?.StoppedAt;

    public static async Task<Outcome<Restorable>> LookAsync(
        Repository repository, ulong systemIdentifier, CancellationToken cancellation)
    {
        // None waits for another: listings take their time in a bucket.
        var reading = Task.Run(
            () => new BackupCatalog(repository, systemIdentifier).HeadsAsync(cancellation), cancellation);
        var proving = Task.Run(
            () => RestoreProof.LastAsync(repository, systemIdentifier, cancellation), cancellation);
        var map = await new WalArchive(repository, systemIdentifier).MapAsync(cancellation);
        var (heads, proofs) = (await reading, await proving);
        if (!heads.TryGet(out var stored))
            return new Outcome<Restorable>.Failed(heads.Failure!);
        if (!map.TryGet(out var archive))
            return new Outcome<Restorable>.Failed(map.Failure!);
        if (!proofs.TryGet(out var proof))
            return new Outcome<Restorable>.Failed(proofs.Failure!);
        return new Outcome<Restorable>.Done(
            new Restorable([.. stored.Select(one => one.Head)], archive, proof?.At));
    }
}
