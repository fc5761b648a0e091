using System.Collections.Immutable;
using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Login;

/// <summary>
/// A proxy's login at a server in the name of a role: from the startup packet to the first ReadyForQuery. Nothing waits
/// and nothing is read or sent here.
/// </summary>
/// <param name="nonce">At least <see cref="NonceBytes"/> bytes, unpredictable, for this login only.</param>
public sealed class ServerLogin(
    string user, string database, ServerCredential credential, ReadOnlySpan<byte> nonce)
{
    public const int NonceBytes = 18;

    /// <summary>A server's message during the login may have so many bytes; an error is the longest.</summary>
    public const int MostMessageBytes = 1 << 20;

    private const int MostParameters = 1000;
    private const string Unusable = "08006";
    private const string NotAdmitted = "28000";

    private readonly byte[] _nonce = nonce[..NonceBytes].ToArray();
    private readonly FrontendWriter _writer = new();
    private readonly ImmutableSortedDictionary<string, string>.Builder _parameters =
        ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);

    private ScramClient? _scram;
    private Stage _stage = Stage.Asked;
    private int _processId;
    private ImmutableArray<byte> _secretKey = [];

    /// <summary>Of the server's certificate, for channel binding; empty without TLS.</summary>
    public ImmutableArray<byte> CertificateHash { get; set; } = [];

    private enum Stage
    {
        Asked,
        ScramBegun,
        ScramAnswered,
        ScramVerified,
        Md5Answered,
        Admitted,
        Ended,
    }

    /// <summary>The first packet.</summary>
    /// <param name="parameters">Settings of the session; also replication, when it is to be a walsender.</param>
    public byte[] Startup(IEnumerable<KeyValuePair<string, string>> parameters) =>
        _writer.Clear()
            .Startup([new("user", user), new("database", database), .. parameters])
            .Written.ToArray();

    /// <summary>Takes one whole message of the server. Not to be called after Ready or Failed.</summary>
    public ServerLoginStep Receive(byte type, ReadOnlySpan<byte> body)
    {
        if (_stage == Stage.Ended)
            throw new InvalidOperationException("the login has ended");
        try
        {
            return body.Length > MostMessageBytes
                ? Fail(Unusable, $"the server sent a message of {body.Length} bytes during the login")
                : Take(type, body);
        }
        catch (ProtocolException e)
        {
            return Fail(Unusable, $"the server broke the protocol during the login: {e.Message}");
        }
    }

    private ServerLoginStep Take(byte type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case BackendType.ErrorResponse:
                return PassOn(body);
            case BackendType.NoticeResponse or BackendType.NegotiateProtocolVersion:
                return new ServerLoginStep.NeedMore();
            case BackendType.Authentication when _stage != Stage.Admitted:
                return Authenticate(AuthenticationRequest.Read(body));
            case BackendType.ParameterStatus when _stage == Stage.Admitted:
                return TakeParameter(new MessageReader(body));
            case BackendType.BackendKeyData when _stage == Stage.Admitted:
                var reader = new MessageReader(body);
                _processId = reader.Int32();
                _secretKey = [.. reader.Rest];
                return new ServerLoginStep.NeedMore();
            case BackendType.ReadyForQuery when _stage == Stage.Admitted:
                _stage = Stage.Ended;
                return new ServerLoginStep.Ready(_parameters.ToImmutable(), _processId, _secretKey);
            default:
                return Fail(Unusable, $"the server sent a message of type {type} during the login");
        }
    }

    private ServerLoginStep TakeParameter(MessageReader reader)
    {
        _parameters[reader.Text()] = reader.Text();
        return _parameters.Count > MostParameters
            ? Fail(Unusable, $"the server reported more than {MostParameters} parameters")
            : new ServerLoginStep.NeedMore();
    }

    private ServerLoginStep Authenticate(AuthenticationRequest request) => request switch
    {
        AuthenticationRequest.Accepted => Accept(),
        AuthenticationRequest.Md5 md5 when _stage == Stage.Asked => AnswerMd5(md5.Salt),
        AuthenticationRequest.Sasl sasl when _stage == Stage.Asked => BeginScram(sasl.Mechanisms),
        AuthenticationRequest.SaslContinue next when _stage == Stage.ScramBegun => ContinueScram(next.Message),
        AuthenticationRequest.SaslFinal last when _stage == Stage.ScramAnswered => EndScram(last.Message),
        AuthenticationRequest.Cleartext => Fail(
            NotAdmitted,
            $"the server wants the password of role \"{user}\" in clear, which the proxy does not have",
            "Let pg_hba.conf ask for scram-sha-256 on connections from the proxy."),
        AuthenticationRequest.Other other => Fail(
            NotAdmitted,
            $"the server wants authentication of kind {other.Code} for role \"{user}\", which a proxy cannot give",
            "Let pg_hba.conf ask for scram-sha-256 on connections from the proxy."),
        AuthenticationRequest.Md5 or AuthenticationRequest.Sasl or AuthenticationRequest.SaslContinue
            or AuthenticationRequest.SaslFinal => throw new ProtocolException("authentication out of turn"),
        _ => throw new InvalidOperationException($"no such request: {request.GetType()}"),
    };

    /// <summary>An exchange that has begun must end with the server's signature: it may be somebody else's.</summary>
    private ServerLoginStep Accept()
    {
        if (_stage is Stage.ScramBegun or Stage.ScramAnswered)
            return Fail(
                NotAdmitted, "the server ended the SCRAM exchange without showing that it knows the verifier");
        _stage = Stage.Admitted;
        return new ServerLoginStep.NeedMore();
    }

    private ServerLoginStep AnswerMd5(uint salt)
    {
        if (credential is not ServerCredential.Md5 md5)
            return WrongKind("an MD5 answer");
        _stage = Stage.Md5Answered;
        return Send(_writer.Clear().Password(Md5Answer.ForHash(md5.Hash, salt)));
    }

    private ServerLoginStep BeginScram(ImmutableArray<string> mechanisms)
    {
        if (ScramBinding.Choose(mechanisms, CertificateHash) is not { } binding)
            return Fail(
                NotAdmitted, $"the server offers no {ScramExchange.Mechanism}, only {string.Join(", ", mechanisms)}");
        if (credential is not ServerCredential.ScramKeys keys)
            return WrongKind(ScramExchange.Mechanism);
        _scram = new ScramClient(keys, _nonce, binding);
        _stage = Stage.ScramBegun;
        return Send(_writer.Clear().SaslInitial(binding.Mechanism, _scram.First));
    }

    private ServerLoginStep ContinueScram(string serverFirst)
    {
        if (_scram!.Answer(serverFirst) is not { } answer)
            return Fail(
                NotAdmitted, $"the password of role \"{user}\" has changed since the client logged in",
                "Connect again with the new password.");
        _stage = Stage.ScramAnswered;
        return Send(_writer.Clear().SaslResponse(answer));
    }

    private ServerLoginStep EndScram(string serverFinal)
    {
        if (!_scram!.Verifies(serverFinal))
            return Fail(NotAdmitted, "the server's SCRAM signature is wrong: it does not know the verifier");
        _stage = Stage.ScramVerified;
        return new ServerLoginStep.NeedMore();
    }

    private ServerLoginStep.Failed WrongKind(string wanted) => Fail(
        NotAdmitted,
        $"the server wants {wanted} of role \"{user}\", for which the client's login gave no key",
        credential is ServerCredential.None
            ? "Let pg_hba.conf trust connections of this role from the proxy."
            : "The role's password may just have been changed: connect again.");

    private ServerLoginStep.Failed PassOn(ReadOnlySpan<byte> body)
    {
        _stage = Stage.Ended;
        var error = ServerError.Read(body);
        var whole = new byte[MessageHeader.Size + body.Length];
        MessageHeader.Write(whole, BackendType.ErrorResponse, body.Length);
        body.CopyTo(whole.AsSpan(MessageHeader.Size));
        return new ServerLoginStep.Failed(error.SqlState, error.Message, whole);
    }

    private ServerLoginStep.Failed Fail(string sqlState, string message, string? hint = null)
    {
        _stage = Stage.Ended;
        var error = new BackendWriter().ErrorResponse("FATAL", sqlState, message, hint: hint);
        return new ServerLoginStep.Failed(sqlState, message, error.Written.ToArray());
    }

    private static ServerLoginStep.Send Send(FrontendWriter message) => new(message.Written.ToArray());
}
