using PgMahout.Core.Catalog;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;

namespace PgMahout.Wal;

/// <summary>Says events of WAL in words, with names where they are known.</summary>
/// <param name="names">Of before the event.</param>
internal sealed class WalEntries(CatalogNames? names)
{
    private const int MostNamed = 8;

    public WalEntry Of(WalEvent told) => told switch
    {
        WalEvent.FilesLost lost => Lost(lost),
        WalEvent.RowsChanged rows => new WalEntry(
            "rows", rows.At, rows.Time, rows.Xid, rows.At, [Name(rows.File)],
            $"{Name(rows.File)}: {rows.Deleted} rows deleted, {rows.Updated} updated, since {rows.Since}"),
        WalEvent.Truncated truncated => new WalEntry(
            "truncate", truncated.At, null, truncated.Xid, null,
            [.. truncated.Oids.Select(oid => NameOf(truncated.Database, oid))],
            Listed([.. truncated.Oids.Select(oid => NameOf(truncated.Database, oid))])),
        WalEvent.DatabaseCreated created => new WalEntry(
            "create-database", created.At, created.Time, created.Xid, null, [Database(created.Database)],
            $"database {Database(created.Database)}"),
        WalEvent.DatabaseDropped dropped => new WalEntry(
            "drop-database", dropped.At, dropped.Time, dropped.Xid, dropped.StopBefore, [Database(dropped.Database)],
            $"database {Database(dropped.Database)}; whole before {dropped.StopBefore}"),
        WalEvent.RestorePoint point => new WalEntry(
            "restore-point", point.At, point.Time, null, null, [point.Name], $"{point.Name}, ends at {point.End}"),
        WalEvent.Message message => new WalEntry(
            "message", message.At, null, message.Xid == 0 ? null : message.Xid, null, [message.Prefix],
            $"{message.Prefix}: {message.Content}"),
        _ => OfServer(told),
    };

    public static WalEntry Commit(CommitMark mark) =>
        new("commit", mark.At, mark.Time, null, mark.At, [], "");

    public static WalEntry End(FoundEnd end) => new(
        end.Committed ? "commit" : "abort", end.At, end.Time, end.Xid, end.At, [], $"ends at {end.End}");

    private static WalEntry OfServer(WalEvent told) => told switch
    {
        WalEvent.Checkpoint checkpoint => new WalEntry(
            "checkpoint", checkpoint.At, checkpoint.Time, null, null, [],
            (checkpoint.Shutdown ? "of a shutdown" : $"redo from {checkpoint.Redo}")
            + (checkpoint.FullPageWrites ? "" : "; full_page_writes is off")),
        WalEvent.EndOfRecovery ended => new WalEntry(
            "end-of-recovery", ended.At, ended.Time, null, null, [],
            $"timeline {ended.Timeline} from {ended.Before} on"),
        WalEvent.FullPageWritesSet set => new WalEntry(
            "full-page-writes", set.At, null, null, null, [], set.On ? "switched on" : "switched off"),
        WalEvent.WalLevelMinimal => new WalEntry(
            "wal-level", told.At, null, null, null, [], "minimal: what follows is not all in WAL"),
        _ => throw new InvalidOperationException($"unknown event {told.GetType().Name}"),
    };

    private WalEntry Lost(WalEvent.FilesLost lost)
    {
        // By OID the dropped relations are known for sure; by file, indexes and TOAST count for their table.
        var relations = lost.Dropped.Where(dropped => dropped.Kind == DroppedObject.RelationKind).ToArray();
        string[] named = relations.Length > 0 && names is not null
            ? [.. relations.Select(dropped => TableOf(dropped.Database, dropped.Oid)).OfType<string>().Distinct()]
            : [];
        if (named.Length == 0)
            named = [.. lost.Lost.Select(Table).Distinct()];
        var kind = lost.Kind switch
        {
            LossKind.Dropped => "drop",
            LossKind.Rewritten => "rewrite",
            LossKind.Mixed => "change",
        };
        return new WalEntry(
            kind, lost.At, lost.Time, lost.Xid, lost.At, [.. named],
            $"{Listed(named)} ({lost.Lost.Length} files{In(lost.Database)})");
    }

    private string In(uint database) =>
        names is null && database != 0 ? $" of database {database}" : "";

    private string? TableOf(uint database, uint oid) =>
        names?.Of(database, oid) is { } relation ? names.TableOf(relation).Text : null;

    private string Table(RelationFile file) =>
        names?.Of(file) is { } relation ? names.TableOf(relation).Text : file.ToString();

    private string Name(RelationFile file) => names?.Of(file)?.Text ?? file.ToString();

    private string NameOf(uint database, uint oid) =>
        names?.Of(database, oid)?.Text ?? $"{Database(database)}, OID {oid}";

    private string Database(uint oid) => names?.Database(oid)?.Name ?? $"OID {oid}";

    private static string Listed(IReadOnlyCollection<string> all) => all.Count <= MostNamed
        ? string.Join(", ", all)
        : $"{string.Join(", ", all.Take(MostNamed))} and {all.Count - MostNamed} more";
}
