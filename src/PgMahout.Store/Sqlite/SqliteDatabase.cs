using SQLitePCL;

namespace PgMahout.Store.Sqlite;

/// <summary>One open connection with its prepared statements. Used by one thread only.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    static SqliteDatabase() => Batteries_V2.Init();

    private SqliteDatabase(sqlite3 handle) => _handle = handle;

    /// <summary>Opens the existing file at <paramref name="path"/>; never creates one.</summary>
    /// <param name="limit">As of <see cref="WaitForLocks"/>.</param>
    public static SqliteDatabase Open(string path, TimeSpan limit)
    {
        const int Flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX;
        var code = raw.sqlite3_open_v2(path, out var handle, Flags, null);
        if (code != raw.SQLITE_OK)
        {
            handle?.Dispose();
            throw new StoreFault(WhyNotOpened(path));
        }
        raw.sqlite3_extended_result_codes(handle, 1);
        var database = new SqliteDatabase(handle);
        try
        {
            database.WaitForLocks(limit);
            // FULL: an answered write survives power loss. The cache holds 128 kB: the whole store is that small.
            database.Statement("PRAGMA synchronous = FULL").Execute();
            database.Statement("PRAGMA cache_size = -128").Execute();
            database.Statement("PRAGMA temp_store = MEMORY").Execute();
            return database;
        }
        catch (StoreFault)
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Statements wait at most this long for another process' lock.</summary>
    public void WaitForLocks(TimeSpan limit) =>
        raw.sqlite3_busy_timeout(_handle, (int)Math.Clamp(limit.TotalMilliseconds, 1, int.MaxValue));

    /// <summary>Prepared at its first use, then kept.</summary>
    public SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
            _statements.Add(sql, statement = new SqliteStatement(_handle, sql));
        return statement;
    }

    public void Begin() => Statement("BEGIN IMMEDIATE").Execute();

    public void Commit() => Statement("COMMIT").Execute();

    /// <summary>Does nothing outside of a transaction.</summary>
    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_handle) == 0)
            Statement("ROLLBACK").Execute();
    }

    public long LastInsertedRow => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>
    /// Closing will neither copy this connection's log into the database nor delete the log: the files at these names
    /// belong to somebody else by now.
    /// </summary>
    public void LeaveFilesAlone() =>
        raw.sqlite3_db_config(_handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _handle.Dispose();
    }

    private static string WhyNotOpened(string path)
    {
        if (Directory.Exists(path))
            return "is a directory";
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            return "does not exist, nor does its directory";
        return File.Exists(path) ? "may not be opened by this user" : "does not exist";
    }
}
