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
    double? Seconds);

internal sealed record DeployHostDocument(string Name, string Address, string Roles, ImmutableArray<string> Steps);

internal static class DeployDocuments
{
    private static readonly DeployJson Readable = new(new JsonSerializerOptions(DeployJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static string Text(
        Blueprint blueprint, DeploymentPlan plan, DeployedStatus? status = null, string? uri = null,
        TimeSpan? took = null) =>
        JsonSerializer.Serialize(
            new DeployDocument(
                DocumentJson.Schema,
                blueprint.Cluster,
                [
                    .. plan.Hosts.Select(host => new DeployHostDocument(
                        host.Host.Name, host.Host.Address, DeployText.Roles(blueprint, host.Host),
                        [.. host.Steps.Select(step => step.Title)])),
                ],
                plan.Notes, status?.State, status?.Leader, uri, took?.TotalSeconds),
            Readable.DeployDocument);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DeployDocument))]
internal sealed partial class DeployJson : JsonSerializerContext;
