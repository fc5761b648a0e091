using PgMahout.HostTests.Harness;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.HostTests;

/// <summary>
/// An etcd that somebody else looks after: its own authority, certificates of clients, users, passwords.
/// </summary>
public sealed class OwnEtcdTests : IAsyncLifetime
{
    private const string Etcd = "db4";
    private const string Files = "/root/etcd";

    private Lab _lab = null!;
    private OperatorsDesk _desk = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await Lab.UpAsync(4, "--bare");
        _desk = new OperatorsDesk(_lab)
        {
            Etcd = $$"""
                etcd:
                  endpoints: [https://{{_lab.Address(Etcd)}}:2379]
                  ca: etcd-ca.crt
                  certificate: client.crt
                  key: client.key
                  user: pgmahout
                  password_file: etcd.password
                """,
        };
    }

    public async ValueTask DisposeAsync()
    {
        _desk?.Dispose();
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    [Fact]
    public async Task A_cluster_is_deployed_to_an_etcd_that_was_there_before_it_and_survives_the_loss_of_its_primary()
    {
        await StartEtcdAsync();
        _desk.Write(["db1", "db2", "db3"]);
        var missing = await _desk.DeployAsync();
        missing.Fails(1, "DEP-004");
        Assert.Contains("etcd-ca.crt", missing.Error, StringComparison.Ordinal);
        foreach (var (name, file) in new[] { ("etcd-ca", "ca.crt"), ("client", "own.crt"), ("client", "own.key") })
            await KeepAsync(name + Path.GetExtension(file), await _lab.ShellAsync(Etcd, $"cat {Files}/{file}"));
        await KeepAsync("etcd.password", "wrong");

        var refused = await _desk.DeployAsync();
        refused.Fails(6, "DEP-006");
        Assert.Contains("does not accept the user", refused.Error, StringComparison.Ordinal);
        await KeepAsync("etcd.password", "secret of pgmahout");
        (await _desk.DeployAsync()).Exits(0);

        Assert.Equal("600", await _lab.ShellAsync("db2", "stat -c %a /var/lib/pgmahout/certs/etcd.password"));
        var again = (await _desk.DeployAsync()).Exits(0);
        Assert.Contains("nothing to do", again.Out + again.Error, StringComparison.Ordinal);
        await _lab.ShellAsync("db2", "pgmahout psql -- -XAtc 'create table kept as select 1'");
        var primary = (await _desk.HealthyFromAsync("db2")).Leader!;
        var other = new[] { "db1", "db2", "db3" }.First(host => host != primary);

        await _lab.DoAsync("power-off", primary);

        await Eventually.HoldsAsync("another one leads, and has what was written", Lab.Limit, async () =>
            (await _lab.ExecAsync(other, "pgmahout", "psql", "--", "-XAtc", "insert into kept values (2)")).Code == 0);
    }

    private Task KeepAsync(string name, string text) =>
        File.WriteAllTextAsync(Path.Combine(_desk.Directory, name), text + "\n");

    /// <summary>With an authority of its own, a certificate for its address, and authentication enabled.</summary>
    private Task StartEtcdAsync() => _lab.ShellAsync(
        Etcd,
        $$"""
        set -e
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq > /dev/null
        apt-get install -y -qq --no-install-recommends etcd-server etcd-client openssl > /dev/null 2>&1
        systemctl disable --quiet --now etcd
        mkdir -p {{Files}}
        cd {{Files}}
        openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/O=somebody else" -keyout ca.key -out ca.crt
        openssl req -newkey rsa:2048 -nodes -subj "/O=etcd" -keyout own.key -out own.csr
        printf 'subjectAltName=IP:{{_lab.Address(Etcd)}},IP:127.0.0.1\n' > names
        openssl x509 -req -in own.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile names -out own.crt
        systemd-run --quiet --unit=own-etcd /usr/bin/etcd --data-dir {{Files}}/data \
            --listen-client-urls https://0.0.0.0:2379 --advertise-client-urls https://{{_lab.Address(Etcd)}}:2379 \
            --cert-file {{Files}}/own.crt --key-file {{Files}}/own.key \
            --trusted-ca-file {{Files}}/ca.crt --client-cert-auth
        export ETCDCTL_API=3
        ctl() {
            etcdctl --endpoints https://127.0.0.1:2379 --cacert ca.crt --cert own.crt --key own.key "$@"
        }
        for i in $(seq 100); do ctl endpoint health > /dev/null 2>&1 && break; sleep 0.2; done
        ctl user add 'root:secret of root'
        ctl user grant-role root root
        ctl role add pgmahout
        ctl role grant-permission pgmahout --prefix=true readwrite /pgmahout/orders/
        ctl user add 'pgmahout:secret of pgmahout'
        ctl user grant-role pgmahout pgmahout
        ctl auth enable
        """);
}
