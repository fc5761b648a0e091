using System.Collections.Immutable;
using PgMahout.Backup.Repositories;
using PgMahout.Postgres;

namespace PgMahout.InstanceTests.Backup;

/// <summary>A store that does the first so many calls, and then dies.</summary>
internal sealed class FaultyStore(IObjectStore inner, int calls) : IObjectStore
{
    private int _left = calls;

    public bool IsDead => _left < 0;

    public string Address => inner.Address;

    public async Task<Outcome> PutAsync(
        string name, ReadOnlyMemory<byte> content, Flushing flushing, CancellationToken cancellation) =>
        Died() is { } problem
            ? new Outcome.Failed(problem)
            : await inner.PutAsync(name, content, flushing, cancellation);

    public async Task<Outcome<bool>> CreateAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        Died() is { } problem
            ? new Outcome<bool>.Failed(problem)
            : await inner.CreateAsync(name, content, cancellation);

    public async Task<Outcome> FlushAsync(CancellationToken cancellation) =>
        Died() is { } problem ? new Outcome.Failed(problem) : await inner.FlushAsync(cancellation);

    public async Task<Outcome<int>> ReadAsync(
        string name, long offset, Memory<byte> into, CancellationToken cancellation) =>
        Died() is { } problem
            ? new Outcome<int>.Failed(problem)
            : await inner.ReadAsync(name, offset, into, cancellation);

    public async Task<Outcome<long?>> LengthAsync(string name, CancellationToken cancellation) =>
        Died() is { } problem ? new Outcome<long?>.Failed(problem) : await inner.LengthAsync(name, cancellation);

    public async Task<Outcome<ImmutableArray<ObjectEntry>>> ListAsync(string prefix, CancellationToken cancellation) =>
        Died() is { } problem
            ? new Outcome<ImmutableArray<ObjectEntry>>.Failed(problem)
            : await inner.ListAsync(prefix, cancellation);

    public async Task<Outcome> DeleteAsync(ImmutableArray<string> names, CancellationToken cancellation)
    {
        // One by one, so that it also dies between them.
        foreach (var name in names)
            if (Died() is { } problem)
                return new Outcome.Failed(problem);
            else if (await inner.DeleteAsync([name], cancellation) is Outcome.Failed failed)
                return failed;
        return Outcome.Success;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Problem? Died()
    {
        if (Interlocked.Decrement(ref _left) >= 0)
            return null;
        return StoreProblems.Vanished(Address, "it was taken away");
    }
}
