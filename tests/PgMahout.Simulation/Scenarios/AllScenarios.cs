using PgMahout.Simulation.Faults;

namespace PgMahout.Simulation.Scenarios;

/// <summary>What the simulator found, each kept as the smallest list of faults that showed it.</summary>
internal static class AllScenarios
{
    public static readonly IReadOnlyList<Scenario> All =
    [
        new("late-heir-by-request",
            "A switchover's target is the heir only if nobody has more: the leader died before it had stopped cleanly.",
            63,
        [
            new(FaultKind.MuteStore, 1, 1, 8372, 916),
            new(FaultKind.FreezeAgent, 1, 2, 8608, 1155),
            new(FaultKind.Switchover, 1, 2, 9040, 26),
            new(FaultKind.CutStore, 0, 0, 9309, 8087),
            new(FaultKind.StoreOutage, 0, 2, 10163, 2041),
            new(FaultKind.KillPostgres, 2, 0, 11189, 1999),
            new(FaultKind.KillPostmaster, -1, 2, 11787, 7469),
        ]),
        new("two-timelines-of-one-number",
            "A member that did not hear of the last promotion gives its own timeline another number all the same.", 381,
        [
            new(FaultKind.HangPostgres, 2, 1, 7244, 4569),
            new(FaultKind.KillPostgres, -1, 2, 7332, 2926),
            new(FaultKind.CutOneWay, -1, 0, 7971, 2708),
            new(FaultKind.MuteStore, -1, 1, 8800, 2567),
            new(FaultKind.KillPostgres, -1, 0, 8964, 2415),
        ]),
        new("heir-dies-before-its-promotion",
            "A standby that holds the lease and dies comes up as a standby, and is promoted then.", 41,
        [
            new(FaultKind.KillPostmaster, -1, 0, 14177, 150),
            new(FaultKind.KillPostgres, -1, 0, 14244, 30),
        ]),
        new("late-write-of-a-narrower-set",
            "A write of the record that was not answered is settled before commits wait for another set.", 2541, []),
        new("standbys-cut-off-for-long",
            "A candidate compares itself with what the leader wrote into the record, not with what it last heard.",
            1063,
        [
            new(FaultKind.CutPair, -1, 1, 10287, 13848),
            new(FaultKind.CutPair, -1, 2, 10287, 13848),
            new(FaultKind.CrashHost, -1, 0, 22420, 23190),
        ]),
        new("too-few-to-ask",
            "Strict mode asks no more members than may be promoted beside the leader.", 1114, []),
        new("holder-without-data",
            "When the holder has lost its data, a former primary comes up to be an heir, and does not wait.",
            130,
        [
            new(FaultKind.FreezeAgent, 0, 0, 6933, 22895),
            new(FaultKind.HangPostgres, 0, 1, 7346, 6068),
            new(FaultKind.Pause, -1, 2, 11772, 751),
            new(FaultKind.FreezeAgent, -1, 1, 19477, 872),
            new(FaultKind.FreezeHost, -1, 0, 24180, 4872),
            new(FaultKind.LoseData, -1, 0, 30244, 15436),
        ]),
        new("strict-from-the-first-commit",
            "A primary that recovers in place before its set is recorded waits for others all the same.", 199,
        [
            new(FaultKind.KillPostgres, 0, 1, 5928, 21804),
            new(FaultKind.KillPostmaster, -1, 0, 7112, 2063),
        ]),
        new("thaw-behind-a-mute-store",
            "Only sealed members count: a thawed leader can still have commits confirmed by the others.", 835,
        [
            new(FaultKind.MuteStore, 0, 2, 5129, 23293),
            new(FaultKind.Restart, 1, 2, 13327, 23800),
            new(FaultKind.FreezeHost, 1, 1, 17307, 4925),
        ]),
        new("orphans-confirm-after-the-report",
            "What peers report is looked up when they are asked, after the last process of the old primary has gone.",
            294,
        [
            new(FaultKind.KillPostmaster, -1, 1, 2701, 216),
        ]),
        new("elected-before-the-cluster-was-published",
            "A copy of a cluster whose first leader never published its identity is promoted, not initialised.",
            1099045,
        [
            new(FaultKind.CutStore, -1, 0, 617, 4528),
            new(FaultKind.FreezeAgent, 2, 0, 756, 473),
            new(FaultKind.FreezeAgent, -1, 2, 2138, 1305),
        ]),
        new("agent-forgets-its-seal",
            "A standby that receives from nobody stays so until the record moves: its agent may have promised it.",
            1244194,
        [
            new(FaultKind.FreezeHost, -1, 0, 3623, 8537),
            new(FaultKind.KillAgent, 4, 3, 8862, 2991),
        ]),
        new("wiped-upstream-has-nothing-to-send",
            "A host that loses power and data at once leaves its followers where they are.", 1280882,
        [
            new(FaultKind.CrashHost, -1, 0, 18059, 12446),
            new(FaultKind.LoseData, 0, 0, 18141, 4560),
        ]),
    ];
}
