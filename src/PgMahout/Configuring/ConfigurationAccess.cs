using System.Collections.Immutable;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Starting;
using PgMahout.Status;
using PgMahout.Store;
using PgMahout.Store.Records;

namespace PgMahout.Configuring;

/// <summary>A cluster whose configuration is read or changed: its records, and its members' servers.</summary>
internal sealed class ConfigurationAccess : IAsyncDisposable
{
    private readonly (PostgresBinaries Binaries, ServerAccount Account, ClusterSecrets Secrets) _host;

    private ConfigurationAccess(
        ClusterAccess cluster, (PostgresBinaries Binaries, ServerAccount Account, ClusterSecrets Secrets) host)
    {
        Cluster = cluster;
        _host = host;
        Servers =
        [
            .. cluster.Spec.Members.Select(member => new MemberServer(member, host.Secrets.SuperuserPassword)),
        ];
    }

    public ClusterAccess Cluster { get; }

    public ImmutableArray<MemberServer> Servers { get; }

    public ClusterSpec Spec => Cluster.Spec;

    public ConfigurationState State => Cluster.Records.Configuration?.Value ?? ConfigurationState.None;

    /// <summary>What the operator works on: the draft, else what the cluster has.</summary>
    public DesiredConfiguration Working => State.Draft ?? State.Current.Desired;

    public static async Task<Attempt<ConfigurationAccess>> OpenAsync(
        HomeLayout home, CancellationToken cancellation)
    {
        if (!Preflight.FindHost().TryGet(out var host, out var failure))
            return failure;
        var secrets = SecretFiles.LoadOrCreate(home.SecretsDirectory);
        if (!(await ClusterAccess.OpenAsync(home, cancellation)).TryGet(out var cluster, out failure))
            return failure;
        if (secrets is Outcome<ClusterSecrets>.Done { Value: var passwords })
            return new ConfigurationAccess(cluster, (host.Binaries, host.Account, passwords));
        await cluster.DisposeAsync();
        return new Failure(ErrorCatalogue.HomeNotUsable, secrets.Failure!.What).Because(secrets.Failure.Why);
    }

    /// <summary>What a member would be configured with.</summary>
    public InstanceSettings SettingsOf(MemberSpec member, DesiredConfiguration desired) =>
        MemberSettings.For(Cluster.Home, Spec, member, desired, _host) with
        {
            Region = Cluster.Records.Region?.Value,
        };

    public MemberServer ServerOf(MemberName name) => Servers.First(server => server.Member.Name == name);

    /// <summary>
    /// Every setting of a member, where what lies beneath the operator's values counts the member's tuning.
    /// </summary>
    public async Task<Attempt<ImmutableSortedDictionary<string, ObservedSetting>>> ReadAsync(
        MemberServer server, CancellationToken cancellation)
    {
        var (settings, silence) = await server.ReadAsync(cancellation);
        if (settings is null)
            return new Failure(ErrorCatalogue.NoAnswer, $"PostgreSQL on {server.Member.Name} does not answer")
                .Because(silence)
                .Try("pgmahout status", "pgmahout doctor");
        var without = SettingsOf(server.Member, DesiredConfiguration.Empty);
        foreach (var (name, value) in ConfigurationPreview.Chosen(without))
            if (settings.TryGetValue(name, out var known))
                settings = settings.SetItem(name, known with { Beneath = value });
        return settings;
    }

    /// <summary>Every setting of the leader's server, else of the first member that answers.</summary>
    public async Task<Attempt<ImmutableSortedDictionary<string, ObservedSetting>>> ReadAnyAsync(
        CancellationToken cancellation)
    {
        Failure? last = null;
        foreach (var server in Servers.OrderBy(one => one.Member.Name == Cluster.Leader ? 0 : 1))
        {
            if ((await ReadAsync(server, cancellation)).TryGet(out var settings, out var failure))
                return settings;
            last = failure;
        }
        return last!;
    }

    /// <summary>Replaces the record if nobody else has changed it since it was read.</summary>
    public async Task<Failure?> WriteAsync(ConfigurationState next, CancellationToken cancellation) =>
        await ChangeAsync(ClusterRecords.ChangeConfiguration(Revision, next), cancellation);

    /// <summary>Makes the candidate of a rollout the cluster's configuration.</summary>
    public async Task<Failure?> CommitAsync(ConfigurationState next, CancellationToken cancellation) =>
        await ChangeAsync(ClusterRecords.CommitConfiguration(Revision, next), cancellation);

    public async Task<Attempt<ImmutableArray<ConfigurationVersion>>> ReadVersionsAsync(CancellationToken cancellation)
    {
        if (await Cluster.Store.ReadAsync(ClusterAccess.StoreLimit, cancellation) is StoreRead.Content content)
            return ClusterRecords.DecodeVersions(content);
        return new Failure(ErrorCatalogue.NoAnswer, "the store does not answer").Try("pgmahout status");
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    private Revision Revision => Cluster.Records.Configuration?.Revision ?? Core.Vocabulary.Revision.None;

    private async Task<Failure?> ChangeAsync(StoreTransaction change, CancellationToken cancellation) =>
        await Cluster.ChangeAsync(change, "changing the configuration", cancellation)
        ?? await Cluster.RefreshAsync(cancellation);
}
