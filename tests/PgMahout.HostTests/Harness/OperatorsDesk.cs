using System.Diagnostics;
using System.Globalization;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests.Harness;

/// <summary>A directory with <c>cluster.yml</c> and what <c>deploy</c> keeps beside it; goes with the test.</summary>
internal sealed class OperatorsDesk(Lab lab) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("pgmahout-desk-").FullName;

    /// <summary>Of the file; empty: it does not say which hosts keep etcd.</summary>
    public string Etcd { get; init; } = "etcd: [db1, db2, db3]";

    private string ClusterFile => Path.Combine(Directory, "cluster.yml");

    /// <param name="more">Lines at the end of the file.</param>
    public void Write(IEnumerable<string> hosts, string more = "") => File.WriteAllText(
        ClusterFile,
        $$"""
        cluster: orders
        ssh: { user: root, identity: {{Lab.Identity}} }
        {{Etcd}}
        hosts:
        {{string.Join('\n', hosts.Select(host => $"  - {{ name: {host}, address: {lab.Address(host)} }}"))}}
        {{more}}

        """);

    /// <summary>Of the whole cluster, or a verb of it, which is given the file by an option.</summary>
    public async Task<Ran> DeployAsync(params string[] arguments)
    {
        var begun = Stopwatch.GetTimestamp();
        var ran = await Program.RunAsync(
            Program.Path,
            arguments.FirstOrDefault() is { } verb && !verb.StartsWith('-')
                ? ["deploy", .. arguments, "--file", ClusterFile, "--known-hosts", lab.KnownHosts]
                : ["deploy", ClusterFile, .. arguments, "--known-hosts", lab.KnownHosts],
            Limit);
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"== {took:F1} s: {ran}"));
        return ran;
    }

    /// <summary>As people see it who are on a host.</summary>
    public async Task<Status> SeenFromAsync(string host) =>
        Status.Parse((await lab.ExecAsync(host, "pgmahout", "status", "-o", "json")).Out);

    public async Task<Status> HealthyFromAsync(string host)
    {
        Status? status = null;
        await Eventually.HoldsAsync($"healthy, seen from {host}", Lab.Limit, async () =>
            (status = await SeenFromAsync(host)).IsHealthy);
        return status!;
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
