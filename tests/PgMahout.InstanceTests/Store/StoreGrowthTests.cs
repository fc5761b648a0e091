using System.Diagnostics;
using System.Globalization;
using PgMahout.Tests.Store;
using Xunit;

namespace PgMahout.InstanceTests.Store;

/// <summary>
/// How much of etcd many clusters take: <c>bench/store</c> runs it. Left out otherwise: it loads the machine.
/// </summary>
public sealed class StoreGrowthTests
{
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(30);

    [Fact(Explicit = true)]
    public async Task No_lease_runs_out_under_the_load_of_its_shape()
    {
        Assert.SkipWhen(EtcdCluster.Missing is not null, EtcdCluster.Missing ?? "");
        var seconds = Number("PGMAHOUT_STORE_SECONDS", 20);
        var ttl = TimeSpan.FromMilliseconds(Number("PGMAHOUT_STORE_TTL_MS", 3000));
        var directory = Environment.GetEnvironmentVariable("PGMAHOUT_STORE_DIRECTORY");
        await using var etcd = await EtcdCluster.StartAsync(
            Number("PGMAHOUT_STORE_ETCD", 3), directory: directory);
        using var ending = new CancellationTokenSource();
        var clusters = Enumerable.Range(1, Number("PGMAHOUT_STORE_CLUSTERS", 1)).Select(i => new SimulatedCluster(
            etcd.Settings($"/pgmahout/c{i}/", first: i % etcd.Members.Length), i, ttl)).ToList();
        var members = Number("PGMAHOUT_STORE_MEMBERS", 3);
        var running = new List<Task>();
        foreach (var cluster in clusters)
        {
            running.Add(cluster.RunAsync(members, ending.Token));
            // Clusters begin one after the other, also where there are many.
            await Task.Delay(Apart, ending.Token);
        }
        await Task.WhenAll(clusters.Select(cluster => cluster.Leads)).WaitAsync(EtcdCluster.Limit * 4, ending.Token);

        clusters.ForEach(cluster => cluster.Forget());
        var (etcdBefore, ownBefore) = (Seconds(etcd), Environment.CpuUsage.TotalTime.TotalSeconds);
        var clock = Stopwatch.StartNew();
        await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(seconds), ending.Token), Task.WhenAny(running));
        var took = clock.Elapsed.TotalSeconds;
        var (etcdAfter, ownAfter) = (Seconds(etcd), Environment.CpuUsage.TotalTime.TotalSeconds);
        await ending.CancelAsync();
        await Task.WhenAll(running);

        var renewals = clusters.SelectMany(cluster => cluster.Renewals).Order().ToList();
        var longest = clusters.Max(cluster => cluster.LongestGap);
        TestContext.Current.SendDiagnosticMessage(string.Create(
            CultureInfo.InvariantCulture,
            $"| {clusters.Count} | {members} | {clusters.Sum(cluster => cluster.Reads) / took:F0} "
            + $"| {renewals.Count / took:F0} | {clusters.Sum(cluster => cluster.Calls) / took:F0} "
            + $"| {(etcdAfter - etcdBefore) / took:P1} | {(ownAfter - ownBefore) / took:P1} "
            + $"| {At(renewals, 0.5):F1} | {At(renewals, 0.99):F1} | {longest.TotalMilliseconds:F0} "
            + $"| {clusters.Sum(cluster => cluster.Unanswered)} |"));
        Assert.True(longest < ttl, $"a lease was not renewed for {longest}");
    }

    private static double At(List<TimeSpan> ordered, double share) =>
        ordered[(int)((ordered.Count - 1) * share)].TotalMilliseconds;

    private static int Number(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;

    /// <summary>Processor time of all members of etcd.</summary>
    private static double Seconds(EtcdCluster etcd) => etcd.Members.Sum(member =>
    {
        using var process = Process.GetProcessById(member.ProcessId);
        return process.TotalProcessorTime.TotalSeconds;
    });
}
