using System.Security.Cryptography;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Protocol;
using PgMahout.Tests.Proxy.Login;
using Xunit;

namespace PgMahout.Tests.Proxy.Fuzzing;

/// <summary>Logins with something wrong in them, from a client and from a server.</summary>
internal static class LoginFuzz
{
    private static readonly UserSecret.Scram Secret = Roles.Scram();
    private static readonly UserSecret.Md5 Hash = Roles.Md5("alice");
    private static readonly ServerCredential.ScramKeys Keys =
        (ServerCredential.ScramKeys)((LoginStep.Done)new LoginTalk().LogInByScram(Secret, Roles.Password)).Credential;

    private static readonly byte[] Nonce = Roles.Random()[..ServerLogin.NonceBytes];
    private static readonly byte[][] Openings =
    [
        [],
        LoginTalk.SslRequest,
        LoginTalk.Packet(0x04, 0xD2, 0x16, 0x30),
        new FrontendWriter().CancelRequest(4711, [1, 2, 3, 4]).Written.ToArray(),
    ];

    private static readonly byte[][] Startups =
    [
        LoginTalk.Startup(),
        LoginTalk.Startup("alice", ("database", "shop"), ("application_name", "till"), ("replication", "database")),
        LoginTalk.Startup("alice", ("options", @"-c work_mem=8MB --search-path=a\ b -cx.y=1"), ("_pq_.a", "b")),
        LoginTalk.Packet([0, 3, 0, 2, .. "user\0alice\0_pq_.x\0on\0\0"u8]),
    ];

    private static readonly byte[][] Answers = ScramAnswers();
    private static readonly byte[] Md5 = Md5Password();
    private static readonly byte[][] ServerMessages = ServerSide();

    /// <summary>What a client sends until it is admitted, refused, or silent.</summary>
    public static void Client(Prng random)
    {
        var byMd5 = random.Below(4) == 0;
        byte[] valid =
        [
            .. Openings[Math.Max(0, random.Below(8) - 4)],
            .. Startups[random.Below(Startups.Length)],
            .. byMd5 ? Md5 : [.. Answers[0], .. Answers[1]],
        ];
        var tls = (TlsRule)random.Below(3);
        var login = new ClientLogin(
            new LoginRules(tls, (PoolMode)random.Below(2), Roles.MockSecret), Roles.Random());
        UserSecret? secret = random.Below(10) switch
        {
            0 => null,
            1 => new UserSecret.None("there is no such role"),
            _ => byMd5 ? Hash : Secret,
        };
        Drive(login, Mutation.Of(valid, random), secret, random);
    }

    /// <summary>What a server sends until it is ready, has refused, or is silent.</summary>
    public static void Server(Prng random)
    {
        ServerCredential credential = random.Below(4) switch
        {
            0 => new ServerCredential.Md5(Hash.Hash),
            1 => new ServerCredential.None(),
            _ => Keys,
        };
        var login = new ServerLogin("alice", "shop", credential, Nonce);
        var start = credential is ServerCredential.ScramKeys ? 0 : credential is ServerCredential.Md5 ? 3 : 4;
        byte[] valid = [.. ServerMessages.Skip(start).SelectMany(message => message)];
        var rest = Mutation.Of(valid, random).AsSpan();
        while (Head(rest) is { } header && rest.Length - MessageHeader.Size >= header.BodyLength)
        {
            var step = login.Receive(header.Type, rest.Slice(MessageHeader.Size, header.BodyLength));
            if (step is ServerLoginStep.Failed failed)
                Assert.Equal((byte)'E', failed.Error.Span[0]);
            if (step is ServerLoginStep.Failed or ServerLoginStep.Ready)
                return;
            rest = rest[(MessageHeader.Size + header.BodyLength)..];
        }
    }

