using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Protocol;

namespace PgMahout.Core.Proxy.Login;

/// <summary>The client's half of SCRAM-SHA-256 by keys instead of a password.</summary>
/// <param name="nonce">Random, at least 18 bytes, never used before.</param>
/// <param name="binding">How it is bound to the connection.</param>
internal sealed class ScramClient(ServerCredential.ScramKeys keys, ReadOnlySpan<byte> nonce, ScramBinding binding)
{
    private readonly string _nonce = Convert.ToBase64String(nonce);
    private byte[]? _signed;

    private string FirstBare => "n=,r=" + _nonce;

    public string First => binding.Header + FirstBare;

    /// <summary>The answer to the server's first message; null when the server has another verifier.</summary>
    /// <exception cref="ProtocolException">It does not continue this exchange.</exception>
    public string? Answer(string serverFirst)
    {
        var fields = serverFirst.Split(',');
        if (_signed is not null
            || fields.Length < 3
            || Field(fields[0], "r=") is not { } combined
            || Field(fields[1], "s=") is not { } salt
            || Field(fields[2], "i=") is not { } count
            || !combined.StartsWith(_nonce, StringComparison.Ordinal)
            || combined.Length == _nonce.Length
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations))
            throw new ProtocolException("the server's SCRAM message does not continue the exchange");
        if (salt != Convert.ToBase64String(keys.Salt.AsSpan()) || iterations != keys.Iterations)
            return null;

        byte[] bound = [.. Encoding.UTF8.GetBytes(binding.Header), .. binding.Data];
        var withoutProof = $"c={Convert.ToBase64String(bound)},r={combined}";
        _signed = Encoding.UTF8.GetBytes($"{FirstBare},{serverFirst},{withoutProof}");
        var proof = HMACSHA256.HashData(SHA256.HashData(keys.ClientKey.AsSpan()), _signed);
        for (var i = 0; i < proof.Length; i++)
            proof[i] ^= keys.ClientKey[i];
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }

    /// <summary>Whether the server has shown that it has the verifier too.</summary>
    public bool Verifies(string serverFinal) =>
        _signed is not null
        && Field(serverFinal.Split(',')[0], "v=") is { } signature
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(signature),
            Encoding.UTF8.GetBytes(
                Convert.ToBase64String(HMACSHA256.HashData(keys.ServerKey.AsSpan(), _signed))));

    private static string? Field(string text, string key) =>
        text.StartsWith(key, StringComparison.Ordinal) ? text[key.Length..] : null;
}

/// <summary>What a SCRAM exchange says of the connection that it goes through.</summary>
/// <param name="Mechanism">By its name in the protocol.</param>
/// <param name="Header">The beginning of the first message, as RFC 5802 has it.</param>
/// <param name="Data">The hash of the server's certificate; empty without binding.</param>
internal sealed record ScramBinding(string Mechanism, string Header, ImmutableArray<byte> Data)
{
    private const string Bound = "SCRAM-SHA-256-PLUS";

    /// <summary>The strongest that both have; null when the server offers none.</summary>
    /// <param name="certificateHash">Empty without TLS, and where the certificate has no such hash.</param>
    public static ScramBinding? Choose(ImmutableArray<string> offered, ImmutableArray<byte> certificateHash)
    {
        if (!certificateHash.IsEmpty && offered.Contains(Bound))
            return new ScramBinding(Bound, "p=tls-server-end-point,,", certificateHash);
        // y: this side could. Had somebody in between taken the offer away, the server would know.
        return offered.Contains(ScramExchange.Mechanism)
            ? new ScramBinding(ScramExchange.Mechanism, certificateHash.IsEmpty ? "n,," : "y,,", [])
            : null;
    }
}
