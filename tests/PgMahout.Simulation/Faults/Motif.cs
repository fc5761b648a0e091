using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.Faults;

/// <summary>
/// Faults that are dangerous together, in an order and at distances that independent chance would seldom give. Times
/// are in ttls.
/// </summary>
internal sealed class Motif(Prng chance, int members, int ttl)
{
    public void AddTo(ICollection<Fault> faults, double at)
    {
        Action<ICollection<Fault>, double>[] tunes =
        [
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
        ];
        tunes[chance.Below(tunes.Length)](faults, at);
    }

    private int Ttls(double count) => (int)(count * ttl);

    private int After(double at, double earliest, double latest) => Ttls(at + chance.Between(earliest, latest));

    private int Lasting(double shortest, double longest) => Ttls(chance.Between(shortest, longest));

    private int Any() => chance.Below(members);

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
}
