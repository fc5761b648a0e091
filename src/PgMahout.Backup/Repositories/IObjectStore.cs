using System.Collections.Immutable;
using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>
/// A flat space of named objects that are written whole and never changed: a directory or a bucket. Names are
/// relative paths of <c>[A-Za-z0-9._-]</c> parts joined by '/'. Every call may come from any thread, ends within the
/// store's own limits, and answers failure as a value: the problem says whether trying again may help.
/// </summary>
public interface IObjectStore : IAsyncDisposable
{
    /// <summary>For people: <c>/var/lib/pgmahout/backup</c> or <c>s3://bucket/prefix</c>.</summary>
    string Address { get; }

    /// <summary>
    /// Makes the object, or replaces the one of that name: afterwards it is there whole, or as it was before. With
    /// <see cref="Flushing.Now"/> it also survives a loss of power when this returns; with
    /// <see cref="Flushing.Later"/> only after <see cref="FlushAsync"/>.
    /// </summary>
    Task<Outcome> PutAsync(
        string name, ReadOnlyMemory<byte> content, Flushing flushing, CancellationToken cancellation);

    /// <summary>Like <see cref="PutAsync"/>, but Done(false), and nothing changed, where the name is taken.</summary>
    Task<Outcome<bool>> CreateAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <summary>Everything that was put before, by this instance, survives a loss of power from now on.</summary>
    Task<Outcome> FlushAsync(CancellationToken cancellation);

    /// <summary>
    /// Fills <paramref name="into"/> from <paramref name="offset"/> on; the bytes read, fewer only at the object's end.
    /// A missing object is a failure with the code <see cref="Missing"/>.
    /// </summary>
    Task<Outcome<int>> ReadAsync(string name, long offset, Memory<byte> into, CancellationToken cancellation);

    /// <summary>The object's length; null when there is none of that name.</summary>
    Task<Outcome<long?>> LengthAsync(string name, CancellationToken cancellation);

    /// <summary>Every object whose name begins with <paramref name="prefix"/>, sorted by name (ordinal).</summary>
    Task<Outcome<ImmutableArray<ObjectEntry>>> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>Afterwards none of them is there, also those that never were.</summary>
    Task<Outcome> DeleteAsync(ImmutableArray<string> names, CancellationToken cancellation);

    /// <summary>The code of the problem that an object is not there.</summary>
    const string Missing = "object-missing";
}

/// <summary>Whether an object must be on stable storage at once.</summary>
public enum Flushing
{
    Now,
    Later,
}

/// <param name="ModifiedAt">As the storage tells it: of use for people and for leftovers, never for order.</param>
public sealed record ObjectEntry(string Name, long Length, DateTimeOffset ModifiedAt);
