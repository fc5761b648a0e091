using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using PgMahout.Proxying;
using Xunit;

namespace PgMahout.Tests.Proxy;

/// <summary>What a login is told when no server can say anything: each one is answered, or it would hang.</summary>
public sealed class UserDirectoryTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-users-").FullName;
    private readonly TcpListener _primary = new(IPAddress.Loopback, 0);
    private readonly TcpListener _standby = new(IPAddress.Loopback, 0);

    public UserDirectoryTests()
    {
        _primary.Start();
        _standby.Start();
    }

    public void Dispose()
    {
        _primary.Dispose();
        _standby.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Without_any_server_nothing_is_known()
    {
        await using var users = new UserDirectory(() => Topology.Unknown, () => new ProxySettings(), "secret");

        Assert.Null(await FindAsync(users, "alice"));
    }

    [Fact]
    public async Task A_primary_that_hangs_up_is_followed_by_a_standby()
    {
        await using var users = Users(new ProxySettings { ServerTls = ServerTls.Disable });
        var found = FindAsync(users, "alice");

        (await _primary.AcceptTcpClientAsync().WaitAsync(Limit)).Dispose();
        (await _standby.AcceptTcpClientAsync().WaitAsync(Limit)).Dispose();

        Assert.Null(await found);
    }

    [Fact]
    public async Task Many_who_log_in_at_once_as_one_role_are_one_question()
    {
        await using var users = Users(new ProxySettings { ServerTls = ServerTls.Disable });
        var found = Enumerable.Range(0, 50).Select(_ => FindAsync(users, "alice")).ToArray();

        using (await _primary.AcceptTcpClientAsync().WaitAsync(Limit))
            Assert.False(_primary.Pending());
        (await _standby.AcceptTcpClientAsync().WaitAsync(Limit)).Dispose();

        Assert.All(await Task.WhenAll(found), Assert.Null);
        Assert.False(_primary.Pending());
    }

    [Theory]
    [InlineData(ServerTls.VerifyAuthority)]
    [InlineData(ServerTls.VerifyFull)]
    public async Task An_authority_that_cannot_be_read_lets_nobody_wait(ServerTls tls)
    {
        var authority = Path.Combine(_directory, "ca.crt");
        await File.WriteAllTextAsync(authority, "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n");
        await using var users = Users(new ProxySettings { ServerTls = tls, ServerAuthorityFile = authority });
        var found = FindAsync(users, "alice");

        foreach (var listener in new[] { _primary, _standby })
            await ShowCertificateAsync(listener);

        Assert.Null(await found);
    }

    /// <summary>As a server does that has a certificate; it is looked at with the authority.</summary>
    private static async Task ShowCertificateAsync(TcpListener listener)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=db", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        using var client = await listener.AcceptTcpClientAsync().WaitAsync(Limit);
        try
        {
            await client.GetStream().ReadExactlyAsync(new byte[8]).AsTask().WaitAsync(Limit);
            await client.GetStream().WriteAsync("S"u8.ToArray());
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(certificate).WaitAsync(Limit);
            Assert.Equal(0, await tls.ReadAsync(new byte[1]).AsTask().WaitAsync(Limit));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Refused, by an alert or without a word.
        }
    }

    private UserDirectory Users(ProxySettings settings) => new(
        () => Topology.Unknown with
        {
            Primary = At("db1", _primary),
            Standbys = [new StandbyBackend(At("db2", _standby), new Lsn(1), TimeSpan.Zero, Instant.Zero)],
        },
        () => settings,
        "secret");

    private static Backend At(string name, TcpListener listener) => new(
        new MemberName(name),
        new ServerAddress.Tcp(IPAddress.Loopback.ToString(), ((IPEndPoint)listener.LocalEndpoint).Port));

    private static async Task<UserSecret?> FindAsync(UserDirectory users, string role)
    {
        var answered = new TaskCompletionSource<UserSecret?>(TaskCreationOptions.RunContinuationsAsynchronously);
        users.Find(role, fresh: true, answered.SetResult);
        return await answered.Task.WaitAsync(Limit);
    }
}
