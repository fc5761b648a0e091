using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Login;

/// <summary>
/// A client from its first byte until it is known who it is. Whoever owns the connection gives what was received to
/// <see cref="Receive"/> and does what the step says; nothing waits and nothing is read or sent here. A role that does
/// not exist takes the same steps as a wrong password.
/// </summary>
/// <param name="random">At least <see cref="RandomBytes"/> bytes, unpredictable, for this login only.</param>
public sealed class ClientLogin(LoginRules rules, ReadOnlySpan<byte> random)
{
    /// <summary>Of chance that a login takes.</summary>
    public const int RandomBytes = NonceBytes + Md5SaltBytes;

    /// <summary>A message during the login may have so many bytes, without its header.</summary>
    public const int MostMessageBytes = 64 << 10;

    private const int NonceBytes = 18;
    private const int Md5SaltBytes = 4;
    private const int MockIterations = 4096;
    private const int MockSaltBytes = 16;
    private const byte TlsRecord = 0x16;
    private const byte PasswordType = (byte)'p';
    private const byte TerminateType = (byte)'X';

    private readonly byte[] _random = random[..RandomBytes].ToArray();
    private readonly BackendWriter _writer = new();
    private Phase _phase = Phase.Opening;
    private bool _first = true;
    private bool _tlsAsked;
    private bool _gssAsked;
    private bool _encrypted;
    private ImmutableArray<byte> _certificateHash = [];
    private LoginRequest? _request;
    private PasswordProof? _proof;
    private string _whyWrong = "the password is wrong";

    private enum Phase
    {
        Opening,
        Handshake,
        Lookup,
        Proof,
        Ended,
    }

    /// <summary>
    /// Takes one whole packet from the head of what was received, in clear or out of TLS. Not to be called while a
    /// handshake or a lookup is under way, nor after the end.
    /// </summary>
    /// <param name="taken">So many bytes are done with; 0 when more is needed.</param>
    public LoginStep Receive(ReadOnlySpan<byte> received, out int taken)
    {
        taken = 0;
        try
        {
            return _phase switch
            {
                Phase.Opening => ReceiveOpening(received, out taken),
                Phase.Proof => ReceiveProof(received, out taken),
                Phase.Handshake or Phase.Lookup or Phase.Ended =>
                    throw new InvalidOperationException($"nothing is expected from the client now: {_phase}"),
            };
        }
        catch (ProtocolException e)
        {
            return Refuse("08P01", e.Message);
        }
    }

    /// <summary>The handshake is done; from here on everything goes through it.</summary>
    /// <param name="certificateHash">
    /// Of the certificate that this side showed, as tls-server-end-point has it; empty: no channel binding is offered.
    /// </param>
    public void TlsStarted(ImmutableArray<byte> certificateHash)
    {
        Expect(Phase.Handshake);
        _encrypted = true;
        _certificateHash = certificateHash;
        _phase = Phase.Opening;
    }

    /// <summary>The answer to a lookup; null: nobody could be asked.</summary>
    public LoginStep Found(UserSecret? secret)
    {
        Expect(Phase.Lookup);
        if (secret is null)
            return Refuse(
                "57P03", "the password of the role cannot be checked now",
                detail: "No server of the cluster answered.", hint: "Try again in a moment.");
        _proof = secret switch
        {
            UserSecret.Scram verifier => Scram(verifier),
            UserSecret.Md5 md5 => new Md5Proof(md5, _random.AsSpan(NonceBytes)),
            UserSecret.None none => Mock(none),
            _ => throw new InvalidOperationException($"no such secret: {secret.GetType()}"),
        };
        _proof.Ask(_writer);
        _phase = Phase.Proof;
        return new LoginStep.Send(Written());
    }

    private LoginStep ReceiveOpening(ReadOnlySpan<byte> received, out int taken)
    {
        taken = 0;
        if (_first && !received.IsEmpty && received[0] == TlsRecord)
            return StartDirectTls();
        if (StartupPacket.Measure(received) is not { } length)
            return new LoginStep.NeedMore();
        if (length == 0)
            return Drop("the first packet has an impossible length: not a client of PostgreSQL, or TLS where none is");
        taken = length;
        _first = false;
        var packet = received[..length];
        switch (StartupPacket.CodeOf(packet))
        {
            case StartupCode.SslRequest when !_tlsAsked && !_encrypted:
                return AnswerTlsRequest();
            case StartupCode.GssEncryptionRequest when !_gssAsked:
                _gssAsked = true;
                return new LoginStep.Send("N"u8.ToArray());
            case StartupCode.CancelRequest:
                return ReadCancel(packet);
            default:
                return Begin(StartupPacket.Read(packet));
        }
    }

    private LoginStep StartDirectTls()
    {
        if (rules.Tls == TlsRule.None)
            return Drop("the client began with TLS, which is not offered here");
        _first = false;
        _tlsAsked = true;
        _phase = Phase.Handshake;
        return new LoginStep.StartTls(ReadOnlyMemory<byte>.Empty, Direct: true);
    }

