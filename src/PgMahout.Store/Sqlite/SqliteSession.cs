namespace PgMahout.Store.Sqlite;

/// <summary>
/// The connection over time: opened at the first use, closed when it fails, opened again at the next, and never left
/// on a file that is not, or no longer, the one this session began with.
/// </summary>
internal sealed class SqliteSession(string path) : IDisposable
{
    private readonly string _walPath = path + "-wal";
    private Open? _open;
    private string? _storeId;
    private long _newest;

    /// <summary>Bounded by <paramref name="limit"/>; every failure becomes <paramref name="failed"/>'s value.</summary>
    public T Run<T>(Func<SqliteDatabase, T> work, Func<string, T> failed, TimeSpan limit)
    {
        try
        {
            var open = _open ??= Connect(limit);
            open.Database.WaitForLocks(limit);
            var result = work(open.Database);
            // Looked at after the work: the answer is about the file that is there, or it is no answer.
            return Replacement(open) is { } replaced ? failed(Sentence(replaced)) : result;
        }
        catch (StoreFault fault)
        {
            Recover(fault);
            return failed(Sentence(fault.Message));
        }
    }

    /// <summary>A revision that is older than one seen before is a fault: a copy was put in the place.</summary>
    public void Saw(long revision)
    {
        if (revision < _newest)
            throw new StoreFault($"went back from revision {_newest} to {revision}: it is an older copy");
        _newest = revision;
    }

    public void Dispose() => Close();

    private Open Connect(TimeSpan limit)
    {
        var before = FileIdentity.Of(path);
        var database = SqliteDatabase.Open(path, limit);
        try
        {
            var id = SqliteSchema.Identify(database, path);
            if (before is not { } file || FileIdentity.Of(path) != before)
                throw new StoreFault("was replaced while it was being opened");
            if ((_storeId ??= id) != id)
                throw new StoreFault("was replaced by the store of another cluster since this process opened it");
            return new Open(database, file, FileIdentity.Of(_walPath));
        }
        catch (StoreFault)
        {
            database.Dispose();
            throw;
        }
    }

    private string? Replacement(Open open)
    {
        if (FileIdentity.Of(path) is not { } file)
            return "was deleted while in use";
        // The log beside it is part of the store: without it, newer writes are invisible to whoever opens it next.
        return file == open.File && FileIdentity.Of(_walPath) == open.Wal ? null : Replaced(open);
    }

    private string Replaced(Open open)
    {
        // The old inode stays taken as long as the connection is open, so closing comes after comparing.
        open.Database.LeaveFilesAlone();
        Close();
        return "or its -wal file was replaced while in use";
    }

    private void Recover(StoreFault fault)
    {
        if (!fault.KeepsConnection)
        {
            Close();
            return;
        }
        try
        {
            _open?.Database.Rollback();
        }
        catch (StoreFault)
        {
            Close();
        }
    }

    private void Close()
    {
        _open?.Database.Dispose();
        _open = null;
    }

    private string Sentence(string reason) => $"The store {path} {reason}.";

    private sealed record Open(SqliteDatabase Database, FileIdentity File, FileIdentity? Wal);
}
