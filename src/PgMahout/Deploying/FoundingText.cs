using System.Text.Json;
using PgMahout.Core.Cluster;
using PgMahout.Core.Deployment;
using PgMahout.Deploying.OnHost;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Deploying;

/// <summary>What a blueprint says of the cluster itself, for the host that writes it into the store.</summary>
internal static class FoundingText
{
    public static string Of(
        Blueprint blueprint, AdoptionPlan? adoption, FoundingRepository? repository,
        FoundingTwin? followed) => JsonSerializer.Serialize(
        new FoundingDocument(
            DocumentJson.Schema,
            blueprint.Cluster,
            Words.Of(blueprint.Durability),
            blueprint.Timing.Ttl.TotalSeconds,
            [
                .. blueprint.DataHosts.Select(host => new FoundingMember(
                    host.Name, host.Address, blueprint.Ports.Postgres,
                    Blueprint.Url(host.Address, blueprint.Ports.Api), host.Priority)
                {
                    Site = host.Site,
                }),
            ],
            blueprint.Proxy is { } proxy
                ? new FoundingProxy(Everywhere(blueprint), proxy.Port, proxy.ReadPort)
                : null,
            repository)
        {
            Follows = followed,
            CascadesBySite = blueprint.Cascade == Cascade.BySite,
            Adoption = adoption is { Primary: { Host.Name: var leader, Survey.Timeline: var timeline } }
                ? new FoundingAdoption(leader, adoption.SystemIdentifier, timeline, adoption.IsLogical)
                : null,
        },
        HostJson.Default.FoundingDocument);

    private static string Everywhere(Blueprint blueprint) =>
        blueprint.Hosts.Any(host => host.Address.Contains(':', StringComparison.Ordinal)) ? "::" : "0.0.0.0";
}
