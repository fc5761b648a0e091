namespace PgMahout.Core.Proxy;

/// <summary>In libpq's words.</summary>
public static class ServerTlsWords
{
    public static string[] All { get; } = [.. Enum.GetValues<ServerTls>().Select(Word)];

    public static string Word(ServerTls tls) => tls switch
    {
        ServerTls.Disable => "disable",
        ServerTls.Prefer => "prefer",
        ServerTls.Require => "require",
        ServerTls.VerifyAuthority => "verify-ca",
        ServerTls.VerifyFull => "verify-full",
    };

    /// <summary>Null when it is none of them.</summary>
    public static ServerTls? Parse(string word)
    {
        foreach (var tls in Enum.GetValues<ServerTls>())
            if (Word(tls) == word)
                return tls;
        return null;
    }
}
