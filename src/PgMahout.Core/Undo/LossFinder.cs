using System.Collections.Immutable;
using PgMahout.Core.Catalog;
using PgMahout.Core.Undo.Returning;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;

namespace PgMahout.Core.Undo;

/// <summary>What relations were called around an event.</summary>
/// <param name="Before">By the last snapshot before it, else the first one there is.</param>
/// <param name="After">By the first snapshot after it; null when there is none yet.</param>
public sealed record CatalogsAround(CatalogNames? Before, CatalogNames? After);

/// <summary>
/// Finds what was lost in the events of WAL. PostgreSQL's own relations are left out: nobody drops them, and rewriting
/// them loses nothing.
/// </summary>
public static class LossFinder
{
    /// <summary>From this version on, a COMMIT names what it dropped by OID.</summary>
    private const int FirstWithOids = 15;

    /// <summary>In the order of WAL.</summary>
    /// <param name="events">In the order of WAL.</param>
    /// <param name="major">The server's major version.</param>
    public static ImmutableArray<Loss> Find(
        IReadOnlyCollection<WalEvent> events, int major, Func<WalEvent, CatalogsAround> catalogs)
    {
        var truncated = events.OfType<WalEvent.Truncated>()
            .GroupBy(told => told.Xid)
            .ToDictionary(told => told.Key, told => told.SelectMany(one => one.Oids).ToHashSet());
        // Of a transaction that dropped several times, the last one speaks; all are of one session.
        var authors = events.OfType<WalEvent.Message>()
            .Where(told => told.Prefix == DropGuard.Prefix)
            .Select(told => DropGuard.Read(told.Content))
            .OfType<(uint Xid, LossAuthor By)>()
            .GroupBy(told => told.Xid)
            .ToDictionary(told => told.Key, told => told.Last().By);
        return
        [
            .. events
                .SelectMany(told => told switch
                {
                    WalEvent.FilesLost lost => new Sorting(lost, major, catalogs(lost))
                        .Losses(truncated.GetValueOrDefault(lost.Xid) ?? []),
                    WalEvent.RowsChanged rows => Rows(rows, catalogs(rows).Before),
                    WalEvent.DatabaseDropped dropped => Database(dropped, catalogs(dropped).Before),
                    _ => [],
                })
                .Where(loss => !loss.IsOnlyIndexes && !IsOurs(loss))
                .Where(loss => loss.Cause != LossCause.Rewritten || !loss.Unnamed.IsEmpty
                    || loss.Relations.Any(one => one.IsTable))
                .Select(loss => authors.Count == 0 ? loss : loss with { By = authors.GetValueOrDefault(loss.Xid) }),
        ];
    }

    private static IEnumerable<Loss> Rows(WalEvent.RowsChanged rows, CatalogNames? names)
    {
        var named = names?.Of(rows.File);
        if (IsSystem(rows.File) || named is { Relation.Kind: not ('r' or 'm') } || IsSystem(named))
            yield break;
        yield return new Loss(
            rows.Deleted >= rows.Updated ? LossCause.Deleted : LossCause.Updated,
            rows.At, rows.At, rows.Time, rows.Xid,
            new LostDatabase(rows.File.Database, names?.Database(rows.File.Database)?.Name),
            [new LostRelation(named?.Relation.Oid ?? 0, rows.File, named)])
        {
            Rows = rows.Deleted + rows.Updated,
        };
    }

    private static IEnumerable<Loss> Database(WalEvent.DatabaseDropped dropped, CatalogNames? names) =>
    [
        new Loss(
            LossCause.DatabaseDropped, dropped.At, dropped.StopBefore, dropped.Time, dropped.Xid,
            new LostDatabase(dropped.Database, names?.Database(dropped.Database)?.Name), []),
    ];

    /// <summary>What a run that broke off had brought half-way, and what was cleared of it.</summary>
    private static bool IsOurs(Loss loss) => loss.Cause == LossCause.DatabaseDropped
        ? loss.Database.Name?.StartsWith(StagingPlan.Prefix, StringComparison.Ordinal) == true
        : !loss.Tables.IsEmpty && loss.Tables.All(table =>
            table.Named!.Relation.Schema.StartsWith(StagingPlan.Prefix, StringComparison.Ordinal));

    private static bool IsSystem(RelationFile file) => file.Database == 0 || file.Number < RelationFile.FirstUserNumber;

