using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Proxy.Login;

namespace PgMahout.Core.Protocol;

/// <summary>What a server keeps of a role's password (<c>pg_authid.rolpassword</c>), as MD5 or for SCRAM.</summary>
[SuppressMessage("Security", "CA5351", Justification = "PostgreSQL defines it so; servers keep old passwords.")]
public static class PasswordVerifier
{
    private const string OldMark = "md5";

    /// <summary>Only the MD5 of it: rules that ask for SCRAM do not take it.</summary>
    public static bool IsOld(string verifier) => verifier.StartsWith(OldMark, StringComparison.Ordinal);

    /// <summary>Whether it was made from this password; false also for what is not understood.</summary>
    public static bool IsOf(string verifier, string password, string role) => IsOld(verifier)
        ? verifier[OldMark.Length..]
            == Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(password + role)))
        : StoredPassword.IsOf(verifier, password);
}
