using System.Globalization;
using System.Text.Json;
using Npgsql;
using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>
/// Two hosts with data and a witness, as <c>deploy</c> makes them, that archive into a bucket of an S3 server on the
/// operator's machine, encrypted.
/// </summary>
public sealed class RepositoryTests : IAsyncLifetime
{
    private const string Home = DeployedCluster.Home;
    private const string Witness = "db3";
    private static readonly TimeSpan Rto = TimeSpan.FromSeconds(3);

    private readonly LabBucket _bucket = new();
    private DeployedCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public async ValueTask InitializeAsync() =>
        _cluster = await DeployedCluster.UpAsync(Rto, hasWitness: true, _bucket.OpenAsync);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        await _bucket.DisposeAsync();
    }

    [Fact]
    public async Task Backups_of_several_hosts_are_made_once_seen_from_each_and_outlive_the_primarys_host()
    {
        await SecretsAreForTheAccountAloneAsync();
        await EveryHostSaysTheSameAsync();
        await EveryProxyServesAsync();
        await WhoWaitsWritesNothingIntoTheLogAsync();
        await NothingIsMissingAfterALossOfPowerAsync();
        await AllOfItIsTakenBackInTimeAsync();
        await ADroppedTableComesBackAsync(await StandbyAsync());
        await ADroppedTableComesBackAsync((await _cluster.PrimaryAsync())!);
        await ACopyComesFromTheRepositoryAsync();
        await WhatCannotBeDoneOnAWitnessIsSaidAsync();
        var again = (await _cluster.DeployAgainAsync()).Exits(0);
        Assert.Contains("nothing to do", again.Out + again.Error, StringComparison.Ordinal);
    }

    private async Task SecretsAreForTheAccountAloneAsync()
    {
        foreach (var host in Lab.Hosts)
            Assert.Equal(
                "600 postgres\n600 postgres",
                await Lab.ShellAsync(host, $"stat -c '%a %U' {Home}/secrets/repository-*"));
        var files = Directory.EnumerateFiles(_bucket.Server.Objects, "*", SearchOption.AllDirectories).ToArray();
        Assert.Contains(files, file => file.EndsWith(".aes", StringComparison.Ordinal)
            || file.Contains(".aes", StringComparison.Ordinal));
    }

    /// <summary>The first backup is made by itself, by one archiver.</summary>
    private async Task EveryHostSaysTheSameAsync()
    {
        foreach (var host in Lab.Hosts)
            await Eventually.HoldsAsync($"healthy, with a backup, seen from {host}", Lab.Limit, async () =>
                await ArchiveSeenFromAsync(host) is { } archive
                && archive.GetProperty("state").GetString() == "streaming"
                && archive.GetProperty("lastBackup").ValueKind == JsonValueKind.Object
                && Status.Parse((await _cluster.OnAsync(host, "status", "-o", "json")).Out).IsHealthy);
        var lists = new List<string>();
        foreach (var host in Lab.Hosts)
            lists.Add((await _cluster.OnAsync(host, "backup", "list", "-o", "plain")).Exits(0).Out.Trim());
        Assert.Single(lists.Distinct());
        Assert.Single(lists[0].Split('\n'));
        // A backup is complete with its WAL in pieces; the segment of its end is put together a moment later.
        await Eventually.HoldsAsync("a segment of WAL is whole", Lab.Limit, async () =>
            (await _cluster.OnAsync(_cluster.Data[0], "wal", "stats")).Code == 0);
        foreach (var host in Lab.Hosts)
        {
            (await _cluster.OnAsync(host, "backup", "verify")).Exits(0);
            (await _cluster.OnAsync(host, "wal", "stats")).Exits(0);
            (await _cluster.OnAsync(host, "undo", "list")).Exits(0);
        }
        foreach (var host in _cluster.Data)
        {
            (await _cluster.OnAsync(host, "repo", "check")).Exits(0);
            (await _cluster.OnAsync(host, "drill", "restore")).Exits(0);
        }
        // Both hosts at once: one waits for the other's turn, and no backup is written by two.
        var both = await Task.WhenAll(_cluster.Data.Select(host => _cluster.OnAsync(host, "backup", "now")));
        Assert.All(both, ran => ran.Exits(0));
        (await _cluster.OnAsync(Witness, "backup", "verify")).Exits(0);
        var listed = await _cluster.OnAsync(Witness, "backup", "list", "-o", "plain");
        Assert.Equal(3, listed.Out.Trim().Split('\n').Length);
    }

    /// <summary>The archiver of the other host waits all the while for the slot.</summary>
    private async Task WhoWaitsWritesNothingIntoTheLogAsync()
    {
        var primary = (await _cluster.PrimaryAsync())!;
        var log = $"cat {Home}/members/{primary}/log/postgresql-*.log";
        var before = int.Parse(await Lab.ShellAsync(primary, $"{log} | wc -l"), CultureInfo.InvariantCulture);
        await Task.Delay(TimeSpan.FromSeconds(20));
        var written = await Lab.ShellAsync(primary, $"{log} | tail -n +{before + 1}");
        TestContext.Current.TestOutputHelper?.WriteLine($"written in 20 s by {primary}: {written}");
        Assert.DoesNotContain("archiver", written, StringComparison.Ordinal);
        Assert.DoesNotContain("REPLICATION", written, StringComparison.Ordinal);
    }

    /// <summary>Also the one on the host without a member.</summary>
    private async Task EveryProxyServesAsync()
    {
        foreach (var host in Lab.Hosts)
            await Eventually.HoldsAsync($"the proxy of {host} serves", Lab.Limit, async () =>
            {
                try
                {
                    await using var connection = new NpgsqlConnection(_cluster.ConnectionText(host));
                    await connection.OpenAsync();
                    await using var question = new NpgsqlCommand("select 1", connection);
                    return await question.ExecuteScalarAsync() is 1;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            });
    }

    private async Task WhatCannotBeDoneOnAWitnessIsSaidAsync()
    {
        await Lab.ShellAsync(Witness, "mv /usr/lib/postgresql /usr/lib/postgresql.away");
        foreach (string[] command in (string[][])
            [
                ["backup", "now"], ["drill", "restore"], ["restore", "--to", "/tmp/then", "--at", "latest"],
                ["undo", "drop", "nothing"],
                ["repo", "check"],
            ])
        {
            var ran = (await _cluster.OnAsync(Witness, command)).Fails(3, "HST-001");
            Assert.Contains($"ssh {Lab.Address("db1")}", ran.Error, StringComparison.Ordinal);
        }
    }

    private async Task ADroppedTableComesBackAsync(string host)
    {
        await using var writer = await RowWriter.StartAsync(_cluster, "others");
        await _cluster.DoAsync(
            "drop table if exists lost; create table lost as select generate_series(1, 5000) as n");
        await ANameIsKeptAsync();
        await _cluster.DoAsync("drop table if exists lost");
        await writer.ReachesAsync(20);

        foreach (var other in Lab.Hosts)
            Assert.Contains(
                "lost", (await _cluster.OnAsync(other, "undo", "list")).Exits(0).Out, StringComparison.Ordinal);
        (await _cluster.OnAsync(host, "undo", "drop", "lost", "--yes")).Exits(0);

        Assert.Equal(5000, (await _cluster.NumbersAsync("select n::bigint from lost")).Count);
        await writer.StopAsync();
        Assert.Subset(
            (HashSet<long>)await _cluster.NumbersAsync("select id from others"), writer.Confirmed.ToHashSet());
        await _cluster.DoAsync("drop table others, lost");
    }

    /// <summary>A table that is new has a name in the archive only once the catalogs were looked at again.</summary>
    private async Task ANameIsKeptAsync()
    {
        var before = Snapshots();
        await Eventually.HoldsAsync(
            "the catalogs were looked at again", Lab.Limit, () => Snapshots().Except(before).Any());
    }

    private string[] Snapshots() =>
        [.. Directory.EnumerateFiles(_bucket.Server.Objects, "*", SearchOption.AllDirectories)
            .Where(file => file.Contains("/catalog/", StringComparison.Ordinal))];

    private async Task ACopyComesFromTheRepositoryAsync()
    {
        var standby = await StandbyAsync();
        (await _cluster.OnAsync(standby, "member", "reinit", standby, "--from", "repository", "--yes")).Exits(0);
        await Eventually.HoldsAsync($"{standby} was copied from the repository", Lab.Limit, async () =>
            (await _cluster.OnAsync(Witness, "history")).Out
                .Contains($"{standby} was restored from main", StringComparison.Ordinal));
        await _cluster.WholeAsync(Lab.Limit);
    }

    private async Task NothingIsMissingAfterALossOfPowerAsync()
    {
        await using var writer = await RowWriter.StartAsync(_cluster, "kept");
        await writer.ReachesAsync(200);
        var lost = (await _cluster.PrimaryAsync())!;
        var left = await StandbyAsync();

        await Lab.DoAsync("power-off", lost);
        await writer.ReachesAsync(200);

        var said = "";
        await Eventually.HoldsAsync("archiving goes on, seen from the witness", Lab.Limit, async () =>
            await ArchiveSeenFromAsync(Witness) is { } archive
            && Tell(ref said, archive.GetRawText())
            && archive.GetProperty("state").GetString() == "streaming"
            && archive.GetProperty("by").GetString() == left
            && archive.GetProperty("gap").ValueKind == JsonValueKind.Null);
        await writer.StopAsync();
        (await _cluster.OnAsync(left, "restore", "--to", $"{Home}/then", "--at", "latest")).Exits(0);
        var there = await _cluster.AskCopyAsync(left, $"{Home}/then", "select id from kept");
        Assert.Subset(there.Select(long.Parse).ToHashSet(), writer.Confirmed.ToHashSet());
        (await _cluster.OnAsync(left, "backup", "verify")).Exits(0);

        await Lab.DoAsync("power-on", lost);
        await _cluster.WholeAsync(Lab.Limit);
        await Eventually.HoldsAsync($"healthy, seen from {lost}", Lab.Limit, async () =>
            Status.Parse((await _cluster.OnAsync(lost, "status", "-o", "json")).Out).IsHealthy);
    }

    /// <summary>Killed in the middle once, and gone on with to another point.</summary>
    private async Task AllOfItIsTakenBackInTimeAsync()
    {
        await _cluster.DoAsync("create table if not exists moments (id bigint primary key)");
        await _cluster.DoAsync("insert into moments values (1) on conflict do nothing");
        var first = (await _cluster.AskAsync<string>("select clock_timestamp()::text"))!;
        await _cluster.DoAsync("insert into moments values (2) on conflict do nothing");
        var second = (await _cluster.AskAsync<string>("select clock_timestamp()::text"))!;
        await _cluster.DoAsync("insert into moments values (3) on conflict do nothing");
        var held = await StandbyAsync();
        (await _cluster.OnAsync(held, "restore", "--in-place", "--at", first)).Fails(3, "HST-001");
        await ASilentHostIsWaitedForAsync(held, first);
        var planned = (await RestoreAsync(first, "--dry-run")).Exits(0);
        Assert.Contains("UNDONE", planned.Error, StringComparison.Ordinal);

        await Program.KillAfterLineAsync(
            Program.Path, _cluster.Verb("restore", "--at", first, "--yes"), "which leads", TimeSpan.FromMinutes(5));
        // The leader was only about to be stopped.
        Assert.NotEqual("active", await Lab.ShellAsync(held, "systemctl is-active pgmahout-agent || true"));
        // Not even the loss of power brings up what there was.
        await Lab.DoAsync("power-off", held);
        await Lab.DoAsync("power-on", held);
        (await RestoreAsync(second, "--yes")).Exits(0);

        Assert.Equal([1, 2], (await _cluster.NumbersAsync("select id from moments")).Order());
        await _cluster.WholeAsync(Lab.Limit);
        foreach (var host in Lab.Hosts)
            await Eventually.HoldsAsync($"healthy, seen from {host}", Lab.Limit, async () =>
                Status.Parse((await _cluster.OnAsync(host, "status", "-o", "json")).Out).IsHealthy);
        await using var writer = await RowWriter.StartAsync(_cluster, "goes_on");
        await writer.ReachesAsync(50);
    }

    /// <summary>What it has could come to lead, so nothing is begun, and it takes part in the next attempt.</summary>
    private async Task ASilentHostIsWaitedForAsync(string silent, string point)
    {
        const string Server = $"cat {Home}/members/*/data/postmaster.pid | head -n 1";
        var leads = (await _cluster.PrimaryAsync())!;
        var server = await Lab.ShellAsync(leads, Server);
        await Lab.DoAsync("power-off", silent);
        var refused = (await RestoreAsync(point, "--yes")).Fails(1, "DEP-005");
        Assert.Contains($"{silent} does not answer", refused.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", refused.Error, StringComparison.Ordinal);
        Assert.Contains($"deploy remove {silent} --lost", refused.Error, StringComparison.Ordinal);
        Assert.Equal(server, await Lab.ShellAsync(leads, Server));
        await Lab.ShellAsync(leads, $"test ! -e {Home}/held");
        await Lab.DoAsync("power-on", silent);
        await _cluster.WholeAsync(Lab.Limit);
        Assert.Equal([1, 2, 3], (await _cluster.NumbersAsync("select id from moments")).Order());
    }

    /// <summary>Whenever it changes, for whoever looks for the reason of a failure.</summary>
    private static bool Tell(ref string before, string now)
    {
        if (before != now)
            TestContext.Current.TestOutputHelper?.WriteLine(now);
        before = now;
        return true;
    }

    private Task<Ran> RestoreAsync(string point, string how) => Program.RunAsync(
        Program.Path, _cluster.Verb("restore", "--at", point, how), TimeSpan.FromMinutes(5));

    private async Task<string> StandbyAsync()
    {
        await _cluster.WholeAsync(Lab.Limit);
        var primary = await _cluster.PrimaryAsync();
        return _cluster.Data.First(host => host != primary);
    }

    private async Task<JsonElement?> ArchiveSeenFromAsync(string host)
    {
        using var status = JsonDocument.Parse((await _cluster.OnAsync(host, "status", "-o", "json")).Out);
        return status.RootElement.TryGetProperty("archiver", out var archiver)
            && archiver.ValueKind == JsonValueKind.Object
            && archiver.GetProperty("archives").EnumerateArray().FirstOrDefault() is
                { ValueKind: JsonValueKind.Object } archive
            ? archive.Clone()
            : null;
    }
}