    private static bool IsSystem(NamedRelation? named) => named is { Relation.Oid: < RelationFile.FirstUserNumber };

    /// <summary>Which relations of one COMMIT were dropped, which emptied, and which only written anew.</summary>
    private sealed class Sorting
    {
        private readonly WalEvent.FilesLost _event;
        private readonly int _major;
        private readonly CatalogsAround _catalogs;
        private readonly uint _database;
        private readonly SortedDictionary<uint, LostRelation> _dropped = [];
        private readonly SortedDictionary<uint, LostRelation> _replaced = [];
        private readonly List<LostRelation> _unknown = [];

        public Sorting(WalEvent.FilesLost told, int major, CatalogsAround catalogs)
        {
            _event = told;
            _major = major;
            _catalogs = catalogs;
            _database = told.Database != 0 ? told.Database : told.Lost[0].Database;
            foreach (var dropped in told.Dropped.Where(one => one.Kind == DroppedObject.RelationKind))
                _dropped[dropped.Oid] = new LostRelation(
                    dropped.Oid, null, catalogs.Before?.Of(dropped.Database, dropped.Oid));
            foreach (var file in told.Lost)
                Sort(file);
        }

        public IEnumerable<Loss> Losses(HashSet<uint> truncated)
        {
            if (IsDrop)
                yield return Of(LossCause.Dropped, [.. _dropped.Values, .. OfDropped()]);
            if (Where(one => IsTruncated(one, truncated)) is { IsEmpty: false } emptied)
                yield return Of(LossCause.Truncated, emptied);
            var rest = Where(one => !IsTruncated(one, truncated));
            var unsorted = _dropped.Count == 0 && !_event.Made.IsEmpty;
            if (!rest.IsEmpty || (unsorted && _unknown.Count > 0))
                yield return Of(LossCause.Rewritten, unsorted ? [.. rest, .. _unknown] : rest);
        }

        /// <summary>A rewrite may drop the old TOAST table for good, and an index: no loss.</summary>
        private bool IsDrop =>
            _dropped.Values.Any(one => one.IsTable || one.Named is { Relation.Kind: 'S' })
            || (!_event.Transient && _dropped.Values.Any(one => one.Named is null))
            || (_dropped.Count == 0 && _unknown.Count > 0 && _event.Made.IsEmpty);

        private void Sort(RelationFile file)
        {
            var named = _catalogs.Before?.Of(file);
            if (IsSystem(named) || file.Database == 0)
                return;
            if (named is null)
                _unknown.Add(new LostRelation(0, file, null));
            else if (_dropped.ContainsKey(named.Relation.Oid) || IsGone(named))
                _dropped[named.Relation.Oid] = new LostRelation(named.Relation.Oid, file, named);
            else
                _replaced[named.Relation.Oid] = new LostRelation(named.Relation.Oid, file, named);
        }

        /// <summary>Version 14 does not say what was dropped: what a later snapshot still has, was not.</summary>
        private bool IsGone(NamedRelation named) =>
            _major < FirstWithOids
            && (_catalogs.After is { } after
                ? after.Of(_database, named.Relation.Oid) is null
                : _event.Kind == LossKind.Dropped);

        /// <summary>Files of relations that are already told by OID are not told again.</summary>
        private IEnumerable<LostRelation> OfDropped() =>
            _major < FirstWithOids && _event.Made.IsEmpty ? _unknown : [];

        private bool IsTruncated(LostRelation replaced, HashSet<uint> truncated)
        {
            var table = _catalogs.Before!.TableOf(replaced.Named!);
            if (truncated.Contains(table.Relation.Oid))
                return true;
            // A move to another tablespace makes new files there; a rewrite drops what it worked on.
            return table.Relation.Kind == 'r'
                && _major >= FirstWithOids && !_event.Transient
                && _replaced.ContainsKey(table.Relation.Oid)
                && _event.Made.Any(made => made.Tablespace == _replaced[table.Relation.Oid].File!.Value.Tablespace);
        }

        private ImmutableArray<LostRelation> Where(Func<LostRelation, bool> wanted) =>
            [.. _replaced.Values.Where(wanted)];

        private Loss Of(LossCause cause, ImmutableArray<LostRelation> relations) => new(
            cause, _event.At, _event.At, _event.Time, _event.Xid,
            new LostDatabase(_database, _catalogs.Before?.Database(_database)?.Name), relations);
    }
}
