using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Deployment;

/// <summary>
/// What the hosts of one cluster of a pair need because of the other one, done while that one is deployed. Pure. A host
/// that cannot be had is passed over with a note, unless the pair is being made, or cannot do without it.
/// </summary>
public static class TwinPlan
{
    public static DeploymentPlan For(TwinQuestion question)
    {
        var findings = question.Blueprint.Hosts.Select(host => (host, Why: WhyNot(question, host))).ToArray();
        var refusals = findings
            .Where(found => found.Why is not null)
            .Select(found => new HostRefusal($"{found.host.Name} of {question.Blueprint.Cluster}", found.Why!))
            .ToImmutableArray();
        if (question.NeedsAll)
            refusals = refusals.AddRange(Versions(question));
        if (question.NeedsAll && !refusals.IsEmpty)
            return new DeploymentPlan([], refusals, []);
        var hosts = findings
            .Where(found => found.Why is null)
            .Select(found => new HostPlan(found.host, Steps(question, found.host)))
            .ToImmutableArray();
        return new DeploymentPlan(
            hosts, [],
            [
                .. refusals.Select(refusal =>
                    $"{refusal.Host} does not hear of this deployment: {refusal.What}; run it again when that is "
                    + "settled"),
                .. hosts.Where(host => Closed(question, host)).Select(host =>
                    $"{host.Host.Name} of {question.Blueprint.Cluster} has a firewall; what comes from "
                    + $"{question.Other.Blueprint.Cluster} is let in by --open-firewall only"),
            ]);
    }

    /// <summary>On a host of either cluster.</summary>
    internal static IEnumerable<HostStep> Files(Blueprint? twin, HostGoods goods, HostSurvey survey)
    {
        if (twin is not null && goods.Twin.Any(file => !file.IsAsWanted(survey)))
            yield return new HostStep.WriteTwin(twin.Cluster);
    }

    private static ImmutableArray<HostStep> Steps(TwinQuestion question, HostBlueprint host)
    {
        var survey = question.Survey(host)!;
        return
        [
            .. Files(question.Other.Blueprint, question.Goods[host.Name], survey),
            .. question.Other.OpensFirewall && survey.Firewall != HostFirewall.None
                ? [
                    new HostStep.OpenFirewall(
                        survey.Firewall,
                        FirewallOpening.For(question.Blueprint, host, question.Other.Blueprint)),
                ]
                : (ImmutableArray<HostStep>)[],
        ];
    }

    private static bool Closed(TwinQuestion question, HostPlan plan) =>
        !question.Other.OpensFirewall && question.Survey(plan.Host)!.Firewall != HostFirewall.None
        && plan.Steps.Any(step => step is HostStep.WriteTwin);

    private static string? WhyNot(TwinQuestion question, HostBlueprint host) =>
        question.Findings.GetValueOrDefault(host.Name) switch
        {
            HostFinding.Unreachable silent => $"ssh does not reach {host.Address}: {silent.Why}",
            HostFinding.Found { Survey: var survey } => WhyNot(question, host, survey),
            _ => "it was not looked at",
        };

    private static string? WhyNot(TwinQuestion question, HostBlueprint host, HostSurvey survey)
    {
        var (prefix, name, _) = HostDocument.Read(survey.HostFile);
        return !survey.IsRoot ? "neither root, nor sudo without a password"
            : prefix != question.Blueprint.StorePrefix || name != host.Name
                ? $"it is no host of {question.Blueprint.Cluster} yet: pgmahout deploy {question.File}"
            : survey.Program != question.Other.Goods.Program
                && question.Goods[host.Name].Twin.Any(file => !file.IsAsWanted(survey))
                ? $"it has pgmahout {survey.Program ?? "nowhere"}, and this is {question.Other.Goods.Program}: "
                    + $"pgmahout deploy upgrade --file {question.File}"
            : null;
    }

    /// <summary>Where neither file says a version, it is what is installed, or what the system brings.</summary>
    private static IEnumerable<HostRefusal> Versions(TwinQuestion question)
    {
        if (question.Other.Blueprint.Postgres is not null)
            yield break;
        var theirs = Data(question.Looked).Where(survey => !survey.Postgres.IsEmpty).ToArray();
        if (theirs.Length == 0)
            yield break;
        var major = theirs.Max(survey => survey.Postgres[^1]);
        var systems = theirs.Select(survey => survey.Platform.Name).ToHashSet();
        foreach (var (host, survey) in question.Other.Looked.Where(looked => looked.Host.Role == HostRole.Data))
            if (survey.Postgres.IsEmpty ? !systems.Contains(survey.Platform.Name) : survey.Postgres[^1] != major)
                yield return new HostRefusal(
                    host.Name,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{question.Blueprint.Cluster} has PostgreSQL {major}, and here would be ")
                    + (survey.Postgres.IsEmpty
                        ? $"what {survey.Platform.Name} brings"
                        : survey.Postgres[^1].ToString(CultureInfo.InvariantCulture)),
                    string.Create(CultureInfo.InvariantCulture, $"postgres: {major}"));
    }

    private static IEnumerable<HostSurvey> Data(IEnumerable<(HostBlueprint Host, HostSurvey Survey)> looked) =>
        looked.Where(one => one.Host.Role == HostRole.Data).Select(one => one.Survey);
}

/// <summary>All that such a plan depends on.</summary>
/// <param name="Blueprint">Of the cluster whose hosts these are.</param>
/// <param name="File">Where it is written.</param>
/// <param name="Other">The deployment because of which this is asked.</param>
/// <param name="Goods">By the host's name; no more than what is of the other cluster.</param>
/// <param name="NeedsAll">The pair is being made, or something is changed on which its hosts depend.</param>
public sealed record TwinQuestion(
    Blueprint Blueprint,
    string File,
    ImmutableSortedDictionary<string, HostFinding> Findings,
    DeploymentQuestion Other,
    ImmutableSortedDictionary<string, HostGoods> Goods,
    bool NeedsAll)
{
    public IEnumerable<(HostBlueprint Host, HostSurvey Survey)> Looked =>
        from host in Blueprint.Hosts
        let survey = Survey(host)
        where survey is not null
        select (host, survey);

    public HostSurvey? Survey(HostBlueprint host) =>
        (Findings.GetValueOrDefault(host.Name) as HostFinding.Found)?.Survey;
}
