using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>How a replication connection shows who it is, and sees who the server is.</summary>
public sealed class LoginTests
{
    private static readonly TimeSpan Limit = TestMember.Limit;

    [Fact]
    public async Task A_password_is_proven_by_SCRAM_and_a_wrong_one_is_refused()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        var target = Tcp(cluster.A) with { Tls = TlsMode.Disable };

        using var connection = TestMember.Done(ReplicationConnection.Open(target, Limit, default));
        TestMember.Done(connection.IdentifySystem(Limit));
        var wrong = ReplicationConnection.Open(target with { Password = "wrong" }, Limit, default);
        var none = ReplicationConnection.Open(target with { Password = null }, Limit, default);
        var encrypted = ReplicationConnection.Open(target with { Tls = TlsMode.Require }, Limit, default);

        Assert.Equal("replication-refused", wrong.Failure?.Code);
        Assert.Contains("28P01", wrong.Failure!.Why, StringComparison.Ordinal);
        Assert.Equal("replication-login", none.Failure?.Code);
        Assert.Equal("replication-login", encrypted.Failure?.Code);
        Assert.DoesNotContain("wrong", wrong.Failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_is_encrypted_and_the_certificate_is_checked_where_that_is_asked()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        var authority = await EncryptAsync(cluster.A);
        var strict = Tcp(cluster.A) with { Tls = TlsMode.VerifyFull };

        Assert.Equal("replication-login", ReplicationConnection.Open(strict, Limit, default).Failure?.Code);
        using var connection = TestMember.Done(
            ReplicationConnection.Open(strict with { RootCertificates = authority }, Limit, default));
        using var lax = TestMember.Done(
            ReplicationConnection.Open(strict with { Tls = TlsMode.Require }, Limit, default));
        var system = TestMember.Done(connection.IdentifySystem(Limit));
        var from = new WalPosition(system.Timeline, new Lsn(system.FlushedTo.Value / (16 << 20) * (16 << 20)));
        var stream = Assert.IsType<StreamStart.Streaming>(
            TestMember.Done(connection.StartStreaming(null, from, Limit, Limit))).Stream;
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 200000) i");
        var end = Lsn.Parse((await cluster.A.QueryAsync<string>("SELECT pg_current_wal_flush_lsn()::text"))!);

        var received = new ReceivedWal();
        Assert.Equal(StreamStep.Message, received.Receive(stream, system.Timeline, end));

        received.SameAs(Path.Combine(cluster.A.Instance.Settings.DataDirectory, "pg_wal"));
        Assert.Equal(2, await cluster.A.QueryAsync<long>(
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
            + "WHERE ssl AND backend_type = 'walsender'"));
    }

    private static ReplicationTarget Tcp(TestMember member) => new(
        member.Instance.Settings.Host,
        member.Instance.Settings.Port,
        InstanceSettings.ReplicationRole,
        member.Instance.Settings.Secrets.ReplicationPassword);

    /// <returns>The path of the certificate, which is its own authority.</returns>
    private static async Task<string> EncryptAsync(TestMember member)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var directory = member.Instance.Settings.DataDirectory;
        await PlaceAsync(member, Path.Combine(directory, "server.crt"), certificate.ExportCertificatePem());
        await PlaceAsync(member, Path.Combine(directory, "server.key"), key.ExportPkcs8PrivateKeyPem());
        await member.ExecuteAsync("ALTER SYSTEM SET ssl = on");
        await member.ExecuteAsync("SELECT pg_reload_conf()");
        while (await member.QueryAsync<string>("SHOW ssl") != "on")
            await Task.Delay(5);
        return Path.Combine(directory, "server.crt");
    }

    private static async Task PlaceAsync(TestMember member, string path, string content)
    {
        await File.WriteAllTextAsync(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        member.Instance.Settings.Account.TakeOwnership(path);
    }
}
