using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Proxy;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Starting;

/// <summary>What is at the place of a home.</summary>
/// <param name="Strangers">Names in it that pgmahout did not make.</param>
/// <param name="WithData">Members whose data directory is not empty.</param>
public sealed record HomeFinding(
    HomePlace Place,
    ImmutableArray<string> Strangers,
    StoreFinding Store,
    ImmutableArray<MemberName> WithData,
    int? SupervisorPid)
{
    /// <summary>A restore of the whole cluster was begun and is not done.</summary>
    public bool BeingRestored { get; init; }

    /// <summary>It is one host of several, whose processes the system's own units keep.</summary>
    public bool KeptByUnits { get; init; }
}

public enum HomePlace
{
    Missing,
    NotADirectory,
    Unreadable,
    Empty,
    Occupied,
}

public abstract record StoreFinding
{
    private StoreFinding() { }

    public sealed record Missing : StoreFinding;

    public sealed record Unreadable(string Reason) : StoreFinding;

    /// <summary>A store in which nothing was written: its cluster's creation was not finished.</summary>
    public sealed record Blank : StoreFinding;

    /// <param name="SystemIdentifier">Null before the bootstrap.</param>
    public sealed record Holds(ClusterSpec Spec, ulong? SystemIdentifier) : StoreFinding
    {
        public BackupSettings Backup { get; init; } = BackupSettings.None;

        /// <summary>Null: the cluster has no proxy.</summary>
        public ProxySettings? Proxy { get; init; }
    }
}
