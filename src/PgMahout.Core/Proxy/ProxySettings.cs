namespace PgMahout.Core.Proxy;

/// <summary>When a server goes back to its pool.</summary>
public enum PoolMode
{
    /// <summary>When the client leaves.</summary>
    Session,

    /// <summary>At the end of each transaction.</summary>
    Transaction,
}

/// <summary>Whether connections to servers by TCP are encrypted, and how sure the proxy wants to be of them.</summary>
public enum ServerTls
{
    Disable,

    /// <summary>Where the server offers it.</summary>
    Prefer,

    /// <summary>Always, to whoever it is.</summary>
    Require,

    /// <summary>Its certificate must come from the authority.</summary>
    VerifyAuthority,

    /// <summary>And name the host.</summary>
    VerifyFull,
}

/// <summary>How a proxy listens and pools; immutable, replaced whole by a reload.</summary>
public sealed record ProxySettings
{
    /// <summary>Addresses in numbers; the first is the one that is told to clients.</summary>
    public string ListenHost { get; init; } = "127.0.0.1";

    /// <summary>Where clients on the same host connect: what listens everywhere does so on loopback.</summary>
    public string LocalHost => ListenHost switch { "0.0.0.0" => "127.0.0.1", "::" => "::1", var one => one };

    /// <summary>On each address of its host, and so, where there are several hosts, on each of theirs.</summary>
    public bool ListensEverywhere => ListenHost is "0.0.0.0" or "::";

    /// <summary>Transactions go to the primary.</summary>
    public int WritePort { get; init; } = 6432;

    /// <summary>Transactions go to a standby where one is fit; 0: no such port.</summary>
    public int ReadPort { get; init; } = 6433;

    /// <summary>A unix socket for the write port, .s.PGSQL.PORT, in this directory; null: none.</summary>
    public string? SocketDirectory { get; init; }

    public PoolMode Mode { get; init; } = PoolMode.Transaction;

    /// <summary>Servers for each pair of user and database, on each member.</summary>
    public int PoolSize { get; init; } = 20;

    /// <summary>More of them once a client has waited for <see cref="ReserveAfter"/>.</summary>
    public int ReserveSize { get; init; } = 5;
    public TimeSpan ReserveAfter { get; init; } = TimeSpan.FromSeconds(1);
    public int MaxClients { get; init; } = 10_000;

    /// <summary>How long a client between transactions waits for a primary, or for a server of a full pool.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan LoginLimit { get; init; } = TimeSpan.FromSeconds(15);
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(5);
    public TimeSpan ServerIdleLimit { get; init; } = TimeSpan.FromMinutes(10);
    public TimeSpan ServerLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A read may go to a standby that is at most so far behind.</summary>
    public TimeSpan LagLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether reads that come to the write port may go to standbys.</summary>
    public bool SplitReads { get; init; }

    /// <summary>Of users and databases; see <see cref="Routing.RouteRules"/>.</summary>
    public string Routes { get; init; } = "";

    /// <summary>Functions of the operator's own that may run on a standby; patterns, with commas between.</summary>
    public string ReadingNames { get; init; } = "";

    /// <summary>Functions, views and tables that need the primary; patterns, with commas between.</summary>
    public string WritingNames { get; init; } = "";

    /// <summary>The role that may use the console: the database pgmahout.</summary>
    public string AdminUser { get; init; } = "postgres";

    /// <summary>Of one message that must be kept whole: a statement to prepare, a login.</summary>
    public int MessageLimit { get; init; } = 16 << 20;

    /// <summary>Of everything that is received and not yet sent on, in bytes.</summary>
    public long MemoryLimit { get; init; } = 1L << 30;

    /// <summary>PEM; null: no TLS to clients.</summary>
    public string? CertificateFile { get; init; }
    public string? KeyFile { get; init; }
    public bool RequireTls { get; init; }

    /// <summary>Unix sockets are never encrypted.</summary>
    public ServerTls ServerTls { get; init; } = ServerTls.Prefer;

    /// <summary>PEM, of what servers' certificates come from; null: what this system believes.</summary>
    public string? ServerAuthorityFile { get; init; }
}
