using System.Collections.Immutable;
using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>
/// A repository in a directory: a local disk, or one that several hosts mount. Each object is a file of its name.
/// </summary>
public sealed class DirectoryStore : IObjectStore
{
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceeded = 122;
    private const int Stale = 116;

    private readonly DirectoryFiles _files;
    private readonly TimeSpan _limit;

    private DirectoryStore(string path, DirectoryFiles files, TimeSpan limit)
    {
        Address = path;
        _files = files;
        _limit = limit;
    }

    public string Address { get; }

    /// <summary>
    /// Opens a directory that is there: one that is missing may be a file system that is not mounted, and a repository
    /// that came into being in its place would fill the wrong disk.
    /// </summary>
    /// <param name="path">Absolute.</param>
    /// <param name="limit">For one call; a call of many bytes gets more.</param>
    public static Outcome<DirectoryStore> Open(string path, TimeSpan limit, TimeProvider time)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            if (!Directory.Exists(path))
                return new Outcome<DirectoryStore>.Failed(StoreProblems.Vanished(path, "there is no such directory"));
            var files = new DirectoryFiles(path, time);
            files.RemoveLeftovers();
            return new Outcome<DirectoryStore>.Done(new DirectoryStore(path, files, limit));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome<DirectoryStore>.Failed(Explain(path, e, ""));
        }
    }

    public async Task<Outcome> PutAsync(
        string name, ReadOnlyMemory<byte> content, Flushing flushing, CancellationToken cancellation)
    {
        ObjectName.Require(name);
        var limit = _limit + TimeSpan.FromSeconds(content.Length >> 20);
        return WithoutValue(await RunAsync(name, limit, call =>
        {
            _files.Put(name, content.Span, flushing, call);
            return true;
        }, cancellation));
    }

    public Task<Outcome<bool>> CreateAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        ObjectName.Require(name);
        return RunAsync(name, _limit, call => _files.Create(name, content.Span, call), cancellation);
    }

    public async Task<Outcome> FlushAsync(CancellationToken cancellation) =>
        WithoutValue(await RunAsync("", 20 * _limit, _ =>
        {
            _files.Flush();
            return true;
        }, cancellation));

    public Task<Outcome<int>> ReadAsync(
        string name, long offset, Memory<byte> into, CancellationToken cancellation)
    {
        ObjectName.Require(name);
        var limit = _limit + TimeSpan.FromSeconds(into.Length >> 20);
        return RunAsync(name, limit, call => _files.Read(name, offset, into.Span, call), cancellation);
    }

    public Task<Outcome<long?>> LengthAsync(string name, CancellationToken cancellation)
    {
        ObjectName.Require(name);
        return RunAsync<long?>(name, _limit, _ =>
        {
            var file = new FileInfo(_files.Path(name));
            return file.Exists ? file.Length : null;
        }, cancellation);
    }

    public Task<Outcome<ImmutableArray<ObjectEntry>>> ListAsync(string prefix, CancellationToken cancellation) =>
        RunAsync<ImmutableArray<ObjectEntry>>("", 10 * _limit, _ => [.. _files.List(prefix)], cancellation);

    public async Task<Outcome> DeleteAsync(ImmutableArray<string> names, CancellationToken cancellation)
    {
        foreach (var name in names)
            ObjectName.Require(name);
        return WithoutValue(await RunAsync("", 10 * _limit, _ =>
        {
            _files.Delete(names);
            return true;
        }, cancellation));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// On another thread: a network file system can hang in any of its calls, and such a call cannot be ended, only
    /// left behind.
    /// </summary>
    private async Task<Outcome<T>> RunAsync<T>(
        string name, TimeSpan limit, Func<StoreCall, T> work, CancellationToken cancellation)
    {
        var call = new StoreCall();
        try
        {
            cancellation.ThrowIfCancellationRequested();
            var run = Task.Run(() => Guarded(name, () => work(call)), CancellationToken.None);
            return await run.WaitAsync(limit, cancellation);
        }
        catch (TimeoutException)
        {
            return new Outcome<T>.Failed(StoreProblems.TooSlow(Address, limit));
        }
        finally
        {
            call.Leave();
        }
    }

    private Outcome<T> Guarded<T>(string name, Func<T> work)
    {
        try
        {
            return _files.IsStillThere
                ? new Outcome<T>.Done(work())
                : new Outcome<T>.Failed(StoreProblems.Vanished(Address, "the directory is gone or another one"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Outcome<T>.Failed(Explain(Address, e, name));
        }
    }

    private static Outcome WithoutValue(Outcome<bool> outcome) =>
        outcome.Failure is { } problem ? new Outcome.Failed(problem) : Outcome.Success;

    private static Problem Explain(string address, Exception e, string name) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => StoreProblems.Missing(address, name),
        UnauthorizedAccessException => StoreProblems.Denied(address, e.Message),
        { HResult: NoSpace or QuotaExceeded } => StoreProblems.Full(address, e.Message),
        { HResult: ReadOnlyFileSystem } => StoreProblems.ReadOnly(address, e.Message),
        { HResult: Stale } => StoreProblems.Vanished(address, e.Message),
        _ => StoreProblems.Unreachable(address, e.Message),
    };
}
