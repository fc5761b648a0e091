namespace PgMahout.Core.Proxy.Admin;

/// <summary>What SHOW can show.</summary>
public enum AdminSubject
{
    Help,
    Config,
    Databases,
    Pools,
    Clients,
    Servers,
    Users,
    Lists,
    Memory,
    Stats,
    StatsTotals,
    StatsAverages,
    Version,
}

/// <summary>When SHUTDOWN ends the proxy.</summary>
public enum ShutdownMode
{
    Immediate,

    /// <summary>When every server is back in its pool; clients are then cut.</summary>
    WaitForServers,

    /// <summary>When the last client has left; no new ones are taken.</summary>
    WaitForClients,
}

/// <summary>A command to the console: the database pgmahout, or pgbouncer for programs that know only that.</summary>
public abstract record AdminCommand
{
    private AdminCommand() { }

    /// <summary>Nothing but white space and semicolons.</summary>
    public sealed record Empty : AdminCommand;

    public sealed record Show(AdminSubject Subject) : AdminCommand;

    /// <summary>Nothing new begins; answered when nothing runs any more.</summary>
    /// <param name="Database">Null: all of them. So in the commands that follow.</param>
    public sealed record Pause(string? Database) : AdminCommand;

    public sealed record Resume(string? Database) : AdminCommand;

    /// <summary>Cuts clients and servers of a database at once, and holds new ones until RESUME.</summary>
    public sealed record Kill(string? Database) : AdminCommand;

    /// <summary>Servers are replaced by new connections as they become free.</summary>
    public sealed record Reconnect(string? Database) : AdminCommand;

    public sealed record Reload : AdminCommand;

    public sealed record Shutdown(ShutdownMode Mode) : AdminCommand;

    /// <summary>Not a command: what to answer.</summary>
    /// <param name="Hint">What is possible.</param>
    public sealed record Refused(string SqlState, string Message, string Hint) : AdminCommand;

    /// <summary>The tag of CommandComplete.</summary>
    public string Tag => this switch
    {
        Show => "SHOW",
        Pause => "PAUSE",
        Resume => "RESUME",
        Kill => "KILL",
        Reconnect => "RECONNECT",
        Reload => "RELOAD",
        Shutdown => "SHUTDOWN",
        Empty or Refused => "",
        _ => throw new InvalidOperationException($"a command without a tag: {this}"),
    };

    public static AdminCommand Parse(string text) => AdminGrammar.Parse(text);
}
