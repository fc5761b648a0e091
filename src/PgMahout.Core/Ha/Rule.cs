namespace PgMahout.Core.Ha;

/// <summary>
/// The stable name of every reason for which a member does something or nothing. Shown by <c>explain</c>, kept in the
/// journal; each is reached by the simulator. What it means, for people, is in <see cref="RuleText"/>.
/// </summary>
public enum Rule
{
    // The member itself
    AwaitOperation,
    LeaveForeignData,
    HoldStillWhilePaused,
    ShutDownMember,

    // The store is out of reach
    AwaitStore,
    FollowWithoutStore,
    LeadOnPromises,
    FenceUnconfirmed,

    // The first start
    AwaitBootstrap,
    ClaimBootstrap,
    BootstrapCluster,

    // Holding the lease, with a primary
    ConfirmLease,
    KeepLeading,
    AdjustSynchronous,
    StopForSwitchover,
    RefuseSwitchover,
    CompleteSwitchover,
    RestartPrimary,
    LeaveFullDisk,
    FenceStuckDisk,
    YieldStuckDisk,

    // Holding the lease, without a primary
    PromoteAsHolder,
    AwaitStart,
    ClearOrphans,
    HandOver,
    HandOverLostData,
    RecoverInPlace,
    AwaitAnswer,
    FenceUnresponsive,

    // Another member holds the lease
    FenceStalePrimary,
    FollowLeader,
    PointAtLeader,
    FollowHead,
    PointAtHead,
    AwaitRenewal,
    StartStandby,
    RestartStandby,
    AwaitPrimary,
    InspectBeforeRejoin,
    StopDiverged,
    RewindDiverged,
    CloneLeader,
    AwaitRetry,

    // Nobody surely holds the lease
    ReclaimLease,
    TakeAsHeir,
    AwaitHeir,
    HonourPromise,
    StartForElection,
    AwaitReadiness,
    NotEligible,
    SealForElection,
    AwaitVotes,
    YieldToBetter,
    ClaimLease,
    TakeByForce,
}
