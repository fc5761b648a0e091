using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using PgMahout.Agent.Addressing;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Agent.Api;

/// <summary>How the agents' API is written on the wire: JSON, camelCase, LSNs as PostgreSQL prints them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(LsnConverter), typeof(TimelineConverter), typeof(MemberNameConverter), typeof(RevisionConverter),
        typeof(EpochConverter), typeof(InstantConverter), typeof(ByteSizeConverter),
    ])]
[JsonSerializable(typeof(MemberReport))]
[JsonSerializable(typeof(AgentStatus))]
[JsonSerializable(typeof(AgentExplanation))]
[JsonSerializable(typeof(ImmutableArray<LoginReport>))]
[JsonSerializable(typeof(ServiceBody))]
[JsonSerializable(typeof(ServiceReport))]
[JsonSerializable(typeof(DrainBody))]
[JsonSerializable(typeof(DrainAnswer))]
[JsonSerializable(typeof(SuccessionBody))]
[JsonSerializable(typeof(SuccessionAnswer))]
[JsonSerializable(typeof(DrainReport))]
[JsonSerializable(typeof(RequestBody))]
[JsonSerializable(typeof(FaultBody))]
[JsonSerializable(typeof(PromiseBody))]
[JsonSerializable(typeof(PromiseAnswer))]
[JsonSerializable(typeof(AddressReport))]
public sealed partial class WireContext : JsonSerializerContext;

internal sealed class LsnConverter : JsonConverter<Lsn>
{
    public override Lsn Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        Lsn.TryParse(reader.GetString(), out var lsn) ? lsn : throw new JsonException("not an LSN");

    public override void Write(Utf8JsonWriter writer, Lsn value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

internal sealed class MemberNameConverter : JsonConverter<MemberName>
{
    public override MemberName Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.GetString() is { } text && MemberName.IsValid(text)
            ? new MemberName(text)
            : throw new JsonException("not a member name");

    public override void Write(Utf8JsonWriter writer, MemberName value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}

internal sealed class TimelineConverter : JsonConverter<TimelineId>
{
    public override TimelineId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        new(reader.GetUInt32());

    public override void Write(Utf8JsonWriter writer, TimelineId value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Value);
}

internal sealed class RevisionConverter : JsonConverter<Revision>
{
    public override Revision Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, Revision value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Value);
}

internal sealed class EpochConverter : JsonConverter<Epoch>
{
    public override Epoch Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, Epoch value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Value);
}

internal sealed class InstantConverter : JsonConverter<Instant>
{
    public override Instant Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Nanoseconds);
}

internal sealed class ByteSizeConverter : JsonConverter<ByteSize>
{
    public override ByteSize Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        new(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, ByteSize value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.Bytes);
}
