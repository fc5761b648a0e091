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
    /// <summary>One call of a directory that hangs is given up after this time.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    /// <summary>For writing: an empty place becomes this cluster's repository.</summary>
    public static async Task<Outcome<OpenRepository>> OpenAsync(
        RepositorySettings settings, RepositoryOwner owner, CancellationToken cancellation)
    {
        if (!Prepare(settings).TryGet(out var place))
            return new Outcome<OpenRepository>.Failed(Prepare(settings).Failure!);
        var compression = Compression.Of(settings.Compression, settings.Level);
        return await SettleAsync(
            settings, place.Store, Repository.OpenAsync(place.Store, owner, compression, place.Key, cancellation));
    }

    /// <summary>For looking and restoring: nothing is made, and no cluster needs to be there.</summary>
    public static async Task<Outcome<OpenRepository>> OpenForReadingAsync(
        RepositorySettings settings, CancellationToken cancellation)
    {
        if (!Prepare(settings).TryGet(out var place))
            return new Outcome<OpenRepository>.Failed(Prepare(settings).Failure!);
        return await SettleAsync(
            settings, place.Store, Repository.OpenForReadingAsync(place.Store, place.Key, cancellation));
    }

    public static Failure Translate(ErrorKind kind, Problem problem) =>
        new Failure(kind, problem.What).Because(problem.Why).Leaving(problem.Left).Try(problem.Next);

    private static Outcome<(IObjectStore Store, EncryptionKey? Key)> Prepare(RepositorySettings settings)
    {
        EncryptionKey? key = null;
        if (settings.KeyFile is { } file && !EncryptionKey.Load(file).TryGet(out key))
            return new Outcome<(IObjectStore, EncryptionKey?)>.Failed(EncryptionKey.Load(file).Failure!);
        var opened = DirectoryStore.Open(settings.Address, CallLimit, TimeProvider.System);
        return opened.TryGet(out var store)
            ? new Outcome<(IObjectStore, EncryptionKey?)>.Done((store, key))
            : new Outcome<(IObjectStore, EncryptionKey?)>.Failed(opened.Failure!);
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
