using System.Globalization;

namespace PgMahout.Simulation.Faults;

internal enum FaultKind
{
    /// <summary>The postmaster is killed; its children linger for the fault's time.</summary>
    KillPostmaster,

    /// <summary>Every process of the server is killed.</summary>
    KillPostgres,

    /// <summary>The server's processes are stopped (SIGSTOP) and continue later; agent and guard run.</summary>
    HangPostgres,
    KillAgent,

    /// <summary>The agent hangs; guard and server run.</summary>
    FreezeAgent,

    /// <summary>Loss of power: what was not flushed is gone.</summary>
    CrashHost,
    FreezeHost,

    /// <summary>No packet in or out.</summary>
    IsolateHost,

    /// <summary>Nothing from target to other; the way back works.</summary>
    CutOneWay,
    CutPair,

    /// <summary>Target and store do not reach each other.</summary>
    CutStore,

    /// <summary>The store hears the target, which gets no answer.</summary>
    MuteStore,
    StoreOutage,

    /// <summary>The store's answers are lost or late.</summary>
    StoreTrouble,
    SlowDisk,
    FullDisk,

    /// <summary>There is room still, and too little of it for a leader.</summary>
    FillingDisk,

    /// <summary>What is written waits, and what waits cannot be killed.</summary>
    StuckDisk,
    SlowNetwork,

    /// <summary>The data directory is deleted.</summary>
    LoseData,

    /// <summary>The data directory belongs to somebody else for a while.</summary>
    ForeignData,
    Switchover,
    ForceFailover,
    Pause,
    Restart,
    Rejoin,
    Reinitialize,
    Shutdown,

    /// <summary>An operator begins to move the leadership to the other region, and takes it back later.</summary>
    YieldRegion,
}

/// <summary>One thing that goes wrong, or one command of an operator.</summary>
/// <param name="Target">Index of the member; <see cref="Leader"/> for whoever leads when it begins.</param>
/// <param name="Other">The second member, where there is one; for a switchover -1 is "the best".</param>
/// <param name="At">Virtual milliseconds after the beginning.</param>
/// <param name="For">Virtual milliseconds until it is over.</param>
internal sealed record Fault(FaultKind Kind, int Target, int Other, int At, int For)
{
    public const int Leader = -1;

    public override string ToString()
    {
        var target = Target == Leader ? "leader" : Name(Target);
        var other = Kind is FaultKind.CutOneWay or FaultKind.CutPair or FaultKind.Switchover or FaultKind.ForceFailover
            ? " / " + (Other < 0 ? "best" : Name(Other))
            : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{At / 1000.0,8:F3}s  {Kind,-14} {target + other,-14} for {For / 1000.0:F3}s");
    }

    /// <summary>As it is written in a scenario.</summary>
    public string Code =>
        string.Create(CultureInfo.InvariantCulture, $"new(FaultKind.{Kind}, {Target}, {Other}, {At}, {For}),");

    private static string Name(int index) => ((char)('a' + index)).ToString();
}
