using System.Collections.Immutable;
using PgMahout.Backup.Framing;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Repositories;

/// <summary>
/// A store that belongs to one cluster: how its objects are compressed and encrypted, and their names. It may hold
/// several system identifiers of that cluster, for an upgrade to a new major version makes a new one.
/// </summary>
public sealed class Repository
{
    private Repository(IObjectStore store, RepositoryMark mark, Compression compression, EncryptionKey? key)
    {
        Store = store;
        Cluster = mark.Cluster;
        Compression = compression;
        Key = key;
    }

    public IObjectStore Store { get; }

    public string Cluster { get; }

    /// <summary>Of what is written from now on; what is there is read by the ending of its name.</summary>
    public Compression Compression { get; }

    public EncryptionKey? Key { get; }

    /// <summary>What the names of new objects end in: <c>.lz4.aes</c>, say.</summary>
    public string Ending => Compression.Ending(Key is not null);

    /// <summary>For new objects. Confined to one thread; to be disposed of.</summary>
    public FrameCodec NewCodec() => new(Compression, Key);

    /// <summary>For chunks in packs, whose hashes a manifest has. Confined to one thread; to be disposed of.</summary>
    public FrameCodec NewChunkCodec() => new(Compression, Key, summed: false);

    /// <summary>For an object of this name, which may be older than the present compression.</summary>
    public FrameCodec CodecFor(string name)
    {
        var (kind, encrypted, _) = Compression.OfName(name);
        return new FrameCodec(Compression.Of(kind, null), encrypted ? Key : null);
    }

    /// <summary>What everything of one system identifier begins with: <c>66f1a20c4be0912d/</c>.</summary>
    public static string PrefixOf(ulong systemIdentifier) => $"{systemIdentifier:x16}/";

    /// <summary>
    /// Opens the repository in <paramref name="store"/> for a cluster; an empty store becomes its repository. Refused:
    /// the repository of another cluster, one that knows only other system identifiers, and a wrong key.
    /// </summary>
    /// <param name="store">Remains the caller's.</param>
    public static async Task<Outcome<Repository>> OpenAsync(
        IObjectStore store, RepositoryOwner owner, Compression compression, EncryptionKey? key,
        CancellationToken cancellation)
    {
        if (compression.Missing is { } missing)
            return new Outcome<Repository>.Failed(missing);
        var mark = new RepositoryMark(RepositoryMark.Newest, owner.Cluster, key?.Check);
        var created = await store.CreateAsync(RepositoryMark.Name, mark.Encode(), cancellation);
        if (created.Failure is { } failure)
            return new Outcome<Repository>.Failed(failure);
        var read = await RepositoryMark.ReadAsync(store, cancellation);
        if (!read.TryGet(out var found))
            return new Outcome<Repository>.Failed(read.Failure!);
        var problem = found.Objection(store.Address, owner.Cluster, key)
            ?? await AdmitAsync(store, owner, cancellation);
        return problem is not null
            ? new Outcome<Repository>.Failed(problem)
            : new Outcome<Repository>.Done(new Repository(store, found, compression, key));
    }

    /// <summary>
    /// Opens whatever repository is there, to look into it or restore from it: no cluster needs to be known.
    /// </summary>
    public static async Task<Outcome<Repository>> OpenForReadingAsync(
        IObjectStore store, EncryptionKey? key, CancellationToken cancellation)
    {
        var read = await RepositoryMark.ReadAsync(store, cancellation);
        if (!read.TryGet(out var found))
            return new Outcome<Repository>.Failed(read.Failure!);
        return found.Objection(store.Address, found.Cluster, key) is { } problem
            ? new Outcome<Repository>.Failed(problem)
            : new Outcome<Repository>.Done(
                new Repository(store, found, Compression.Of(CompressionKind.Zstd, null), key));
    }

    /// <summary>
    /// A system identifier that is new to the repository: the first one is its own, another one is taken in only when
    /// the operator said so, for it may as well be a cluster that was made anew with the same name by mistake.
    /// </summary>
    private static async Task<Problem?> AdmitAsync(
        IObjectStore store, RepositoryOwner owner, CancellationToken cancellation)
    {
        var own = RepositoryMark.SystemName(owner.SystemIdentifier);
        var listed = await store.LengthAsync(own, cancellation);
        if (!listed.TryGet(out var length) || length is not null)
            return listed.Failure;
        var marks = await SystemsAsync(store, cancellation);
        if (!marks.TryGet(out var known))
            return marks.Failure;
        // An archiver on another host may have opened it between the two questions.
        if (known.Contains(owner.SystemIdentifier))
            return null;
        if (!known.IsEmpty && !owner.AdmitNewSystem)
            return RepositoryMark.OtherSystem(store.Address, owner, known);
        return (await store.CreateAsync(own, "{}"u8.ToArray(), cancellation)).Failure;
    }

    /// <summary>The system identifiers that have been taken in, in the order of their numbers.</summary>
    public static async Task<Outcome<ImmutableArray<ulong>>> SystemsAsync(
        IObjectStore store, CancellationToken cancellation)
    {
        var listed = await store.ListAsync(RepositoryMark.SystemsPrefix, cancellation);
        return listed.TryGet(out var entries)
            ? new Outcome<ImmutableArray<ulong>>.Done([.. entries.Select(RepositoryMark.SystemOf).OfType<ulong>()])
            : new Outcome<ImmutableArray<ulong>>.Failed(listed.Failure!);
    }
}
