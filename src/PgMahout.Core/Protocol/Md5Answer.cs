using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace PgMahout.Core.Protocol;

/// <summary>What a client answers where the server has only the MD5 of its password.</summary>
public static class Md5Answer
{
    [SuppressMessage("Security", "CA5351", Justification = "PostgreSQL defines it so; servers with old passwords ask.")]
    public static string For(string user, string password, uint salt)
    {
        var inner = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(password + user)));
        var salted = new byte[inner.Length + sizeof(uint)];
        Encoding.ASCII.GetBytes(inner, salted);
        BinaryPrimitives.WriteUInt32BigEndian(salted.AsSpan(inner.Length), salt);
        return "md5" + Convert.ToHexStringLower(MD5.HashData(salted));
    }
}
