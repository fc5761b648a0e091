using PgMahout.Backup.Archiving;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Postgres;

namespace PgMahout.Wal;

/// <summary>Where a user wants WAL to be looked for.</summary>
/// <param name="Directory">Of plain WAL files; null: not there.</param>
/// <param name="Repository">A directory that is a repository; null: not there.</param>
/// <param name="KeyFile">Of that repository's encryption.</param>
internal sealed record WalWhere(string? Directory, string? Repository, string? KeyFile);

/// <summary>Opens where WAL is looked for.</summary>
internal static class WalPlaces
{
    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(30);

    /// <summary>Hands the place to <paramref name="use"/>, and closes what was opened for it.</summary>
    public static async Task<Ending> WithAsync(
        Invocation invocation, WalWhere where, Func<WalPlace, Task<Ending>> use)
    {
        if (where.Directory is { } directory)
            return WalPlace.OfDirectory(directory) is { Segments.IsEmpty: false } plain
                ? await use(plain)
                : new Failure(ErrorCatalogue.NoWal, $"there is no WAL of PostgreSQL in {directory}")
                    .Because("no file there has the name of a segment and holds what its name says");
        if (where.Repository is not { } path)
            return await OfClusterAsync(invocation, use);
        var opened = DirectoryStore.Open(path, StoreLimit, TimeProvider.System);
        if (!opened.TryGet(out var store))
            return Told(opened.Failure!);
        await using var closing = store;
        var found = await OpenAsync(store, where.KeyFile, invocation.Cancellation);
        if (!found.TryGet(out var place))
            return Told(found.Failure!);
        return place.Segments.IsEmpty
            ? new Failure(ErrorCatalogue.NoWal, $"there is no whole segment of WAL in {path} yet")
            : await use(place);
    }

    /// <summary>The first repository of the cluster in the home.</summary>
    private static async Task<Ending> OfClusterAsync(Invocation invocation, Func<WalPlace, Task<Ending>> use)
    {
        var cluster = await BackupAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!cluster.TryGet(out var access, out var failure))
            return failure.Try("pgmahout wal stats --repository DIR", "pgmahout wal stats --from-dir PGDATA/pg_wal");
        await using var closing = access;
        if (!access.Identity.TryGet(out var identity, out failure))
            return failure;
        if (!(await access.ReadAsync(null, invocation.Cancellation)).TryGet(out var opened, out failure))
            return failure;
        await using var repository = opened;
        var found = await OfSystemAsync(opened.Repository, identity, invocation.Cancellation);
        if (!found.TryGet(out var place))
            return Told(found.Failure!);
        return place.Segments.IsEmpty
            ? new Failure(ErrorCatalogue.NoWal, $"there is no whole segment of WAL in {opened.Store.Address} yet")
            : await use(place);
    }

    public static Failure Told(Problem problem) => new Failure(ErrorCatalogue.WalUnreadable, problem.What)
        .Because($"{problem.Why} [{problem.Code}]").Leaving(problem.Left).Try(problem.Next);

    private static async Task<Outcome<WalPlace>> OpenAsync(
        IObjectStore store, string? keyFile, CancellationToken cancellation)
    {
        EncryptionKey? key = null;
        if (keyFile is not null && EncryptionKey.Load(keyFile) is var loaded && !loaded.TryGet(out key))
            return new Outcome<WalPlace>.Failed(loaded.Failure!);
        var opened = await Repository.OpenForReadingAsync(store, key, cancellation);
        if (!opened.TryGet(out var repository))
            return new Outcome<WalPlace>.Failed(opened.Failure!);
        var systems = await Repository.SystemsAsync(store, cancellation);
        if (!systems.TryGet(out var known))
            return new Outcome<WalPlace>.Failed(systems.Failure!);
        // The newest major version's: the numbers, which grow with time, are in order.
        return known.IsEmpty
            ? new Outcome<WalPlace>.Failed(StoreProblems.Missing(store.Address, "WAL of any system"))
            : await OfSystemAsync(repository, known[^1], cancellation);
    }

    public static async Task<Outcome<WalPlace>> OfSystemAsync(
        Repository repository, ulong system, CancellationToken cancellation)
    {
        var sized = await new WalArchive(repository, system).SegmentSizeAsync(cancellation);
        return sized.TryGet(out var size)
            ? await WalPlace.OfArchiveAsync(
                new IndexArchive(repository, system), new CatalogArchive(repository, system), size, cancellation)
            : new Outcome<WalPlace>.Failed(sized.Failure!);
    }
}
