using System.Globalization;

namespace PgMahout.Store.Sqlite;

/// <summary>The tables of a store, and how one knows that a file is a store.</summary>
internal static class SqliteSchema
{
    /// <summary>"pgmh" in ASCII: marks the file as ours, for <c>file</c>(1) and for the check at opening.</summary>
    private const long ApplicationId = 0x70676D68;

    private const long Version = 1;

    private static readonly string[] Tables =
    [
        // revision: given to the last transaction; changed: given to the last one that changed a record.
        """
        CREATE TABLE store (
          only INTEGER PRIMARY KEY CHECK (only = 1),
          id TEXT NOT NULL,
          revision INTEGER NOT NULL,
          changed INTEGER NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE records (
          key TEXT PRIMARY KEY,
          value TEXT NOT NULL,
          revision INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE journal (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          at TEXT NOT NULL,
          member TEXT,
          kind TEXT NOT NULL,
          epoch INTEGER NOT NULL,
          timeline INTEGER,
          text TEXT NOT NULL,
          details TEXT
        ) STRICT
        """,
    ];

    /// <summary>Makes a store of the empty file at <paramref name="path"/>.</summary>
    public static void Create(string path, TimeSpan limit)
    {
        using var database = SqliteDatabase.Open(path, limit);
        database.Statement("PRAGMA journal_mode = WAL").Execute();
        database.Begin();
        database.Statement(Invariant($"PRAGMA application_id = {ApplicationId}")).Execute();
        database.Statement(Invariant($"PRAGMA user_version = {Version}")).Execute();
        foreach (var table in Tables)
            database.Statement(table).Execute();
        database.Statement("INSERT INTO store VALUES (1, ?, 0, 0)").Bind(1, Guid.NewGuid().ToString("N")).Execute();
        database.Commit();
    }

    /// <summary>
    /// Refuses whatever is not a whole store of this version, before anything is written to it.
    /// </summary>
    /// <returns>The store's own identity, given once when it was created.</returns>
    public static string Identify(SqliteDatabase database, string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: 0 })
            throw StoreFault.Damaged("the file is empty");
        if (Number(database, "PRAGMA application_id") != ApplicationId)
            throw new StoreFault("is the database of another program; it was left as it is");
        if (Number(database, "PRAGMA user_version") is var version && version != Version)
            throw new StoreFault(Invariant($"has schema version {version}, and this pgmahout knows only {Version}"));
        if (Text(database, "PRAGMA quick_check(1)") is var verdict && verdict != "ok")
            throw StoreFault.Damaged(verdict);
        if (Text(database, "PRAGMA journal_mode") is var mode && mode != "wal")
            throw StoreFault.Damaged($"its journal mode is '{mode}', not 'wal'");
        return Text(database, "SELECT id FROM store");
    }

    private static long Number(SqliteDatabase database, string sql)
    {
        foreach (var row in database.Statement(sql).Rows())
            return row.Number(0);
        throw StoreFault.Damaged("a row is missing");
    }

    private static string Text(SqliteDatabase database, string sql)
    {
        foreach (var row in database.Statement(sql).Rows())
            return row.Text(0);
        throw StoreFault.Damaged("a row is missing");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
