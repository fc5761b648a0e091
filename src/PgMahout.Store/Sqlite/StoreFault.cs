using SQLitePCL;

namespace PgMahout.Store.Sqlite;

/// <summary>
/// The database did not do what it was told. Never leaves this folder: <see cref="SqliteSession"/> turns it into a
/// value at the boundary.
/// </summary>
/// <param name="reason">Continues a sentence that begins with the store's path.</param>
/// <param name="keepsConnection">The connection is sound: the fault is a passing one.</param>
internal sealed class StoreFault(string reason, bool keepsConnection = false) : Exception(reason)
{
    public bool KeepsConnection { get; } = keepsConnection;

    /// <summary>The low byte of SQLite's extended result codes is the primary one.</summary>
    public static StoreFault Of(int code, string detail) => (code & 0xFF) switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            new StoreFault("was locked by another process for the whole time limit; nothing was changed", true),
        raw.SQLITE_FULL => new StoreFault("could not be written: the disk is full", true),
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH =>
            new StoreFault($"may not be written by this user ({detail})"),
        raw.SQLITE_CANTOPEN => new StoreFault($"or a file beside it could not be opened ({detail})"),
        raw.SQLITE_NOTADB =>
            new StoreFault("is not a SQLite database, or its first page is damaged; it was left as it is"),
        raw.SQLITE_CORRUPT => Damaged(detail),
        raw.SQLITE_IOERR => new StoreFault($"could not be read or written: {detail} (SQLite code {code})"),
        raw.SQLITE_ERROR => Damaged(detail),
        _ => new StoreFault($"failed: {detail} (SQLite code {code})"),
    };

    public static StoreFault Damaged(string detail) => new($"is damaged ({detail}); it was left as it is");
}
