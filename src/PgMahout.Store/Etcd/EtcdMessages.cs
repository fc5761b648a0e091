using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace PgMahout.Store.Etcd;

// The messages of etcd's API v3 as its JSON gateway has them: bytes in base64, 64-bit numbers as text, and whatever has
// its type's zero left out. Only the fields that are used here. What an answer may leave out is set, not given to the
// constructor: only then does it keep its initial value.

/// <param name="MinModRevision">Only keys that changed at or after it; <c>count</c> counts the others, too.</param>
internal sealed record RangeRequest(byte[] Key, byte[]? RangeEnd = null, long? MinModRevision = null)
{
    public long? Limit { get; init; }
    public string? SortOrder { get; init; }
    public string? SortTarget { get; init; }
    public bool? KeysOnly { get; init; }
}

internal sealed record RangeReply(EtcdHeader Header)
{
    public ImmutableArray<EtcdKeyValue> Kvs { get; set; } = [];
    public long Count { get; set; }
}

internal sealed record EtcdHeader(ulong ClusterId)
{
    /// <summary>Of the whole of etcd, at the moment of the answer; 0 where a watch is told of a compaction.</summary>
    public long Revision { get; set; }
}

internal sealed record EtcdKeyValue(byte[] Key)
{
    public byte[] Value { get; set; } = [];
    public long ModRevision { get; set; }
}

internal sealed record TransactionRequest(
    IEnumerable<EtcdCompare> Compare, IEnumerable<EtcdOperation> Success, IEnumerable<EtcdOperation> Failure);

/// <param name="Target">MOD or VERSION: what is compared, of each key in the range.</param>
/// <param name="Result">EQUAL or GREATER. A key that does not exist has zeroes.</param>
internal sealed record EtcdCompare(byte[] Key, string Target, string Result)
{
    public byte[]? RangeEnd { get; init; }
    public long? ModRevision { get; init; }
    public long? Version { get; init; }
}

internal sealed record EtcdOperation
{
    public RangeRequest? RequestRange { get; init; }
    public PutRequest? RequestPut { get; init; }
    public DeleteRequest? RequestDeleteRange { get; init; }
}

internal sealed record PutRequest(byte[] Key, byte[] Value);

internal sealed record DeleteRequest(byte[] Key, byte[]? RangeEnd = null);

internal sealed record TransactionReply(EtcdHeader Header)
{
    public bool Succeeded { get; set; }
    public ImmutableArray<OperationReply> Responses { get; set; } = [];
}

internal sealed record OperationReply(OperationRange? ResponseRange = null);

internal sealed record OperationRange
{
    public ImmutableArray<EtcdKeyValue> Kvs { get; set; } = [];
}

internal sealed record AuthenticateRequest(string Name, string Password);

internal sealed record AuthenticateReply(string? Token = null);

internal sealed record MemberListRequest;

/// <summary>Of the API of members the gateway has the names as they are, in capitals and all.</summary>
internal sealed record MemberAddRequest([property: JsonPropertyName("peerURLs")] ImmutableArray<string> PeerUrls)
{
    [JsonPropertyName("isLearner")]
    public bool IsLearner { get; init; }
}

internal sealed record MemberIdRequest([property: JsonPropertyName("ID")] string Id);

internal sealed record MemberListReply
{
    public ImmutableArray<MemberReply> Members { get; set; } = [];
}

internal sealed record MemberReply
{
    [JsonPropertyName("ID")]
    public ulong Id { get; set; }

    public string Name { get; set; } = "";

    [JsonPropertyName("peerURLs")]
    public ImmutableArray<string> PeerUrls { get; set; } = [];

    [JsonPropertyName("isLearner")]
    public bool IsLearner { get; set; }
}

internal sealed record WatchRequest(WatchCreation CreateRequest);

internal sealed record WatchCreation(byte[] Key, byte[] RangeEnd, long? StartRevision);

/// <summary>One line of a watch's stream.</summary>
internal sealed record WatchLine(WatchReply? Result = null, EtcdError? Error = null);

internal sealed record WatchReply(EtcdHeader? Header = null)
{
    public bool Created { get; set; }
    public bool Canceled { get; set; }
    public string? CancelReason { get; set; }
    public long CompactRevision { get; set; }
    public ImmutableArray<WatchEvent> Events { get; set; } = [];
}

internal sealed record WatchEvent(EtcdKeyValue? Kv = null);

/// <summary>
/// etcd 3.4 names its words <c>error</c>, and in a stream <c>message</c>; later versions only the latter.
/// </summary>
internal sealed record EtcdError(string? Error = null, string? Message = null)
{
    public string? Text => Message ?? Error;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RangeRequest))]
[JsonSerializable(typeof(RangeReply))]
[JsonSerializable(typeof(TransactionRequest))]
[JsonSerializable(typeof(TransactionReply))]
[JsonSerializable(typeof(AuthenticateRequest))]
[JsonSerializable(typeof(AuthenticateReply))]
[JsonSerializable(typeof(MemberListRequest))]
[JsonSerializable(typeof(MemberAddRequest))]
[JsonSerializable(typeof(MemberIdRequest))]
[JsonSerializable(typeof(MemberListReply))]
[JsonSerializable(typeof(WatchRequest))]
[JsonSerializable(typeof(WatchLine))]
[JsonSerializable(typeof(EtcdError))]
internal sealed partial class EtcdJson : JsonSerializerContext;
