using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.Faults;

/// <summary>
/// Faults that are dangerous together, in an order and at distances that independent chance would seldom give. Times
/// are in ttls.
/// </summary>
internal sealed class Motif(Prng chance, int members, int ttl)
{
    /// <param name="at">When it begins.</param>
    public void AddTo(ICollection<Fault> faults, Tune tune, double at)
    {
        Action<ICollection<Fault>, double> play = tune switch
        {
            Tune.ThawAfterTakeover => ThawAfterTakeover,
            Tune.LagThenLoss => LagThenLoss,
            Tune.DieWhileTakingOver => DieWhileTakingOver,
            Tune.MoveUnderFire => MoveUnderFire,
            Tune.ForgetWhileVoting => ForgetWhileVoting,
            Tune.WriteInDoubt => WriteInDoubt,
            Tune.AnswerLateThenSilence => AnswerLateThenSilence,
            Tune.LoseTwoInARow => LoseTwoInARow,
            Tune.ChangeVotersThenLoseLeader => ChangeVotersThenLoseLeader,
            Tune.StarveTheLeader => StarveTheLeader,
            Tune.VotersComeAndGoInDoubt => VotersComeAndGoInDoubt,
            Tune.ThawDuringElections => ThawDuringElections,
            Tune.LagBehindPromises => LagBehindPromises,
            Tune.AheadAndCutOff => AheadAndCutOff,
            Tune.YieldUnderFire => YieldUnderFire,
        };
        play(faults, at);
    }

    private int Ttls(double count) => (int)(count * ttl);

    private int After(double at, double earliest, double latest) => Ttls(at + chance.Between(earliest, latest));

    private int Lasting(double shortest, double longest) => Ttls(chance.Between(shortest, longest));

    private int Any() => chance.Below(members);

    /// <summary>The leader dies or freezes somewhere between the order to yield and its being taken back.</summary>
    private void YieldUnderFire(ICollection<Fault> faults, double at)
    {
        FaultKind[] fires =
        [
            FaultKind.KillPostgres, FaultKind.KillPostmaster, FaultKind.KillAgent, FaultKind.FreezeHost,
            FaultKind.CrashHost, FaultKind.CutStore, FaultKind.MuteStore, FaultKind.StoreTrouble, FaultKind.FreezeAgent,
        ];
        for (var round = 0; round < 3; round++, at += chance.Between(3, 7))
        {
            faults.Add(new(FaultKind.YieldRegion, Fault.Leader, 0, Ttls(at), Lasting(0.1, 4)));
            var fire = fires[chance.Below(fires.Length)];
            faults.Add(new(fire, Fault.Leader, Any(), After(at, -0.5, 1.5), Lasting(0.3, 2.5)));
        }
    }

    private void ThawAfterTakeover(ICollection<Fault> faults, double at) =>
        faults.Add(new(FaultKind.FreezeHost, Fault.Leader, 0, Ttls(at), Lasting(0.9, 1.5)));

    /// <summary>Standbys fall behind for long, then the leader's host dies and the standbys are all there is.</summary>
    private void LagThenLoss(ICollection<Fault> faults, double at)
    {
        var length = chance.Between(2.5, 5);
        for (var other = 0; other < members; other++)
            faults.Add(new(FaultKind.CutPair, Fault.Leader, other, Ttls(at), Ttls(length)));
        faults.Add(new(FaultKind.CrashHost, Fault.Leader, 0, After(at, 0.8 * length, length), Lasting(2, 6)));
    }

    private void DieWhileTakingOver(ICollection<Fault> faults, double at)
    {
        faults.Add(new(FaultKind.KillPostmaster, Fault.Leader, 0, Ttls(at), Ttls(0.05)));
        faults.Add(new(FaultKind.KillPostgres, Fault.Leader, 0, After(at, 0.01, 0.15), Ttls(0.01)));
        faults.Add(new(FaultKind.KillAgent, Fault.Leader, 0, After(at, 0.01, 0.15), Lasting(0.02, 2)));
    }

    private void MoveUnderFire(ICollection<Fault> faults, double at)
    {
        faults.Add(new(FaultKind.CutOneWay, Fault.Leader, Any(), Ttls(at), Lasting(0.3, 2)));
        faults.Add(new(FaultKind.Switchover, Fault.Leader, Any(), After(at, 0.2, 1), Ttls(0.1)));
        faults.Add(new(FaultKind.KillPostmaster, Fault.Leader, 0, After(at, 0.2, 1.1), Lasting(0.01, 0.3)));
    }

    private void ForgetWhileVoting(ICollection<Fault> faults, double at)
    {
        faults.Add(new(FaultKind.FreezeHost, Fault.Leader, 0, Ttls(at), Lasting(0.98, 1.2)));
        faults.Add(new(FaultKind.KillAgent, Any(), 0, After(at, 0.95, 1.15), Lasting(0.001, 0.05)));
    }

