using System.Collections.Concurrent;
using System.Collections.Immutable;
using PgMahout.Backup.Repositories;
using PgMahout.Postgres;

namespace PgMahout.Tests.Backup;

/// <summary>How a store answers one write.</summary>
public enum StoreMood
{
    Works,

    /// <summary>Does nothing and says so.</summary>
    Fails,

    /// <summary>Does it, and says that it failed.</summary>
    DoesButFails,

    /// <summary>Does nothing and says nothing until the mood changes; then it fails.</summary>
    Hangs,
}

/// <summary>Objects in memory, behind a storage that works only as its mood is.</summary>
public sealed class UnreliableStore : IObjectStore
{
    private readonly ConcurrentDictionary<string, byte[]> _objects = new(StringComparer.Ordinal);
    private TaskCompletionSource _moodChanged = new();
    private Func<string, StoreMood> _mood = _ => StoreMood.Works;
    private int _puts;

    public string Address => "memory";

    public int Puts => _puts;

    public IEnumerable<string> Names => _objects.Keys.Order(StringComparer.Ordinal);

    /// <summary>Told each name that was written.</summary>
    public Action<string> Written { get; set; } = _ => { };

    public void Be(StoreMood mood) => Be(_ => mood);

    public void Be(Func<string, StoreMood> mood)
    {
        _mood = mood;
        Interlocked.Exchange(ref _moodChanged, new TaskCompletionSource()).SetResult();
    }

    /// <summary>Bytes go bad.</summary>
    public void Damage(string name) => _objects[name][^1] ^= 1;

    /// <summary>Its writer died in the middle of it.</summary>
    public void CutOff(string name) => _objects[name] = _objects[name][..(_objects[name].Length / 2)];

    public async Task<Outcome> PutAsync(
        string name, ReadOnlyMemory<byte> content, Flushing flushing, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _puts);
        var changed = _moodChanged.Task;
        var mood = _mood(name);
        if (mood == StoreMood.Hangs)
            await changed.WaitAsync(cancellation);
        if (mood is StoreMood.Works or StoreMood.DoesButFails)
        {
            _objects[name] = content.ToArray();
            Written(name);
        }
        return mood == StoreMood.Works ? Outcome.Success : new Outcome.Failed(Moody);
    }

    public Task<Outcome<bool>> CreateAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        Done(_objects.TryAdd(name, content.ToArray()));

    public Task<Outcome> FlushAsync(CancellationToken cancellation) => Task.FromResult(Outcome.Success);

    public Task<Outcome<int>> ReadAsync(
        string name, long offset, Memory<byte> into, CancellationToken cancellation)
    {
        if (!_objects.TryGetValue(name, out var bytes))
            return Task.FromResult<Outcome<int>>(
                new Outcome<int>.Failed(new Problem(IObjectStore.Missing, name, "", "", "")));
        var rest = bytes.AsMemory((int)Math.Min(offset, bytes.Length));
        var count = Math.Min(rest.Length, into.Length);
        rest[..count].CopyTo(into);
        return Done(count);
    }

    public Task<Outcome<long?>> LengthAsync(string name, CancellationToken cancellation) =>
        Done<long?>(_objects.TryGetValue(name, out var bytes) ? bytes.Length : null);

    public Task<Outcome<ImmutableArray<ObjectEntry>>> ListAsync(string prefix, CancellationToken cancellation) =>
        Done<ImmutableArray<ObjectEntry>>(
        [
            .. _objects.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal))
                .OrderBy(one => one.Key, StringComparer.Ordinal)
                .Select(one => new ObjectEntry(one.Key, one.Value.Length, DateTimeOffset.UnixEpoch)),
        ]);

    public Task<Outcome> DeleteAsync(ImmutableArray<string> names, CancellationToken cancellation)
    {
        foreach (var name in names)
            _objects.TryRemove(name, out _);
        return Task.FromResult(Outcome.Success);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static readonly Problem Moody = new("store-moody", "the store is moody", "", "", "");

    private static Task<Outcome<T>> Done<T>(T value) =>
        Task.FromResult<Outcome<T>>(new Outcome<T>.Done(value));
}
