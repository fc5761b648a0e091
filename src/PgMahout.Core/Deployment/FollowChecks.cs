using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Access;
using PgMahout.Core.Cluster;

namespace PgMahout.Core.Deployment;

/// <summary>Whether what two files say can be a pair, of which one cluster follows the other. Pure.</summary>
public static class FollowChecks
{
    /// <summary>What the file came to that names another one, judged together with that one.</summary>
    /// <param name="followed">What the other file came to.</param>
    public static BlueprintReading Judge(BlueprintReading reading, BlueprintReading followed)
    {
        if (reading.Follows is not { } named)
            return reading;
        if (followed.Blueprint is not { } other)
            return With(reading, [
                $"{named.Path} has mistakes: {followed.Errors.First().Text(named.Path)}",
            ]);
        if (other.Follows is { } third)
            return With(reading, [
                $"{other.Cluster} follows another cluster itself ({third}); two clusters are a pair, and a third "
                + "cannot follow",
            ]);
        if (reading.Blueprint is not { } own)
            return reading;
        var judged = With(reading, [.. Mistakes(own, other)]);
        return judged.Blueprint is null
            ? judged
            // A copy of the data is read by the same major version only.
            : judged with { Blueprint = own with { Postgres = own.Postgres ?? other.Postgres } };
    }

    /// <param name="why">The other file cannot be read.</param>
    public static BlueprintReading Unreadable(BlueprintReading reading, string why) =>
        reading.Follows is { } named ? With(reading, [$"'{named.Path}' cannot be read: {why}"]) : reading;

    private static IEnumerable<string> Mistakes(Blueprint own, Blueprint other)
    {
        if (own.Cluster == other.Cluster)
            yield return $"both clusters are called {own.Cluster}";
        if (own.Postgres is { } mine && other.Postgres is { } theirs && mine != theirs)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{own.Cluster} is to have PostgreSQL {mine} and {other.Cluster} has {theirs}; a copy needs the same");
        if (own.Repository is { Address: var repository } && repository == other.Repository?.Address
            && own.Repository.Endpoint == other.Repository?.Endpoint)
            yield return $"both clusters have the repository {repository}, and would write over each other's WAL";
        foreach (var one in new[] { own, other })
            if (one.Etcd is EtcdBlueprint.External { Access: var access } && access != EtcdAccess.OfTheCluster)
                yield return $"{one.Cluster} has an etcd that asks for something of its own, which hosts of the other "
                    + "cluster do not have";
        foreach (var host in own.Hosts)
            if (OwnerOf(host.Address, other) is { } owner)
                yield return $"{host.Address} is {host.Name} here and {owner} of {other.Cluster}";
        if (own.VirtualAddress is { } shared && OwnerOf(shared.Address.ToString(), other) is { } holder)
            yield return $"{shared.Address} is the virtual address here and {holder} of {other.Cluster}";
        foreach (var (cluster, host) in own.Hosts.Select(host => (own, host))
            .Concat(other.Hosts.Select(host => (other, host))))
            if (host.Name == Region.Upstream.Text)
                yield return
                    $"a host of {cluster.Cluster} is called {host.Name}, as a standby leader calls the other cluster";
        foreach (var host in own.Hosts.Where(host => host.Adopt is not null))
            yield return
                $"{host.Name} is to adopt a server, and a cluster that follows begins as a copy of the other one";
    }

    private static string? OwnerOf(string address, Blueprint other)
    {
        var wanted = IpAddress.Parse(address);
        if (wanted is null)
            return null;
        return other.VirtualAddress is { } shared && shared.Address == wanted
            ? "the virtual address"
            : other.Hosts.FirstOrDefault(host => IpAddress.Parse(host.Address) == wanted)?.Name;
    }

    private static BlueprintReading With(BlueprintReading reading, ImmutableArray<string> mistakes) => mistakes.IsEmpty
        ? reading
        : reading with
        {
            Blueprint = null,
            Findings =
            [
                .. reading.Findings
                    .Concat(mistakes.Select(what =>
                        new DocumentFinding(reading.Follows!.At, what, "", IsWarning: false)))
                    .OrderBy(finding => finding.At.Line).ThenBy(finding => finding.At.Column),
            ],
        };
}
