using System.Collections.Immutable;
using PgMahout.Backup.Repositories;
using PgMahout.Postgres;
using PgMahout.Tests.Backup;

namespace PgMahout.Tests.Archiving;

/// <summary>A store in which an archiver works in the middle of a listing, as it does in a directory.</summary>
public sealed class MovingStore(UnreliableStore inner) : IObjectStore
{
    private readonly Queue<(Predicate<string> Passed, Func<Task> Move)> _moves = new();

    public string Address => inner.Address;

    /// <summary>
    /// During one of the next listings, in order: names that are <paramref name="passed"/> were looked at before the
    /// move, all others after it.
    /// </summary>
    public void WhileListing(Predicate<string> passed, Func<Task> move) => _moves.Enqueue((passed, move));

    public async Task<Outcome<ImmutableArray<ObjectEntry>>> ListAsync(string prefix, CancellationToken cancellation)
    {
        if (!_moves.TryDequeue(out var next))
            return await inner.ListAsync(prefix, cancellation);
        var before = Entries(await inner.ListAsync(prefix, cancellation));
        await next.Move();
        var after = Entries(await inner.ListAsync(prefix, cancellation));
        return new Outcome<ImmutableArray<ObjectEntry>>.Done(
        [
            .. before.Where(entry => next.Passed(entry.Name)).Concat(after.Where(entry => !next.Passed(entry.Name)))
                .OrderBy(entry => entry.Name, StringComparer.Ordinal),
        ]);
    }

    public Task<Outcome> PutAsync(
        string name, ReadOnlyMemory<byte> content, Flushing flushing, CancellationToken cancellation) =>
        inner.PutAsync(name, content, flushing, cancellation);

    public Task<Outcome<bool>> CreateAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        inner.CreateAsync(name, content, cancellation);

    public Task<Outcome> FlushAsync(CancellationToken cancellation) => inner.FlushAsync(cancellation);

    public Task<Outcome<int>> ReadAsync(
        string name, long offset, Memory<byte> into, CancellationToken cancellation) =>
        inner.ReadAsync(name, offset, into, cancellation);

    public Task<Outcome<long?>> LengthAsync(string name, CancellationToken cancellation) =>
        inner.LengthAsync(name, cancellation);

    public Task<Outcome> DeleteAsync(ImmutableArray<string> names, CancellationToken cancellation) =>
        inner.DeleteAsync(names, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static ImmutableArray<ObjectEntry> Entries(Outcome<ImmutableArray<ObjectEntry>> listed) =>
        ((Outcome<ImmutableArray<ObjectEntry>>.Done)listed).Value;
}
