using PgMahout.CommandLine;
using PgMahout.Core.Deployment;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>A plan, a refusal and an end, for people.</summary>
internal static class DeployText
{
    /// <summary>A row for each thing that is done on a host.</summary>
    public static string Table(Blueprint blueprint, DeploymentPlan plan)
    {
        List<string[]> rows = [["HOST", "ADDRESS", "ROLES", "TO DO"]];
        foreach (var (host, steps) in plan.Hosts.Select(host => (host.Host, host.Steps)))
        {
            string[] first = [host.Name, host.Address, Roles(blueprint, host)];
            if (steps.IsEmpty)
                rows.Add([.. first, "nothing"]);
            // In the order in which they are done: all hosts leave one stage before any enters the next.
            foreach (var (step, index) in steps.OrderBy(step => step.Stage).Select((step, index) => (step, index)))
                rows.Add(index == 0 ? [.. first, step.Title] : ["", "", "", step.Title]);
        }
        return Columns.Align(rows);
    }

    public static Failure Refused(DeploymentPlan plan)
    {
        var hosts = plan.Refusals.Select(refusal => refusal.Host).Distinct().ToArray();
        return new Failure(
                KindOf(plan),
                hosts.Length == 1 ? $"{hosts[0]} cannot take it" : $"{hosts.Length} hosts cannot take it")
            .Because(string.Join('\n', plan.Refusals.Select(Of)))
            .Leaving("no host was changed")
            .Try("the same command, when that is settled");
    }

    /// <summary>A host that cannot take anything is told before a server that cannot be adopted.</summary>
    private static ErrorKind KindOf(DeploymentPlan plan) => plan.Refusals.Min(refusal => refusal.Kind) switch
    {
        RefusalKind.Host => ErrorCatalogue.HostsRefuse,
        RefusalKind.Adoption => ErrorCatalogue.ServersRefuse,
        RefusalKind.Restart => ErrorCatalogue.RestartNotAllowed,
    };

    public static string Done(
        Blueprint blueprint, bool isNothing, DeployedStatus status, (string Uri, TimeSpan Took) end)
    {
        var what = isNothing
            ? $"nothing to do: {blueprint.Cluster} is as cluster.yml says"
            : $"{blueprint.Cluster} is deployed on {blueprint.Hosts.Length} hosts, in {Durations.Text(end.Took)}";
        return $"{what}\n{status.Sentence}\n{end.Uri}";
    }

    public static string Roles(Blueprint blueprint, HostBlueprint host)
    {
        List<string> roles = [];
        if (host.Role == HostRole.Data)
            roles.Add("data");
        if (blueprint.RunsEtcd(host))
            roles.Add("etcd");
        if (blueprint.RunsProxy(host))
            roles.Add("proxy");
        return string.Join(", ", roles);
    }

    private static string Of(HostRefusal refusal) =>
        $"{refusal.Host}: {refusal.What}{(refusal.Next == "" ? "" : $"\n    -> {refusal.Next}")}";
}
