namespace PgMahout.Core.Access;

/// <summary>The first word of a rule: which connections it is for.</summary>
public enum HbaType
{
    /// <summary>Through a unix socket.</summary>
    Local,

    /// <summary>Through TCP, encrypted or not.</summary>
    Host,
    HostSsl,
    HostNoSsl,
    HostGssEnc,
    HostNoGssEnc,
}

/// <summary>How a client is connected; PostgreSQL tells exactly these four apart.</summary>
[Flags]
public enum Channels
{
    None = 0,
    UnixSocket = 1,
    Plain = 2,
    Tls = 4,
    GssEncrypted = 8,
}

/// <summary>The words of the types.</summary>
public static class HbaTypes
{
    public static readonly IReadOnlyList<HbaType> All = Enum.GetValues<HbaType>();

    public static string Word(this HbaType type) => type switch
    {
        HbaType.Local => "local",
        HbaType.Host => "host",
        HbaType.HostSsl => "hostssl",
        HbaType.HostNoSsl => "hostnossl",
        HbaType.HostGssEnc => "hostgssenc",
        HbaType.HostNoGssEnc => "hostnogssenc",
    };

    /// <summary>The connections that a rule of this type looks at.</summary>
    public static Channels Channels(this HbaType type) => type switch
    {
        HbaType.Local => Access.Channels.UnixSocket,
        HbaType.Host => Access.Channels.Plain | Access.Channels.Tls | Access.Channels.GssEncrypted,
        HbaType.HostSsl => Access.Channels.Tls,
        HbaType.HostNoSsl => Access.Channels.Plain | Access.Channels.GssEncrypted,
        HbaType.HostGssEnc => Access.Channels.GssEncrypted,
        HbaType.HostNoGssEnc => Access.Channels.Plain | Access.Channels.Tls,
    };

    /// <summary>Case matters to PostgreSQL.</summary>
    public static HbaType? Parse(string word)
    {
        foreach (var type in All)
            if (type.Word() == word)
                return type;
        return null;
    }
}
