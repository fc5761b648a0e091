using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Deployment;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Deploying;

/// <summary>What each host is to have, down to the byte.</summary>
internal static class GoodsMaking
{
    public static DeploymentGoods For(
        Blueprint blueprint, OperatorSecrets secrets, RepositorySecrets repository, OwnProgram program) => new(
        program.Version,
        program.RuntimeVersion,
        OwnProgram.Architecture,
        blueprint.Hosts.ToImmutableSortedDictionary(
            host => host.Name,
            host => ForHost(blueprint, secrets, host) with { Secrets = Secrets(repository) },
            StringComparer.Ordinal));

    private static HostGoods ForHost(Blueprint blueprint, OperatorSecrets secrets, HostBlueprint host)
    {
        var pair = secrets.Hosts[host.Name];
        var units = SystemdUnits.For(Settings(blueprint, host));
        return new HostGoods(
            HostDocument.Text(blueprint, host),
            [
                Certificate("ca.crt", secrets.AuthorityCertificate),
                Certificate("host.crt", pair.Certificate),
                Certificate("host.key", pair.Key),
                .. secrets.ForEtcd.Select(file => Certificate(file.Name, file.Content)),
            ],
            [
                .. units.Select(unit => new DeployedFile(unit.Path, unit.Text, "0644", "root")),
                .. blueprint.RunsEtcd(host)
                    ? [new DeployedFile(EtcdSettingsText.Path, EtcdText(blueprint, host), "0644", "root")]
                    : Array.Empty<DeployedFile>(),
            ])
        {
            Started = [.. units.Select(unit => unit.Name)],
        };
    }

    private static ImmutableArray<DeployedFile> Secrets(RepositorySecrets repository)
    {
        var files = ImmutableArray.CreateBuilder<DeployedFile>();
        if (repository.Credentials is { } credentials)
            files.Add(new DeployedFile(
                HostPaths.RepositoryCredentials, credentials, "0600", HostPaths.Account));
        if (repository.Key is { } key)
            files.Add(new DeployedFile(HostPaths.RepositoryKey, key, "0600", HostPaths.Account));
        return files.ToImmutable();
    }

    private static string EtcdText(Blueprint blueprint, HostBlueprint host) =>
        EtcdSettingsText.Of(blueprint, host, OwnProgram.Architecture);

    private static DeployedFile Certificate(string name, string content) =>
        new(HostPaths.CertificateFile(name), content, "0600", HostPaths.Account);

    private static UnitSettings Settings(Blueprint blueprint, HostBlueprint host) =>
        new(host.Role == HostRole.Data ? new MemberName(host.Name) : null, blueprint.Timing)
        {
            Program = HostPaths.Program,
            Home = HostPaths.Home,
            Account = HostPaths.Account,
            PostgresPrograms = blueprint.Postgres is { } major
                ? string.Create(CultureInfo.InvariantCulture, $"/usr/lib/postgresql/{major}/bin")
                : null,
            HasVirtualIp = blueprint.KeepsAddress(host),
            HasEtcd = blueprint.RunsEtcd(host),
            HasProxy = blueprint.RunsProxy(host),
            EtcdEnvironment = EtcdSettingsText.Path,
            EtcdDirectory = EtcdSettingsText.DataDirectory,
        };
}
