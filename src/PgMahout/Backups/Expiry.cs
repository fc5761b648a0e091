using System.Collections.Immutable;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Wal;
using PgMahout.Output;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>
/// Carries out what the retention decided: backups first, youngest before their parents, then WAL that no kept backup
/// needs. Whatever stops it, what is left is restorable, and the next expiry carries on.
/// </summary>
internal sealed class Expiry(OpenRepository opened, ulong systemIdentifier, Restorable seen)
{
    private const int Batch = 500;

    /// <summary>What a broken run left is swept when nothing was added to it for so long.</summary>
    private static readonly TimeSpan Leftover = TimeSpan.FromDays(1);

    private static readonly ImmutableArray<string> WalKinds = ["wal/", "index/"];

    private IObjectStore Store => opened.Store;

    public RetentionPlan Plan(RetentionPolicy policy, DateTimeOffset now)
    {
        // One that cannot be made consistent must not stand for those before it; it stays, and is looked at by people.
        var restorable = seen.Backups.Where(seen.IsRestorable);
        var newest = seen.Backups.Select(backup => backup.StoppedAt).DefaultIfEmpty(now).Max();
        // While WAL arrives, the present is restorable too.
        var anchor = seen.Reaching.IsEmpty ? newest : now;
        return RetentionPlanning.For([.. restorable], policy, anchor, now);
    }

    /// <param name="dryRun">Only say what would be done.</param>
    public async Task<Outcome<ExpiryDocument>> CarryOutAsync(
        RetentionPlan plan, bool dryRun, CancellationToken cancellation)
    {
        var catalog = new BackupCatalog(opened.Repository, systemIdentifier);
        var listed = await SuperfluousAsync(plan, cancellation);
        if (!listed.TryGet(out var objects))
            return new Outcome<ExpiryDocument>.Failed(listed.Failure!);
        if (!dryRun && await DeleteAsync(plan, catalog, objects, cancellation) is { } problem)
            return new Outcome<ExpiryDocument>.Failed(problem);
        return new Outcome<ExpiryDocument>.Done(new ExpiryDocument(
            DocumentJson.Schema,
            opened.Settings.Name,
            dryRun,
            plan.WindowFrom?.UtcDateTime,
            [.. plan.Keep.Select(kept => new KeptBackupDocument(kept.Backup.Id.Text, Word(kept.Why)))],
            [.. plan.Delete.Select(backup => backup.Id.Text)],
            objects.Count(entry => IsWal(entry.Name)),
            objects.Sum(entry => entry.Length) + plan.Delete.Sum(backup => backup.Stored.Bytes)));
    }

    private async Task<Problem?> DeleteAsync(
        RetentionPlan plan, BackupCatalog catalog, ImmutableArray<ObjectEntry> objects, CancellationToken cancellation)
    {
        foreach (var backup in plan.Delete)
            if ((await catalog.DeleteAsync(backup.Id, cancellation)).Failure is { } problem)
                return problem;
        foreach (var batch in objects.Select(entry => entry.Name).Chunk(Batch))
            if ((await Store.DeleteAsync([.. batch], cancellation)).Failure is { } problem)
                return problem;
        var swept = await catalog.SweepAsync(TimeProvider.System.GetUtcNow() - Leftover, cancellation);
        return swept.Failure;
    }

    /// <summary>Segments, parts, indexes, and what names things in them, that no kept backup needs.</summary>
    private async Task<Outcome<ImmutableArray<ObjectEntry>>> SuperfluousAsync(
        RetentionPlan plan, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<ObjectEntry>();
        foreach (var kind in WalKinds)
        {
            var listed = await Store.ListAsync(Repository.PrefixOf(systemIdentifier) + kind, cancellation);
            if (!listed.TryGet(out var entries))
                return new Outcome<ImmutableArray<ObjectEntry>>.Failed(listed.Failure!);
            found.AddRange(entries.Where(entry => SegmentOf(entry.Name) is { } segment && !plan.Needs(segment)));
        }
        var catalogs = new CatalogArchive(opened.Repository, systemIdentifier);
        var snapshots = await catalogs.ListAsync(cancellation);
        if (!snapshots.TryGet(out var positions))
            return new Outcome<ImmutableArray<ObjectEntry>>.Failed(snapshots.Failure!);
        var unnamed = await catalogs.FindAsync(plan.SuperfluousSnapshots(positions), cancellation);
        if (!unnamed.TryGet(out var names))
            return unnamed;
        found.AddRange(names);
        return new Outcome<ImmutableArray<ObjectEntry>>.Done(found.ToImmutable());
    }

    /// <summary>Of the segment, its parts, or its index; null for histories and gaps, which stay.</summary>
    private WalSegment? SegmentOf(string name) => name.Split('/')
        .Select(part => part.Split('.')[0])
        .Select(part => WalSegment.TryParse(part, seen.Archive.SegmentSize, out var segment)
            ? segment
            : (WalSegment?)null)
        .FirstOrDefault(segment => segment is not null);

    private static bool IsWal(string name) => name.Contains("/wal/", StringComparison.Ordinal);

    private static string Word(Keeping why) => why switch
    {
        Keeping.ForWindow => "the window needs it",
        Keeping.ForPeriod { Period: var period } => $"the first of its {SettingsCommand.Word(period)}",
        Keeping.AsParent { Child: var child } => $"{child} builds on it",
        Keeping.AsLast => "nothing else restores",
        _ => throw new InvalidOperationException($"unknown reason {why}"),
    };
}