    private static MessageHeader? Head(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return MessageHeader.TryRead(bytes, out var header) ? header : null;
        }
        catch (ProtocolException)
        {
            return null;
        }
    }

    private static void Drive(ClientLogin login, byte[] input, UserSecret? secret, Prng random)
    {
        var received = 0;
        var at = 0;
        var inPieces = random.Below(4) == 0;
        for (var steps = 0; ; steps++)
        {
            // Each step takes a packet, waits for bytes, or starts a handshake, which happens once.
            Assert.InRange(steps, 0, 2 * input.Length + 10);
            if (!inPieces)
                received = input.Length;
            var step = login.Receive(input.AsSpan(at, received - at), out var taken);
            Assert.InRange(taken, 0, received - at);
            at += taken;
            while (step is LoginStep.Lookup)
                step = login.Found(secret);
            if (step is LoginStep.NeedMore)
            {
                Assert.Equal(0, taken);
                if (received == input.Length)
                    return;
                received += 1 + random.Below(input.Length - received);
            }
            else if (step is LoginStep.StartTls)
            {
                login.TlsStarted(random.Below(2) == 0 ? [] : Secret.Salt);
            }
            else if (Judge(step, secret))
            {
                return;
            }
        }
    }

    /// <summary>Whether it is over. Nobody is admitted whose key does not fit the verifier.</summary>
    private static bool Judge(LoginStep step, UserSecret? secret)
    {
        switch (step)
        {
            case LoginStep.Send:
                return false;
            case LoginStep.Done { Credential: ServerCredential.ScramKeys keys }:
                Assert.Same(Secret, secret);
                Assert.Equal(Secret.StoredKey, SHA256.HashData(keys.ClientKey.AsSpan()));
                return true;
            case LoginStep.Done:
                Assert.Same(Hash, secret);
                return true;
            case LoginStep.Refused { Bytes.IsEmpty: false } refused:
                var (type, body) = Assert.Single(Wire.Split(refused.Bytes.Span));
                Assert.Equal((byte)'E', type);
                Assert.Equal(refused.SqlState, ServerError.Read(body).SqlState);
                return true;
            default:
                Assert.True(step is LoginStep.Refused or LoginStep.Cancel, step.ToString());
                return true;
        }
    }

    private static byte[][] ScramAnswers()
    {
        var talk = new LoginTalk();
        var exchange = new ScramExchange(Roles.Password, "abcdefgh");
        talk.Give(LoginTalk.Startup());
        talk.Find(Secret);
        var first = new FrontendWriter().SaslInitial(ScramExchange.Mechanism, exchange.First).Written.ToArray();
        var challenge = (AuthenticationRequest.SaslContinue)LoginTalk.Asked(talk.Give(first));
        return [first, new FrontendWriter().SaslResponse(exchange.Answer(challenge.Message)!).Written.ToArray()];
    }

    private static byte[] Md5Password()
    {
        var talk = new LoginTalk();
        talk.Give(LoginTalk.Startup());
        var asked = (AuthenticationRequest.Md5)LoginTalk.Asked(talk.Find(Hash));
        return new FrontendWriter().Password(Md5Answer.For("alice", Roles.Password, asked.Salt)).Written.ToArray();
    }

    /// <summary>Three for SCRAM, one for md5, then those of a session that begins.</summary>
    private static byte[][] ServerSide()
    {
        var server = new LoginTalk();
        var login = new ServerLogin("alice", "shop", Keys, Nonce);
        server.Give(login.Startup([]));
        var said = ((LoginStep.Send)server.Find(Secret)).Bytes.ToArray();
        var messages = new List<byte[]>();
        for (var round = 0; round < 2; round++)
        {
            messages.Add(said);
            var answer = (ServerLoginStep.Send)login.Receive(said[0], said.AsSpan(MessageHeader.Size));
            said = server.Give(answer.Bytes.Span) switch
            {
                LoginStep.Send send => send.Bytes.ToArray(),
                LoginStep.Done done => done.Bytes[..^9].ToArray(),
                var other => throw new InvalidOperationException(other.ToString()),
            };
        }
        var writer = new BackendWriter();
        return
        [
            .. messages,
            said,
            writer.AuthenticationMd5([1, 2, 3, 4]).Written.ToArray(),
            writer.Clear().AuthenticationOk().ParameterStatus("server_version", "15.18")
                .NoticeResponse("WARNING", "01000", "hello").ParameterStatus("DateStyle", "ISO, MDY")
                .BackendKeyData(4711, [1, 2, 3, 4]).ReadyForQuery('I').Written.ToArray(),
            writer.Clear().ErrorResponse("FATAL", "57P01", "gone", "d", "h").Written.ToArray(),
        ];
    }
}
