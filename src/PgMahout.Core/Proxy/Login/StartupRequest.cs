using System.Collections.Immutable;
using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Login;

/// <summary>What a startup packet asks for, and whether it can be had here.</summary>
internal static class StartupRequest
{
    /// <summary>Names of PostgreSQL end here.</summary>
    public const int MostNameBytes = 63;

    private const string ProtocolOptionPrefix = "_pq_.";

    /// <param name="Message">In PostgreSQL's words where it has them.</param>
    internal sealed record Refusal(string SqlState, string Message, string? Detail = null, string? Hint = null);

    /// <summary>Null when it is as it should be: then <paramref name="request"/> has it.</summary>
    public static Refusal? Judge(StartupPacket packet, PoolMode mode, out LoginRequest? request)
    {
        request = null;
        if (packet.Major != StartupCode.Version3 >> 16)
            return new Refusal(
                "0A000",
                $"unsupported frontend protocol {packet.Major}.{packet.Minor}: server supports 3.0 to 3.0");
        var user = Last(packet, "user");
        if (string.IsNullOrEmpty(user))
            return new Refusal("28000", "no PostgreSQL user name specified in startup packet");
        var database = Last(packet, "database");
        if (ReadReplication(Last(packet, "replication"), mode, out var replication) is { } unfit)
            return unfit;
        if (ReadSettings(packet, out var settings) is { } strange)
            return strange;
        request = new LoginRequest(
            Name(user), Name(string.IsNullOrEmpty(database) ? user : database), settings, replication);
        return null;
    }

    /// <summary>Options of the protocol itself; nothing is known of any.</summary>
    public static ImmutableArray<string> ProtocolOptions(StartupPacket packet) =>
        [.. packet.Parameters.Select(pair => pair.Key)
            .Where(name => name.StartsWith(ProtocolOptionPrefix, StringComparison.Ordinal))];

    private static Refusal? ReadReplication(string? value, PoolMode mode, out string? replication)
    {
        replication = null;
        if (value is null || IsFalse(value))
            return null;
        if (value != "database" && !IsTrue(value))
            return new Refusal("22023", $"invalid value for parameter \"replication\": \"{value}\"");
        replication = value;
        return mode switch
        {
            PoolMode.Session => null,
            PoolMode.Transaction => new Refusal(
                "0A000",
                "replication connections are not possible where servers are pooled by transaction",
                "A walsender belongs to one client for as long as that is connected.",
                "Connect to the server itself, or let this user and database be pooled by session."),
        };
    }

    // As PostgreSQL reads a boolean: any beginning that leaves no doubt.
    private static bool IsTrue(string value) =>
        value is "1" || (value.Length > 0 && (Begins("true", value) || Begins("yes", value)))
        || value.Equals("on", StringComparison.OrdinalIgnoreCase);

    private static bool IsFalse(string value) =>
        value is "0" || (value.Length > 0 && (Begins("false", value) || Begins("no", value)))
        || (value.Length > 1 && Begins("off", value));

    private static bool Begins(string word, string value) => word.StartsWith(value, StringComparison.OrdinalIgnoreCase);

    private static Refusal? ReadSettings(StartupPacket packet, out ImmutableSortedDictionary<string, string> settings)
    {
        settings = ImmutableSortedDictionary<string, string>.Empty;
        var given = new List<KeyValuePair<string, string>>();
        if (Last(packet, "options") is { } options && !StartupOptions.TryRead(options, given, out var strange))
            return new Refusal(
                "0A000",
                $"unsupported argument in the startup parameter \"options\": \"{strange}\"",
                Hint: "Settings can be given: -c name=value.");
        // What stands in the packet by itself wins over what stands in its options.
        given.AddRange(packet.Parameters.Where(pair => !IsOfTheProtocol(pair.Key)));
        var read = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in given)
        {
            if (!StartupOptions.IsSettingName(name))
                return new Refusal("42704", $"unrecognized configuration parameter \"{name}\"");
            read[name] = value;
        }
        settings = read.ToImmutable();
        return null;
    }

    private static bool IsOfTheProtocol(string name) =>
        name is "user" or "database" or "options" or "replication"
        || name.StartsWith(ProtocolOptionPrefix, StringComparison.Ordinal);

    private static string? Last(StartupPacket packet, string name) =>
        packet.Parameters.LastOrDefault(pair => pair.Key == name).Value;

    /// <summary>Cut off between two characters, as PostgreSQL did when the name was made.</summary>
    private static string Name(string text)
    {
        var bytes = 0;
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MostNameBytes)
                break;
            length += rune.Utf16SequenceLength;
        }
        return text[..length];
    }
}
