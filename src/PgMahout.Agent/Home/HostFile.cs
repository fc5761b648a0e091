using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using PgMahout.Core.Deployment;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Agent.Home;

/// <summary>
/// What a home is of a cluster on several hosts: <c>host.json</c> in it. It is not there where a home holds all of a
/// cluster.
/// </summary>
/// <param name="Host">Its name, as the other hosts know it.</param>
/// <param name="Members">Those that are here; none on a host that only votes, or only has a proxy.</param>
public sealed record HostFile(string Host, ImmutableArray<MemberName> Members, HostStore Store)
{
    /// <summary>Which goes with the leadership; null: the cluster has none, or this host has no member.</summary>
    public VirtualAddress? Address { get; init; }

    /// <summary>Addresses of hosts with a proxy and without a member, which the member here lets in.</summary>
    public ImmutableArray<string> Proxies { get; init; } = [];

    /// <summary>What clients are told; null: it was written before hosts knew that.</summary>
    public ClientEntrance? Clients { get; init; }

    /// <summary>Null when there is none.</summary>
    /// <exception cref="InvalidDataException">It cannot be read or understood.</exception>
    public static HostFile? Read(HomeLayout home)
    {
        try
        {
            if (!File.Exists(home.HostFile))
                return null;
            var bytes = File.ReadAllBytes(home.HostFile);
            var document = JsonSerializer.Deserialize(bytes, HostFileJson.Default.HostDocument)
                ?? throw new JsonException("it holds null");
            var strange = document.Members.FirstOrDefault(name => !MemberName.IsValid(name));
            return strange is null
                ? new HostFile(
                    document.Host, [.. document.Members.Select(name => new MemberName(name))],
                    new HostStore([.. document.Store.Etcd.Select(one => new Uri(one))], document.Store.Prefix)
                    {
                        User = document.Store.User,
                    })
                {
                    Proxies = [.. document.Proxies ?? []],
                    Clients = document.Clients is { } clients
                        ? new ClientEntrance([.. clients.Proxies], clients.Address, clients.AddressHasProxy)
                        : null,
                    Address = document.VirtualIp is { } address
                        ? VirtualAddress.Parse(address.Address, address.Interface)
                            ?? throw new JsonException($"'{address.Address}' is no address with a prefix length")
                        : null,
                }
                : throw new JsonException($"'{strange}' is no member name");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException
            or UriFormatException)
        {
            throw new InvalidDataException($"{home.HostFile} cannot be read: {unreadable.Message}");
        }
    }

    public string ToJson() => JsonSerializer.Serialize(
        new HostDocument(
            Host,
            [.. Members.Select(member => member.Text)],
            new StoreDocument([.. Store.Endpoints.Select(one => one.OriginalString)], Store.Prefix, Store.User),
            Address is { } address ? new AddressDocument(address.ToString(), address.Interface) : null,
            Proxies.IsEmpty ? null : [.. Proxies],
            Clients is { } clients
                ? new ClientsDocument([.. clients.Proxies], clients.Shared, clients.SharedHasProxy)
                : null),
        HostFileJson.Default.HostDocument);
}

/// <summary>Where the store of a cluster on several hosts is.</summary>
/// <param name="Endpoints">Of etcd, the one to ask first in front.</param>
/// <param name="Prefix">Of all keys, with a slash at either end.</param>
public sealed record HostStore(ImmutableArray<Uri> Endpoints, string Prefix)
{
    /// <summary>Whose password is in <c>certs/etcd.password</c>; null where the certificate is enough.</summary>
    public string? User { get; init; }
}

internal sealed record HostDocument(
    string Host,
    string[] Members,
    StoreDocument Store,
    AddressDocument? VirtualIp = null,
    string[]? Proxies = null,
    ClientsDocument? Clients = null);

internal sealed record AddressDocument(string Address, string Interface);

internal sealed record ClientsDocument(string[] Proxies, string? Address = null, bool AddressHasProxy = false);

internal sealed record StoreDocument(string[] Etcd, string Prefix, string? User = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HostDocument))]
internal sealed partial class HostFileJson : JsonSerializerContext;
