using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>
/// Hosts that are lost for good, with the member of etcd on them, and others that come in their place.
/// </summary>
public sealed class ReplacedHostTests : IAsyncLifetime
{
    // All of a deployed host but packages: as if its disk had been replaced.
    private const string ForgetEverything =
        """
        for unit in proxy archiver agent etcd; do systemctl disable --now pgmahout-$unit; done
        for pid in $(cat /var/lib/pgmahout/members/*/data/postmaster.pid | head -n 1); do kill -9 $pid; done
        rm -rf /var/lib/pgmahout /etc/pgmahout /opt/pgmahout /etc/systemd/system/pgmahout-*
        systemctl daemon-reload
        """;

    private Lab _lab = null!;
    private OperatorsDesk _desk = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await Lab.UpAsync(4, "--bare");
        _desk = new OperatorsDesk(_lab) { Etcd = "" };
    }

    public async ValueTask DisposeAsync()
    {
        _desk?.Dispose();
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    [Fact]
    public async Task A_lost_host_is_replaced_by_another_one_which_votes_and_later_by_itself_with_an_empty_disk()
    {
        _desk.Write(["db1", "db2", "db3"]);
        (await _desk.DeployAsync()).Exits(0);
        await WriteAsync("db2", "create table kept (n int); insert into kept values (1)");

        await _lab.DoAsync("power-off", "db1");
        await LeadsElsewhereAsync("db1", "db2");
        var slip = await DeployedAsync("db2", "db3", "db4");
        slip.Fails(3, "DEP-003");
        Assert.Contains("pgmahout deploy remove db1 --lost", slip.Error, StringComparison.Ordinal);
        (await _desk.DeployAsync("remove", "db1", "--lost", "--yes")).Exits(0);
        var planned = await DeployedAsync("db2", "db3", "db4", "--dry-run");
        Assert.Contains("join etcd", planned.Exits(0).Out, StringComparison.Ordinal);

        (await DeployedAsync("db2", "db3", "db4")).Exits(0);

        Assert.Equal(3, (await _desk.HealthyFromAsync("db4")).Members.Length);
        var again = (await DeployedAsync("db2", "db3", "db4")).Exits(0);
        Assert.Contains("nothing to do", again.Out + again.Error, StringComparison.Ordinal);
        await LosesNothingWithoutAsync("db2", "db3");

        await _lab.DoAsync("power-on", "db2");
        await _lab.ShellAsync("db2", ForgetEverything);
        planned = await DeployedAsync("db2", "db3", "db4", "--dry-run");
        Assert.Contains("in place of its former member", planned.Exits(0).Out, StringComparison.Ordinal);
        (await DeployedAsync("db2", "db3", "db4")).Exits(0);
        Assert.Equal(3, (await _desk.HealthyFromAsync("db2")).Members.Length);
        await LosesNothingWithoutAsync("db3", "db2");
    }

    /// <summary>Without it there is a majority only if the one that came last votes.</summary>
    private async Task LosesNothingWithoutAsync(string lost, string seenFrom)
    {
        await _lab.DoAsync("power-off", lost);
        await LeadsElsewhereAsync(lost, seenFrom);
        await WriteAsync(seenFrom, "insert into kept select max(n) + 1 from kept");
    }

    private Task LeadsElsewhereAsync(string lost, string seenFrom) =>
        Eventually.HoldsAsync($"another than {lost} leads", Lab.Limit, async () =>
            await _desk.SeenFromAsync(seenFrom) is { Leader: { } leader } && leader != lost
            && (await TryWriteAsync(seenFrom, "select pg_current_wal_lsn()")).Code == 0);

    private async Task WriteAsync(string host, string statement) => (await TryWriteAsync(host, statement)).Exits(0);

    private Task<Ran> TryWriteAsync(string host, string statement) =>
        _lab.ExecAsync(host, "pgmahout", "psql", "--", "-XAtc", statement);

    private Task<Ran> DeployedAsync(params string[] words)
    {
        _desk.Write(words.Where(word => !word.StartsWith('-')));
        return _desk.DeployAsync([.. words.Where(word => word.StartsWith('-'))]);
    }
}
