using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Installation;

namespace PgMahout.Core.Deployment;

/// <summary>What was found on a host before anything was changed there, by <see cref="SurveyScript"/>.</summary>
public sealed record HostSurvey
{
    public required Platform Platform { get; init; }

    /// <summary>The commands run as root.</summary>
    public bool IsRoot { get; init; }

    /// <summary>Of the installation: two names of one machine have one.</summary>
    public string MachineId { get; init; } = "";

    public ImmutableArray<string> Addresses { get; init; } = [];
    public ImmutableArray<string> Interfaces { get; init; } = [];

    /// <summary>The host's clock is ahead of the operator's by this.</summary>
    public TimeSpan ClockAhead { get; init; }

    /// <summary>Who listens on which TCP port; an empty name: it could not be seen.</summary>
    public ImmutableSortedDictionary<int, string> Listeners { get; init; } =
        ImmutableSortedDictionary<int, string>.Empty;

    public bool HasAccount { get; init; }

    /// <summary>Major versions of PostgreSQL's server that are installed.</summary>
    public ImmutableArray<int> Postgres { get; init; } = [];

    public bool HasEtcd { get; init; }

    /// <summary>A member of etcd was started here at some time, and what it knew is still there.</summary>
    public bool HasEtcdData { get; init; }

    /// <summary>The version of ours that runs when something is started; null: none.</summary>
    public string? Program { get; init; }

    /// <summary>Versions of ours that are there.</summary>
    public ImmutableArray<string> Programs { get; init; } = [];

    /// <summary>Versions of .NET's runtime beside our programs, and elsewhere on the host.</summary>
    public ImmutableArray<string> Runtimes { get; init; } = [];

    /// <summary>The home's own names; null: there is no home.</summary>
    public ImmutableArray<string>? HomeEntries { get; init; }

    /// <summary>What the home says of itself; empty: nothing.</summary>
    public string HostFile { get; init; } = "";

    /// <summary>Data directories that are not empty.</summary>
    public ImmutableArray<string> DataDirectories { get; init; } = [];

    /// <summary>SHA-256 in lower-case hexadecimal, by path, of those of our files that are there.</summary>
    public ImmutableSortedDictionary<string, string> Digests { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableArray<string> ActiveUnits { get; init; } = [];
    public ImmutableArray<string> EnabledUnits { get; init; } = [];

    /// <summary>
    /// Those that began before the present authorities were there, and read them at their start only.
    /// </summary>
    public ImmutableArray<string> OutdatedUnits { get; init; } = [];

    public HostFirewall Firewall { get; init; }

    /// <summary>Of a server that is to be adopted; null: none is.</summary>
    public AdoptionSurvey? Adoption { get; init; }

    /// <summary>Free bytes where the home is or will be.</summary>
    public long FreeBytes { get; init; }

    public string Release => string.Create(CultureInfo.InvariantCulture, $"{Platform.Name}");
}

/// <summary>Who decides which packets come in.</summary>
public enum HostFirewall
{
    /// <summary>Nobody: everything comes in.</summary>
    None,

    /// <summary>Rules of nftables or iptables that somebody keeps himself.</summary>
    Nftables,
    Ufw,
    Firewalld,
}

/// <summary>A host as far as it could be looked at.</summary>
public abstract record HostFinding
{
    private HostFinding() { }

    public sealed record Found(HostSurvey Survey) : HostFinding;

    /// <param name="Why">What ssh said.</param>
    public sealed record Unreachable(string Why) : HostFinding;
}
