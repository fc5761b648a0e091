using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Proxy;

/// <summary>
/// What the loop is doing, as of the end of one of its turns. Immutable; a reader keeps what it took.
/// </summary>
/// <param name="Seen">The topology by which the loop goes: the very object that was published, once it has it.</param>
/// <param name="InFlight">
/// Transactions on the primary that have begun and not ended, clients that pause in them too.
/// </param>
/// <param name="Clients">Connected clients, whatever they do.</param>
/// <param name="Waiting">Clients that wait for a server, or for a primary.</param>
/// <param name="Servers">Connections to servers, logged in or about to be.</param>
/// <param name="HoldingSince">On this host's boot clock: since when clients are held; null while none is.</param>
/// <param name="Listening">Whether clients can connect: false once the sockets were handed over.</param>
public sealed record ProxyReport(
    Topology Seen,
    int InFlight,
    int Clients,
    int Waiting,
    int Servers,
    Instant? HoldingSince,
    bool Listening,
    ProxyTotals Totals)
{
    public static readonly ProxyReport AtStart =
        new(Topology.Unknown, 0, 0, 0, 0, null, Listening: false, new ProxyTotals(0, 0, 0, 0, 0, 0));
}

/// <summary>Counted since the process began.</summary>
/// <param name="Held">Clients that waited for a primary and got one.</param>
/// <param name="HeldTooLong">Clients that waited for a primary in vain.</param>
/// <param name="Lost">Transactions that were cut off and certainly did not commit.</param>
/// <param name="Doubtful">Transactions that were cut off while a commit may have been under way.</param>
public sealed record ProxyTotals(
    long Logins, long Transactions, long Held, long HeldTooLong, long Lost, long Doubtful);
