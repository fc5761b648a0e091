using System.Text;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Login;
using PgMahout.Tests.Protocol;
using Xunit;

namespace PgMahout.Tests.Proxy.Login;

/// <summary>A proxy in front of a server; where a server checks passwords, the proxy's own check plays it.</summary>
public sealed class ServerLoginTests
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(1, ServerLogin.NonceBytes).Select(i => (byte)i)];

    private readonly BackendWriter _server = new();

    [Fact]
    public void Keys_from_a_clients_proof_log_in_at_a_server_with_the_same_verifier()
    {
        var login = Login(KeysOf(Roles.Scram()));

        var ended = Converse(login, Roles.Scram());

        Assert.IsType<ServerLoginStep.NeedMore>(ended);
        Assert.IsType<ServerLoginStep.Ready>(Take(login, server => server.ReadyForQuery('I')));
    }

    [Fact]
    public void A_login_is_bound_to_its_connection_where_both_sides_can()
    {
        var bound = Login(KeysOf(Roles.Scram()));
        var unbound = Login(KeysOf(Roles.Scram()));
        var plain = Login(KeysOf(Roles.Scram()));
        bound.CertificateHash = unbound.CertificateHash = [1, 2, 3];

        var first = First(bound, "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256");
        Assert.StartsWith("SCRAM-SHA-256-PLUS\0", first, StringComparison.Ordinal);
        var answer = Answer(bound, first);

        Assert.Contains("p=tls-server-end-point,,n=,r=", first, StringComparison.Ordinal);
        var data = Convert.ToBase64String([.. "p=tls-server-end-point,,"u8, 1, 2, 3]);
        Assert.StartsWith($"c={data},", answer, StringComparison.Ordinal);
        Assert.Contains("y,,n=,r=", First(unbound, "SCRAM-SHA-256"), StringComparison.Ordinal);
        Assert.Contains("n,,n=,r=", First(plain, "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"), StringComparison.Ordinal);
    }

    private string First(ServerLogin login, params string[] offered) => Encoding.UTF8.GetString(
        Assert.Single(Wire.Split(Assert.IsType<ServerLoginStep.Send>(
            Take(login, server => server.AuthenticationSasl(offered))).Bytes.Span)).Body);

    /// <summary>What it says when the server has gone on with its nonce.</summary>
    private string Answer(ServerLogin login, string first)
    {
        var secret = Roles.Scram();
        var nonce = first[(first.IndexOf("r=", StringComparison.Ordinal) + 2)..];
        var sent = Assert.IsType<ServerLoginStep.Send>(Take(login, server => server.AuthenticationSaslContinue(
            $"r={nonce}server,s={Convert.ToBase64String(secret.Salt.AsSpan())},i={secret.Iterations}")));
        return Encoding.UTF8.GetString(Assert.Single(Wire.Split(sent.Bytes.Span)).Body);
    }

    [Fact]
    public void A_server_whose_password_is_another_by_now_is_not_tried()
    {
        var login = Login(KeysOf(Roles.Scram()));

        var failed = Assert.IsType<ServerLoginStep.Failed>(Converse(login, Roles.Scram(salt: 8)));

        Assert.Equal("28000", failed.SqlState);
        Assert.Contains("has changed", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_does_not_know_the_verifier_is_not_believed()
    {
        var keys = KeysOf(Roles.Scram());

        var wrongSignature = Converse(Login(keys with { ServerKey = [.. new byte[32]] }), Roles.Scram());
        var none = Login(keys);
        Assert.IsType<ServerLoginStep.Send>(Take(none, server => server.AuthenticationSasl("SCRAM-SHA-256")));
        var early = Take(none, server => server.AuthenticationOk());

        Assert.Contains(
            "signature", Assert.IsType<ServerLoginStep.Failed>(wrongSignature).Message, StringComparison.Ordinal);
        Assert.Contains("verifier", Assert.IsType<ServerLoginStep.Failed>(early).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hash_answers_where_md5_is_asked()
    {
        var login = Login(new ServerCredential.Md5(Roles.Md5("alice").Hash));

        var sent = Assert.IsType<ServerLoginStep.Send>(Take(login, server => server.AuthenticationMd5([1, 2, 3, 4])));

        var (type, body) = Assert.Single(Wire.Split(sent.Bytes.Span));
        Assert.Equal((byte)'p', type);
        Assert.Equal(
            Md5Answer.For("alice", Roles.Password, 0x01020304), new MessageReader(body).Text());
    }

    [Fact]
    public void A_trusting_server_gives_its_parameters_and_the_key_to_cancel_by()
    {
        var login = Login(new ServerCredential.None());

        Take(login, server => server.AuthenticationOk());
        Take(login, server => server.ParameterStatus("server_version", "15.18"));
        Take(login, server => server.NoticeResponse("WARNING", "01000", "hello"));
        Take(login, server => server.ParameterStatus("DateStyle", "ISO, MDY"));
        Take(login, server => server.BackendKeyData(4711, [1, 2, 3, 4]));
        var ready = Assert.IsType<ServerLoginStep.Ready>(Take(login, server => server.ReadyForQuery('I')));

        Assert.Equal(["DateStyle", "server_version"], ready.Parameters.Keys);
        Assert.Equal("ISO, MDY", ready.Parameters["datestyle"]);
        Assert.Equal((4711, "01020304"), (ready.ProcessId, Convert.ToHexString(ready.SecretKey.AsSpan())));
    }

    [Fact]
    public void A_servers_refusal_is_passed_on_byte_by_byte()
    {
        _server.ErrorResponse("FATAL", "3D000", "database \"x\" does not exist", "d", "h");
        var whole = _server.Written.ToArray();

        var failed = Assert.IsType<ServerLoginStep.Failed>(
            Login(new ServerCredential.None()).Receive(whole[0], whole.AsSpan(5)));

        Assert.Equal(("3D000", "database \"x\" does not exist"), (failed.SqlState, failed.Message));
        Assert.Equal(whole, failed.Error);
    }

    [Fact]
    public void A_server_that_wants_the_password_itself_or_what_no_proxy_has_is_told_apart()
    {
        var cleartext = Fails([0, 0, 0, 3]);
        var kerberos = Fails([0, 0, 0, 7]);

        Assert.Contains("in clear", cleartext, StringComparison.Ordinal);
        Assert.Contains("kind 7", kerberos, StringComparison.Ordinal);

        string Fails(byte[] body) => Assert.IsType<ServerLoginStep.Failed>(
            Login(KeysOf(Roles.Scram())).Receive((byte)'R', body)).Message;
    }

    [Fact]
    public void The_wrong_kind_of_credential_says_what_was_wanted()
    {
        var scram = Take(Login(new ServerCredential.Md5("0")), server => server.AuthenticationSasl("SCRAM-SHA-256"));
        var md5 = Take(Login(new ServerCredential.None()), server => server.AuthenticationMd5([1, 2, 3, 4]));
        var other = Take(Login(KeysOf(Roles.Scram())), server => server.AuthenticationSasl("OAUTHBEARER"));

        foreach (var (step, words) in new[] { (scram, "SCRAM-SHA-256"), (md5, "MD5"), (other, "OAUTHBEARER") })
        {
            var failed = Assert.IsType<ServerLoginStep.Failed>(step);
            Assert.Contains(words, failed.Message, StringComparison.Ordinal);
            var (type, body) = Assert.Single(Wire.Split(failed.Error.Span));
            Assert.Equal((byte)'E', type);
            Assert.Equal(failed.SqlState, ServerError.Read(body).SqlState);
        }
    }

    [Theory]
    [InlineData('Z', "I")]
    [InlineData('K', "12345678")]
    [InlineData('S', "a\0b\0")]
    [InlineData('D', "")]
    [InlineData('R', "")]
    [InlineData('R', "\0\0\0\u000Br=x")]
    [InlineData('R', "\0\0\0\u000Cv=x")]
    [InlineData('E', "SFATAL")]
    public void What_does_not_belong_there_ends_the_login(char type, string body) =>
        Assert.Equal("08006", Assert.IsType<ServerLoginStep.Failed>(
            Login(KeysOf(Roles.Scram())).Receive((byte)type, System.Text.Encoding.Latin1.GetBytes(body))).SqlState);

    [Fact]
    public void The_startup_packet_has_role_database_and_settings()
    {
        var login = Login(new ServerCredential.None());

        var lookup = new LoginTalk().Give<LoginStep.Lookup>(login.Startup([new("application_name", "till")]));

        Assert.Equal(("alice", "shop", "till"), (
            lookup.Request.User, lookup.Request.Database, lookup.Request.Parameters["application_name"]));
    }

    private static ServerLogin Login(ServerCredential credential) => new("alice", "shop", credential, Nonce);

    private static ServerCredential.ScramKeys KeysOf(UserSecret.Scram secret) =>
        Assert.IsType<ServerCredential.ScramKeys>(Assert.IsType<LoginStep.Done>(
            new LoginTalk().LogInByScram(secret, Roles.Password)).Credential);

    /// <summary>Until one of the two has nothing to answer.</summary>
    private static ServerLoginStep Converse(ServerLogin login, UserSecret secret)
    {
        var server = new LoginTalk();
        server.Give<LoginStep.Lookup>(login.Startup([]));
        var said = server.Find(secret);
        while (true)
        {
            var bytes = said is LoginStep.Done done ? done.Bytes : Assert.IsType<LoginStep.Send>(said).Bytes;
            ServerLoginStep step = new ServerLoginStep.NeedMore();
            foreach (var (type, body) in Wire.Split(bytes.Span))
                step = step is ServerLoginStep.Failed ? step : login.Receive(type, body);
            if (step is not ServerLoginStep.Send sent)
                return step;
            said = server.Give(sent.Bytes.Span);
        }
    }

    private ServerLoginStep Take(ServerLogin login, Func<BackendWriter, BackendWriter> write)
    {
        var (type, body) = Assert.Single(Wire.Split(write(_server.Clear()).Written));
        return login.Receive(type, body);
    }
}
