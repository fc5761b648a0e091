using System.Collections.Immutable;

namespace PgMahout.Core.Access;

/// <summary>A login, as far as rules look at it.</summary>
/// <param name="Database">Null for physical replication, which is no database to the rules.</param>
/// <param name="Channel">Exactly one.</param>
/// <param name="From">Null for a unix socket, and only there.</param>
public sealed record LoginAttempt(string? Database, string User, Channels Channel, IpRange? From)
{
    /// <summary>What a user writes for physical replication where a database is named.</summary>
    public const string Replication = "replication";

    /// <summary>The roles that the user is a member of, itself left out; null when nobody can say.</summary>
    public ImmutableSortedSet<string>? MemberOf { get; init; }

    public static LoginAttempt Local(string? database, string user) => new(database, user, Channels.UnixSocket, null);

    public static LoginAttempt Tcp(string? database, string user, IpRange from, bool tls = false) =>
        new(database, user, tls ? Channels.Tls : Channels.Plain, from);

    public override string ToString()
    {
        var what = Database is null ? "for replication" : $"to database {Database}";
        var encryption = Channel switch
        {
            Channels.Tls => ", over TLS",
            Channels.GssEncrypted => ", encrypted by GSSAPI",
            Channels.None or Channels.UnixSocket or Channels.Plain => "",
        };
        return $"{User} {what} {(From is { } from ? $"from {from}" : "through the unix socket")}{encryption}";
    }
}

/// <summary>What rules refer to outside their file.</summary>
/// <param name="OwnAddresses">Of the server, for samehost; null when not known.</param>
/// <param name="OwnNetworks">Which the server is connected to, for samenet; null when not known.</param>
/// <param name="Names">The addresses of the host names that are known.</param>
public sealed record Surroundings(
    ImmutableArray<IpAddress>? OwnAddresses,
    ImmutableArray<IpRange>? OwnNetworks,
    ImmutableSortedDictionary<string, ImmutableArray<IpAddress>> Names)
{
    public static readonly Surroundings Unknown =
        new(null, null, ImmutableSortedDictionary.Create<string, ImmutableArray<IpAddress>>(StringComparer.Ordinal));
}
