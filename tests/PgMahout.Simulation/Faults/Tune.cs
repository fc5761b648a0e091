namespace PgMahout.Simulation.Faults;

/// <summary>Faults that are dangerous together; what each is, says <see cref="Motif"/>.</summary>
internal enum Tune
{
    ThawAfterTakeover,
    LagThenLoss,
    DieWhileTakingOver,
    MoveUnderFire,
    ForgetWhileVoting,
    WriteInDoubt,
    AnswerLateThenSilence,
    LoseTwoInARow,
    ChangeVotersThenLoseLeader,
    StarveTheLeader,
    VotersComeAndGoInDoubt,
    ThawDuringElections,
    LagBehindPromises,
    AheadAndCutOff,

    /// <summary>The last one, and only of its profile: there is no other region elsewhere.</summary>
    YieldUnderFire,
}
