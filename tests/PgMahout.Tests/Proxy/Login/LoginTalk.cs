using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Tests.Protocol;
using Xunit;

namespace PgMahout.Tests.Proxy.Login;

/// <summary>A client in front of a login machine, packet by packet.</summary>
internal sealed class LoginTalk(
    TlsRule tls = TlsRule.None, PoolMode mode = PoolMode.Transaction, byte random = 1)
{
    private readonly ClientLogin _login = new(new LoginRules(tls, mode, Roles.MockSecret), Roles.Random(random));

    public static byte[] Startup(string user = "alice", params (string Name, string Value)[] parameters) =>
        new FrontendWriter()
            .Startup([
                new("user", user),
                .. parameters.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)),
            ])
            .Written.ToArray();

    public static byte[] SslRequest => new FrontendWriter().SslRequest().Written.ToArray();

    /// <summary>A packet without type: its length, then these bytes.</summary>
    public static byte[] Packet(params byte[] body) =>
        [0, 0, (byte)((body.Length + 4) >> 8), (byte)(body.Length + 4), .. body];

    public LoginStep Give(ReadOnlySpan<byte> packet)
    {
        var step = _login.Receive(packet, out var taken);
        if (step is LoginStep.Send or LoginStep.Lookup or LoginStep.Done)
            Assert.Equal(packet.Length, taken);
        return step;
    }

    public T Give<T>(ReadOnlySpan<byte> packet) where T : LoginStep => Assert.IsType<T>(Give(packet));

    public LoginStep Find(UserSecret? secret) => _login.Found(secret);

    public void TlsStarted(ImmutableArray<byte> certificateHash = default) =>
        _login.TlsStarted(certificateHash.IsDefault ? [] : certificateHash);

    public static AuthenticationRequest Asked(LoginStep step)
    {
        var sent = Assert.IsType<LoginStep.Send>(step);
        var (type, body) = Wire.Split(sent.Bytes.Span)[^1];
        Assert.Equal((byte)'R', type);
        return AuthenticationRequest.Read(body);
    }

    public static ServerError Error(LoginStep step)
    {
        var refused = Assert.IsType<LoginStep.Refused>(step);
        var (type, body) = Assert.Single(Wire.Split(refused.Bytes.Span));
        Assert.Equal((byte)'E', type);
        var error = ServerError.Read(body);
        Assert.Equal("FATAL", error.Severity);
        Assert.Equal(refused.SqlState, error.SqlState);
        return error;
    }

    /// <summary>From the startup packet to the judgement of a password, by SCRAM.</summary>
    public LoginStep LogInByScram(UserSecret secret, string password, string user = "alice")
    {
        Give<LoginStep.Lookup>(Startup(user));
        Assert.IsType<AuthenticationRequest.Sasl>(Asked(Find(secret)));
        var exchange = new ScramExchange(password, "abcdefgh");
        var first = new FrontendWriter().SaslInitial(ScramExchange.Mechanism, exchange.First).Written;
        var challenge = Assert.IsType<AuthenticationRequest.SaslContinue>(Asked(Give(first)));
        var end = Give(new FrontendWriter().SaslResponse(exchange.Answer(challenge.Message)!).Written);
        if (end is LoginStep.Done done)
        {
            var last = Wire.Split(done.Bytes.Span).Select(message => AuthenticationRequest.Read(message.Body)).ToList();
            Assert.True(exchange.Verifies(Assert.IsType<AuthenticationRequest.SaslFinal>(last[0]).Message));
            Assert.IsType<AuthenticationRequest.Accepted>(last[1]);
        }
        return end;
    }
}
