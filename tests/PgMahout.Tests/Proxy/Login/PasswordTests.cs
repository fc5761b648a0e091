using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Login;
using Xunit;

namespace PgMahout.Tests.Proxy.Login;

/// <summary>Who is admitted, and what is learnt from that.</summary>
public sealed class PasswordTests
{
    [Fact]
    public void A_right_password_is_admitted_and_gives_the_key_that_servers_ask_for()
    {
        var secret = Roles.Scram();

        var done = Assert.IsType<LoginStep.Done>(new LoginTalk().LogInByScram(secret, Roles.Password));

        var keys = Assert.IsType<ServerCredential.ScramKeys>(done.Credential);
        Assert.Equal(secret.StoredKey, SHA256.HashData(keys.ClientKey.AsSpan()));
        Assert.Equal(secret.ServerKey, keys.ServerKey);
        Assert.Equal((secret.Salt, secret.Iterations), (keys.Salt, keys.Iterations));
        Assert.Equal("alice", done.Request.User);
    }

    [Fact]
    public void A_credential_does_not_show_its_keys_when_it_is_printed()
    {
        var done = Assert.IsType<LoginStep.Done>(new LoginTalk().LogInByScram(Roles.Scram(), Roles.Password));

        Assert.Equal("ScramKeys", done.Credential.ToString());
        Assert.Equal("Md5", new ServerCredential.Md5("0123").ToString());
    }

    [Fact]
    public void A_wrong_password_is_refused_in_the_words_of_PostgreSQL()
    {
        var step = new LoginTalk().LogInByScram(Roles.Scram(), "wrong");

        var error = LoginTalk.Error(step);
        Assert.Equal("28P01", error.SqlState);
        Assert.Equal("password authentication failed for user \"alice\"", error.Message);
    }

