using System.Collections.Immutable;
using System.Globalization;
using PgMahout.HostTests.Chaos.Checking;
using PgMahout.HostTests.Harness;
using Xunit;

namespace PgMahout.HostTests.Chaos;

/// <summary>
/// How long clients of the proxies wait when the primary's host loses its power, many times: <c>bench/powerloss</c>.
/// Left out otherwise.
/// </summary>
public sealed class PowerLossTests
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(90);

    [Fact(Explicit = true)]
    public async Task Clients_of_the_proxies_wait_no_longer_than_a_lease_and_little_more()
    {
        var rto = TimeSpan.FromMilliseconds(Number("PGMAHOUT_RTO_MS", 3000));
        await using var cluster = await DeployedCluster.UpAsync(rto);
        await using var clients = await ChaosClients.StartAsync(cluster);
        var outages = new List<TimeSpan>();
        for (var run = 1; run <= Number("PGMAHOUT_RUNS", 20); run++)
        {
            await cluster.WholeAsync(Recovery);
            await clients.ReachesAsync(20, Recovery);
            var primary = (await cluster.PrimaryAsync())!;
            var etcd = await cluster.EtcdLeaderAsync() == primary ? ", which led etcd" : "";
            var lost = clients.Now;
            await cluster.Lab.DoAsync("power-off", primary);
            await clients.ReachesAsync(20, Recovery);
            outages.Add(Availability.LongestGap(clients.History, lost));
            Say($"| {run} | {primary}{etcd} | {Text(outages[^1])} |");
            await cluster.Lab.DoAsync("power-on", primary);
        }
        await cluster.WholeAsync(Recovery);
        await clients.StopAsync();
        var violations = HistoryChecker.Check(
            clients.History, (await clients.FinalAsync())!, TimeSpan.FromSeconds(10));
        var ordered = outages.Order().ToImmutableArray();
        var median = (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
        var (shortest, longest) = (ordered[0], ordered[^1]);
        Say($"| rto {rto.TotalSeconds} s | {outages.Count} | {Text(median)} | {Text(shortest)} | {Text(longest)} | "
            + $"{clients.ConfirmedWrites} | {violations.Length} |");

        Assert.Empty(violations);
    }

    private static string Text(TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:F2} s");

    private static void Say(string line) => TestContext.Current.SendDiagnosticMessage(line);

    private static int Number(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}
