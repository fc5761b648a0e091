using System.Collections.Immutable;

namespace PgMahout.Core.Proxy.Admin;

/// <summary>What a proxy was doing at one moment; the loop publishes it, the console and the metrics read it.</summary>
public sealed record ProxySnapshot
{
    public DateTimeOffset At { get; init; }
    public string Version { get; init; } = "";
    public ImmutableArray<PoolSnapshot> Pools { get; init; } = [];
    public ImmutableArray<PeerSnapshot> Clients { get; init; } = [];
    public ImmutableArray<PeerSnapshot> Servers { get; init; } = [];
    public ImmutableArray<DatabaseSnapshot> Databases { get; init; } = [];
    public ImmutableArray<UserSnapshot> Users { get; init; } = [];
    public ImmutableArray<TrafficSnapshot> Traffic { get; init; } = [];
    public ImmutableArray<SettingSnapshot> Settings { get; init; } = [];
    public ImmutableArray<MemorySnapshot> Memory { get; init; } = [];

    /// <summary>Clients that could still come before the limit.</summary>
    public int FreeClients { get; init; }

    /// <summary>Clients that have not logged in yet; they are not among <see cref="Clients"/>.</summary>
    public int LoginClients { get; init; }
}

/// <summary>Of a pair of user and database, on one member.</summary>
/// <param name="LongestWait">Of the clients that wait now.</param>
public sealed record PoolSnapshot(string Database, string User, PoolMode Mode, TimeSpan LongestWait)
{
    public int ClientsActive { get; init; }
    public int ClientsWaiting { get; init; }

    /// <summary>Clients that only carry a cancel request: under way, and waiting for a connection.</summary>
    public int CancelsActive { get; init; }
    public int CancelsWaiting { get; init; }

    public int ServersActive { get; init; }
    public int ServersCarryingCancels { get; init; }
    public int ServersBeingCanceled { get; init; }
    public int ServersIdle { get; init; }

    /// <summary>Idle, and to be checked before their next use.</summary>
    public int ServersUsed { get; init; }
    public int ServersTested { get; init; }
    public int ServersLogin { get; init; }
}

/// <summary>One connection, of a client or to a server.</summary>
/// <param name="State">PgBouncer's words: active, waiting, idle, used, login, …</param>
/// <param name="Id">Unique in this process; <see cref="Link"/> is that of the other side, while there is one.</param>
public sealed record PeerSnapshot(long Id, string User, string Database, string State, DateTimeOffset ConnectedAt)
{
    public long? Link { get; init; }

    /// <summary>"unix" for a unix socket.</summary>
    public string Address { get; init; } = "";
    public int Port { get; init; }
    public string LocalAddress { get; init; } = "";
    public int LocalPort { get; init; }

    /// <summary>When the request that runs, or waits, came.</summary>
    public DateTimeOffset? RequestedAt { get; init; }
    public TimeSpan Wait { get; init; }

    /// <summary>It is closed as soon as it is free.</summary>
    public bool CloseNeeded { get; init; }

    /// <summary>Of the backend, or of a client on a unix socket; null when unknown.</summary>
    public int? RemotePid { get; init; }

    /// <summary>Version and cipher; empty without TLS.</summary>
    public string Tls { get; init; } = "";
    public string ApplicationName { get; init; } = "";
}

/// <param name="Name">As clients say it.</param>
/// <param name="Database">As the server knows it.</param>
public sealed record DatabaseSnapshot(string Name, string Host, int Port, string Database)
{
    public string? ForceUser { get; init; }
    public int PoolSize { get; init; }
    public int MinPoolSize { get; init; }
    public int ReservePool { get; init; }
    public PoolMode? Mode { get; init; }

    /// <summary>0: no limit of its own.</summary>
    public int MaxConnections { get; init; }
    public int CurrentConnections { get; init; }
    public bool Paused { get; init; }
    public bool Disabled { get; init; }
}

/// <param name="Mode">Null: that of the database.</param>
public sealed record UserSnapshot(string Name, PoolMode? Mode);

/// <summary>Of one database: all since the start, and a second's worth of the last period.</summary>
public sealed record TrafficSnapshot(string Database, TrafficCounts Total, TrafficCounts Average);

/// <summary>
/// In totals, sums; in averages, counts and bytes for each second, and times for each transaction, statement or wait.
/// </summary>
public sealed record TrafficCounts(long Transactions, long Statements, long BytesReceived, long BytesSent)
{
    public static readonly TrafficCounts None = new(0, 0, 0, 0);

    public TimeSpan TransactionTime { get; init; }
    public TimeSpan StatementTime { get; init; }

    /// <summary>Of clients for a server.</summary>
    public TimeSpan WaitTime { get; init; }
}

/// <param name="Changeable">A reload takes it up.</param>
public sealed record SettingSnapshot(string Key, string Value, string Default, bool Changeable);

/// <summary>A stock of objects of one size, in bytes.</summary>
public sealed record MemorySnapshot(string Name, long Size, long Used, long Free)
{
    public long Total => Size * (Used + Free);
}
