using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>A host whose running server becomes its member.</summary>
/// <param name="Survey">Of its server.</param>
public sealed record AdoptedHost(HostBlueprint Host, HostSurvey Seen, AdoptionSurvey Survey);

/// <summary>What a primary and its standbys become members by, once nothing speaks against it.</summary>
/// <param name="Primary">It leads the cluster from its first moment.</param>
/// <param name="Hosts">All of them, the primary too, in the order in which they were written.</param>
public sealed record AdoptionPlan(AdoptedHost Primary, ImmutableArray<AdoptedHost> Hosts)
{
    public ulong SystemIdentifier => Primary.Survey.SystemIdentifier;

    /// <summary>Logical replication was possible, and must remain so: its slots keep a server from starting.</summary>
    public bool IsLogical => Hosts.Any(host => host.Survey.Setting("wal_level") == "logical");

    /// <summary>On the primary, of standbys that have others afterwards: these would keep WAL for nobody.</summary>
    public ImmutableArray<string> FormerSlots =>
    [
        .. Hosts.Select(host => host.Survey.ReceiverSlot)
            .Where(slot => slot != "" && !slot.StartsWith("pgmahout_", StringComparison.Ordinal))
            .Distinct().Order(),
    ];

    /// <summary>Whose servers must be started anew before they are what members are: standbys first.</summary>
    public ImmutableArray<(AdoptedHost Host, string Why)> Restarts =>
    [
        .. from host in Hosts
           orderby host == Primary
           let why = string.Join(", ", AdoptionChecks.WhyRestart(host))
           where why != ""
           select (host, why),
    ];

    /// <summary>Null: nothing is adopted, or nothing is left to do for it; or something speaks against it.</summary>
    public static AdoptionPlan? For(DeploymentQuestion question)
    {
        var hosts = Of(question);
        if (hosts.IsEmpty || hosts.All(IsSettled) || !AdoptionChecks.Refusals(question).IsEmpty)
            return null;
        return new AdoptionPlan(hosts.Single(host => !host.Survey.IsStandby), hosts);
    }

    public AdoptedHost? Find(HostBlueprint host) => Hosts.FirstOrDefault(one => one.Host.Name == host.Name);

    internal static ImmutableArray<AdoptedHost> Of(DeploymentQuestion question)
    {
        var hosts =
            from looked in question.Looked
            let server = looked.Survey.Adoption
            where looked.Host.Adopt is not null && server is not null
            select new AdoptedHost(looked.Host, looked.Survey, server!);
        var all = hosts.ToImmutableArray();
        // A host that comes later has no server yet: it copies the data, as in any cluster.
        return all.Any(IsSettled) ? [.. all.Where(host => host.Survey.Major > 0)] : all;
    }

    /// <summary>It is a member like any other, and what its server is like is the agent's affair.</summary>
    internal static bool IsSettled(AdoptedHost host) =>
        host.Survey.IsPrepared && host.Seen.EnabledUnits.Contains(SystemdUnits.Agent)
        && host.Seen.EnabledUnits.Contains(SystemdUnits.Member);
}
