using SQLitePCL;
using Xunit;

namespace PgMahout.Tests.Store;

/// <summary>Another program that has the store's file open, and may do anything to it.</summary>
internal sealed class RawSqlite : IDisposable
{
    private readonly sqlite3 _handle;

    static RawSqlite() => Batteries_V2.Init();

    public RawSqlite(string path) => Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(path, out _handle));

    public RawSqlite Execute(string sql)
    {
        var code = raw.sqlite3_exec(_handle, sql);
        Assert.True(code == raw.SQLITE_OK, raw.sqlite3_errmsg(_handle).utf8_to_string());
        return this;
    }

    public void Dispose() => _handle.Dispose();
}
