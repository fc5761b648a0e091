using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PgMahout.Core.Proxy.Login;

namespace PgMahout.Tests.Proxy.Login;

/// <summary>What a server would keep of some passwords.</summary>
internal static class Roles
{
    public const string Password = "pencil";

    /// <summary>Few iterations: what is tested does not get better by more.</summary>
    public static UserSecret.Scram Scram(string password = Password, int iterations = 2, byte salt = 7)
    {
        var saltBytes = Enumerable.Repeat(salt, 16).ToArray();
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, saltBytes, iterations, HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        return new UserSecret.Scram(
            iterations,
            [.. saltBytes],
            [.. SHA256.HashData(clientKey)],
            [.. HMACSHA256.HashData(salted, "Server Key"u8)]);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "what md5 roles have")]
    public static UserSecret.Md5 Md5(string user, string password = Password) =>
        new(Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(password + user))));

    public static readonly ImmutableArray<byte> MockSecret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public static byte[] Random(byte seed = 1) =>
        [.. Enumerable.Range(0, ClientLogin.RandomBytes).Select(i => (byte)(i * 7 + seed))];
}
