using System.Collections.Immutable;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Proxy.Handover;

/// <summary>A client between two transactions, as the process that serves it next must know it.</summary>
/// <param name="Number">By which it may ask for a cancel, with the key: it was told both.</param>
/// <param name="Since">When it connected; on this host's boot clock, in nanoseconds.</param>
public sealed record MovedClient(int Number, ImmutableArray<byte> CancelKey, long Since)
{
    public required string User { get; init; }

    public required string Database { get; init; }

    /// <summary>With which servers are logged in to in its name.</summary>
    public required ServerCredential Credential { get; init; }

    /// <summary>It came by the port for reads.</summary>
    public bool ReadsOnly { get; init; }

    public RouteWish Wish { get; init; }

    /// <summary>The settings that follow it.</summary>
    public ImmutableSortedDictionary<string, string> Parameters { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What servers report when a session of its user and database begins.</summary>
    public ImmutableSortedDictionary<string, string> Reported { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Where the WAL ended after what it last wrote.</summary>
    public Lsn Written { get; init; }

    /// <summary>It has written, and where that ended is not known yet.</summary>
    public bool WritesUnknown { get; init; }

    /// <summary>What it has prepared: its names, and what follows the name in a Parse.</summary>
    public ImmutableArray<(ImmutableArray<byte> Name, ImmutableArray<byte> Definition)> Prepared { get; init; } = [];

    /// <summary>The statement without a name, as far as there is one: what follows the name in a Parse.</summary>
    public ImmutableArray<byte> Unnamed { get; init; } = [];
}
