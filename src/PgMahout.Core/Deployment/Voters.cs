using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>Which hosts keep the store where the file does not say so.</summary>
public static class Voters
{
    private const int Most = 5;

    /// <summary>
    /// An odd number, five at most: an even one survives the loss of no more hosts and has one more to lose. Witnesses
    /// are there to vote, so they come first; otherwise the order is the written one, with each site once before any
    /// comes a second time.
    /// </summary>
    /// <returns>Names in the order in which the hosts were written.</returns>
    public static ImmutableArray<string> Choose(ImmutableArray<HostBlueprint> hosts)
    {
        var count = Math.Min(Most, hosts.Length);
        return Choose(hosts, [], count % 2 == 0 ? Math.Max(0, count - 1) : count);
    }

    /// <summary>
    /// Of a cluster that is there already: those go on that keep it, and others come only in the place of those that
    /// are gone, or where an even number is left. Who wants more says so in the file.
    /// </summary>
    public static Blueprint Keep(Blueprint blueprint, IEnumerable<HostSurvey> surveys)
    {
        if (blueprint.Etcd is not EtcdBlueprint.On { IsChosen: true } on)
            return blueprint;
        var known = surveys
            .Select(survey => HostDocument.Read(survey.HostFile))
            .Where(said => said.Prefix == blueprint.StorePrefix)
            .Select(said => (
                Count: said.Endpoints.Length,
                Staying: blueprint.Hosts
                    .Where(host => said.Endpoints.Contains(Blueprint.Url(host.Address, blueprint.Ports.Etcd)))
                    .Select(host => host.Name)
                    .ToImmutableArray()))
            // Where a change was interrupted hosts differ; one of those that were told of it knows more who are here.
            .OrderByDescending(said => said.Staying.Length)
            .FirstOrDefault();
        return known.Count == 0
            ? blueprint
            : blueprint with { Etcd = on with { Names = Choose(blueprint.Hosts, known.Staying, known.Count | 1) } };
    }

    private static ImmutableArray<string> Choose(
        ImmutableArray<HostBlueprint> hosts, ImmutableArray<string> staying, int count)
    {
        var rounds = hosts
            .GroupBy(host => (host.Role, host.Site))
            .SelectMany(same => same.Index().Select(host =>
                (host.Item, Round: same.Key.Site is null ? 0 : host.Index)));
        var chosen = rounds
            .OrderByDescending(host => staying.Contains(host.Item.Name))
            .ThenByDescending(host => host.Item.Role == HostRole.Witness)
            .ThenBy(host => host.Round)
            .ThenBy(host => hosts.IndexOf(host.Item))
            .Take(count)
            .Select(host => host.Item.Name)
            .ToArray();
        return [.. hosts.Select(host => host.Name).Where(chosen.Contains)];
    }
}
