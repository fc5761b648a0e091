using System.Net;
using System.Net.Sockets;
using PgMahout.Agent.Api;
using PgMahout.Agent.Http;
using PgMahout.Core.Cluster;
using Xunit;

namespace PgMahout.Tests.Agent;

public sealed class TlsListenerTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-tls-").FullName;
    private readonly TestAuthority _authority = new("ours");
    private readonly int _port = FreePort();
    private Listener? _listener;

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
            await _listener.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_host_of_the_same_authority_is_answered()
    {
        Listen();
        _authority.WriteInto(Place("client"), "db2", "127.0.0.2");

        Assert.Equal("operator may post", await PostAsync("client"));
    }

    [Fact]
    public async Task Somebody_who_only_reads_is_refused_what_changes_something()
    {
        Listen();
        _authority.WriteInto(Place("client"), "watcher", "127.0.0.2", unit: "reader");

        Assert.Contains("status 403", await PostAsync("client"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_gets_no_answer()
    {
        Listen();
        using var other = new TestAuthority("theirs");
        other.WriteInto(Place("client"), "db2", "127.0.0.2");
        // It believes the server, but the server does not believe it.
        File.Copy(Path.Combine(Place("server"), "ca.crt"), Path.Combine(Place("client"), "ca.crt"), overwrite: true);

        Assert.StartsWith("silent", await PostAsync("client"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_told_nothing()
    {
        Listen();
        using var other = new TestAuthority("theirs");
        other.WriteInto(Place("client"), "db2", "127.0.0.2");

        Assert.StartsWith("silent", await PostAsync("client"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_has_not_the_address_asked_for_is_told_nothing()
    {
        Listen(address: "127.0.0.9");
        _authority.WriteInto(Place("client"), "db2", "127.0.0.2");

        Assert.StartsWith("silent", await PostAsync("client"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_certificates_nothing_is_asked_and_the_reason_is_told()
    {
        Listen();

        Assert.Contains("certificates", await PostAsync("nowhere"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_that_were_renewed_are_used_without_a_restart()
    {
        Listen();
        using var next = new TestAuthority("next");
        next.WriteInto(Place("client"), "db2", "127.0.0.2");
        Assert.StartsWith("silent", await PostAsync("client"), StringComparison.Ordinal);

        next.WriteInto(Place("server"), "db1", "127.0.0.1");

        Assert.Equal("operator may post", await PostAsync("client"));
    }

    [Fact]
    public async Task Somebody_who_never_shakes_hands_does_not_keep_others_out()
    {
        Listen();
        _authority.WriteInto(Place("client"), "db2", "127.0.0.2");
        using var mute = new TcpClient();
        await mute.ConnectAsync(IPAddress.Loopback, _port, Cancellation);

        Assert.Equal("operator may post", await PostAsync("client"));

        // And it is let go after a while.
        Assert.Equal(0, await mute.GetStream().ReadAsync(new byte[1], Cancellation).AsTask()
            .WaitAsync(Limit, Cancellation));
    }

    private string Place(string name) => Path.Combine(_directory, name);

    private void Listen(string address = "127.0.0.1")
    {
        _authority.WriteInto(Place("server"), "db1", address);
        _listener = TlsListener.Open(
            new IPEndPoint(IPAddress.Loopback, _port),
            HostCertificates.In(Place("server")),
            peer => new HttpServer(new HttpLimits(), (_, _) => Task.FromResult(
                PeerRoles.Of(peer) == PeerRole.Operate
                    ? HttpAnswer.Json(new PromiseAnswer(true, "operator may post"), WireContext.Default.PromiseAnswer)
                    : HttpAnswer.Refusing(403, "only read"))));
    }

    private async Task<string> PostAsync(string place)
    {
        using var caller = new SocketCaller(
            new Uri($"https://127.0.0.1:{_port}"), HostCertificates.In(Place(place)));
        var answer = await caller.PostAsync(
            ("/x", new RequestBody(MemberRequest.Restart)),
            (WireContext.Default.RequestBody, WireContext.Default.PromiseAnswer), Limit, Cancellation);
        return answer is AgentAnswer<PromiseAnswer>.Said said ? said.Value.Reason! : "silent: " + answer.Silence;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
