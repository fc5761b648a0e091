using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;
using PgMahout.Tests.Cluster;
using Xunit;

namespace PgMahout.Tests.Replication;

/// <summary>
/// The planner against every pair of sets over four voters, and against a model of commits: a primary confirms commits
/// under whatever set is in effect, voters lag, and the wanted set changes between any two steps.
/// </summary>
public sealed class SynchronousPlannerModelTests
{
    private const int Voters = 4;
    private const int LongestPlan = 5;
    private static readonly SynchronousSet[] All = [.. Sets.Over(Voters)];

    [Fact]
    public void Every_step_from_every_safe_pair_is_safe_and_the_plan_ends()
    {
        foreach (var (recorded, effective) in SafePairs())
            foreach (var wanted in All)
                Assert.InRange(StepsToSettle(new Model(recorded, effective), wanted), 1, LongestPlan);
    }

    /// <summary>What an interrupted plan leaves behind is itself a safe pair, from which every plan is safe.</summary>
    [Fact]
    public void Plan_that_is_interrupted_after_any_step_and_given_another_aim_stays_safe()
    {
        var safe = SafePairs().ToHashSet();

        var reached = safe.SelectMany(pair => All.SelectMany(wanted => Reached(pair, wanted))).ToHashSet();

        Assert.Subset(safe, reached);
        Assert.True(reached.Count > All.Length);
    }

    /// <summary>
    /// Commits are confirmed by every choice of voters that the random walk hits on; after each event every promotion
    /// quorum of the record must know every commit that was ever confirmed.
    /// </summary>
    [Fact]
    public void Every_promotion_quorum_of_the_record_knows_every_commit_ever_confirmed()
    {
        for (var seed = 0UL; seed < 400; seed++)
        {
            var random = new Prng(seed);
            var model = new Model(SynchronousSet.Nobody, SynchronousSet.Nobody);
            for (var step = 0; step < 120; step++)
            {
                Happen(model, random);
                Assert.True(model.PromotionIsSafe(), $"seed {seed}, step {step}: {model}");
            }
        }
    }

    [Fact]
    public void Model_notices_a_record_that_narrows_too_early()
    {
        var (b, c) = (Sets.Members(2)[0], Sets.Members(2)[1]);
        var model = new Model(SynchronousSet.Of(1, [b, c]), SynchronousSet.Of(1, [b, c]));
        model.Commit([c]);

        model.Take(new SynchronousStep.SetEffective(SynchronousSet.Of(1, [b])));
        model.Take(new SynchronousStep.Record(SynchronousSet.Of(1, [b])));

        Assert.False(model.PromotionIsSafe());
    }

    private static void Happen(Model model, Prng random)
    {
        switch (random.Below(4))
        {
            case 0:
                model.Wanted = All[random.Below(All.Length)];
                break;
            case 1:
                model.Commit(Chosen(random));
                break;
            case 2:
                model.Flush(Sets.Members(Voters)[random.Below(Voters)]);
                break;
            case 3:
                model.Take(model.Next());
                break;
        }
    }

    private static HashSet<MemberName> Chosen(Prng random) =>
        [.. Sets.Members(Voters).Where(_ => random.Chance(0.5))];

    private static IEnumerable<(SynchronousSet Recorded, SynchronousSet Effective)> SafePairs() =>
        from recorded in All
        from effective in All
        where effective.Meets(recorded)
        select (recorded, effective);

    private static int StepsToSettle(Model model, SynchronousSet wanted)
    {
        model.Wanted = wanted;
        for (var steps = 1; steps <= LongestPlan; steps++)
        {
            var step = model.Next();
            if (step is SynchronousStep.Settled)
                return model.Recorded == wanted && model.Effective == wanted ? steps : int.MaxValue;
            model.Take(step);
            model.FlushAll();
            Assert.True(model.Effective.Meets(model.Recorded), $"{model}");
        }
        return int.MaxValue;
    }

    private static IEnumerable<(SynchronousSet Recorded, SynchronousSet Effective)> Reached(
        (SynchronousSet Recorded, SynchronousSet Effective) pair, SynchronousSet wanted)
    {
        var model = new Model(pair.Recorded, pair.Effective) { Wanted = wanted };
        for (var step = model.Next(); step is not SynchronousStep.Settled; step = model.Next())
        {
            model.Take(step);
            model.FlushAll();
            yield return (model.Recorded, model.Effective);
        }
    }

    /// <summary>A primary that confirms commits, and four voters that have flushed some of its WAL.</summary>
    private sealed class Model(SynchronousSet recorded, SynchronousSet effective)
    {
        private readonly Dictionary<MemberName, ulong> _flushed =
            Sets.Members(Voters).ToDictionary(name => name, _ => 0UL);

        private ulong _written;
        private ulong _confirmed;
        private ulong _settledAt;

        public SynchronousSet Wanted { get; set; } = effective;

        public SynchronousSet Recorded { get; private set; } = recorded;

        public SynchronousSet Effective { get; private set; } = effective;

        public SynchronousStep Next() => SynchronousPlanner.Next(Recorded, AsPrimary(), Wanted);

        public void Take(SynchronousStep step)
        {
            if (step is SynchronousStep.Record record)
                Recorded = record.Set;
            if (step is not SynchronousStep.SetEffective set)
                return;
            Effective = set.Set;
            _settledAt = _written;
            Confirm();
        }

        /// <summary>A commit that <paramref name="voters"/> flush; confirmed if the set in effect allows it.</summary>
        public void Commit(HashSet<MemberName> voters)
        {
            _written++;
            foreach (var voter in voters)
                _flushed[voter] = _written;
            Confirm();
        }

        public void Flush(MemberName voter)
        {
            _flushed[voter] = _written;
            Confirm();
        }

        public void FlushAll()
        {
            foreach (var voter in Sets.Members(Voters))
                Flush(voter);
        }

        /// <summary>WAL is sequential: whoever has flushed the last confirmed commit has all of them.</summary>
        public bool PromotionIsSafe() =>
            Recorded.Quorum == 0
            || Sets.Subsets(Recorded.Voters)
                .Where(heard => heard.Count == Recorded.PromotionQuorum)
                .All(heard => heard.Max(voter => _flushed[voter]) >= _confirmed);

        public override string ToString() =>
            $"record {Recorded}, effect {Effective}, wanted {Wanted}, confirmed {_confirmed} of {_written}, flushed "
            + string.Join(", ", _flushed.Select(voter => $"{voter.Key} {voter.Value}"));

        /// <summary>Commits that waited are confirmed once the set in effect allows it.</summary>
        private void Confirm()
        {
            var known = Effective.Quorum == 0
                ? _written
                : Effective.Voters.Select(voter => _flushed[voter]).OrderDescending().ElementAt(Effective.Quorum - 1);
            _confirmed = Math.Max(_confirmed, known);
        }

        private PostgresState.Primary AsPrimary() => Example.Leader(_written) with
        {
            Standbys = [.. _flushed.Select(voter => Example.Link(voter.Key, voter.Value))],
            Effective = Effective,
            SettledAt = new Lsn(_settledAt),
        };
    }
}
