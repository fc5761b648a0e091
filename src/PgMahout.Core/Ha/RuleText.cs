namespace PgMahout.Core.Ha;

/// <summary>What each rule means, for people: when it applies, what the member does, and why that is right.</summary>
public static class RuleText
{
    /// <summary>The first sentence of its meaning: when it applies.</summary>
    public static string Occasion(Rule rule) =>
        Meaning(rule) is var text && text.IndexOf(". ", StringComparison.Ordinal) is > 0 and var end
            ? text[..(end + 1)]
            : text;

    public static string Meaning(Rule rule) => rule switch
    {
        Rule.AwaitOperation =>
            "Long work is running on this member: a start, stop, promotion, rewind or clone. Nothing else is "
            + "begun until it ends; a leader keeps renewing its lease meanwhile.",
        Rule.LeaveForeignData =>
            "The data directory belongs to another cluster, another major version or another owner. It is never "
            + "started, fenced or replaced.",
        Rule.HoldStillWhilePaused =>
            "An operator has paused the cluster. The lease is kept, but nothing is started, stopped, promoted "
            + "or rebuilt until the pause ends.",
        Rule.ShutDownMember => "This member is going down on request: PostgreSQL is stopped cleanly and stays stopped.",
        Rule.AwaitStore =>
            "The store cannot be read and nothing of PostgreSQL is serving here. The member waits for the "
            + "store.",
        Rule.FollowWithoutStore =>
            "The store cannot be read. A standby carries on replicating; nobody can take over without the "
            + "store.",
        Rule.LeadOnPromises =>
            "The store cannot be read. The leader keeps serving only while every promotable member, asked "
            + "directly, promises not to take over for one lease time.",
        Rule.FenceUnconfirmed =>
            "The lease could not be renewed in time, so another member may take it. Every PostgreSQL process "
            + "here is killed before that moment.",
        Rule.AwaitBootstrap => "The cluster has no data yet. Its first member initialises it; the others wait.",
        Rule.ClaimBootstrap => "The first member of a new cluster takes the lease before it initialises anything.",
        Rule.BootstrapCluster =>
            "The holder of the first lease runs initdb, starts PostgreSQL, creates the roles and publishes the "
            + "cluster's identity.",
        Rule.ConfirmLease =>
            "The record names this member but its agent has just started and remembers no deadline. It writes "
            + "the lease again; PostgreSQL is not touched.",
        Rule.KeepLeading => "This member leads. It renews its lease and keeps slots and the synchronous set in order.",
        Rule.AdjustSynchronous =>
            "The set of standbys that confirm commits changes by one safe step, so that every confirmed commit "
            + "stays known to every possible successor.",
        Rule.StopForSwitchover =>
            "A switchover was asked for and its target is fit. The proxies let what runs end; PostgreSQL is stopped "
            + "cleanly, which sends the standbys the last byte; then the lease is handed over.",
        Rule.RefuseSwitchover =>
            "A switchover was asked for that would lose data or cannot work now. Nothing was changed.",
        Rule.CompleteSwitchover =>
            "The leadership has moved since the switchover was asked for; the request is closed.",
        Rule.RestartPrimary =>
            "An operator asked to restart PostgreSQL on the leader. It is stopped cleanly and started in place.",
        Rule.LeaveFullDisk =>
            "The disk of this leader is nearly full, and a standby has room. PostgreSQL is stopped cleanly while "
            + "there is still room for that, and the standby takes over.",
        Rule.FenceStuckDisk =>
            "The disk of this leader has taken no write for longer than its limit, so nothing can be committed, and "
            + "a standby could take over. PostgreSQL is killed here.",
        Rule.YieldStuckDisk =>
            "This leader's disk hangs, and its processes cannot even die. The lease is left to run out, so that a "
            + "standby takes over; none of them can confirm anything any more.",
        Rule.LeadAsStandby =>
            "This cluster follows another region. Its leader is a standby that streams from the primary there, and the "
            + "other members follow this one.",
        Rule.PointAtRegion =>
            "This member leads a cluster that follows another region, and is pointed at the primary there.",
        Rule.StopForRegion =>
            "The leadership moves to the other region. PostgreSQL is stopped cleanly, which sends the other region the "
            + "last byte.",
        Rule.YieldRegion =>
            "PostgreSQL is stopped for the other region. Where its WAL ends is recorded; nothing here serves from now "
            + "on, unless the operator takes the change back.",
        Rule.AwaitRegion =>
            "Whether this cluster may serve depends on the other region: it has yielded to it, or has just started and "
            + "asks it first.",
        Rule.AwaitRegionWal =>
            "This cluster was made to lead in a planned change, and this member lacks WAL that the other region had "
            + "written. It is not promoted.",
        Rule.AdoptRegion =>
            "The other region leads in a later term: an operator has moved the leadership there. What serves here is "
            + "killed at once, and this cluster follows from now on.",
        Rule.PromoteAsHolder =>
            "This member took the lease in an earlier turn and its PostgreSQL is still in recovery. Synchronous "
            + "commit is set first, then recovery is ended.",
        Rule.AwaitStart => "PostgreSQL is starting or recovering and does not accept connections yet.",
        Rule.ClearOrphans =>
            "The postmaster is gone but processes of it remain. One of them could still confirm a commit, so "
            + "all are killed before anything else.",
        Rule.HandOver =>
            "This leader's PostgreSQL is down and a standby has every confirmed commit. The lease is released "
            + "with that standby named as heir, which is faster than recovering here.",
        Rule.HandOverLostData =>
            "This member holds the lease but has no usable data directory. It hands the lease over, or waits if "
            + "nobody has everything.",
        Rule.RecoverInPlace =>
            "This leader's PostgreSQL is down and it is best started here: the stop was clean, or no other "
            + "member is certain to have every confirmed commit.",
        Rule.AwaitAnswer =>
            "A PostgreSQL process runs but does not answer. It gets a limited time before it is treated as "
            + "dead.",
        Rule.FenceUnresponsive =>
            "PostgreSQL has not answered for longer than its limit. It is killed so that a standby can take "
            + "over or it can recover.",
        Rule.FenceStalePrimary =>
            "A server runs as primary here, or is being promoted, while another member may hold the lease. All "
            + "its processes are killed at once.",
        Rule.FollowLeader => "This standby follows the leader.",
        Rule.PointAtLeader => "This standby is pointed at the new leader, by reload and without a restart.",
        Rule.FollowHead => "This standby streams from the head of its site, which streams from the leader.",
        Rule.PointAtHead =>
            "This standby is pointed at the head of its site, by reload, so that WAL crosses the line to the site "
            + "once.",
        Rule.AwaitRenewal =>
            "This standby receives from nobody and its agent has just started: it may have been counted in an "
            + "election, on the promise to receive nothing. It waits until the leader renews its lease, or loses it.",
        Rule.StartStandby =>
            "PostgreSQL is stopped here and its WAL is part of the leader's history. It is started as a "
            + "standby.",
        Rule.RestartStandby =>
            "This standby is restarted: an operator asked for it, it hung, or it has not streamed for too long.",
        Rule.AwaitPrimary =>
            "The leader is not yet a running primary. What this member must do to rejoin depends on where the "
            + "new history begins.",
        Rule.InspectBeforeRejoin =>
            "PostgreSQL is stopped here. Where its WAL ends is read first, because that decides whether it can "
            + "follow or must be rewound, or whether a standby has everything.",
        Rule.StopDiverged =>
            "This standby has WAL that the leader's history lacks. It is stopped so that it can be rewound.",
        Rule.RewindDiverged =>
            "This member's WAL left the leader's history. What the leader lacks is saved and reported, then the "
            + "member is rewound.",
        Rule.CloneLeader =>
            "This member has no data, or the cheaper ways back have failed. It gets a copy: from a repository where "
            + "one has it, and only what followed from the leader; else all of it from the leader.",
        Rule.AwaitRetry => "The last attempt failed a moment ago. The member waits before it tries again.",
        Rule.ReclaimLease =>
            "The record still names this member, whose time had run out, and nobody has taken over. Its "
            + "PostgreSQL is down; it takes its own lease back.",
        Rule.TakeAsHeir =>
            "The holder released the lease and named this member. It takes it at once; it is promoted in the "
            + "next turn.",
        Rule.AwaitHeir => "The holder released the lease to an heir. The others turn to the heir and wait for it.",
        Rule.HonourPromise =>
            "This member has promised the leader, which cannot reach the store, not to take over yet.",
        Rule.StartForElection =>
            "There is no leader and PostgreSQL is stopped here. It is started, following nobody, so that it can "
            + "be counted.",
        Rule.AwaitReadiness => "There is no leader and PostgreSQL is not ready here yet.",
        Rule.NotEligible =>
            "There is no leader, and this member must not become one: it may lack confirmed commits, has "
            + "priority 0, or has no standby to promote.",
        Rule.SealForElection =>
            "The lease ran out. This member stops receiving WAL before it is counted, so that an old leader "
            + "that thaws can have nothing more confirmed by it.",
        Rule.AwaitVotes =>
            "The lease ran out, and too few members have been heard to be certain who has every confirmed "
            + "commit.",
        Rule.YieldToBetter => "Another candidate has more WAL, a higher priority or, at equal terms, the earlier name.",
        Rule.ClaimLease => "This member won the election and takes the lease; it is promoted in the next turn.",
        Rule.TakeByForce => "An operator ordered this member to take over although it may lack confirmed commits.",
    };
}
