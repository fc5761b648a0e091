using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Replication;

/// <summary>
/// Moves the synchronous set, one step per turn, so that at every moment, also when interrupted between two steps,
/// each confirmed commit is known to somebody in every promotion quorum of the record.
/// <para>
/// Two sets are in play: <em>effective</em> is what the running primary waits for, <em>recorded</em> is what the
/// leadership record promises to takers. The law is <c>effective.Meets(recorded)</c>. Widening therefore goes record
/// first, then effect; narrowing goes effect first, then record, and the record narrows only after enough of the
/// remaining voters have flushed everything that was confirmed under the wider set. (Scenario: any 1 of a, b; commit
/// 7 is confirmed by b alone; b dies; the set becomes any 1 of a. Were that recorded before a has commit 7, a could be
/// promoted without it.)
/// </para>
/// </summary>
public static class SynchronousPlanner
{
    public static SynchronousStep Next(ClusterView view, PostgresState.Primary primary, SynchronousSet recorded) =>
        Next(recorded, primary, Wanted(view, primary));

    /// <summary>The step from the present pair of sets towards <paramref name="wanted"/>.</summary>
    public static SynchronousStep Next(SynchronousSet recorded, PostgresState.Primary primary, SynchronousSet wanted)
    {
        var effective = primary.Effective;
        if (effective != wanted)
            return wanted.Meets(recorded)
                ? new SynchronousStep.SetEffective(wanted)
                : new SynchronousStep.Record(Wider(recorded, wanted));
        if (recorded == wanted)
            return new SynchronousStep.Settled();
        return Knows(primary, wanted) ? new SynchronousStep.Record(wanted) : new SynchronousStep.AwaitFlush();
    }

    /// <summary>The set that the spec asks for, with the standbys that are fit for it now.</summary>
    public static SynchronousSet Wanted(ClusterView view, PostgresState.Primary primary)
    {
        var fit = view.Spec.Others(view.Self)
            .Where(member => member.Promotable && IsFit(view, primary, member.Name) && !IsBehindHead(view, member.Name))
            .Select(member => member.Name)
            .ToImmutableArray();
        var quorum = view.Spec.CommitQuorum;
        return view.Spec.Durability switch
        {
            Durability.Async => SynchronousSet.Nobody,
            Durability.Quorum => SynchronousSet.Of(Math.Min(quorum, fit.Length), fit),
            Durability.Strict => SynchronousSet.Of(quorum, fit.Length >= quorum ? fit : Everybody(view)),
        };
    }

    /// <summary>
    /// What a member about to be promoted must wait for from its first commit on: of the members that answer, or, in
    /// strict mode, of all. The planner refines it once it sees who follows.
    /// </summary>
    public static SynchronousSet AtPromotion(ClusterView view)
    {
        var answering = view.Spec.Others(view.Self)
            .Where(member => member.Promotable && view.PeerReport(member.Name) is { Postgres: PostgresState.Standby })
            .Select(member => member.Name)
            .ToImmutableArray();
        var quorum = view.Spec.CommitQuorum;
        return view.Spec.Durability switch
        {
            Durability.Async => SynchronousSet.Nobody,
            Durability.Quorum => SynchronousSet.Of(Math.Min(quorum, answering.Length), answering),
            Durability.Strict => SynchronousSet.Of(quorum, answering.Length >= quorum ? answering : Everybody(view)),
        };
    }

    /// <summary>
    /// What a standby keeps configured for the day it is promoted, where it has no effect until then: a promotion need
    /// not wait for a change of configuration.
    /// </summary>
    public static SynchronousSet Prepared(ClusterView view) =>
        SynchronousSet.Of(view.Spec.CommitQuorum, Everybody(view));

    /// <summary>
    /// Whether a promotion may begin with <paramref name="configured"/>: its commits wait for as many as they should,
    /// and enough of those answer that they do not wait for ever.
    /// </summary>
    public static bool SufficesForPromotion(SynchronousSet configured, SynchronousSet wanted) =>
        configured == wanted
        || (wanted.Quorum > 0
            && configured.Quorum == wanted.Quorum
            && wanted.Voters.All(configured.Contains));

    private static IEnumerable<MemberName> Everybody(ClusterView view) =>
        view.Spec.Others(view.Self).Where(member => member.Promotable).Select(member => member.Name);

    /// <summary>
    /// Who streams from the head of its site confirms nothing here. It is no voter while it is on its way there or
    /// back, either: each time the set would change.
    /// </summary>
    private static bool IsBehindHead(ClusterView view, MemberName name) =>
        UpstreamChoice.HeadFor(view.Spec, view.Leadership, name) is not null;

    /// <summary>
    /// A voter that stopped streaming a moment ago stays: a short hiccup must not drop the promise. A new one must
    /// stream.
    /// </summary>
    private static bool IsFit(ClusterView view, PostgresState.Primary primary, MemberName name)
    {
        var link = primary.Standbys.FirstOrDefault(standby => standby.Member == name);
        if (link is null)
            return false;
        if (link.Streaming)
            return true;
        return primary.Effective.Contains(name) && view.Now - link.StreamedAt <= view.Timing.DegradeAfter;
    }

    /// <summary>
    /// A record under which both the old and the wanted effective set are safe. Its promotion quorums contain those of
    /// the old record.
    /// </summary>
    private static SynchronousSet Wider(SynchronousSet recorded, SynchronousSet wanted) =>
        SynchronousSet.Of(Math.Min(recorded.Quorum, wanted.Quorum), recorded.Voters.Concat(wanted.Voters));

    /// <summary>Whether enough voters have flushed all that was confirmed before the effective set settled.</summary>
    private static bool Knows(PostgresState.Primary primary, SynchronousSet set)
    {
        if (set.Quorum == 0)
            return true;
        if (primary.SettledAt is not { } settled)
            return false;
        var knowing = primary.Standbys.Count(standby => set.Contains(standby.Member) && standby.Flushed >= settled);
        return knowing >= set.Quorum;
    }
}

/// <summary>One step of <see cref="SynchronousPlanner"/>.</summary>
public abstract record SynchronousStep
{
    private SynchronousStep() { }

    /// <summary>Change what the running primary waits for.</summary>
    public sealed record SetEffective(SynchronousSet Set) : SynchronousStep;

    /// <summary>Change what the leadership record promises.</summary>
    public sealed record Record(SynchronousSet Set) : SynchronousStep;

    /// <summary>The voters have yet to flush what was confirmed under the former set.</summary>
    public sealed record AwaitFlush : SynchronousStep;

    public sealed record Settled : SynchronousStep;
}
