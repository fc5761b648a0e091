using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PgMahout.Core.Deployment;

/// <summary>What a home says of itself: whose it is, and where its cluster's store is.</summary>
public static class HostDocument
{
    private const string Clients = "clients";

    private static readonly JsonWriterOptions Readable =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(Blueprint blueprint, HostBlueprint host)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteString("host", host.Name);
            json.WriteStartArray("members");
            if (host.Role == HostRole.Data)
                json.WriteStringValue(host.Name);
            json.WriteEndArray();
            // The one on this host is asked first.
            var own = Blueprint.Url(host.Address, blueprint.Ports.Etcd);
            WriteStore(json, blueprint, blueprint.StoreEndpoints.OrderBy(endpoint => endpoint == own ? 0 : 1));
            if (host.Role == HostRole.Data && blueprint.OtherProxies.Any())
                WriteArray(json, "proxies", blueprint.OtherProxies);
            if (blueprint.KeepsAddress(host) && blueprint.VirtualAddress is { } address)
            {
                json.WriteStartObject("virtualIp");
                json.WriteString("address", address.ToString());
                json.WriteString("interface", address.Interface);
                json.WriteEndObject();
            }
            WriteClients(json, blueprint);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    /// <summary>An agent reads it when it begins, but for what clients are told.</summary>
    public static bool IsSameToAgents(string one, string other) =>
        WithoutClients(one) is { } first && JsonNode.DeepEquals(first, WithoutClients(other));

    /// <summary>What a host of one cluster keeps of the other one of its pair: no member of that is here.</summary>
    public static string TwinText(Blueprint other, string host)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteString("host", host);
            json.WriteStartArray("members");
            json.WriteEndArray();
            WriteStore(json, other, other.StoreEndpoints);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    /// <summary>
    /// The same on every host. The servers are in it because the password file is written together with it, and is to
    /// know them all.
    /// </summary>
    private static void WriteClients(Utf8JsonWriter json, Blueprint blueprint)
    {
        var entrance = ClientEntrance.Of(blueprint);
        json.WriteStartObject(Clients);
        WriteArray(json, "servers", blueprint.DataHosts.Select(host => host.Address));
        WriteArray(json, "proxies", entrance.Proxies);
        if (entrance.Shared is { } shared)
        {
            json.WriteString("address", shared);
            json.WriteBoolean("addressHasProxy", entrance.SharedHasProxy);
        }
        json.WriteEndObject();
    }

    private static JsonNode? WithoutClients(string text)
    {
        try
        {
            var node = JsonNode.Parse(text);
            (node as JsonObject)?.Remove(Clients);
            return node;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WriteStore(Utf8JsonWriter json, Blueprint blueprint, IEnumerable<string> endpoints)
    {
        json.WriteStartObject("store");
        WriteArray(json, "etcd", endpoints);
        json.WriteString("prefix", blueprint.StorePrefix);
        if (blueprint.Etcd is EtcdBlueprint.External { Access.User: { } user })
            json.WriteString("user", user);
        json.WriteEndObject();
    }

    /// <summary>What it says; null, and no endpoints: it does not say.</summary>
    public static (string? Prefix, string? Host, ImmutableArray<string> Endpoints) Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            var store = root.GetProperty("store");
            return (
                store.GetProperty("prefix").GetString(),
                root.GetProperty("host").GetString(),
                [.. store.GetProperty("etcd").EnumerateArray().Select(endpoint => endpoint.GetString() ?? "")]);
        }
        catch (Exception unknown) when (unknown is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (null, null, []);
        }
    }
}