    [Fact]
    public void A_role_that_is_not_there_takes_the_steps_of_a_wrong_password()
    {
        var missing = new LoginTalk().LogInByScram(new UserSecret.None("there is no such role"), "any");
        var wrong = new LoginTalk().LogInByScram(Roles.Scram(), "any");

        Assert.Equal(LoginTalk.Error(wrong), LoginTalk.Error(missing));
        Assert.Contains("no such role", Assert.IsType<LoginStep.Refused>(missing).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_salt_of_a_role_that_is_not_there_stays_the_same_and_is_its_own()
    {
        var first = MockChallenge("bob", random: 1);
        var again = MockChallenge("bob", random: 2);
        var other = MockChallenge("carol", random: 1);

        Assert.Equal(first.Salt, again.Salt);
        Assert.NotEqual(first.Nonce, again.Nonce);
        Assert.NotEqual(first.Salt, other.Salt);
        Assert.Equal(16, Convert.FromBase64String(first.Salt).Length);
    }

    [Fact]
    public void An_md5_role_is_asked_for_md5_and_its_hash_logs_in_at_servers()
    {
        var talk = new LoginTalk();
        var secret = Roles.Md5("alice");
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
        var asked = Assert.IsType<AuthenticationRequest.Md5>(LoginTalk.Asked(talk.Find(secret)));

        var answer = Md5Answer.For("alice", Roles.Password, asked.Salt);
        var done = talk.Give<LoginStep.Done>(new FrontendWriter().Password(answer).Written);

        Assert.Equal(new ServerCredential.Md5(secret.Hash), done.Credential);
    }

    [Theory]
    [InlineData("md5")]
    [InlineData("")]
    [InlineData("md500000000000000000000000000000000")]
    public void A_wrong_md5_answer_is_refused(string answer)
    {
        var talk = new LoginTalk();
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
        talk.Find(Roles.Md5("alice"));

        Assert.Equal("28P01", LoginTalk.Error(talk.Give(new FrontendWriter().Password(answer).Written)).SqlState);
    }

    [Fact]
    public void When_nobody_can_be_asked_the_client_may_come_again()
    {
        var talk = new LoginTalk();
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());

        Assert.Equal("57P03", LoginTalk.Error(talk.Find(null)).SqlState);
    }

    [Fact]
    public void A_mechanism_may_be_chosen_before_anything_is_said()
    {
        var talk = new LoginTalk();
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
        talk.Find(Roles.Scram());
        var empty = LoginTalk.Asked(talk.Give([(byte)'p', 0, 0, 0, 22, .. "SCRAM-SHA-256\0"u8, 255, 255, 255, 255]));
        var exchange = new ScramExchange(Roles.Password, "abcdefgh");

        var challenge = LoginTalk.Asked(talk.Give(new FrontendWriter().SaslResponse(exchange.First).Written));

        Assert.Equal(new AuthenticationRequest.SaslContinue(""), empty);
        var answer = exchange.Answer(Assert.IsType<AuthenticationRequest.SaslContinue>(challenge).Message);
        talk.Give<LoginStep.Done>(new FrontendWriter().SaslResponse(answer!).Written);
    }

    [Theory]
    [InlineData("n,,n=,r=")]
    [InlineData("n,,n=,r=a b")]
    [InlineData("n,,n=")]
    [InlineData("n,,")]
    [InlineData("n")]
    [InlineData("")]
    [InlineData("n,a=bob,n=,r=abc")]
    [InlineData("n,,m=x,n=,r=abc")]
    [InlineData("x,,n=,r=abc")]
    [InlineData("p=tls-server-end-point,,n=,r=abc")]
    public void A_first_message_that_is_none_of_SCRAM_breaks_the_protocol(string first)
    {
        var talk = new LoginTalk();
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
        talk.Find(Roles.Scram());

        var step = talk.Give(new FrontendWriter().SaslInitial(ScramExchange.Mechanism, first).Written);

        Assert.Equal("08P01", LoginTalk.Error(step).SqlState);
    }

    [Theory]
    [InlineData("c=biws,r={0}")]
    [InlineData("c=biws,r={0},p=")]
    [InlineData("c=biws,r={0},p=AAAA")]
    [InlineData("c=biws,r={0},p=????????????????????????????????????????????")]
    [InlineData("c=biws,r=other,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("c=eSws,r={0},p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("c=biws,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("")]
    public void A_last_message_that_does_not_continue_breaks_the_protocol(string last)
    {
        var talk = new LoginTalk();
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
        talk.Find(Roles.Scram());
        var challenge = Challenge(talk);

        var step = talk.Give(new FrontendWriter()
            .SaslResponse(last.Replace("{0}", challenge.Nonce, StringComparison.Ordinal)).Written);

        Assert.Equal("08P01", LoginTalk.Error(step).SqlState);
    }

    [Fact]
    public void A_mechanism_that_was_not_offered_cannot_be_chosen()
    {
        var talk = new LoginTalk();
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
        talk.Find(Roles.Scram());

        var plus = new FrontendWriter().SaslInitial("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc").Written;

        Assert.Equal("08P01", LoginTalk.Error(talk.Give(plus)).SqlState);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Channel_binding_holds_for_the_certificate_that_was_shown_only(bool same)
    {
        ImmutableArray<byte> shown = [.. SHA256.HashData("certificate"u8)];
        ImmutableArray<byte> seen = same ? shown : [.. SHA256.HashData("another"u8)];
        var talk = EncryptedTalk(shown);
        var header = "p=tls-server-end-point,,";
        var asked = LoginTalk.Asked(talk.Give(
            new FrontendWriter().SaslInitial("SCRAM-SHA-256-PLUS", header + "n=,r=abc").Written));
        var challenge = Assert.IsType<AuthenticationRequest.SaslContinue>(asked).Message;
        var bound = Convert.ToBase64String([.. Encoding.ASCII.GetBytes(header), .. seen]);

        var step = talk.Give(new FrontendWriter().SaslResponse(Proof(challenge, bound)).Written);

        if (same)
            Assert.IsType<LoginStep.Done>(step);
        else
            Assert.Equal("08P01", LoginTalk.Error(step).SqlState);
    }

    [Fact]
    public void A_client_that_was_told_that_there_is_no_channel_binding_is_warned()
    {
        var talk = EncryptedTalk([1, 2, 3]);

        var step = talk.Give(new FrontendWriter().SaslInitial(ScramExchange.Mechanism, "y,,n=,r=abc").Written);

        Assert.Contains("channel binding", LoginTalk.Error(step).Message, StringComparison.Ordinal);
    }

    private static LoginTalk EncryptedTalk(ImmutableArray<byte> certificateHash)
    {
        var talk = new LoginTalk(TlsRule.Offered);
        talk.Give<LoginStep.StartTls>(LoginTalk.SslRequest);
        talk.TlsStarted(certificateHash);
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup());
        var offered = Assert.IsType<AuthenticationRequest.Sasl>(LoginTalk.Asked(talk.Find(Roles.Scram())));
        Assert.Equal(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"], offered.Mechanisms.AsEnumerable());
        return talk;
    }

    /// <summary>By the formula of RFC 5802, beside what the product has of it.</summary>
    private static string Proof(string challenge, string bound)
    {
        var secret = Roles.Scram();
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Roles.Password, secret.Salt.AsSpan(), secret.Iterations, HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var withoutProof = $"c={bound},{challenge.Split(',')[0]}";
        var signature = HMACSHA256.HashData(
            SHA256.HashData(clientKey), Encoding.ASCII.GetBytes($"n=,r=abc,{challenge},{withoutProof}"));
        return $"{withoutProof},p={Convert.ToBase64String([.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))])}";
    }

    private static (string Nonce, string Salt) MockChallenge(string user, byte random)
    {
        var talk = new LoginTalk(random: random);
        talk.Give<LoginStep.Lookup>(LoginTalk.Startup(user));
        talk.Find(new UserSecret.None("there is no such role"));
        return Challenge(talk);
    }

    private static (string Nonce, string Salt) Challenge(LoginTalk talk)
    {
        var first = new FrontendWriter().SaslInitial(ScramExchange.Mechanism, "n,,n=,r=abc").Written;
        var asked = Assert.IsType<AuthenticationRequest.SaslContinue>(LoginTalk.Asked(talk.Give(first)));
        var fields = asked.Message.Split(',');
        return (fields[0][2..], fields[1][2..]);
    }
}
