using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>
/// Who leads, and until when that is certain, as somebody knows who neither holds the lease nor takes it. Two sources,
/// both of which err on the early side. The record: what a read shows for the first time was written after the last
/// read that did not show it yet had begun, and nobody takes the lease before a full ttl has passed since it was
/// written; so it is trusted for a ttl from the beginning of that earlier read. (Counted from the read that first
/// showed it, it would be trusted too long by all the time that nobody looked.) The holder's own word: what it has left
/// when it answers, it had from the moment of the question on. Durations are compared, never two hosts' clocks.
/// </summary>
/// <param name="Held">False once the record says that the lease was given up.</param>
/// <param name="Revision">Of the record as last read.</param>
/// <param name="ReadBegun">When the last read began that showed this revision; null before the first.</param>
/// <param name="Until">From then on it is not certain any more.</param>
/// <param name="Serving">Whether its server accepts writes, by its own word; null before it said anything.</param>
public sealed record ReignKnowledge(
    Epoch Epoch,
    MemberName? Holder,
    bool Held,
    Revision Revision,
    Instant? ReadBegun,
    Instant Until,
    bool? Serving)
{
    public static readonly ReignKnowledge Nothing =
        new(Epoch.Zero, null, Held: false, Revision.None, null, Instant.Zero, null);

    /// <summary>After a read of the record that began at <paramref name="begun"/>.</summary>
    public ReignKnowledge Read(Leadership record, Revision revision, Instant begun, Timing timing)
    {
        if (revision == Revision)
            return this with { ReadBegun = ReadBegun is { } before ? Instant.Max(before, begun) : begun };
        // Of a record that is read for the first time nobody knows how old it is: its holder will say.
        var certain = ReadBegun + timing.Ttl ?? Instant.Zero;
        // The holder's word can be ahead of the record, when a read was slow.
        if (record.Epoch < Epoch)
            return this with { Revision = revision, ReadBegun = begun };
        var same = record.Epoch == Epoch && record.Holder == Holder;
        return new ReignKnowledge(
            record.Epoch,
            record.Holder,
            record.IsHeld,
            revision,
            begun,
            record.IsHeld ? Instant.Max(certain, same ? Until : Instant.Zero) : Instant.Zero,
            same && record.IsHeld ? Serving : null);
    }

    /// <summary>After a member's answer to a question that was asked at <paramref name="asked"/>.</summary>
    public ReignKnowledge Told(HolderWord word, Instant asked)
    {
        if (word.Holds is not { } epoch || epoch < Epoch)
            return this;
        var until = asked + word.Left;
        if (epoch > Epoch)
            return this with
            {
                Epoch = epoch,
                Holder = word.Member,
                Held = true,
                Until = until,
                Serving = word.Serving,
            };
        // A lease that was given up is not taken back: the next one has another epoch.
        return word.Member == Holder && Held
            ? this with { Until = Instant.Max(Until, until), Serving = word.Serving ?? Serving }
            : this;
    }

    /// <summary>The member that writes may be sent to; null when there is none that is certain.</summary>
    public MemberName? PrimaryAt(Instant now) => Held && Serving == true && now < Until ? Holder : null;

    /// <summary>Why there is no primary, for people; empty when there is one.</summary>
    public string WhyNoneAt(Instant now)
    {
        if (Holder is not { } holder)
            return "nothing is known of the cluster yet";
        if (!Held)
            return $"{holder} has handed the lease over and nobody has taken it yet";
        if (now >= Until)
            return $"{holder} held the lease, and whether it still does is not certain";
        return Serving == true ? "" : $"{holder} holds the lease, and its server does not accept writes yet";
    }
}

/// <summary>What a member says about holding the lease.</summary>
/// <param name="Holds">The epoch of the lease that it holds and may act on; null when it holds none.</param>
/// <param name="Left">Until it would be fenced, were it not to renew any more, from the moment of its answer.</param>
/// <param name="Serving">Whether its server runs as primary and is not about to stop; null: not looked at yet.</param>
public sealed record HolderWord(MemberName Member, Epoch? Holds, TimeSpan Left, bool? Serving);
