using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Login;

/// <summary>How a client is asked to show that it knows a password, and what its answers show.</summary>
internal abstract class PasswordProof
{
    /// <summary>Writes the first question.</summary>
    public abstract void Ask(BackendWriter into);

    /// <summary>Judges an answer; writes the next question, or what ends this before AuthenticationOk.</summary>
    /// <exception cref="ProtocolException">It is no answer to what was asked.</exception>
    public abstract ProofAnswer Receive(ReadOnlySpan<byte> body, BackendWriter into);
}

internal abstract record ProofAnswer
{
    private ProofAnswer() { }

    public sealed record Asked : ProofAnswer;

    public sealed record Right(ServerCredential Credential) : ProofAnswer;

    public sealed record Wrong : ProofAnswer;
}

/// <inheritdoc cref="ScramServer"/>
internal sealed class ScramProof(UserSecret.Scram verifier, ReadOnlySpan<byte> nonce, ImmutableArray<byte> certificate)
    : PasswordProof
{
    private readonly ScramServer _scram = new(verifier, nonce, certificate);
    private readonly bool _binding = !certificate.IsDefaultOrEmpty;
    private bool _plus;
    private Stage _stage = Stage.Mechanism;

    private enum Stage
    {
        Mechanism,
        First,
        Final,
    }

    public override void Ask(BackendWriter into)
    {
        if (_binding)
            into.AuthenticationSasl(ScramServer.PlusMechanism, ScramExchange.Mechanism);
        else
            into.AuthenticationSasl(ScramExchange.Mechanism);
    }

    public override ProofAnswer Receive(ReadOnlySpan<byte> body, BackendWriter into) => _stage switch
    {
        Stage.Mechanism => Choose(body, into),
        Stage.First => Continue(body, into),
        Stage.Final => Judge(body, into),
    };

    private ProofAnswer Choose(ReadOnlySpan<byte> body, BackendWriter into)
    {
        var reader = new MessageReader(body);
        var mechanism = reader.Text();
        _plus = mechanism == ScramServer.PlusMechanism;
        if (mechanism != ScramExchange.Mechanism && !(_plus && _binding))
            throw new ProtocolException("client selected an invalid SASL authentication mechanism");
        var length = reader.Int32();
        _stage = Stage.First;
        // A client may choose first and speak afterwards.
        if (length == reader.Rest.Length)
            return Continue(reader.Rest, into);
        if (length != -1 || !reader.Rest.IsEmpty)
            throw new ProtocolException("malformed SASLInitialResponse: its length is wrong");
        into.AuthenticationSaslContinue("");
        return new ProofAnswer.Asked();
    }

    private ProofAnswer Continue(ReadOnlySpan<byte> clientFirst, BackendWriter into)
    {
        into.AuthenticationSaslContinue(_scram.First(Encoding.Latin1.GetString(clientFirst), _plus));
        _stage = Stage.Final;
        return new ProofAnswer.Asked();
    }

    private ProofAnswer Judge(ReadOnlySpan<byte> clientFinal, BackendWriter into)
    {
        if (_scram.ClientKey(Encoding.Latin1.GetString(clientFinal)) is not { } key)
            return new ProofAnswer.Wrong();
        into.AuthenticationSaslFinal(_scram.Final());
        return new ProofAnswer.Right(new ServerCredential.ScramKeys(
            [.. key], verifier.ServerKey, verifier.Salt, verifier.Iterations));
    }
}

/// <summary>The older way: the MD5 of the stored hash and four bytes of chance.</summary>
internal sealed class Md5Proof(UserSecret.Md5 secret, ReadOnlySpan<byte> salt) : PasswordProof
{
    private readonly byte[] _salt = salt.ToArray();

    public override void Ask(BackendWriter into) => into.AuthenticationMd5(_salt);

    public override ProofAnswer Receive(ReadOnlySpan<byte> body, BackendWriter into)
    {
        var reader = new MessageReader(body);
        var answer = Encoding.UTF8.GetBytes(reader.Text());
        var right = Md5Answer.ForHash(secret.Hash, BinaryPrimitives.ReadUInt32BigEndian(_salt));
        return CryptographicOperations.FixedTimeEquals(answer, Encoding.UTF8.GetBytes(right))
            ? new ProofAnswer.Right(new ServerCredential.Md5(secret.Hash))
            : new ProofAnswer.Wrong();
    }
}
