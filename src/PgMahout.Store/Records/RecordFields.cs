using System.Text.Json;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Store.Records;

/// <summary>The fields of one JSON object in a record. What is missing or ill-typed is a fault that names it.</summary>
internal readonly struct RecordFields
{
    private const int Schema = 1;

    private readonly string _key;
    private readonly string _path;
    private readonly JsonElement _object;

    private RecordFields(string key, string path, JsonElement element)
    {
        _key = key;
        _path = path;
        _object = element;
    }

    public static T Decode<T>(string key, string json, Func<RecordFields, T> decode)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new RecordFault($"The record '{key}' is not a JSON object.");
            var fields = new RecordFields(key, "", document.RootElement);
            var schema = fields.Number("schema");
            if (schema != Schema)
                throw new RecordFault(
                    $"The record '{key}' has schema {schema}, and this pgmahout knows only {Schema}.");
            return decode(fields);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw new RecordFault($"The record '{key}' is not JSON: {malformed.Message}");
        }
    }

    public string Text(string name) =>
        Required(name) is { ValueKind: JsonValueKind.String } value
            ? value.GetString()!
            : throw Fault(name, "is not a text");

    /// <summary>Whether it is there, and not null: a record of an earlier version may not say it.</summary>
    public bool Has(string name) => !IsAbsent(name);

    public string? TextOrNull(string name) => IsAbsent(name) ? null : Text(name);

    public bool Flag(string name) => Required(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fault(name, "is neither true nor false"),
    };

    public long Number(string name, long least = 0, long most = long.MaxValue)
    {
        if (Required(name) is not { ValueKind: JsonValueKind.Number } value || !value.TryGetInt64(out var number))
            throw Fault(name, "is not a whole number");
        return number >= least && number <= most
            ? number
            : throw Fault(name, $"is {number}, not from {least} to {most}");
    }

    public long? NumberOrNull(string name) => IsAbsent(name) ? null : Number(name);

    public TimeSpan? SecondsOrNull(string name) => IsAbsent(name) ? null : Seconds(name);

    public TimeSpan Seconds(string name) =>
        Required(name) is { ValueKind: JsonValueKind.Number } value
        && value.TryGetDecimal(out var seconds)
        && Math.Abs(seconds) < TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerSecond
            ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond))
            : throw Fault(name, "is not a number of seconds");

    public DateTimeOffset Moment(string name) =>
        Required(name) is { ValueKind: JsonValueKind.String } value && value.TryGetDateTimeOffset(out var moment)
            ? moment
            : throw Fault(name, "is not a time such as 2026-01-31T12:00:00Z");

    public MemberName Member(string name) => Parsed(name, Text(name));

    public MemberName? MemberOrNull(string name) => IsAbsent(name) ? null : Member(name);

    public Lsn Lsn(string name) =>
        Core.Vocabulary.Lsn.TryParse(Text(name), out var lsn)
            ? lsn
            : throw Fault(name, "is not an LSN such as 0/3000148");

    public IEnumerable<MemberName> Members(string name)
    {
        var index = 0;
        foreach (var element in Array(name))
        {
            var place = $"{name}[{index++}]";
            yield return element.ValueKind == JsonValueKind.String
                ? Parsed(place, element.GetString()!)
                : throw Fault(place, "is not a text");
        }
    }

    public IEnumerable<string> Texts(string name)
    {
        var index = 0;
        foreach (var element in Array(name))
        {
            var place = $"{name}[{index++}]";
            yield return element.ValueKind == JsonValueKind.String
                ? element.GetString()!
                : throw Fault(place, "is not a text");
        }
    }

    public RecordFields Object(string name) =>
        Required(name) is { ValueKind: JsonValueKind.Object } value
            ? new RecordFields(_key, $"{_path}{name}.", value)
            : throw Fault(name, "is not an object");

    public RecordFields? ObjectOrNull(string name) => IsAbsent(name) ? null : Object(name);

    public IEnumerable<RecordFields> Objects(string name)
    {
        var index = 0;
        foreach (var element in Array(name))
        {
            var place = $"{name}[{index++}]";
            yield return element.ValueKind == JsonValueKind.Object
                ? new RecordFields(_key, $"{_path}{place}.", element)
                : throw Fault(place, "is not an object");
        }
    }

    public RecordFault Fault(string name, string what) => new($"The record '{_key}': field '{_path}{name}' {what}.");

    private bool IsAbsent(string name) =>
        !_object.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null;

    private JsonElement Required(string name) =>
        _object.TryGetProperty(name, out var value) ? value : throw Fault(name, "is missing");

    private JsonElement.ArrayEnumerator Array(string name) =>
        Required(name) is { ValueKind: JsonValueKind.Array } value
            ? value.EnumerateArray()
            : throw Fault(name, "is not a list");

    private MemberName Parsed(string name, string text) =>
        MemberName.IsValid(text) ? new MemberName(text) : throw Fault(name, $"is '{text}', which is not a member name");
}
