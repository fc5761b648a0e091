using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>
/// Asks every proxy of this home to hold its clients before a planned stop. It costs at most the bound, whatever the
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

    /// <returns>What came of it, for the log.</returns>
    public static async Task<string> DrainAsync(HomeLayout home, Epoch epoch)
    {
        var begun = BootClock.Now();
        var body = new DrainBody(epoch, Hold.TotalSeconds, Bound.TotalSeconds);
        var answers = await Task.WhenAll(home.ProxySockets().Select(socket => AskAsync(socket, body)));
        var lasted = $"{(BootClock.Now() - begun).TotalMilliseconds:F0} ms";
        var said = answers.OfType<AgentAnswer<DrainAnswer>.Said>().ToArray();
        return said.Length == 0
            ? $"no proxy was there to hold its clients ({lasted})"
            : $"{said.Length} of {answers.Length} proxies hold their clients; "
                + $"{said.Sum(one => one.Value.InFlight)} transactions were still under way after {lasted}";
    }

    private static async Task<AgentAnswer<DrainAnswer>> AskAsync(string socket, DrainBody body)
    {
        using var proxy = new ProxyClient(socket);
        return await proxy.DrainAsync(body, CancellationToken.None);
    }
}
