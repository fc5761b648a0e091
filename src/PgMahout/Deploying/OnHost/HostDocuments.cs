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
    ImmutableArray<string> Addresses)
{
    /// <summary>A running server becomes the member: its settings are its own, and none are suggested.</summary>
    public bool Adopts { get; init; }

    /// <summary>Of the directory secrets: name and content.</summary>
    public ImmutableArray<NamedText> Secrets { get; init; } = [];

    public override string ToString() => nameof(PreparationDocument);
}

/// <summary>The server that becomes a host's member; there is nothing secret in it.</summary>
/// <param name="Data">Absolute, without symbolic links.</param>
/// <param name="SocketDirectory">Where it answers the account that runs it, without a password.</param>
/// <param name="KeepsPassword">The role postgres has the cluster's password already, or nothing is done.</param>
public sealed record AdoptionDocument(
    int Schema, string Member, string Data, string SocketDirectory, int Port, bool IsStandby, bool KeepsPassword);

/// <summary>The first leader of a cluster whose servers ran before it.</summary>
/// <param name="Timeline">Its own: the number of its reign.</param>
/// <param name="IsLogical">Servers ran with wal_level = logical.</param>
public sealed record FoundingAdoption(string Leader, ulong SystemIdentifier, long Timeline, bool IsLogical);

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
    FoundingRepository? Repository)
{
    /// <summary>Null: the first leader makes the databases.</summary>
    public FoundingAdoption? Adoption { get; init; }

    /// <summary>It begins as a copy of another cluster, and follows it; null: it stands alone.</summary>
    public FoundingTwin? Follows { get; init; }

    /// <summary>Standbys of a site stream from one of them.</summary>
    public bool CascadesBySite { get; init; }
}

/// <summary>The cluster that is followed from the beginning.</summary>
/// <param name="Led">What it said when it was told who follows it; null: it could not be asked.</param>
public sealed record FoundingTwin(string Name, ImmutableArray<AddressDocument> Servers, LedBy? Led);

/// <param name="Term">In which it leads.</param>
public sealed record LedBy(long Term, ulong SystemIdentifier);

/// <summary>
/// Files that say where the other cluster of a pair is; comes through standard input, for there is a key.
/// </summary>
public sealed record TwinDocument(int Schema, string HostFile, ImmutableArray<NamedText> Files)
{
    public override string ToString() => nameof(TwinDocument);
}

/// <summary>What a cluster is to know of the other one of its pair; there is nothing secret in it.</summary>
/// <param name="Begins">The other one is being made to follow this one, which may not know it yet.</param>
public sealed record PairingDocument(int Schema, string Name, ImmutableArray<AddressDocument> Servers, bool Begins);

/// <param name="Done">present, changed, or absent: this cluster knows of no other, or is not there.</param>
/// <param name="Follows">It follows the other one at present.</param>
/// <param name="Led">Where it was told that the other one follows it.</param>
public sealed record PairingAnswer(int Schema, string Done, bool Follows, LedBy? Led);

public sealed record FoundingMember(string Name, string Host, int Port, string Api, int Priority)
{
    /// <summary>Null: it was not said.</summary>
    public string? Site { get; init; }
}

/// <param name="Address">A directory, or s3://BUCKET/PREFIX.</param>
/// <param name="HasCredentials">The keys of S3 are in the home.</param>
/// <param name="HasKey">It is encrypted, with the key in the home.</param>
public sealed record FoundingRepository(
    string Address, string? Endpoint, string? Region, bool HasCredentials, bool HasKey);

/// <summary>A part of the question whether all hosts are in one repository.</summary>
/// <param name="Token">Of this question.</param>
/// <param name="Host">Who is asked.</param>
/// <param name="From">Whose object is put, or looked for.</param>
/// <param name="All">Whose objects are removed in the end.</param>
public sealed record ProbeDocument(
    int Schema, FoundingRepository Repository, ProbeRole Role, string Token, string Host, string From,
    ImmutableArray<string> All);

public enum ProbeRole
{
    /// <summary>Put an object there.</summary>
    Begin,

    /// <summary>See the first host's, and put another.</summary>
    Join,

    /// <summary>See a later host's.</summary>
    End,

    /// <summary>Remove them.</summary>
    Clean,
}

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
[JsonSerializable(typeof(AdoptionDocument))]
[JsonSerializable(typeof(FoundingDocument))]
[JsonSerializable(typeof(FoundingAnswer))]
[JsonSerializable(typeof(VoterOrder))]
[JsonSerializable(typeof(VoterAnswer))]
[JsonSerializable(typeof(ProbeDocument))]
[JsonSerializable(typeof(TwinDocument))]
[JsonSerializable(typeof(PairingDocument))]
[JsonSerializable(typeof(PairingAnswer))]
internal sealed partial class HostJson : JsonSerializerContext;
