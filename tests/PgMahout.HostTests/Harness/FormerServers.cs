using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests.Harness;

/// <summary>
/// A primary and its standbys as people have them before they know of pgmahout: made by Debian's own tools, or by hand.
/// </summary>
internal sealed class FormerServers(Lab lab, string data)
{
    public const string Debian = "/var/lib/postgresql/15/main";
    public const string Plain = "/srv/pg/data";
    private const string Bin = "/usr/lib/postgresql/15/bin";
    private const string Own = "/etc/postgresql/15/main";

    /// <summary>Of the role app, which owns the table rows.</summary>
    public const string Password = "of the app";

    private string Network => lab.Address("db1")[..(lab.Address("db1").LastIndexOf('.') + 1)] + "0/24";

    /// <summary>By Debian's cluster tools, kept by Debian's units, which start them at boot.</summary>
    public static async Task<FormerServers> DebianAsync(Lab lab, IReadOnlyList<string> standbys, string initdb)
    {
        var servers = new FormerServers(lab, Debian);
        await lab.ShellAsync("db1", $"pg_createcluster 15 main -- {initdb} && systemctl enable -q postgresql");
        await servers.ConfigureAsync("db1", Own);
        await lab.ShellAsync("db1", "systemctl start postgresql@15-main");
        await servers.FillAsync();
        await Task.WhenAll(standbys.Select(async host =>
        {
            await lab.ShellAsync(host, $"pg_createcluster 15 main && systemctl enable -q postgresql && rm -r {Debian}");
            await servers.ConfigureAsync(host, Own);
            await servers.CopyAsync(host);
            await lab.ShellAsync(host, "systemctl start postgresql@15-main");
        }));
        await servers.StreamAsync(standbys.Count);
        return servers;
    }

    /// <summary>
    /// Files all in one directory: the primary kept by somebody's own unit, which knows it by the file in its data
    /// directory; the standby started by hand.
    /// </summary>
    public static async Task<FormerServers> PlainAsync(Lab lab, string standby)
    {
        var servers = new FormerServers(lab, Plain);
        foreach (var host in new[] { "db1", standby })
            await lab.ShellAsync(host, "install -d -o postgres -g postgres -m 0700 /srv/pg");
        await lab.ShellAsync("db1", As($"{Bin}/initdb -D {Plain} -A peer"));
        await servers.ConfigureAsync("db1", Plain);
        await lab.WriteAsync("db1", "/etc/systemd/system/mydb.service", $"""
            [Unit]
            Description=A database of our own
            [Service]
            Type=forking
            User=postgres
            PIDFile={Plain}/postmaster.pid
            ExecStart={Bin}/pg_ctl start -w -D {Plain} -l /srv/pg/log
            ExecStop={Bin}/pg_ctl stop -m fast -D {Plain}
            Restart=always
            [Install]
            WantedBy=multi-user.target

            """);
        await lab.ShellAsync("db1", "systemctl daemon-reload && systemctl enable -q --now mydb");
        await servers.FillAsync();
        await servers.CopyAsync(standby);
        await lab.ShellAsync(standby, As($"{Bin}/pg_ctl start -w -D {Plain} -l /srv/pg/log") + " > /dev/null");
        await servers.StreamAsync(1);
        return servers;
    }

    /// <summary>By the socket and the login that it always had.</summary>
    public async Task<string> SqlAsync(string host, string sql) =>
        await lab.ShellAsync(host, $"runuser -u postgres -- psql -XAtqw -d postgres -c \"{sql}\"");

    public Task<string> PostmasterAsync(string host) => lab.ShellAsync(host, $"head -n 1 {data}/postmaster.pid");

    public async Task<string[]> PostmastersAsync(params string[] hosts) =>
        await Task.WhenAll(hosts.Select(PostmasterAsync));

    /// <summary>What must be the same before and after nothing was done.</summary>
    public Task<string> FingerprintAsync(string host) => lab.ShellAsync(host,
        $"head -n 1 {data}/postmaster.pid; ls -d /opt/pgmahout /var/lib/pgmahout /etc/pgmahout 2> /dev/null; "
        + $"ls /etc/systemd/system {data}; find /etc/postgresql {data}/*.conf -type f | sort | xargs sha256sum; "
        + "runuser -u postgres -- psql -XAtqwc 'select rolname, rolpassword from pg_authid order by 1'");

    public Task StreamAsync(int standbys) => Eventually.HoldsAsync(
        $"{standbys} standbys stream", Lab.Limit, async () => await SqlAsync(
            "db1", "select count(*) from pg_stat_replication where state = 'streaming'") == $"{standbys}");

    private static string As(string command) => $"cd / && runuser -u postgres -- {command}";

    private Task ConfigureAsync(string host, string directory) => lab.ShellAsync(host,
        $"printf '%s\\n' \"listen_addresses = '*'\" \"work_mem = '7MB'\" >> {directory}/postgresql.conf && "
        + $"printf '%s\\n' 'host all app {Network} scram-sha-256' 'host replication repl {Network} trust' "
        + $">> {directory}/pg_hba.conf");

    private async Task FillAsync()
    {
        await SqlAsync("db1", $"create role app login password '{Password}'");
        await SqlAsync("db1", "create role repl login replication");
        await SqlAsync("db1", "create table rows (id bigint primary key); alter table rows owner to app");
    }

    /// <summary>Where that fails, the primary's log tells more than the copy does.</summary>
    private async Task CopyAsync(string host)
    {
        var ran = await lab.ExecAsync(host, "bash", "-c", As(
            $"{Bin}/pg_basebackup -h {lab.Address("db1")} -U repl -R -C -S standby_{host} -c fast -D {data}"));
        Assert.True(ran.Code == 0, ran + await lab.ShellAsync(
            "db1", "tail -n 40 /var/log/postgresql/*.log /srv/pg/log 2> /dev/null || true"));
    }
}