    private LoginStep AnswerTlsRequest()
    {
        _tlsAsked = true;
        if (rules.Tls == TlsRule.None)
            return new LoginStep.Send("N"u8.ToArray());
        _phase = Phase.Handshake;
        return new LoginStep.StartTls("S"u8.ToArray(), Direct: false);
    }

    private LoginStep ReadCancel(ReadOnlySpan<byte> packet)
    {
        var reader = new MessageReader(packet[(2 * sizeof(int))..]);
        _phase = Phase.Ended;
        if (reader.Rest.Length <= sizeof(int))
            return Drop("a cancel request without a key");
        return new LoginStep.Cancel(reader.Int32(), [.. reader.Rest]);
    }

    private LoginStep Begin(StartupPacket packet)
    {
        if (StartupRequest.Judge(packet, rules.Mode, out var request) is { } refusal)
            return Refuse(refusal.SqlState, refusal.Message, refusal.Detail, refusal.Hint);
        if (rules.Tls == TlsRule.Required && !_encrypted)
            return Refuse(
                "28000",
                $"connections without TLS are not accepted: user \"{request!.User}\", "
                    + $"database \"{request.Database}\", no encryption",
                hint: "Connect with sslmode=require or better.");
        // Version 3.0 is what is spoken: whoever wants more is told, before anything else.
        if (packet.Minor > 0 || StartupRequest.ProtocolOptions(packet) is { Length: > 0 })
            _writer.NegotiateProtocolVersion(0, StartupRequest.ProtocolOptions(packet).AsSpan());
        _request = request;
        _phase = Phase.Lookup;
        return new LoginStep.Lookup(request!);
    }

    private LoginStep ReceiveProof(ReadOnlySpan<byte> received, out int taken)
    {
        taken = 0;
        if (!MessageHeader.TryRead(received, out var header))
            return new LoginStep.NeedMore();
        if (header.Type == TerminateType)
            return Drop("the client left before it gave a password");
        if (header.Type != PasswordType)
            return Refuse("08P01", $"expected password response, got message type {header.Type}");
        if (header.BodyLength > MostMessageBytes)
            return Refuse("08P01", $"a password response of {header.BodyLength} bytes is too long");
        if (received.Length < MessageHeader.Size + header.BodyLength)
            return new LoginStep.NeedMore();
        taken = MessageHeader.Size + header.BodyLength;
        return _proof!.Receive(received[MessageHeader.Size..taken], _writer) switch
        {
            ProofAnswer.Asked => new LoginStep.Send(Written()),
            ProofAnswer.Right right => Admit(right.Credential),
            ProofAnswer.Wrong => Refuse(
                "28P01", $"password authentication failed for user \"{_request!.User}\"", why: _whyWrong),
            var answer => throw new InvalidOperationException($"no such answer: {answer.GetType()}"),
        };
    }

    private LoginStep.Done Admit(ServerCredential credential)
    {
        _phase = Phase.Ended;
        _writer.AuthenticationOk();
        return new LoginStep.Done(Written(), _request!, credential);
    }

    private ScramProof Scram(UserSecret.Scram verifier) =>
        new(verifier, _random.AsSpan(0, NonceBytes), _certificateHash);

    /// <summary>An exchange that no password can end well, and that looks the same each time for this role.</summary>
    private ScramProof Mock(UserSecret.None none)
    {
        _whyWrong = none.Why;
        var user = Encoding.UTF8.GetBytes(_request!.User);
        var salt = HMACSHA256.HashData(rules.MockSecret.AsSpan(), [.. "salt "u8, .. user]);
        var key = HMACSHA256.HashData(rules.MockSecret.AsSpan(), [.. "key "u8, .. user]);
        return Scram(new UserSecret.Scram(MockIterations, [.. salt.AsSpan(0, MockSaltBytes)], [.. key], [.. key]));
    }

    /// <summary>Closes without a word: there is nobody who would understand it.</summary>
    private LoginStep.Refused Drop(string why)
    {
        _phase = Phase.Ended;
        return new LoginStep.Refused(ReadOnlyMemory<byte>.Empty, "08P01", why);
    }

    private LoginStep.Refused Refuse(
        string sqlState, string message, string? detail = null, string? hint = null, string? why = null)
    {
        _phase = Phase.Ended;
        _writer.Clear().ErrorResponse("FATAL", sqlState, message, detail, hint);
        return new LoginStep.Refused(Written(), sqlState, why is null ? message : $"{message}: {why}");
    }

    private byte[] Written()
    {
        var bytes = _writer.Written.ToArray();
        _writer.Clear();
        return bytes;
    }

    private void Expect(Phase phase)
    {
        if (_phase != phase)
            throw new InvalidOperationException($"not {phase} but {_phase}");
    }
}
