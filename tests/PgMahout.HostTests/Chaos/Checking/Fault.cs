using System.Collections.Immutable;

namespace PgMahout.HostTests.Chaos.Checking;

internal enum FaultKind
{
    PowerLoss,
    PowerLossOfTwo,
    PowerLossOfAll,
    Shutdown,
    FreezeHost,
    KillPostmaster,
    KillServer,
    KillGuard,
    KillAgent,
    KillAllOfMember,
    KillEtcd,
    KillProxy,
    RestartAgent,
    RestartProxy,
    FreezePostmaster,
    FreezeServer,
    FreezeGuard,
    FreezeAgent,
    FreezeEtcd,
    FreezeProxy,
    CutFromEverybody,
    CutFromHosts,
    CutOneWayOut,
    CutOneWayIn,
    CutFromEtcd,
    CutFromMembers,
    SlowLine,
    LosePackets,
    FillDisk,
    StickDisk,
    Switchover,
    SwitchoverAndPowerLoss,
    RestartAgentInFailover,
    KillArchivers,
    FreezeArchivers,
    CutFromRepository,
}

/// <summary>A host by what it is at that moment.</summary>
internal enum Place
{
    Primary,
    Standby,
    EtcdLeader,
    Last,
}

/// <param name="After">From the beginning of its step.</param>
/// <param name="Lasts">Until it is taken back, where there is something to take back.</param>
internal sealed record Fault(FaultKind Kind, Place Place, TimeSpan After, TimeSpan Lasts);

/// <summary>One or two faults, and whether the cluster may become whole before the next step.</summary>
internal sealed record Step(ImmutableArray<Fault> Faults, bool AwaitsHealth);
