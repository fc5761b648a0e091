using System.Text;
using PgMahout.Core.Protocol;
using Xunit;

namespace PgMahout.Tests.Protocol;

public sealed class AuthenticationTests
{
    // The example of RFC 7677, with this client's empty user name instead of "user"; what follows from that was
    // reckoned by another program, which gets the values of the RFC for its user.
    private const string Nonce = "rOprNGfwEbeRWgbNEkqO";
    private const string ServerFirst =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    [Fact]
    public void The_proof_is_that_of_the_formula_and_so_is_what_the_server_must_show()
    {
        var exchange = new ScramExchange("pencil", Nonce);

        Assert.Equal("n,,n=,r=" + Nonce, exchange.First);
        Assert.Equal(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            + "p=qvT2SWdEH5Q06albL+hjSYuUhCG7VndFyzIb7CK4n9k=",
            exchange.Answer(ServerFirst));
        Assert.True(exchange.Verifies("v=3HO6Qt1M4MKJrmlKaoOqLAI0/0TV0HZe7J9H3MBtSOg="));
    }

    [Theory]
    [InlineData("r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOmore,s=?,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOmore,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOmore,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000")]
    [InlineData("e=other-error")]
    [InlineData("")]
    public void A_challenge_that_does_not_continue_the_exchange_gets_no_answer(string serverFirst) =>
        Assert.Null(new ScramExchange("pencil", Nonce).Answer(serverFirst));

    [Fact]
    public void A_server_that_does_not_know_the_password_is_not_believed()
    {
        var exchange = new ScramExchange("pencil", Nonce);
        Assert.False(exchange.Verifies("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        exchange.Answer(ServerFirst);

        Assert.False(exchange.Verifies("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        Assert.False(exchange.Verifies("e=invalid-proof"));
        Assert.False(exchange.Verifies("v=no base64"));
    }

    [Fact]
    public void An_md5_answer_is_what_libpq_makes()
    {
        // md5(md5('secret' || 'alice') || 'salt'), by another program.
        Assert.Equal("md5986e2194384c07f4fd1df4b1351b3e68", Md5Answer.For("alice", "secret", 0x73616c74));
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0 }, "Accepted { }")]
    [InlineData(new byte[] { 0, 0, 0, 3 }, "Cleartext { }")]
    [InlineData(new byte[] { 0, 0, 0, 5, 0, 0, 0, 7 }, "Md5 { Salt = 7 }")]
    [InlineData(new byte[] { 0, 0, 0, 11, (byte)'r', (byte)'=' }, "SaslContinue { Message = r= }")]
    [InlineData(new byte[] { 0, 0, 0, 7 }, "Other { Code = 7 }")]
    public void A_server_says_what_it_wants(byte[] body, string request) =>
        Assert.Equal(request, AuthenticationRequest.Read(body).ToString());

    [Fact]
    public void A_server_names_the_mechanisms_it_takes()
    {
        var body = Encoding.ASCII.GetBytes("\0\0\0\nSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");

        var sasl = Assert.IsType<AuthenticationRequest.Sasl>(AuthenticationRequest.Read(body));

        Assert.Equal(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"], sasl.Mechanisms);
    }
}