    private void WriteInDoubt(ICollection<Fault> faults, double at)
    {
        faults.Add(new(FaultKind.StoreTrouble, Fault.Leader, 0, Ttls(at), Lasting(1, 4)));
        faults.Add(new(FaultKind.Reinitialize, Any(), 0, Ttls(at - 0.2), Ttls(0.1)));
        faults.Add(new(FaultKind.KillPostgres, Any(), 0, After(at, 0, 1), Ttls(0.1)));
    }

    private void AnswerLateThenSilence(ICollection<Fault> faults, double at)
    {
        faults.Add(new(FaultKind.StoreTrouble, Fault.Leader, 0, Ttls(at), Ttls(0.6)));
        faults.Add(new(FaultKind.IsolateHost, Fault.Leader, 0, After(at, 0.05, 0.6), Ttls(2)));
    }

    private void LoseTwoInARow(ICollection<Fault> faults, double at)
    {
        faults.Add(new(FaultKind.CrashHost, Fault.Leader, 0, Ttls(at), Lasting(0.5, 5)));
        faults.Add(new(FaultKind.CrashHost, Fault.Leader, 0, After(at, 0.8, 2.5), Lasting(0.3, 5)));
    }

    private void ChangeVotersThenLoseLeader(ICollection<Fault> faults, double at)
    {
        faults.Add(new(FaultKind.CrashHost, Any(), 0, Ttls(at), Lasting(0.8, 1.6)));
        faults.Add(new(FaultKind.CrashHost, Fault.Leader, 0, After(at, 0.9, 1.8), Lasting(1, 6)));
    }

    private void StarveTheLeader(ICollection<Fault> faults, double at)
    {
        faults.Add(new(FaultKind.CutStore, Fault.Leader, 0, Ttls(at), Lasting(0.8, 3)));
        faults.Add(new(FaultKind.IsolateHost, Any(), 0, After(at, 0, 1), Lasting(0.3, 2)));
        faults.Add(new(FaultKind.FreezeAgent, Fault.Leader, 0, After(at, 0, 1), Lasting(0.1, 2)));
    }

    /// <summary>
    /// Voters are dropped, and come back just then, while the leader does not know what became of its writes.
    /// </summary>
    private void VotersComeAndGoInDoubt(ICollection<Fault> faults, double at)
    {
        for (var times = 0; times < 4; times++)
        {
            var (voter, begin) = (1 + chance.Below(members - 1), at + 2 * times);
            faults.Add(new(FaultKind.KillAgent, voter, 0, Ttls(begin), Lasting(1, 1.25)));
            faults.Add(new(FaultKind.KillPostgres, voter, 0, Ttls(begin + 0.01), Ttls(0.01)));
            faults.Add(new(FaultKind.StoreTrouble, Fault.Leader, 0, Ttls(begin + 0.98), Ttls(0.4)));
        }
    }

    /// <summary>The leader thaws about when the others count.</summary>
    private void ThawDuringElections(ICollection<Fault> faults, double at)
    {
        for (var times = 0; times < 3; times++)
            faults.Add(new(FaultKind.FreezeHost, Fault.Leader, 0, After(at + 3 * times, 0, 0.5), Lasting(0.8, 1.15)));
    }

    /// <summary>
    /// The standbys hang, and forget what they heard, while the store is away; the leader dies before it is back.
    /// </summary>
    private void LagBehindPromises(ICollection<Fault> faults, double at)
    {
        var length = chance.Between(3, 7);
        faults.Add(new(FaultKind.StoreOutage, 0, 0, Ttls(at), Ttls(length)));
        faults.Add(new(FaultKind.CrashHost, Fault.Leader, 0, After(at, length - 0.3, length), Lasting(4, 6)));
        for (var member = 1; member < members; member++)
        {
            faults.Add(new(FaultKind.HangPostgres, member, 0, After(at, 0, 0.5), Ttls(length)));
            if (chance.Chance(0.8))
                faults.Add(new(FaultKind.KillAgent, member, 0, After(at, length - 0.5, length + 0.3), Ttls(0.05)));
        }
    }

    /// <summary>
    /// A standby that has more than the one that is elected hears nothing of it; when that one has written as much as
    /// the other was ahead, and more, it dies.
    /// </summary>
    private void AheadAndCutOff(ICollection<Fault> faults, double at)
    {
        var (ahead, length) = (members - 1, chance.Between(3, 4.8));
        var reign = chance.Between(7, 10);
        for (var other = 1; other < ahead; other++)
            faults.Add(new(FaultKind.CutPair, Fault.Leader, other, Ttls(at), Ttls(length)));
        faults.Add(new(FaultKind.IsolateHost, ahead, 0, Ttls(at + length - 0.05), Ttls(reign + 0.1)));
        faults.Add(new(FaultKind.CrashHost, Fault.Leader, 0, Ttls(at + length), Ttls(reign + 6)));
        faults.Add(new(FaultKind.CrashHost, Fault.Leader, 0, Ttls(at + length + reign), Ttls(6)));
    }
}
