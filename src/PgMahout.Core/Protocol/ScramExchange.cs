using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>
/// The client's half of SCRAM-SHA-256 (RFC 5802, 7677), without channel binding. The password is taken as it is: one
/// with characters beyond ASCII that Unicode would normalise is not recognised.
/// </summary>
/// <param name="nonce">Printable ASCII without a comma, never used before.</param>
public sealed class ScramExchange(string password, string nonce)
{
    public const string Mechanism = "SCRAM-SHA-256";

    // A server that asks for more would keep this side busy for minutes; PostgreSQL's own default is 4096.
    private const int MostIterations = 10_000_000;
    private const string NoChannelBinding = "n,,";

    private byte[]? _serverSignature;

    private string FirstBare => "n=,r=" + nonce;

    public string First => NoChannelBinding + FirstBare;

    /// <summary>The answer to the server's first message; null when that does not continue this exchange.</summary>
    public string? Answer(string serverFirst)
    {
        var fields = serverFirst.Split(',');
        if (fields.Length < 3
            || Field(fields[0], "r=") is not { } combined
            || Field(fields[1], "s=") is not { } saltText
            || Field(fields[2], "i=") is not { } count
            || !combined.StartsWith(nonce, StringComparison.Ordinal)
            || combined.Length == nonce.Length
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is 0 or > MostIterations)
            return null;
        var salt = new byte[saltText.Length];
        if (!Convert.TryFromBase64String(saltText, salt, out var saltLength))
            return null;

        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), salt.AsSpan(0, saltLength), iterations, HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var withoutProof = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(NoChannelBinding))},r={combined}";
        var signed = Encoding.UTF8.GetBytes($"{FirstBare},{serverFirst},{withoutProof}");
        var proof = HMACSHA256.HashData(SHA256.HashData(clientKey), signed);
        for (var i = 0; i < proof.Length; i++)
            proof[i] ^= clientKey[i];
        _serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), signed);
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }

    /// <summary>Whether the server has shown that it knows the password too.</summary>
    public bool Verifies(string serverFinal)
    {
        if (_serverSignature is null || Field(serverFinal.Split(',')[0], "v=") is not { } text)
            return false;
        var signature = new byte[text.Length];
        return Convert.TryFromBase64String(text, signature, out var length)
            && CryptographicOperations.FixedTimeEquals(signature.AsSpan(0, length), _serverSignature);
    }

    private static string? Field(string text, string key) =>
        text.StartsWith(key, StringComparison.Ordinal) ? text[key.Length..] : null;
}
