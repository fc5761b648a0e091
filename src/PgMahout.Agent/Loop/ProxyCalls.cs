using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>
/// Asks every proxy to hold its clients before a planned stop. It costs at most the bound, whatever the
/// proxies do, and nothing where there is none; should this agent die meanwhile, they let go by themselves.
/// </summary>
internal static class ProxyCalls
{
    /// <summary>How long transactions may go on before they are cut off.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Longer than from the order to the beginning of the stop, from which on there is no primary anyway.
    /// </summary>
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(3);

    /// <summary>Those of this home, and those beside every other member that answers other hosts.</summary>
    /// <returns>What came of it, for the log.</returns>
    public static async Task<string> DrainAsync(
        HomeLayout home, IEnumerable<AgentClient> others, Epoch epoch)
    {
        var begun = BootClock.Now();
        var body = new DrainBody(epoch, Hold.TotalSeconds, Bound.TotalSeconds);
        var reports = await Task.WhenAll(
            others.Where(other => !home.Holds(other.Member))
                .Select(async other => await other.DrainAsync(body, CancellationToken.None)
                    is AgentAnswer<DrainReport>.Said { Value: var said } ? said : DrainReport.Nobody)
                .Append(DrainHereAsync(home, body)));
        var all = reports.Aggregate(DrainReport.Nobody, (sum, one) => sum + one);
        var lasted = $"{(BootClock.Now() - begun).TotalMilliseconds:F0} ms";
        return all.Held == 0
            ? $"no proxy was there to hold its clients ({lasted})"
            : $"{all.Held} of {all.Asked} proxies hold their clients; "
                + $"{all.InFlight} transactions were still under way after {lasted}";
    }

    /// <summary>The proxies of this home.</summary>
    public static async Task<DrainReport> DrainHereAsync(HomeLayout home, DrainBody body)
    {
        var answers = await Task.WhenAll(home.ProxySockets().Select(socket => AskAsync(socket, body)));
        var said = answers.OfType<AgentAnswer<DrainAnswer>.Said>().ToArray();
        return new DrainReport(answers.Length, said.Length, said.Sum(one => one.Value.InFlight));
    }

    private static async Task<AgentAnswer<DrainAnswer>> AskAsync(string socket, DrainBody body)
    {
        using var proxy = new ProxyClient(socket);
        return await proxy.DrainAsync(body, CancellationToken.None);
    }
}
