using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Errors;
using PgMahout.Postgres;

namespace PgMahout.Backups;

/// <summary>A repository that could be opened, with the place it is in.</summary>
internal sealed record OpenRepository(RepositorySettings Settings, Repository Repository) : IAsyncDisposable
{
    public IObjectStore Store => Repository.Store;

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}

/// <summary>From what the cluster agreed on to a repository that can be used.</summary>
internal static class RepositoryOpening
{
    /// <summary>One call of a storage that hangs is given up after this time; one of many bytes gets more.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    /// <summary>For writing: an empty place becomes this cluster's repository.</summary>
    public static async Task<Outcome<OpenRepository>> OpenAsync(
        RepositorySettings settings, RepositoryOwner owner, CancellationToken cancellation)
    {
        var prepared = Prepare(settings);
        if (!prepared.TryGet(out var place))
            return new Outcome<OpenRepository>.Failed(prepared.Failure!);
        var compression = Compression.Of(settings.Compression, settings.Level);
        return await SettleAsync(
            settings, place.Store, Repository.OpenAsync(place.Store, owner, compression, place.Key, cancellation));
    }

    /// <summary>For looking and restoring: nothing is made, and no cluster needs to be there.</summary>
    public static async Task<Outcome<OpenRepository>> OpenForReadingAsync(
        RepositorySettings settings, CancellationToken cancellation)
    {
        var prepared = Prepare(settings);
        if (!prepared.TryGet(out var place))
            return new Outcome<OpenRepository>.Failed(prepared.Failure!);
        return await SettleAsync(
            settings, place.Store, Repository.OpenForReadingAsync(place.Store, place.Key, cancellation));
    }

    public static Failure Translate(ErrorKind kind, Problem problem) =>
        new Failure(kind, problem.What).Because(problem.Why).Leaving(problem.Left).Try(problem.Next);

    private static Outcome<(IObjectStore Store, EncryptionKey? Key)> Prepare(RepositorySettings settings)
    {
        EncryptionKey? key = null;
        if (settings.KeyFile is { } file && EncryptionKey.Load(file) is var loaded && !loaded.TryGet(out key))
            return new Outcome<(IObjectStore, EncryptionKey?)>.Failed(loaded.Failure!);
        var opened = Place(settings);
        return opened.TryGet(out var store)
            ? new Outcome<(IObjectStore, EncryptionKey?)>.Done((store, key))
            : new Outcome<(IObjectStore, EncryptionKey?)>.Failed(opened.Failure!);
    }

    /// <summary>Where its objects are; whether there is a repository is not looked at.</summary>
    public static Outcome<IObjectStore> Place(RepositorySettings settings)
    {
        if (settings.Address.StartsWith(S3Settings.Scheme, StringComparison.Ordinal))
        {
            var parsed = S3Settings.Parse(settings.Address, settings.Options);
            return parsed.TryGet(out var bucket)
                ? new Outcome<IObjectStore>.Done(new S3Store(bucket, CallLimit, TimeProvider.System))
                : new Outcome<IObjectStore>.Failed(parsed.Failure!);
        }
        var opened = DirectoryStore.Open(settings.Address, CallLimit, TimeProvider.System);
        return opened.TryGet(out var directory)
            ? new Outcome<IObjectStore>.Done(directory)
            : new Outcome<IObjectStore>.Failed(opened.Failure!);
    }

    private static async Task<Outcome<OpenRepository>> SettleAsync(
        RepositorySettings settings, IObjectStore store, Task<Outcome<Repository>> opening)
    {
        var opened = await opening;
        if (opened.TryGet(out var repository))
            return new Outcome<OpenRepository>.Done(new OpenRepository(settings, repository));
        await store.DisposeAsync();
        return new Outcome<OpenRepository>.Failed(opened.Failure!);
    }
}
