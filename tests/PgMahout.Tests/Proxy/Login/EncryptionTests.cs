using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Login;
using Xunit;

namespace PgMahout.Tests.Proxy.Login;

/// <summary>How a client asks for encryption, and what it is held to.</summary>
public sealed class EncryptionTests
{
    private static readonly byte[] GssRequest = LoginTalk.Packet(0x04, 0xD2, 0x16, 0x30);
    private static readonly byte[] Hello = [0x16, 0x03, 0x01, 0x02, 0x00];

    [Fact]
    public void Where_there_is_no_TLS_the_answer_is_N_and_the_login_goes_on()
    {
        var talk = new LoginTalk();

        Assert.Equal("N"u8, talk.Give<LoginStep.Send>(LoginTalk.SslRequest).Bytes.Span);
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
    }

    [Fact]
    public void Where_there_is_TLS_the_answer_is_S_and_the_login_goes_on_after_the_handshake()
    {
        var talk = new LoginTalk(TlsRule.Required);

        var start = talk.Give<LoginStep.StartTls>(LoginTalk.SslRequest);
        talk.TlsStarted();

        Assert.Equal(("S", false), (System.Text.Encoding.ASCII.GetString(start.Bytes.Span), start.Direct));
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
    }

    [Fact]
    public void What_came_behind_the_request_belongs_to_the_handshake()
    {
        var login = new ClientLogin(
            new LoginRules(TlsRule.Offered, Core.Proxy.PoolMode.Transaction, Roles.MockSecret), Roles.Random());
        byte[] together = [.. LoginTalk.SslRequest, .. LoginTalk.Startup()];

        Assert.IsType<LoginStep.StartTls>(login.Receive(together, out var taken));

        Assert.Equal(LoginTalk.SslRequest.Length, taken);
        Assert.Throws<InvalidOperationException>(() => login.Receive(together.AsSpan(taken), out _));
    }

    [Fact]
    public void A_client_may_begin_with_the_handshake_itself()
    {
        var login = new ClientLogin(
            new LoginRules(TlsRule.Offered, Core.Proxy.PoolMode.Transaction, Roles.MockSecret), Roles.Random());

        var start = Assert.IsType<LoginStep.StartTls>(login.Receive(Hello, out var taken));

        Assert.True(start.Direct);
        Assert.True(start.Bytes.IsEmpty);
        Assert.Equal(0, taken);
    }

    [Fact]
    public void A_handshake_where_none_is_offered_or_behind_another_packet_gets_no_answer()
    {
        var behind = new LoginTalk(TlsRule.Offered);
        behind.Give<LoginStep.Send>(GssRequest);

        Assert.True(new LoginTalk().Give<LoginStep.Refused>(Hello).Bytes.IsEmpty);
        Assert.True(behind.Give<LoginStep.Refused>(Hello).Bytes.IsEmpty);
    }

    [Fact]
    public void Where_TLS_is_required_nobody_logs_in_without_it()
    {
        var error = LoginTalk.Error(new LoginTalk(TlsRule.Required).Give(LoginTalk.Startup("bob", ("database", "x"))));

        Assert.Equal("28000", error.SqlState);
        Assert.Contains("user \"bob\", database \"x\", no encryption", error.Message, StringComparison.Ordinal);
        Assert.Contains("sslmode=require", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_TLS_is_required_a_statement_can_still_be_cancelled_without_it() =>
        new LoginTalk(TlsRule.Required).Give<LoginStep.Cancel>(
            new FrontendWriter().CancelRequest(1, [1, 2, 3, 4]).Written);

    [Fact]
    public void Encryption_by_GSSAPI_is_declined_and_TLS_can_follow()
    {
        var talk = new LoginTalk(TlsRule.Offered);

        Assert.Equal("N"u8, talk.Give<LoginStep.Send>(GssRequest).Bytes.Span);
        talk.Give<LoginStep.StartTls>(LoginTalk.SslRequest);
    }

    [Fact]
    public void Nobody_asks_twice()
    {
        var talk = new LoginTalk();
        talk.Give<LoginStep.Send>(LoginTalk.SslRequest);
        talk.Give<LoginStep.Send>(GssRequest);
        var again = new LoginTalk();
        again.Give<LoginStep.Send>(GssRequest);
        var inside = new LoginTalk(TlsRule.Offered);
        inside.Give<LoginStep.StartTls>(LoginTalk.SslRequest);
        inside.TlsStarted();

        Assert.IsType<LoginStep.Refused>(talk.Give(LoginTalk.SslRequest));
        Assert.IsType<LoginStep.Refused>(again.Give(GssRequest));
        Assert.IsType<LoginStep.Refused>(inside.Give(LoginTalk.SslRequest));
    }
}
