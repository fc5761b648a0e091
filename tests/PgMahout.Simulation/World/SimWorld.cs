using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Simulation.Invariants;

namespace PgMahout.Simulation.World;

/// <summary>
/// A whole cluster in one thread and in virtual time. The same plan, seed, faults and policy always give the same run;
/// nothing here is shared with another world.
/// </summary>
internal sealed class SimWorld
{
    private readonly EventQueue _events = new();
    private readonly long _writeEvery;

    public SimWorld(WorldPlan plan, ulong seed, Func<ClusterView, Decision> policy, ShellKnobs knobs)
    {
        Plan = plan;
        Spec = plan.Spec();
        Policy = policy;
        Knobs = knobs;
        Chance = new Prng(seed ^ 0x5DEECE66DUL);
        _writeEvery = (long)(1e9 / plan.WritesPerSecond);
        Network = new SimNetwork(this, plan.Members, plan.NetworkMilliseconds);
        Store = new SimStore(this);
        Invariants = new InvariantSet(this);
        Members = [.. Enumerable.Range(0, plan.Members).Select(Build)];
        if (plan.Bootstrapped)
            BeginHealthy();
        foreach (var member in Members)
            After(Milliseconds(0, 50), null, () => { if (!member.Agent.Process.Alive) member.Agent.Start(); });
    }

    public WorldPlan Plan { get; }
    public ClusterSpec Spec { get; }
    public Func<ClusterView, Decision> Policy { get; }
    public ShellKnobs Knobs { get; }
    public Prng Chance { get; }
    public SimNetwork Network { get; }
    public SimStore Store { get; }
    public InvariantSet Invariants { get; }
    public IReadOnlyList<SimMember> Members { get; }

    /// <summary>Virtual nanoseconds since the beginning.</summary>
    public long Now { get; private set; }

    public long Events { get; private set; }
    public Violation? Violation { get; private set; }
    public int[] RuleCounts { get; } = new int[Enum.GetValues<Rule>().Length];

    /// <summary>
    /// No message takes unusually long and no answer is lost: what remains wrong is nobody's bad luck.
    /// </summary>
    public bool Calm { get; set; }

    /// <summary>Clients write so much that what slots keep shows.</summary>
    public bool Flood { get; set; }

    /// <summary>What happened, for people; kept only on request, because it costs most of the time.</summary>
    public List<string>? Trace { get; set; }

    public bool Tracing => Trace is not null;

    public static long Nanoseconds(TimeSpan span) => span.Ticks * 100;

    public long Milliseconds(double low, double high) => (long)(Chance.Between(low, high) * 1e6);

    /// <param name="owner">The process in which it happens; if that has died by then, it does not.</param>
    public void After(long delay, SimProcess? owner, Action run) => _events.Add(Now + delay, owner, run);

    /// <summary>
    /// An answer to what <paramref name="asker"/> asked in its life <paramref name="life"/>; a later self never gets
    /// it.
    /// </summary>
    public void Answer(long delay, SimProcess asker, int life, Action run)
    {
        if (asker.Life == life)
            After(delay, asker, run);
    }

    public long NextWrite() => (long)(_writeEvery * Chance.Between(0.2, 1.8));

    public int NextWriteBytes() => 60 + Chance.Below(Plan.WriteBytes) + (Flood ? 4 << 20 : 0);

    public void Reached(Rule rule) => RuleCounts[(int)rule]++;

    /// <summary>Runs until <paramref name="until"/>, or until something is broken.</summary>
    public void Run(long until)
    {
        while (Violation is null && _events.Count > 0 && _events.NextAt <= until)
        {
            var next = _events.Next();
            Now = next.At;
            if (next.Owner is { } owner)
            {
                if (owner.Life != next.Life || !owner.Alive)
                    continue;
                if (owner.Frozen)
                {
                    owner.Defer(next.Run);
                    continue;
                }
            }
            Events++;
            Happen(next.Run);
        }
        Now = Math.Max(Now, until);
    }

    /// <summary>A decision that throws has failed as surely as one that loses a commit.</summary>
    private void Happen(Action run)
    {
        try
        {
            run();
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            Fail("EveryViewHasADecision", $"{broken.Message} {broken.StackTrace?.Split('\n')[0].Trim()}");
        }
    }

    public void Fail(string invariant, string what)
    {
        Note(-1, "BROKEN", $"{invariant}: {what}");
        Violation ??= new Violation(invariant, what, Now);
    }

    /// <summary>One line of the trace in fixed columns.</summary>
    public void Note(int member, string who, string what)
    {
        if (Trace is null)
            return;
        var name = member < 0 ? "-" : Members[member].Name.Text;
        Trace.Add($"{Now / 1e9,10:F4}s  {name,-3} {who,-9} {what}");
    }

    private SimMember Build(int index)
    {
        var host = new SimHost(index, Plan.Drift[index]);
        var postgres = new SimPostgres(this, index, host);
        return new SimMember(index, Spec.Members[index], host, postgres, new SimAgent(this, index, postgres));
    }

    private void BeginHealthy()
    {
        var first = Members[0];
        var others = Members.Skip(1).Where(member => member.Spec.Promotable).Select(member => member.Name).ToList();
        var synchronous = SynchronousSet.Of(Math.Min(Spec.CommitQuorum, others.Count), others);
        var epoch = Epoch.Zero.Next;
        Store.Begin(new Leadership(epoch, first.Name, null, synchronous));
        Store.SystemIdentifier = AgentObserver.SystemIdentifier;
        var timeline = new WalTimeline(TimelineId.First, null, 0);
        foreach (var member in Members)
        {
            member.Postgres.Replace(timeline, 1000, keepSlots: true);
            foreach (var other in Members)
                if (other != member)
                    member.Postgres.KeepSlot(other.Name.SlotName);
        }
        first.Postgres.BeginAsPrimary(synchronous, epoch);
        first.Agent.Start();
        first.Agent.BeginAsHolder(Store.Revision, epoch);
        foreach (var member in Members.Skip(1))
            member.Postgres.StartStandby(0);
    }
}

/// <summary>What was broken, and when in virtual time.</summary>
internal sealed record Violation(string Invariant, string What, long At);
