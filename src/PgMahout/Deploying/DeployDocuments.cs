using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PgMahout.Core.Deployment;
using PgMahout.Output;

namespace PgMahout.Deploying;

/// <summary>The JSON of <c>deploy -o json</c>, and with --dry-run.</summary>
/// <param name="State">Of the cluster at the end; null: nothing was done.</param>
/// <param name="Seconds">From the first look to the end.</param>
internal sealed record DeployDocument(
    int Schema,
    string Cluster,
    ImmutableArray<DeployHostDocument> Hosts,
    ImmutableArray<string> Notes,
    string? State,
    string? Leader,
    string? Uri,
    double? Seconds)
{
    /// <summary>Of the other cluster of a pair, what is done on its hosts; null where there is none.</summary>
    public DeployOtherDocument? Other { get; init; }
}

internal sealed record DeployOtherDocument(string Cluster, ImmutableArray<DeployHostDocument> Hosts);

internal sealed record DeployHostDocument(string Name, string Address, string Roles, ImmutableArray<string> Steps);

internal static class DeployDocuments
{
    private static readonly DeployJson Readable = new(new JsonSerializerOptions(DeployJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <param name="end">How it ended; null: nothing was done.</param>
    public static string Text(
        Blueprint blueprint, DeploymentPlan plan, RegionDeployment? region,
        (DeployedStatus Status, string Uri, TimeSpan Took)? end = null) =>
        JsonSerializer.Serialize(
            new DeployDocument(
                DocumentJson.Schema, blueprint.Cluster, Hosts(blueprint, plan), plan.Notes,
                end?.Status.State, end?.Status.Leader, end?.Uri, end?.Took.TotalSeconds)
            {
                Other = region is { Other.Blueprint: var other }
                    ? new DeployOtherDocument(other.Cluster, Hosts(other, region.Plan))
                    : null,
            },
            Readable.DeployDocument);

    private static ImmutableArray<DeployHostDocument> Hosts(Blueprint blueprint, DeploymentPlan plan) =>
    [
        .. plan.Hosts.Select(host => new DeployHostDocument(
            host.Host.Name, host.Host.Address, DeployText.Roles(blueprint, host.Host),
            [.. host.Steps.Select(step => step.Title)])),
    ];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DeployDocument))]
internal sealed partial class DeployJson : JsonSerializerContext;
