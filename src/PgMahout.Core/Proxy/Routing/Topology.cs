using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>What a proxy goes by: who leads, until when that is certain, and who can be read from.</summary>
/// <param name="Epoch">Of the reign that <paramref name="Primary"/> leads; connections of an older one are cut.</param>
/// <param name="Primary">Null while nobody is known to lead.</param>
/// <param name="PrimaryUntil">
/// The end of the leader's lease as far as is known here, on this host's boot clock: from then on nothing is sent.
/// </param>
/// <param name="Draining">A switchover is under way: what runs may end, nothing new begins.</param>
/// <param name="Why">For people, while there is no primary or a switchover is under way: the reason.</param>
public sealed record Topology(
    long Epoch,
    Backend? Primary,
    Instant PrimaryUntil,
    ImmutableArray<StandbyBackend> Standbys,
    bool Draining = false,
    string Why = "")
{
    public static readonly Topology Unknown =
        new(0, null, Instant.Zero, [], Why: "nothing is known of the cluster yet");
}

/// <summary>A server that clients can be connected to.</summary>
/// <param name="Host">As the cluster calls it: what its certificate names; null by a unix socket.</param>
public sealed record Backend(MemberName Name, ServerAddress Address, string? Host = null);

/// <param name="Replayed">How far it had replayed at <paramref name="SeenAt"/>.</param>
/// <param name="Lag">How far behind the primary that was; null when unknown.</param>
public sealed record StandbyBackend(Backend Backend, Lsn Replayed, TimeSpan? Lag, Instant SeenAt, int Weight = 1);

/// <summary>Where a server listens.</summary>
public abstract record ServerAddress
{
    private ServerAddress() { }

    /// <param name="Path">Of the socket itself: DIRECTORY/.s.PGSQL.PORT.</param>
    public sealed record UnixSocket(string Path) : ServerAddress
    {
        public override string ToString() => Path;
    }

    /// <param name="Host">An address in numbers; names are resolved by whoever makes this.</param>
    public sealed record Tcp(string Host, int Port) : ServerAddress
    {
        public override string ToString() =>
            Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
    }
}
