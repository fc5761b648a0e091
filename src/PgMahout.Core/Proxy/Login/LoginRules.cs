using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Login;

/// <summary>What a client that has just connected is held to.</summary>
/// <param name="Tls">Whether and for whom there is encryption.</param>
/// <param name="Mode">Replication is passed through where a client keeps its server.</param>
/// <param name="MockSecret">
/// 32 bytes that nobody else knows and that do not change: from them comes the salt that is shown for roles that do
/// not exist, so that asking twice does not tell them from others.
/// </param>
public sealed record LoginRules(TlsRule Tls, PoolMode Mode, ImmutableArray<byte> MockSecret);

/// <summary>Encryption of the connection to a client.</summary>
public enum TlsRule
{
    /// <summary>There is no certificate, or the client came through a unix socket.</summary>
    None,

    /// <summary>Who asks for it gets it.</summary>
    Offered,

    /// <summary>Nobody logs in without it.</summary>
    Required,
}
