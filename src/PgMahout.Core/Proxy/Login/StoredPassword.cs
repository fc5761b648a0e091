using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PgMahout.Core.Proxy.Login;

/// <summary>What PostgreSQL keeps of a password, read as the secret that a login is checked with.</summary>
public static class StoredPassword
{
    private const string ScramPrefix = "SCRAM-SHA-256$";
    private const string Md5Prefix = "md5";
    private const int Md5Digits = 32;
    private const int KeyBytes = 32;

    /// <param name="text">As <c>pg_authid.rolpassword</c> has it; null: there is none.</param>
    /// <param name="ended">The time until which the password is valid has passed.</param>
    public static UserSecret Read(string? text, bool canLogIn, bool ended)
    {
        if (!canLogIn)
            return new UserSecret.None("the role may not log in");
        if (ended)
            return new UserSecret.None("the role's password has ended");
        if (text is null)
            return new UserSecret.None("the role has no password");
        return Scram(text) ?? Md5(text) ?? new UserSecret.None("the role's password is of a kind that is not known");
    }

    /// <summary>
    /// Whether it is a SCRAM secret of this password. Takes as long as a login: some milliseconds.
    /// </summary>
    public static bool IsOf(string? text, string password)
    {
        if (text is null || Scram(text) is not UserSecret.Scram secret)
            return false;
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), secret.Salt.AsSpan(), secret.Iterations, HashAlgorithmName.SHA256,
            KeyBytes);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        return CryptographicOperations.FixedTimeEquals(stored, secret.StoredKey.AsSpan());
    }

    /// <summary><c>SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY</c>, the last three in base64.</summary>
    private static UserSecret? Scram(string text)
    {
        if (!text.StartsWith(ScramPrefix, StringComparison.Ordinal)
            || text[ScramPrefix.Length..].Split('$') is not [var head, var keys]
            || head.Split(':') is not [var count, var salt]
            || keys.Split(':') is not [var stored, var server]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations == 0
            || Bytes(salt) is not { IsEmpty: false } saltBytes
            || Bytes(stored) is not { Length: KeyBytes } storedKey
            || Bytes(server) is not { Length: KeyBytes } serverKey)
            return null;
        return new UserSecret.Scram(iterations, saltBytes, storedKey, serverKey);
    }

    private static UserSecret? Md5(string text) =>
        text.Length == Md5Prefix.Length + Md5Digits
        && text.StartsWith(Md5Prefix, StringComparison.Ordinal)
        && text.Skip(Md5Prefix.Length).All(char.IsAsciiHexDigitLower)
            ? new UserSecret.Md5(text[Md5Prefix.Length..])
            : null;

    private static ImmutableArray<byte>? Bytes(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? [.. bytes.AsSpan(0, length)] : null;
    }
}
