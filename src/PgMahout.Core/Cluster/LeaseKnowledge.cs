using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>
/// What one member knows of the lease, on its own clock only. A taker counts from the moment it first saw a
/// revision; the holder counts from the moment before it sent its last successful write. Both err on the safe side,
/// and no clock is ever compared with another host's.
/// </summary>
/// <param name="Revision">The newest revision of the leadership record that this member has seen.</param>
/// <param name="SeenAt">When it first saw it.</param>
/// <param name="HeldFrom">If this member holds the lease: the moment before its last successful write was sent.</param>
/// <param name="UnansweredFrom">The moment before the oldest write was sent whose outcome is still unknown.</param>
/// <param name="Moved">
/// The record has changed since this member's agent began. Before that, an earlier run of the agent may have sealed the
/// member for the very revision that stands, and promised to receive nothing under it.
/// </param>
public sealed record LeaseKnowledge(
    Revision Revision, Instant SeenAt, Instant? HeldFrom, Instant? UnansweredFrom, bool Moved = true)
{
    /// <summary>Nothing known; a full ttl must pass before anything may be taken.</summary>
    public static LeaseKnowledge StartingAt(Instant now) => new(Revision.None, now, null, null, Moved: false);

    /// <summary>
    /// After reading the record: <paramref name="mine"/> when it names this member as the present holder.
    /// </summary>
    public LeaseKnowledge Saw(Revision revision, bool mine, Instant now)
    {
        if (revision == Revision)
            return mine ? this : this with { HeldFrom = null };
        // Only the holder writes a record that names it, so a newer one is our write whose answer was lost. It takes
        // nothing away from what promises gave since it was sent.
        var moved = Moved || Revision != Revision.None;
        return new LeaseKnowledge(revision, now, mine ? Later(HeldFrom, UnansweredFrom) : null, null, moved);
    }

    /// <summary>Our write was accepted and gave <paramref name="revision"/>.</summary>
    public LeaseKnowledge Wrote(Revision revision, bool mine, Instant sentAt, Instant now) =>
        new(revision, now, mine ? sentAt : null, null);

    /// <summary>Our write was sent and its outcome is unknown; only observing again settles it.</summary>
    public LeaseKnowledge WriteUnanswered(Instant sentAt) =>
        this with { UnansweredFrom = UnansweredFrom is { } earlier ? Instant.Min(earlier, sentAt) : sentAt };

    /// <summary>
    /// Every promotable member has promised, since <paramref name="askedAt"/>, not to take over for a ttl.
    /// </summary>
    public LeaseKnowledge Promised(Instant askedAt) =>
        HeldFrom is { } held ? this with { HeldFrom = Instant.Max(held, askedAt) } : this;

    /// <summary>When the holder's PostgreSQL must be dead, unless a renewal succeeds before.</summary>
    public Instant? FenceAt(Timing timing) => HeldFrom + timing.FenceAfter;

    /// <summary>From when this member may take a lease that its holder did not release.</summary>
    public Instant TakeableAt(Timing timing) => SeenAt + timing.Ttl;

    private static Instant? Later(Instant? one, Instant? other) =>
        one is { } a && other is { } b ? Instant.Max(a, b) : one ?? other;
}
