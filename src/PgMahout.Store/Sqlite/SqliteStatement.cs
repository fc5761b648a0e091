using SQLitePCL;

namespace PgMahout.Store.Sqlite;

/// <summary>
/// One prepared statement. SQLite is called through its C interface, because the ADO.NET driver retries a locked
/// database in sleeps of 150 ms up to a limit in whole seconds, and a lease cannot wait like that.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(sqlite3 handle, string sql)
    {
        _handle = handle;
        Check(raw.sqlite3_prepare_v2(handle, sql, out _statement));
    }

    /// <summary>Parameters count from 1.</summary>
    public SqliteStatement Bind(int index, string? text)
    {
        Check(text is null ? raw.sqlite3_bind_null(_statement, index) : raw.sqlite3_bind_text(_statement, index, text));
        return this;
    }

    public SqliteStatement Bind(int index, long? number)
    {
        Check(number is { } value
            ? raw.sqlite3_bind_int64(_statement, index, value)
            : raw.sqlite3_bind_null(_statement, index));
        return this;
    }

    public void Execute()
    {
        foreach (var _ in Rows())
        {
        }
    }

    /// <summary>The columns of each row are read from this statement while the enumeration stands on it.</summary>
    public IEnumerable<SqliteStatement> Rows()
    {
        try
        {
            int code;
            while ((code = raw.sqlite3_step(_statement)) == raw.SQLITE_ROW)
                yield return this;
            if (code != raw.SQLITE_DONE)
                Check(code);
        }
        finally
        {
            // Also ends the read transaction of a statement outside of one. Its code repeats that of the step.
            _ = raw.sqlite3_reset(_statement);
        }
    }

    /// <summary>Columns count from 0.</summary>
    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    public long? NumberOrNull(int column) => IsNull(column) ? null : Number(column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose() => _statement.Dispose();

    private bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw StoreFault.Of(code, raw.sqlite3_errmsg(_handle).utf8_to_string());
    }
}
