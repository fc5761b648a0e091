using System.Collections.Immutable;
using PgMahout.Agent.Home;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Status;
using PgMahout.Store.Records;

namespace PgMahout.Backups;

/// <summary>A cluster whose backups are looked at or changed: its records, and its repositories.</summary>
internal sealed class BackupAccess(ClusterAccess cluster) : IAsyncDisposable
{
    public ClusterAccess Cluster => cluster;

    public ClusterSpec Spec => cluster.Spec;

    public BackupSettings Settings => cluster.Records.Backup?.Value ?? BackupSettings.None;

    public ImmutableArray<RepositorySettings> Repositories => Settings.Repositories;

    public static async Task<Attempt<BackupAccess>> OpenAsync(HomeLayout home, CancellationToken cancellation) =>
        (await ClusterAccess.OpenAsync(home, cancellation)).TryGet(out var cluster, out var failure)
            ? new BackupAccess(cluster)
            : failure;

    /// <summary>PostgreSQL's identity of this cluster, under which a repository keeps everything.</summary>
    public Attempt<ulong> Identity => cluster.Records.SystemIdentifier is { Value: var identifier }
        ? identifier
        : new Failure(ErrorCatalogue.NoLeader, "the cluster has no databases yet")
            .Because("its first member has not made them")
            .Try("pgmahout status -w");

    /// <summary>The one that was named, or else the first.</summary>
    public Attempt<RepositorySettings> Choose(string? name)
    {
        if (Repositories.IsEmpty)
            return new Failure(ErrorCatalogue.NoRepository, "this cluster has no repository")
                .Try("pgmahout repo add main DIRECTORY");
        if (name is null)
            return Repositories[0];
        return Settings.Find(name) is { } found
            ? found
            : new Failure(ErrorCatalogue.UnknownRepository, $"there is no repository '{name}'")
                .Because($"the repositories are {string.Join(", ", Repositories.Select(one => one.Name))}")
                .Try("pgmahout repo list");
    }

    /// <summary>For reading: the named repository, or the first.</summary>
    public async Task<Attempt<OpenRepository>> ReadAsync(string? name, CancellationToken cancellation)
    {
        if (!Choose(name).TryGet(out var settings, out var failure))
            return failure;
        var opened = await RepositoryOpening.OpenForReadingAsync(settings, cancellation);
        return opened.TryGet(out var repository)
            ? repository
            : RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, opened.Failure!);
    }

    /// <summary>The named repository, or the first, with what is in it.</summary>
    public async Task<Attempt<LookedRepository>> LookAsync(string? name, CancellationToken cancellation)
    {
        if (!Identity.TryGet(out var identity, out var failure))
            return failure;
        if (!(await ReadAsync(name, cancellation)).TryGet(out var opened, out failure))
            return failure;
        var looked = await Restorable.LookAsync(opened.Repository, identity, cancellation);
        if (looked.TryGet(out var seen))
            return new LookedRepository(opened, identity, seen);
        await opened.DisposeAsync();
        return RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, looked.Failure!);
    }

    /// <summary>For writing: the named repository, or the first.</summary>
    public async Task<Attempt<OpenRepository>> WriteAsync(string? name, CancellationToken cancellation)
    {
        if (!Choose(name).TryGet(out var settings, out var failure))
            return failure;
        if (!Identity.TryGet(out var identity, out failure))
            return failure;
        var owner = new RepositoryOwner(Spec.Name, identity, AdmitNewSystem: false);
        var opened = await RepositoryOpening.OpenAsync(settings, owner, cancellation);
        return opened.TryGet(out var repository)
            ? repository
            : RepositoryOpening.Translate(ErrorCatalogue.RepositoryFailed, opened.Failure!);
    }

    /// <summary>How to connect to the leader's server.</summary>
    public Attempt<string> Primary(HomeLayout home)
    {
        if (SecretFiles.LoadOrCreate(home.SecretsDirectory) is not
            Outcome<ClusterSecrets>.Done { Value: var secrets })
            return new Failure(ErrorCatalogue.HomeNotUsable, "the cluster's passwords cannot be read");
        return cluster.Leader is { } name && Spec.Find(name) is { } leader
            ? ServerConnection.Text(leader, secrets)
            : new Failure(ErrorCatalogue.NoLeader, "nobody leads the cluster").Try("pgmahout status");
    }

    /// <summary>Replaces the settings if nobody else has changed them since they were read.</summary>
    public async Task<Failure?> ChangeAsync(BackupSettings next, CancellationToken cancellation)
    {
        var expected = cluster.Records.Backup?.Revision ?? Revision.None;
        return await cluster.ChangeAsync(
                ClusterRecords.ChangeBackup(expected, next), "changing the settings of backups", cancellation)
            ?? await cluster.RefreshAsync(cancellation);
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();
}
