using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Login;

/// <summary>With what a proxy logs in at a server in the name of a client; never a password.</summary>
public abstract record ServerCredential
{
    private ServerCredential() { }

    /// <summary>Good only at a server that has the same verifier, as all members of a cluster have.</summary>
    /// <param name="ClientKey">32 bytes, taken from the client's proof.</param>
    /// <param name="ServerKey">32 bytes; the server's signature is checked by it.</param>
    /// <param name="Salt">Of the verifier: a server that names another one has another password.</param>
    public sealed record ScramKeys(
        ImmutableArray<byte> ClientKey, ImmutableArray<byte> ServerKey, ImmutableArray<byte> Salt, int Iterations)
        : ServerCredential
    {
        public override string ToString() => nameof(ScramKeys);
    }

    /// <param name="Hash">32 hexadecimal digits, without the word md5 before them.</param>
    public sealed record Md5(string Hash) : ServerCredential
    {
        public override string ToString() => nameof(Md5);
    }

    /// <summary>The server must let this role in without a password.</summary>
    public sealed record None : ServerCredential;
}
