using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Sabotage;

/// <summary>Everything that must be caught. An invariant that none of these can break guards nothing.</summary>
internal static class Saboteurs
{
    public static readonly IReadOnlyList<Saboteur> All =
    [
        new("promote-without-lease", "The winner of an election promotes without taking the lease.",
            Tampering.PromoteAtOnce, new ShellKnobs { PromoteUnguarded = true }),
        Saboteur.OfView("ignore-synchronous-set", "Any one member that is heard may be promoted.",
            Tampering.AnyVoterSuffices),
        Saboteur.OfView("skip-sealing", "An election counts members that still receive.", Tampering.AllSealed) with
        {
            Knobs = new ShellKnobs { AskUnsealed = true },
            Profile = Profile.Thaw,
        },
        Saboteur.OfShell("seal-in-name-only", "A member reports a seal and goes on receiving.",
            new ShellKnobs { SealWithoutStopping = true }),
        Saboteur.OfShell("fence-late", "The guard kills half a ttl late.", new ShellKnobs { FenceLateTtls = 0.5 }),
        Saboteur.OfShell("never-fence", "There is no guard.", new ShellKnobs { NoGuard = true }),
        Saboteur.OfShell("stale-reports", "A member answers with what it saw in its last turn.",
            new ShellKnobs { StaleReports = true }),
        Saboteur.OfView("take-early", "A lease is taken half a ttl before it may be.",
            view => view with { Lease = view.Lease with { SeenAt = view.Lease.SeenAt - view.Timing.Ttl / 2 } }),
        Saboteur.OfPolicy("heir-by-name", "The heir is chosen without a look at what it has.", Tampering.HeirByName),
        Saboteur.OfPolicy("heir-as-asked", "The operator's choice wins over who has more WAL.", Tampering.HeirAsAsked),
        Saboteur.OfView("record-without-barrier", "The record narrows before the voters have flushed.",
            Tampering.AlwaysSettled),
        Saboteur.OfView("believe-flushed", "Whoever streams is taken to have flushed everything.",
            Tampering.AllFlushed),
        Saboteur.OfShell("settle-at-once", "A changed setting counts as known to all processes at once.",
            new ShellKnobs { SettleAtOnce = true }),
        Saboteur.OfPolicy("effect-before-record", "Commits wait for a new set before it is recorded.",
            Tampering.EffectBeforeRecord),
        new("release-with-processes", "The lease is released while orphans can still confirm commits.",
            view => HaPolicy.Decide(Tampering.NothingLeft(view)), new ShellKnobs { ReleaseWithProcessesLeft = true }),
        Saboteur.OfShell("assume-promises", "A member that does not answer has promised.",
            new ShellKnobs { AssumePromises = true }),
        Saboteur.OfShell("forget-promises", "Promises are given and not kept.",
            new ShellKnobs { ForgetPromises = true }),
        Saboteur.OfView("ignore-pause", "A pause is not seen.", view =>
            view.WithStore(store => store with { Pause = null })),
        Saboteur.OfPolicy("clone-last-copy", "A stopped member is cloned over before a leader was seen.",
            Tampering.CloneAtOnce),
        new("same-epoch", "A new reign keeps the old epoch.", Tampering.SameEpoch,
            new ShellKnobs { NaturalTimelines = true }),
        Saboteur.OfShell("unconditional-writes", "The record is written whatever its revision.",
            new ShellKnobs { WriteUnconditionally = true }),
        Saboteur.OfShell("count-from-reading", "The holder counts its lease from the last look that named it.",
            new ShellKnobs { CountFromReading = true }),
        Saboteur.OfShell("natural-timelines", "PostgreSQL numbers its timelines itself.",
            new ShellKnobs { NaturalTimelines = true }),
        Saboteur.OfPolicy("standby-as-primary", "A holder's standby is started in place as a primary.",
            Tampering.StartStandbyAsPrimary),
        Saboteur.OfPolicy("build-on-unanswered", "A write without an answer is not settled before the next step.",
            Tampering.BuildOnUnanswered) with { Profile = Profile.Doubt },
        Saboteur.OfPolicy("promote-unprepared", "A promoted member confirms its first commits alone.",
            Tampering.PromoteUnprepared),
        Saboteur.OfView("ignore-lag", "The lag limit is not looked at.",
            view => view with { Spec = view.Spec with { MaximumLag = ByteSize.Gigabytes(1) } })
            with { Profile = Profile.Promises },
        Saboteur.OfView("ignore-history", "What a standby wrote before it missed a promotion counts as lag made up.",
            Tampering.NoHistory) with { Profile = Profile.Ahead },
        Saboteur.OfShell("forget-positions", "Who promises does not remember how far the leader had written.",
            new ShellKnobs { ForgetPositions = true }) with { Profile = Profile.Promises },
        Saboteur.OfPolicy("slots-stand-still", "The leader moves no slot for those that stream from others.",
            Tampering.MoveNoSlot) with
        {
            Profile = Profile.Sites,
        },
        Saboteur.OfView("slots-at-the-end", "A slot is moved as if its owner had all that the leader has.",
            Tampering.AllReceived) with
        {
            Profile = Profile.Sites,
        },
        Saboteur.OfPolicy("heads-everywhere", "Every other site has a head, however few are left to confirm commits.",
            Tampering.HeadsEverywhere) with
        {
            Profile = Profile.Sites,
        },
    ];
}
