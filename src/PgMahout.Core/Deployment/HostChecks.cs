using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Access;
using PgMahout.Core.Installation;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>Why hosts cannot take what is wanted: everything at once, for all hosts.</summary>
public static class HostChecks
{
    /// <summary>Certificates have times in them, and so have logs that are read together.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(2);

    private static readonly ByteSize LeastFree = ByteSize.Megabytes(1000);

    private static readonly string[] OwnPrograms = ["etcd", "pgmahout", "postgres"];

    // What a home may hold without being one: what a file system of its own begins with.
    private static readonly string[] Harmless = ["lost+found"];

    public static ImmutableArray<HostRefusal> Refusals(DeploymentQuestion question)
    {
        var refusals = ImmutableArray.CreateBuilder<HostRefusal>();
        foreach (var host in question.Blueprint.Hosts)
            refusals.AddRange(question.Findings.GetValueOrDefault(host.Name) switch
            {
                HostFinding.Found found => On(question, host, found.Survey),
                HostFinding.Unreachable silent => [Silent(question, host, silent.Why)],
                null => [new HostRefusal(host.Name, "it was not looked at")],
                var other => throw new InvalidOperationException($"unknown finding {other}"),
            });
        refusals.AddRange(Together(question));
        refusals.AddRange(VoterChange.Refusals(question));
        refusals.AddRange(AdoptionChecks.Refusals(question));
        return refusals.ToImmutable();
    }

    private static HostRefusal Silent(DeploymentQuestion question, HostBlueprint host, string why)
    {
        var user = question.Blueprint.Ssh.User is { } name ? name + "@" : "";
        return new HostRefusal(
            host.Name, $"ssh does not reach {host.Address}: {why}", $"ssh {user}{host.Address} true");
    }

    private static IEnumerable<HostRefusal> On(DeploymentQuestion question, HostBlueprint host, HostSurvey survey)
    {
        if (!survey.IsRoot)
            // Nothing else that was seen can be trusted to be all there is.
            return
            [
                new HostRefusal(
                    host.Name, "neither root, nor sudo without a password",
                    "ssh: { user: root }, or in sudoers: USER ALL=(ALL) NOPASSWD: ALL"),
            ];
        return
        [
            .. System(question, host, survey),
            .. Identity(host, survey),
            .. Network(question, host, survey),
            .. Place(question, host, survey),
        ];
    }

