namespace PgMahout.Core.Access;

/// <summary>How a client proves who it is.</summary>
public enum HbaMethod
{
    Trust,
    Reject,
    Md5,
    Password,
    ScramSha256,
    Peer,
    Ident,
    Cert,
    Gss,
    Ldap,
    Radius,
    Pam,
    OAuth,
}

/// <summary>The words of the methods.</summary>
public static class HbaMethods
{
    /// <summary>The first version that knows <see cref="HbaMethod.OAuth"/>.</summary>
    public const int FirstWithOAuth = 18;

    public static readonly IReadOnlyList<HbaMethod> All = Enum.GetValues<HbaMethod>();

    public static string Word(this HbaMethod method) => method switch
    {
        HbaMethod.Trust => "trust",
        HbaMethod.Reject => "reject",
        HbaMethod.Md5 => "md5",
        HbaMethod.Password => "password",
        HbaMethod.ScramSha256 => "scram-sha-256",
        HbaMethod.Peer => "peer",
        HbaMethod.Ident => "ident",
        HbaMethod.Cert => "cert",
        HbaMethod.Gss => "gss",
        HbaMethod.Ldap => "ldap",
        HbaMethod.Radius => "radius",
        HbaMethod.Pam => "pam",
        HbaMethod.OAuth => "oauth",
    };

    /// <summary>Those that a server of this version knows, as the packages for Linux are built.</summary>
    public static IEnumerable<HbaMethod> Of(int version) =>
        All.Where(method => method != HbaMethod.OAuth || version >= FirstWithOAuth);

    /// <summary>Case matters to PostgreSQL.</summary>
    public static HbaMethod? Parse(string word, int version)
    {
        foreach (var method in Of(version))
            if (method.Word() == word)
                return method;
        return null;
    }
}
