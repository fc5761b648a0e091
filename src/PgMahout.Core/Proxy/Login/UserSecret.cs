using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Login;

/// <summary>What the cluster has of a role's password, as <c>pg_authid.rolpassword</c> has it.</summary>
public abstract record UserSecret
{
    private UserSecret() { }

    /// <param name="StoredKey">32 bytes.</param>
    /// <param name="ServerKey">32 bytes.</param>
    public sealed record Scram(
        int Iterations, ImmutableArray<byte> Salt, ImmutableArray<byte> StoredKey, ImmutableArray<byte> ServerKey)
        : UserSecret;

    /// <param name="Hash">32 hexadecimal digits, without the word md5 before them.</param>
    public sealed record Md5(string Hash) : UserSecret;

    /// <summary>There is no such role, it may not log in, its password has ended, or it has none.</summary>
    public sealed record None(string Why) : UserSecret;
}