    private static IEnumerable<HostRefusal> System(DeploymentQuestion question, HostBlueprint host, HostSurvey survey)
    {
        if (survey.Platform.Manager != PackageTool.Apt)
            yield return new HostRefusal(
                host.Name, $"{survey.Platform.Name} is not supported: packages come by apt-get only",
                "Debian or Ubuntu");
        if (!survey.Platform.HasSystemd)
            yield return new HostRefusal(host.Name, "systemd does not run there");
        if (survey.Platform.Architecture != question.Goods.Architecture)
            yield return new HostRefusal(
                host.Name,
                $"its processor is {survey.Platform.Architecture}, and the pgmahout here is for "
                + question.Goods.Architecture,
                "deploy from a machine of its kind");
        if (survey.FreeBytes < LeastFree.Bytes)
            yield return new HostRefusal(
                host.Name,
                $"{new ByteSize(survey.FreeBytes)} are free where {HostPaths.Home} will be, and {LeastFree} are "
                + "needed");
        if (survey.ClockAhead.Duration() > ClockTolerance)
            yield return new HostRefusal(
                host.Name,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"its clock is {survey.ClockAhead.Duration().TotalSeconds:F1} s "
                    + $"{(survey.ClockAhead > TimeSpan.Zero ? "ahead" : "behind")}"),
                "systemctl enable --now systemd-timesyncd    (or chrony)");
    }

    private static IEnumerable<HostRefusal> Identity(HostBlueprint host, HostSurvey survey)
    {
        var address = IpAddress.Parse(host.Address);
        if (!survey.Addresses.Any(own => IpAddress.Parse(own) == address))
            yield return new HostRefusal(
                host.Name,
                $"{host.Address} is not an address of its own; it has {string.Join(", ", survey.Addresses)}",
                "an address that is on one of its interfaces, not one that is translated");
    }

    private static IEnumerable<HostRefusal> Network(DeploymentQuestion question, HostBlueprint host, HostSurvey survey)
    {
        var virtualAddress = question.Blueprint.VirtualAddress;
        if (virtualAddress is not null && host.Role == HostRole.Data
            && !survey.Interfaces.Contains(virtualAddress.Interface))
            yield return new HostRefusal(
                host.Name,
                $"it has no interface {virtualAddress.Interface}"
                + $"{Spelling.Hint(virtualAddress.Interface, survey.Interfaces)}; it has "
                + string.Join(", ", survey.Interfaces));
        // PostgreSQL goes on while its agent's unit is stopped.
        var isOurs = HostDocument.Read(survey.HostFile).Prefix == question.Blueprint.StorePrefix;
        foreach (var (port, what) in HostPorts.Of(question.Blueprint, host))
            if (survey.Listeners.TryGetValue(port, out var owner) && !(isOurs && OwnPrograms.Contains(owner))
                && !(survey.Adoption is { Postmaster: > 0 } && owner == "postgres"))
                yield return new HostRefusal(
                    host.Name,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"port {port}, for {what}, is taken{(owner == "" ? "" : $" by {owner}")}"),
                    "stop that program, or choose other ports");
    }

    private static IEnumerable<HostRefusal> Place(DeploymentQuestion question, HostBlueprint host, HostSurvey survey)
    {
        var (cluster, name, endpoints) = HostDocument.Read(survey.HostFile);
        if (survey.HostFile == "")
        {
            if (survey.HomeEntries is { } entries && entries.Except(Harmless).ToArray() is { Length: > 0 } strangers)
                yield return new HostRefusal(
                    host.Name,
                    $"{HostPaths.Home} holds something that was not deployed: {string.Join(", ", strangers.Take(5))}",
                    $"move it away, or remove it: {HostPaths.Home} must be empty");
        }
        else if (cluster != question.Blueprint.StorePrefix)
            yield return new HostRefusal(
                host.Name, $"another cluster is there already: {cluster ?? "an unreadable host.json"}",
                $"its cluster.yml, or an empty {HostPaths.Home}");
        else if (name != host.Name)
            yield return new HostRefusal(host.Name, $"it is {name} of this cluster already", "the name that it has");
        else if (question.Twin is not null && !survey.ActiveUnits.IsEmpty && survey.Program != question.Goods.Program
            && question.Goods.ForHosts[host.Name].Twin.Any(file => !file.IsAsWanted(survey)))
            yield return new HostRefusal(
                host.Name,
                $"it runs pgmahout {survey.Program}, and {question.Goods.Program} is to tell it of "
                + question.Twin.Cluster,
                "pgmahout deploy upgrade");
        else if (question.Voters is null
            && !endpoints.Order().SequenceEqual(question.Blueprint.StoreEndpoints.Order()))
            yield return new HostRefusal(
                host.Name,
                $"it knows etcd at {string.Join(", ", endpoints)}; the file has it at "
                + string.Join(", ", question.Blueprint.StoreEndpoints)
                + "; and no etcd answers that could be changed",
                "etcd: [...], with the hosts that keep it now; or start it on most of them, and bring this "
                + "version there: pgmahout deploy upgrade");
    }

    private static IEnumerable<HostRefusal> Together(DeploymentQuestion question)
    {
        foreach (var same in question.Looked.Where(looked => looked.Survey.MachineId != "")
            .GroupBy(looked => looked.Survey.MachineId).Where(same => same.Count() > 1))
            yield return new HostRefusal(
                same.Last().Host.Name, $"it is the same machine as {same.First().Host.Name}",
                "another address; or, on copied machines: systemd-machine-id-setup");
        if (question.Blueprint.Postgres is not null)
            yield break;
        var versions = question.Looked
            .Where(looked => looked.Host.Role == HostRole.Data && !looked.Survey.Postgres.IsEmpty)
            .Select(looked => (looked.Host.Name, Major: looked.Survey.Postgres[^1]))
            .ToArray();
        if (versions.Select(version => version.Major).Distinct().Count() > 1)
            yield return new HostRefusal(
                versions[^1].Name,
                "hosts have different versions of PostgreSQL: "
                + string.Join(
                    ", ",
                    versions.Select(version => string.Create(
                        CultureInfo.InvariantCulture, $"{version.Major} on {version.Name}"))),
                "postgres: VERSION");
    }
}
