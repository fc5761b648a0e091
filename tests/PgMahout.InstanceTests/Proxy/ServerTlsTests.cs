using System.Diagnostics;
using System.Text;
using Npgsql;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Routing;
using PgMahout.InstanceTests.Replication;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Probing;
using PgMahout.Tests.Proxy.Tls;
using Xunit;
using static PgMahout.InstanceTests.Proxy.RunningProxy;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>The proxy reaches a server by TCP, encrypted or not as its settings want it.</summary>
public sealed class ServerTlsTests : IDisposable
{
    // An address of its own for each server: all of them have the same port.
    private static int s_last = Environment.ProcessId;

    private readonly TestCertificates _files = new();
    private readonly ServerAddress.Tcp _address = NewAddress();

    public static TheoryData<bool> Engines => [true, false];

    public void Dispose() => _files.Dispose();

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Everything_goes_through_tls_to_a_server_that_shows_who_it_is(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll, ServerTls.VerifyFull);
        await using var client = await proxy.ConnectAsync();

        Assert.True(await AskAsync<bool>(client, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"));
        Assert.Equal(5_000_000, (await AskAsync<string>(client, "SELECT repeat('x', 5000000)")).Length);
        Assert.Equal(3_000_000, await AskAsync<int>(client, $"SELECT length('{new string('y', 3_000_000)}')"));
        await AskAsync<long>(client, "CREATE TABLE lines (line text); SELECT 1::bigint");
        await using (var writer = await client.BeginTextImportAsync("COPY lines FROM STDIN"))
            await writer.WriteAsync(new StringBuilder().Insert(0, "a line\n", 200_000));
        using var reader = await client.BeginTextExportAsync("COPY lines TO STDOUT");
        Assert.Equal(1_400_000, (await reader.ReadToEndAsync()).Length);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_cancel_goes_through_tls_too(bool onlyEpoll)
    {
        // The server takes nothing that is not encrypted, cancels neither.
        await using var proxy = await StartAsync(onlyEpoll, ServerTls.Require);
        await using var client = await proxy.ConnectAsync();
        await using var sleeping = new NpgsqlCommand("SELECT pg_sleep(60)", client);
        var slept = sleeping.ExecuteNonQueryAsync();
        await proxy.SleepsAsync();
        var watch = Stopwatch.StartNew();
        while (!slept.IsCompleted && watch.Elapsed < LoneServer.Limit)
        {
            sleeping.Cancel();
            await Task.WhenAny(slept, Task.Delay(20));
        }

        var cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => slept);
        Assert.Equal("57014", Assert.IsType<PostgresException>(cancelled.GetBaseException()).SqlState);
        Assert.Equal(1, await AskAsync<int>(client, "SELECT 1"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Another_reign_cuts_what_is_encrypted(bool onlyEpoll)
    {
        await using var proxy = await StartAsync(onlyEpoll, ServerTls.Require);
        await using var idle = await proxy.ConnectAsync();
        await using var busy = await proxy.ConnectAsync();
        await AskAsync<int>(idle, "SELECT 1");
        await AskAsync<int>(busy, "BEGIN; SELECT 1");

        proxy.Lead(2);

        Assert.Equal(
            "57P01", (await Assert.ThrowsAsync<PostgresException>(() => AskAsync<int>(busy, "SELECT 2"))).SqlState);
        Assert.Equal(3, await AskAsync<int>(idle, "SELECT 3"));
    }

    [Fact]
    public async Task A_server_with_another_name_is_not_believed()
    {
        await using var proxy = await StartAsync(onlyEpoll: false, ServerTls.VerifyFull, host: "other.example");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => proxy.ConnectAsync());

        Assert.Equal("57P03", refused.SqlState);
        Assert.Contains("mismatch", refused.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_not_believed()
    {
        using var others = new TestCertificates();
        await using var proxy = await StartAsync(
            onlyEpoll: false, ServerTls.VerifyAuthority, authority: others.Authority);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => proxy.ConnectAsync());

        Assert.Contains("no TLS with m1", refused.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_tls_is_used_only_where_that_may_be()
    {
        await using var preferring = await StartAsync(onlyEpoll: false, ServerTls.Prefer, offered: false);
        await using var client = await preferring.ConnectAsync();
        Assert.False(await AskAsync<bool>(client, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"));

        preferring.Change(settings => settings with { ServerTls = ServerTls.Require });
        preferring.Lead(2);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => AskAsync<int>(client, "SELECT 1"));

        Assert.Equal("57P03", refused.SqlState);
        Assert.Contains("m1 offers no TLS", refused.MessageText, StringComparison.Ordinal);
    }

    private async Task<RunningProxy> StartAsync(
        bool onlyEpoll, ServerTls tls, string host = "db.example", string? authority = null, bool offered = true)
    {
        var proxy = await RunningProxy.StartAsync(
            onlyEpoll,
            settings => settings with
            {
                ServerTls = tls,
                ServerAuthorityFile = authority ?? _files.Authority,
                Hold = TimeSpan.FromSeconds(2),
            },
            server => EncryptAsync(server, offered), _address);
        proxy.Host = host;
        proxy.Lead(1);
        return proxy;
    }

    /// <summary>By TCP it lets nobody in without TLS, if it has it at all, and only by the password.</summary>
    private async Task EncryptAsync(LoneServer server, bool offered)
    {
        var account = TestMember.Done(ServerAccount.Find());
        foreach (var (from, to) in new[] { (_files.Chain, "server.crt"), (_files.Key, "server.key") })
        {
            var file = Path.Combine(server.DataDirectory, to);
            File.Copy(from, file);
            account.TakeOwnership(file);
        }
        await File.WriteAllTextAsync(
            Path.Combine(server.DataDirectory, "pg_hba.conf"),
            $"local all all trust\n{(offered ? "hostssl" : "host")} all all 127.0.0.0/8 scram-sha-256\n");
        await server.ExecuteAsync($"ALTER SYSTEM SET listen_addresses = '{_address.Host}'");
        await server.ExecuteAsync($"ALTER SYSTEM SET ssl = {(offered ? "on" : "off")}");
        await server.StopCleanlyAsync();
        await server.StartAsync();
    }

    private static ServerAddress.Tcp NewAddress()
    {
        var number = Interlocked.Increment(ref s_last);
        var host = $"127.{100 + number / 62_500 % 100}.{number / 250 % 250}.{1 + number % 250}";
        return new ServerAddress.Tcp(host, ScratchServer.Port);
    }
}
