using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>What a server keeps of a role's password (<c>pg_authid.rolpassword</c>).</summary>
[SuppressMessage("Security", "CA5351", Justification = "PostgreSQL defines it so; servers keep old passwords.")]
public static class PasswordVerifier
{
    private const string Scram = "SCRAM-SHA-256$";
    private const string OldMark = "md5";

    /// <summary>Only the MD5 of it: rules that ask for SCRAM do not take it.</summary>
    public static bool IsOld(string verifier) => verifier.StartsWith(OldMark, StringComparison.Ordinal);

    /// <summary>Whether it was made from this password; false also for what is not understood.</summary>
    public static bool IsOf(string verifier, string password, string role)
    {
        if (IsOld(verifier))
            return verifier[OldMark.Length..]
                == Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(password + role)));
        // SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER
        if (!verifier.StartsWith(Scram, StringComparison.Ordinal)
            || verifier[Scram.Length..].Split('$') is not [var head, var keys]
            || head.Split(':') is not [var count, var saltText]
            || keys.Split(':') is not [var stored, _]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations))
            return false;
        var salt = new byte[saltText.Length];
        if (!Convert.TryFromBase64String(saltText, salt, out var length) || iterations == 0)
            return false;
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), salt.AsSpan(0, length), iterations, HashAlgorithmName.SHA256, 32);
        var key = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        return Convert.ToBase64String(key) == stored;
    }
}
