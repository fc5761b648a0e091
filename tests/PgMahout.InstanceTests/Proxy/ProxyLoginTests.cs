using System.Diagnostics;
using PgMahout.Core.Proxy.Login;
using PgMahout.InstanceTests.Replication;
using PgMahout.Postgres.Probing;
using PgMahout.Proxy.Tls;
using PgMahout.Tests.Proxy.Tls;
using Xunit;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>psql logs in through the login machines at real servers, whose passwords no proxy has.</summary>
public sealed class ProxyLoginTests
{
    [Theory]
    [MemberData(nameof(LoneServer.Versions), MemberType = typeof(LoneServer))]
    public async Task Keys_from_a_clients_proof_are_good_at_the_server(int major)
    {
        await using var server = await StartAsync(major);
        using var proxy = Open(server, await SecretsAsync(server));

        var scram = await PsqlAsync(proxy, "alice", "pencil", "SELECT current_user");
        var keys = proxy.Credential;
        var md5 = await PsqlAsync(proxy, "bob", "eraser", "SELECT current_user");

        Assert.Equal(("alice\n", ""), scram);
        Assert.IsType<ServerCredential.ScramKeys>(keys);
        Assert.Equal(("bob\n", ""), md5);
        Assert.IsType<ServerCredential.Md5>(proxy.Credential);
    }

    [Fact]
    public async Task Wrong_passwords_and_wrong_names_are_refused_in_the_same_words()
    {
        await using var server = await StartAsync(15);
        using var proxy = Open(server, await SecretsAsync(server));

        var wrong = await PsqlAsync(proxy, "alice", "wrong", "SELECT 1");
        var missing = await PsqlAsync(proxy, "nobody", "wrong", "SELECT 1");
        var why = proxy.Why;
        var md5 = await PsqlAsync(proxy, "bob", "wrong", "SELECT 1");

        Assert.Contains(
            "FATAL:  password authentication failed for user \"alice\"", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(wrong.Error.Replace("alice", "nobody", StringComparison.Ordinal), missing.Error);
        Assert.Contains("no such role", why, StringComparison.Ordinal);
        Assert.Contains("failed for user \"bob\"", md5.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_refuses_reaches_the_client_in_its_own_words()
    {
        await using var server = await StartAsync(15);
        using var proxy = Open(server, await SecretsAsync(server));
        var missing = await PsqlAsync(proxy, "alice", "pencil", "SELECT 1", "dbname=nowhere");
        await server.ExecuteAsync("ALTER ROLE alice PASSWORD 'another'");

        var changed = await PsqlAsync(proxy, "alice", "pencil", "SELECT 1");

        Assert.Contains("FATAL:  database \"nowhere\" does not exist", missing.Error, StringComparison.Ordinal);
        Assert.Contains("password of role \"alice\" has changed", changed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_and_names_of_a_client_arrive_at_the_server()
    {
        await using var server = await StartAsync(15);
        using var proxy = Open(server, await SecretsAsync(server));

        var shown = await PsqlAsync(
            proxy, "alice", "pencil",
            "SELECT current_setting('work_mem'), current_setting('my.word'), current_setting('application_name')",
            @"application_name=till options='-c work_mem=8MB --my.word=two\\ words'");

        Assert.Equal(("8MB|two words|till\n", ""), shown);
    }

    [Fact]
    public async Task Encryption_and_channel_binding_hold_with_the_client_library()
    {
        await using var server = await StartAsync(15);
        using var files = new TestCertificates("127.0.0.1");
        using var tls = Assert.IsType<TlsOpening.Opened>(TlsContext.Server(files.Chain, files.Key)).Context;
        using var proxy = Open(server, await SecretsAsync(server), TlsRule.Required, tls);
        var strict = $"sslmode=verify-full sslrootcert={files.Authority} channel_binding=require";

        var bound = await PsqlAsync(proxy, "alice", "pencil", "SELECT current_user", strict);
        var large = await PsqlAsync(proxy, "alice", "pencil", "SELECT repeat('x', 3000000)", "sslmode=require");
        var wrong = await PsqlAsync(proxy, "alice", "wrong", "SELECT 1", "sslmode=require");
        var plain = await PsqlAsync(proxy, "alice", "pencil", "SELECT 1", "sslmode=disable");

        Assert.Equal(("alice\n", ""), bound);
        Assert.Equal((new string('x', 3_000_000) + "\n", ""), large);
        Assert.Contains("password authentication failed", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("connections without TLS are not accepted", plain.Error, StringComparison.Ordinal);
    }

    private static async Task<LoneServer> StartAsync(int major)
    {
        var server = await LoneServer.StartAsync(major);
        await server.ExecuteAsync("CREATE ROLE alice LOGIN PASSWORD 'pencil'");
        await server.ExecuteAsync("SET password_encryption = md5; CREATE ROLE bob LOGIN PASSWORD 'eraser'");
        var rules = Path.Combine(server.DataDirectory, "pg_hba.conf");
        await File.WriteAllTextAsync(rules, """
            local all alice scram-sha-256
            local all bob md5
            local all all trust
            """ + "\n");
        await server.ExecuteAsync("SELECT pg_reload_conf()");
        var watch = Stopwatch.StartNew();
        while (await server.QueryAsync<long>("SELECT count(*) FROM pg_hba_file_rules WHERE error IS NULL") != 3)
            Assert.True(watch.Elapsed < LoneServer.Limit, "the rules never became valid");
        return server;
    }

    private static LoginProxy Open(
        LoneServer server,
        Dictionary<string, UserSecret> secrets,
        TlsRule rule = TlsRule.None,
        TlsContext? tls = null) =>
        new LoginProxy($"{server.Target.Host}/.s.PGSQL.{ScratchServer.Port}", secrets, rule, tls).Listen();

    private static async Task<Dictionary<string, UserSecret>> SecretsAsync(LoneServer server)
    {
        var secrets = new Dictionary<string, UserSecret>();
        foreach (var role in new[] { "alice", "bob" })
            secrets[role] = Parse((await server.QueryAsync<string>(
                $"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'"))!);
        return secrets;
    }

    private static UserSecret Parse(string stored)
    {
        if (stored.StartsWith("md5", StringComparison.Ordinal))
            return new UserSecret.Md5(stored[3..]);
        var fields = stored.Split('$', ':');
        return new UserSecret.Scram(
            int.Parse(fields[1]),
            [.. Convert.FromBase64String(fields[2])],
            [.. Convert.FromBase64String(fields[3])],
            [.. Convert.FromBase64String(fields[4])]);
    }

    private static async Task<(string Output, string Error)> PsqlAsync(
        LoginProxy proxy, string user, string password, string sql, string more = "")
    {
        var start = new ProcessStartInfo(Path.Combine(LoneServer.Binaries(15).Directory, "psql"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "-XAtw",
                "-c",
                sql,
                $"host=127.0.0.1 port={proxy.Port} user={user} dbname=postgres connect_timeout=30 {more}",
            },
            Environment = { ["PGPASSWORD"] = password },
        };
        using var psql = Process.Start(start)!;
        var output = psql.StandardOutput.ReadToEndAsync();
        var error = psql.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(LoneServer.Limit);
        await psql.WaitForExitAsync(limit.Token);
        return (await output, await error);
    }
}
