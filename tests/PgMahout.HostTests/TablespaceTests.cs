using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>Tablespaces outside the data directory, on hosts of which each has its own.</summary>
public sealed class TablespaceTests : IAsyncLifetime
{
    private const string Place = "/srv/fast";

    private DeployedCluster _cluster = null!;

    public async ValueTask InitializeAsync() =>
        _cluster = await DeployedCluster.UpAsync(TimeSpan.FromSeconds(3), hasWitness: true);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_standby_waits_for_a_missing_directory_and_is_rebuilt_with_all_that_is_in_it()
    {
        await _cluster.WholeAsync(Lab.Limit);
        var primary = (await _cluster.PrimaryAsync())!;
        var standby = _cluster.Data.Single(host => host != primary);
        await MakePlaceAsync(primary);

        await _cluster.DoAsync($"create tablespace fast location '{Place}'");
        await Eventually.HoldsAsync("doctor on the standby tells of the directory", Lab.Limit, async () =>
            (await _cluster.OnAsync(standby, "doctor", "-o", "plain")).Out.Contains(
                $"install -d -o postgres -g postgres -m 700 {Place}", StringComparison.Ordinal));
        await MakePlaceAsync(standby);
        await _cluster.WholeAsync(Lab.Limit);
        await _cluster.DoAsync(
            "create table if not exists kept tablespace fast as select generate_series(1, 5000)::bigint n");

        (await _cluster.OnAsync(standby, "member", "reinit", standby, "--yes")).Exits(0);
        await _cluster.WholeAsync(Lab.Limit);
        (await _cluster.OnAsync(standby, "switchover", "--to", standby, "--yes")).Exits(0);

        Assert.Equal(standby, await _cluster.PrimaryAsync());
        Assert.Equal(5000, (await _cluster.NumbersAsync("select n from kept")).Count);
    }

    private Task<string> MakePlaceAsync(string host) =>
        _cluster.Lab.ShellAsync(host, $"install -d -o postgres -g postgres -m 700 {Place}");
}
