using System.Collections.Immutable;

namespace PgMahout.Core.Deployment;

/// <summary>Which hosts keep the store when nobody said so.</summary>
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
        if (count % 2 == 0 && count > 0)
            count--;
        var rounds = hosts
            .GroupBy(host => (host.Role, host.Site))
            .SelectMany(same => same.Index().Select(host =>
                (host.Item, Round: same.Key.Site is null ? 0 : host.Index)));
        var chosen = rounds
            .OrderByDescending(host => host.Item.Role == HostRole.Witness)
            .ThenBy(host => host.Round)
            .ThenBy(host => hosts.IndexOf(host.Item))
            .Take(count)
            .Select(host => host.Item.Name)
            .ToArray();
        return [.. hosts.Select(host => host.Name).Where(chosen.Contains)];
    }
}
