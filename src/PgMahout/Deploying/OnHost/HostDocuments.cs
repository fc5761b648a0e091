using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace PgMahout.Deploying.OnHost;

/// <summary>All that a host needs for its home; comes through standard input, for there are secrets in it.</summary>
/// <param name="HostFile">The text of host.json.</param>
/// <param name="Files">Of the directory certs: name and content.</param>
/// <param name="Member">Null on a host without data.</param>
/// <param name="Addresses">Where clients of this host may log in: for its password file.</param>
public sealed record PreparationDocument(
    int Schema,
    string HostFile,
    ImmutableArray<NamedText> Files,
    string SuperuserPassword,
    string ReplicationPassword,
    string? Member,
    ImmutableArray<AddressDocument> Addresses)
{
    public override string ToString() => nameof(PreparationDocument);
}

public sealed record NamedText(string Name, string Text)
{
    public override string ToString() => Name;
}

public sealed record AddressDocument(string Host, int Port);

/// <summary>The first records of a cluster; there is nothing secret in them.</summary>
/// <param name="Durability">quorum, strict or async.</param>
/// <param name="Proxy">Null: none.</param>
/// <param name="Repository">Null: none.</param>
public sealed record FoundingDocument(
    int Schema,
    string Cluster,
    string Durability,
    double RtoSeconds,
    ImmutableArray<FoundingMember> Members,
    FoundingProxy? Proxy,
    string? Repository);

public sealed record FoundingMember(string Name, string Host, int Port, string Api, int Priority);

/// <param name="Listen">In numbers: on which addresses of each host.</param>
public sealed record FoundingProxy(string Listen, int Port, int ReadPort);

/// <summary>What a host answers.</summary>
/// <param name="Done">created, joined or present.</param>
/// <param name="Notes">In what the cluster differs from what was wanted.</param>
public sealed record FoundingAnswer(int Schema, string Done, ImmutableArray<string> Notes);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PreparationDocument))]
[JsonSerializable(typeof(FoundingDocument))]
[JsonSerializable(typeof(FoundingAnswer))]
internal sealed partial class HostJson : JsonSerializerContext;
