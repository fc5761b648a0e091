using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>What a client answers where the server has only the MD5 of its password.</summary>
[SuppressMessage("Security", "CA5351", Justification = "PostgreSQL defines it so; servers with old passwords ask.")]
public static class Md5Answer
{
    public static string For(string user, string password, uint salt) => ForHash(
        Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(password + user))), salt);

    /// <param name="hash">32 hexadecimal digits: what the server keeps, without the word md5 before them.</param>
    public static string ForHash(string hash, uint salt)
    {
        var salted = new byte[Encoding.UTF8.GetByteCount(hash) + sizeof(uint)];
        var length = Encoding.UTF8.GetBytes(hash, salted);
        BinaryPrimitives.WriteUInt32BigEndian(salted.AsSpan(length), salt);
        return "md5" + Convert.ToHexStringLower(MD5.HashData(salted));
    }
}
