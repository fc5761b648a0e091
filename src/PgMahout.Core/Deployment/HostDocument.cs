using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace PgMahout.Core.Deployment;

/// <summary>What a home says of itself: whose it is, and where its cluster's store is.</summary>
public static class HostDocument
{
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
            {
                json.WriteStartArray("proxies");
                foreach (var proxy in blueprint.OtherProxies)
                    json.WriteStringValue(proxy);
                json.WriteEndArray();
            }
            if (blueprint.KeepsAddress(host) && blueprint.VirtualAddress is { } address)
            {
                json.WriteStartObject("virtualIp");
                json.WriteString("address", address.ToString());
                json.WriteString("interface", address.Interface);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

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

    private static void WriteStore(Utf8JsonWriter json, Blueprint blueprint, IEnumerable<string> endpoints)
    {
        json.WriteStartObject("store");
        json.WriteStartArray("etcd");
        foreach (var endpoint in endpoints)
            json.WriteStringValue(endpoint);
        json.WriteEndArray();
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
