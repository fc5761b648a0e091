using System.Text.Json;
using PgMahout.Agent.Home;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;
using PgMahout.Proxy;

namespace PgMahout.Proxying;

/// <summary>
/// What a proxy says of itself, every second: the content of <c>run/proxy.json</c>, the answer to GET /report, and a
/// part of <c>status -o json</c>. Times are UTC.
/// </summary>
/// <param name="Listening">False while it cannot, and once it has handed its sockets over.</param>
/// <param name="Primary">Where transactions go; null while there is none that is certain.</param>
/// <param name="Why">Why clients wait, were one to come now; empty when they do not.</param>
/// <param name="InFlight">Transactions on the primary that have begun and not ended.</param>
/// <param name="Waiting">Clients that wait for a server, or for a primary.</param>
/// <param name="HoldingSeconds">For how long clients have been held; null while none is.</param>
/// <param name="Paused">By an operator.</param>
public sealed record ProxyAccount(
    int Pid,
    DateTime At,
    DateTime StartedAt,
    ProxyAddresses Address,
    bool Listening,
    bool Paused,
    long Epoch,
    string? Primary,
    string Why,
    int Clients,
    int Waiting,
    int Servers,
    int InFlight,
    double? HoldingSeconds,
    ProxyTotals Totals)
{
    /// <summary>Older than that, the report says nothing of the present.</summary>
    public static readonly TimeSpan Stale = TimeSpan.FromSeconds(5);

    /// <summary>Null when there is none, or none that can be read.</summary>
    public static ProxyAccount? Read(HomeLayout home)
    {
        try
        {
            return JsonSerializer.Deserialize(
                File.ReadAllBytes(home.ProxyReport), DocumentJson.Types.ProxyAccount);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public static ProxyAccount Of(
        ProxyReport report, Topology topology, ProxySettings settings,
        (DateTime StartedAt, bool Paused, Instant Now) process) => new(
        Environment.ProcessId,
        TimeProvider.System.GetUtcNow().UtcDateTime,
        process.StartedAt,
        new ProxyAddresses(settings.ListenHost, settings.WritePort, settings.ReadPort),
        report.Listening,
        process.Paused,
        topology.Epoch,
        topology.Primary?.Name.Text,
        topology.Why,
        report.Clients,
        report.Waiting,
        report.Servers,
        report.InFlight,
        report.HoldingSince is { } since ? Math.Round((process.Now - since).TotalSeconds, 3) : null,
        report.Totals);
}

/// <param name="ReadPort">0: none.</param>
public sealed record ProxyAddresses(string Host, int WritePort, int ReadPort)
{
    /// <summary>Each one that clients may connect to; none where there is no proxy.</summary>
    public static IEnumerable<(string Host, int Port)> Of(ProxySettings? settings)
    {
        if (settings is null)
            yield break;
        yield return (settings.LocalHost, settings.WritePort);
        if (settings.ReadPort != 0)
            yield return (settings.LocalHost, settings.ReadPort);
    }
}
