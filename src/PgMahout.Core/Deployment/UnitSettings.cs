using PgMahout.Core.Cluster;
using PgMahout.Core.Installation;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Deployment;

/// <summary>What the units of one host are made from. Paths are absolute.</summary>
/// <param name="Member">The member that lives on this host; null on a witness and on a proxy's host.</param>
public sealed record UnitSettings(MemberName? Member, Timing Timing)
{
    public string Program { get; init; } = "/opt/pgmahout/current/pgmahout";

    public string Home { get; init; } = "/var/lib/pgmahout";

    /// <summary>Of every process of ours; owns the home.</summary>
    public string Account { get; init; } = "postgres";

    /// <summary>Where the .NET runtime came along to; null when the host has one in a place of its own.</summary>
    public string? DotnetRoot { get; init; }

    /// <summary>See <see cref="InstallPlan.ProgramsVariable"/>; null for the newest that is installed.</summary>
    public string? PostgresPrograms { get; init; }

    /// <summary>An address goes with the leadership. To keep it is the only thing that wants a privilege.</summary>
    public bool HasVirtualIp { get; init; }

    /// <summary>A member of etcd runs here, kept by our own unit.</summary>
    public bool HasEtcd { get; init; }

    public bool HasProxy { get; init; }

    public string EtcdProgram { get; init; } = "/usr/bin/etcd";

    /// <summary>Lines of ETCD_NAME=VALUE.</summary>
    public string EtcdEnvironment { get; init; } = "/etc/pgmahout/etcd.env";

    /// <summary>Where etcd keeps its data.</summary>
    public string EtcdDirectory { get; init; } = "/var/lib/pgmahout/etcd";
}

/// <summary>One file of systemd's.</summary>
/// <param name="Name">Such as <c>pgmahout-agent.service</c>.</param>
public sealed record SystemdUnit(string Name, string Text)
{
    public string Path => "/etc/systemd/system/" + Name;
}
