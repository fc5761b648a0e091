using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Login;

/// <summary>
/// The server's half of SCRAM-SHA-256 (RFC 5802, 7677), with channel binding by the certificate (RFC 5929) where there
/// is one. It needs the verifier only, and learns the client's key from a proof that is right. Messages are bytes read
/// as Latin 1: what is signed is what was sent, whatever a name in it is encoded in.
/// </summary>
/// <param name="nonce">Random, at least 18 bytes, never used before.</param>
/// <param name="certificateHash">Of the certificate that the client was shown; empty: no channel binding.</param>
internal sealed class ScramServer(
    UserSecret.Scram verifier, ReadOnlySpan<byte> nonce, ImmutableArray<byte> certificateHash)
{
    public const string PlusMechanism = ScramExchange.Mechanism + "-PLUS";

    private const string BindingType = "tls-server-end-point";
    private const string ProofField = ",p=";
    private const int KeyBytes = 32;
    private const int KeyDigits = 44;

    private readonly string _nonce = Convert.ToBase64String(nonce);
    private string _header = "";
    private string _clientFirst = "";
    private string _serverFirst = "";
    private string _combined = "";
    private byte[] _signed = [];

    /// <summary>The server's first message.</summary>
    /// <param name="plus">The client chose the mechanism with channel binding.</param>
    /// <exception cref="ProtocolException">The client's is none, or its channel binding does not fit.</exception>
    public string First(string clientFirst, bool plus)
    {
        ReadHeader(clientFirst, plus);
        _combined = ClientNonce(_clientFirst) + _nonce;
        return _serverFirst =
            $"r={_combined},s={Convert.ToBase64String(verifier.Salt.AsSpan())},i={verifier.Iterations}";
    }

    /// <summary>The client's key when the proof in its last message is right, null when it is wrong.</summary>
    /// <exception cref="ProtocolException">It does not continue this exchange.</exception>
    public byte[]? ClientKey(string clientFinal)
    {
        var end = clientFinal.LastIndexOf(ProofField, StringComparison.Ordinal);
        if (end < 0)
            throw new ProtocolException("malformed SCRAM message: the client's last one has no proof");
        var fields = clientFinal[..end].Split(',');
        if (fields[0] != "c=" + Convert.ToBase64String(Binding()))
            throw new ProtocolException("SCRAM channel binding check failed");
        if (fields.Length < 2 || fields[1] != "r=" + _combined)
            throw new ProtocolException("invalid SCRAM response: nonce does not match");
        var proof = clientFinal[(end + ProofField.Length)..];
        var key = new byte[KeyBytes];
        if (proof.Length != KeyDigits || !Convert.TryFromBase64String(proof, key, out var length) || length != KeyBytes)
            throw new ProtocolException("malformed SCRAM message: the proof is not base64 of 32 bytes");

        _signed = Encoding.Latin1.GetBytes($"{_clientFirst},{_serverFirst},{clientFinal[..end]}");
        var signature = HMACSHA256.HashData(verifier.StoredKey.AsSpan(), _signed);
        for (var i = 0; i < key.Length; i++)
            key[i] ^= signature[i];
        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(key), verifier.StoredKey.AsSpan()) ? key : null;
    }

    /// <summary>By which the client sees that this side knows the verifier.</summary>
    public string Final() =>
        "v=" + Convert.ToBase64String(HMACSHA256.HashData(verifier.ServerKey.AsSpan(), _signed));

    private byte[] Binding()
    {
        var header = Encoding.Latin1.GetBytes(_header);
        return _header[0] == 'p' ? [.. header, .. certificateHash] : header;
    }

    /// <summary>The part about channel binding; what comes behind it is what is signed.</summary>
    private void ReadHeader(string message, bool plus)
    {
        var parts = message.Split(',', 3);
        if (parts.Length < 3)
            throw new ProtocolException("malformed SCRAM message: the client's first one is too short");
        if (parts[1] != "")
            throw new ProtocolException("client uses authorization identity, but it is not supported");
        var fits = plus ? parts[0] == "p=" + BindingType : parts[0] is "n" or "y";
        if (!fits)
            throw new ProtocolException("the SCRAM channel binding does not fit the mechanism that the client chose");
        if (parts[0] == "y" && !certificateHash.IsDefaultOrEmpty)
            throw new ProtocolException(
                "SCRAM channel binding negotiation error: the client thinks that the server has none, and it has");
        _header = parts[0] + ",,";
        _clientFirst = parts[2];
    }

    private static string ClientNonce(string bare)
    {
        var fields = bare.Split(',');
        if (fields[0].StartsWith("m=", StringComparison.Ordinal))
            throw new ProtocolException("client requires an unsupported SCRAM extension");
        // The name is ignored, as by PostgreSQL: the startup packet has it.
        if (fields.Length < 2
            || !fields[0].StartsWith("n=", StringComparison.Ordinal)
            || !fields[1].StartsWith("r=", StringComparison.Ordinal)
            || fields[1].Length == 2
            || fields[1].Any(character => character is < '!' or > '~'))
            throw new ProtocolException("malformed SCRAM message: the client's first one has no name and nonce");
        return fields[1][2..];
    }
}
