using System.Collections.Immutable;
using PgMahout.Core.Cluster;

namespace PgMahout.Store.Sqlite;

/// <summary>
/// The store of a cluster on one machine: a SQLite file that all its processes share. An answered write survives a
/// loss of power. A damaged or foreign file is reported, never repaired, deleted or written over.
/// </summary>
public sealed class SqliteClusterStore : IClusterStore
{
    private static readonly TimeSpan CreateLimit = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly SqliteSession _session;
    private readonly RecordQueries _records;
    private readonly JournalQueries _journal;
    private readonly ChangeSignal _signal;
    private readonly ChangeWatch _watch;
    private readonly SqliteThread _thread;
    private int _checking;

    private SqliteClusterStore(string path)
    {
        _path = path;
        _session = new SqliteSession(path);
        _records = new RecordQueries(_session);
        _journal = new JournalQueries(_session);
        _signal = new ChangeSignal(SignalOf(path));
        _watch = new ChangeWatch(SignalOf(path), Check);
        _thread = new SqliteThread("store", Close);
    }

    /// <summary>Every file that a store at <paramref name="path"/> may consist of, for whoever destroys it.</summary>
    public static ImmutableArray<string> FilesOf(string path) =>
        [path, path + "-wal", path + "-shm", path + "-journal", SignalOf(path)];

    /// <summary>Opens what is at <paramref name="path"/>; <see cref="StoreOpening.Missing"/> when nothing is.</summary>
    public static StoreOpening Open(string path)
    {
        var full = Path.GetFullPath(path);
        return Path.Exists(full)
            ? new StoreOpening.Ready(new SqliteClusterStore(full))
            : new StoreOpening.Missing($"The store {full} does not exist.");
    }

    /// <summary>
    /// Opens the store at <paramref name="path"/>, which is created, readable by its owner only, if there is nothing.
    /// Of several processes that create at once, all end up with the same store.
    /// </summary>
    public static StoreOpening Create(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            if (!Path.Exists(full))
                CreateWhole(full);
            return Open(full);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or StoreFault)
        {
            return new StoreOpening.Failed($"The store {full} could not be created: {failure.Message}");
        }
    }

    public Task<StoreRead> ReadAsync(TimeSpan limit, CancellationToken cancellation) =>
        _thread.RunAsync(
            left => _session.Run(_records.Read, Unreachable, left),
            begun => Unreachable(Unanswered(begun, limit)),
            limit,
            cancellation);

    public Task<WriteOutcome> WriteAsync(StoreTransaction transaction, TimeSpan limit, CancellationToken cancellation)
    {
        transaction.EnsureUnambiguous();
        return _thread.RunAsync(
            left => Signalled(
                transaction, _session.Run(database => _records.Write(database, transaction), Unknown, left)),
            begun => Unknown(Unanswered(begun, limit)),
            limit,
            cancellation);
    }

    public IDisposable Watch(Action changed) => _watch.Subscribe(changed, _records.Changed);

    public Task<WriteOutcome> AppendAsync(JournalEntry entry, TimeSpan limit, CancellationToken cancellation) =>
        _thread.RunAsync(
            left => _session.Run(database => _journal.Append(database, entry), Unknown, left),
            begun => Unknown(Unanswered(begun, limit)),
            limit,
            cancellation);

    public Task<JournalRead> ReadJournalAsync(int count, TimeSpan limit, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return _thread.RunAsync(
            left => _session.Run(database => JournalQueries.Read(database, count), UnreachableJournal, left),
            begun => UnreachableJournal(Unanswered(begun, limit)),
            limit,
            cancellation);
    }

    public ValueTask DisposeAsync()
    {
        _watch.Dispose();
        return _thread.DisposeAsync();
    }

    private static string SignalOf(string path) => path + "-changed";

    /// <summary>Made under another name and then linked into place, so that no half-made store is ever found.</summary>
    private static void CreateWhole(string path)
    {
        var draft = $"{path}.{Guid.NewGuid():N}";
        try
        {
            new FileStream(draft, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
            SqliteSchema.Create(draft, CreateLimit);
            FileLink.CreateUnlessTaken(draft, path);
        }
        finally
        {
            foreach (var file in FilesOf(draft))
                File.Delete(file);
        }
    }

    private static StoreRead Unreachable(string reason) => new StoreRead.Unreachable(reason);

    private static JournalRead UnreachableJournal(string reason) => new JournalRead.Unreachable(reason);

    private static WriteOutcome Unknown(string reason) => new WriteOutcome.Unknown(reason);

    private string Unanswered(bool begun, TimeSpan limit) => begun
        ? $"The store {_path} did not answer within {limit.TotalMilliseconds:F0} ms."
        : $"The store {_path} was busy with an earlier call for {limit.TotalMilliseconds:F0} ms; nothing was changed.";

    private WriteOutcome Signalled(StoreTransaction transaction, WriteOutcome outcome)
    {
        // Raised also when the outcome is unknown: it may have been written.
        if (outcome is not WriteOutcome.Refused && !transaction.Puts.IsEmpty)
            _signal.Raise();
        return outcome;
    }

    /// <summary>One check at a time waits for the thread: it sees what those it stands for would have seen.</summary>
    private void Check()
    {
        if (Interlocked.Exchange(ref _checking, 1) == 0 && !_thread.TryPost(CheckNow))
            Volatile.Write(ref _checking, 0);
    }

    private void CheckNow()
    {
        Volatile.Write(ref _checking, 0);
        var changed = _session.Run(_records.ReadChanged, static _ => -1, TimeSpan.FromMilliseconds(10));
        if (changed >= 0)
            _watch.Announce(changed);
    }

    private void Close()
    {
        _session.Dispose();
        _signal.Dispose();
    }
}
