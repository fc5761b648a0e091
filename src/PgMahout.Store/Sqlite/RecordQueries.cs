using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Sqlite;

/// <summary>The records in SQL. Used by the store's thread only.</summary>
internal sealed class RecordQueries(SqliteSession session)
{
    private StoreRead.Content? _content;
    private long _contentAt;
    private long _changed = -1;

    /// <summary>
    /// The revision of the newest change of a record that this process has seen; -1 before it has seen any state.
    /// </summary>
    public long Changed => Volatile.Read(ref _changed);

    /// <summary>Reads <see cref="Changed"/> anew.</summary>
    public long ReadChanged(SqliteDatabase database)
    {
        foreach (var row in database.Statement("SELECT revision, changed FROM store").Rows())
        {
            session.Saw(row.Number(0));
            Volatile.Write(ref _changed, row.Number(1));
            return Changed;
        }
        throw StoreFault.Damaged("its revision is missing");
    }

    public StoreRead Read(SqliteDatabase database)
    {
        // Most reads find nothing new: one small row answers those.
        if (_content is not null && ReadChanged(database) == _contentAt)
            return _content;

        // One statement sees one moment; the outer join gives the revision also when there is no record.
        const string All =
            """
            SELECT s.revision, s.changed, r.key, r.value, r.revision
            FROM store s LEFT JOIN records r ORDER BY r.key
            """;
        var records = ImmutableArray.CreateBuilder<StoreRecord>();
        var (revision, changed) = (-1L, -1L);
        foreach (var row in database.Statement(All).Rows())
        {
            (revision, changed) = (row.Number(0), row.Number(1));
            if (row.TextOrNull(2) is { } key)
                records.Add(new StoreRecord(key, row.Text(3), new Revision(row.Number(4))));
        }
        if (revision < 0)
            throw StoreFault.Damaged("its revision is missing");
        session.Saw(revision);
        Volatile.Write(ref _changed, changed);
        (_content, _contentAt) = (new StoreRead.Content(records.DrainToImmutable()), changed);
        return _content;
    }

    public WriteOutcome Write(SqliteDatabase database, StoreTransaction transaction)
    {
        database.Begin();
        if (FirstUnmet(database, transaction) is { } refusal)
        {
            database.Rollback();
            return new WriteOutcome.Refused(refusal);
        }
        var revision = NextRevision(database, changesRecords: !transaction.Puts.IsEmpty);
        foreach (var put in transaction.Puts)
            Apply(database, put, revision);
        database.Commit();
        session.Saw(revision.Value);
        return new WriteOutcome.Done(revision);
    }

    /// <summary>Inside a transaction: the revision by which it will be known.</summary>
    public static Revision NextRevision(SqliteDatabase database, bool changesRecords)
    {
        const string Next =
            """
            UPDATE store SET revision = revision + 1, changed = CASE WHEN ? THEN revision + 1 ELSE changed END
            RETURNING revision
            """;
        var revision = Revision.None;
        foreach (var row in database.Statement(Next).Bind(1, changesRecords ? 1 : 0).Rows())
            revision = new Revision(row.Number(0));
        return revision == Revision.None ? throw StoreFault.Damaged("its revision is missing") : revision;
    }

    private static string? FirstUnmet(SqliteDatabase database, StoreTransaction transaction)
    {
        foreach (var (key, expected) in transaction.Conditions)
        {
            var found = Revision.None;
            foreach (var row in database.Statement("SELECT revision FROM records WHERE key = ?").Bind(1, key).Rows())
                found = new Revision(row.Number(0));
            if (found != expected)
                return StoreCondition.Unmet(key, expected, found);
        }
        return null;
    }

    private static void Apply(SqliteDatabase database, StorePut put, Revision revision)
    {
        const string Upsert =
            """
            INSERT INTO records (key, value, revision) VALUES (?, ?, ?)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision
            """;
        if (put.Value is null)
            database.Statement("DELETE FROM records WHERE key = ?").Bind(1, put.Key).Execute();
        else
            database.Statement(Upsert).Bind(1, put.Key).Bind(2, put.Value).Bind(3, revision.Value).Execute();
    }
}
