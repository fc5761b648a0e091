using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PgMahout.HostTests.Chaos.Checking;

internal enum Work
{
    /// <summary>A row of its own: <see cref="Operation.Value"/> is its id.</summary>
    Insert,

    /// <summary>One value at the end of the list <see cref="Operation.Key"/>, which the statement returns.</summary>
    Append,

    /// <summary>Of a list, from the primary.</summary>
    Read,

    /// <summary>Of a list, from whoever serves the port for reads.</summary>
    ReadStandby,
}

internal enum Answer
{
    Confirmed,

    /// <summary>It certainly did not happen: the client was told to try again, or the statement failed.</summary>
    Refused,

    /// <summary>Nobody said. It may have happened, or may still happen.</summary>
    Unknown,
}

/// <summary>What one client asked, and what it was told. Times are since the run began, by one clock.</summary>
/// <param name="Seen">The list as it was returned; empty unless confirmed.</param>
internal sealed record Operation(
    Work Work, long Key, long Value, TimeSpan Sent, TimeSpan Answered, Answer Answer, ImmutableArray<long> Seen)
{
    /// <summary>The host whose proxy was asked.</summary>
    public string Via { get; init; } = "";

    /// <summary>The error, in the server's words.</summary>
    public string Said { get; init; } = "";

    [JsonIgnore]
    public bool IsWrite => Work is Work.Insert or Work.Append;

    public override string ToString() =>
        $"{Work} {Value} of {Key} via {Via}, {Sent:c} to {Answered:c}: {Answer} {Said}".TrimEnd();
}

/// <summary>One value per line, in words that a person reads and <see cref="Read{T}"/> too.</summary>
internal static class JsonLines
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
    };

    public static string Line<T>(T value) => JsonSerializer.Serialize(value, Options);

    public static ImmutableArray<T> Read<T>(IEnumerable<string> lines) =>
        [.. lines.Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<T>(line, Options)!)];
}
