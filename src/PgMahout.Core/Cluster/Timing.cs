namespace PgMahout.Core.Cluster;

/// <summary>
/// Every time limit of a cluster, derived from the one that the operator sets: how long the service may be without a
/// primary when its host dies (RTO). Nothing here is set by itself, so the limits cannot contradict each other.
/// </summary>
public sealed record Timing
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <param name="rto">From <see cref="Shortest"/> to <see cref="Longest"/>.</param>
    public Timing(TimeSpan rto)
    {
        if (rto < Shortest || rto > Longest)
            throw new ArgumentOutOfRangeException(nameof(rto), rto, $"rto lies between {Shortest} and {Longest}");
        Ttl = rto;
    }

    /// <summary>A lease that nobody has renewed for this long, as the taker itself saw it, may be taken.</summary>
    public TimeSpan Ttl { get; }

    /// <summary>The holder renews this often: three renewals may fail before it is fenced.</summary>
    public TimeSpan RenewEvery => Ttl / 4;

    /// <summary>
    /// Safety distance between the end of the holder's reign and the first moment another may take it: time for the
    /// kernel to carry out the kill, and for clocks that drift against each other.
    /// </summary>
    public TimeSpan FenceMargin => Ttl / 10;

    /// <summary>The holder is fenced this long after the moment before its last successful renewal was sent.</summary>
    public TimeSpan FenceAfter => Ttl - FenceMargin;

    /// <summary>A released lease waits this long for the heir it names before anybody may take it.</summary>
    public TimeSpan HeirPatience => Ttl / 3;

    public TimeSpan StoreLimit => Ttl / 6;
    public TimeSpan ObserveLimit => Ttl / 6;
    public TimeSpan PeerLimit => Ttl / 10;

    /// <summary>A standby that has not streamed for this long no longer counts for commits (quorum mode).</summary>
    public TimeSpan DegradeAfter => Ttl;

    /// <summary>PostgreSQL that accepts connections but answers nothing for this long is treated as dead.</summary>
    public TimeSpan UnresponsiveLimit => Ttl;

    /// <summary>
    /// A disk that has taken no write for this long is given up. Longer than a silence: a server that answers and is
    /// killed has everybody's connections to lose, and a busy disk makes writes wait as well.
    /// </summary>
    public TimeSpan StuckLimit => Ttl * 2;

    /// <summary>
    /// An agent whose loop has not turned for this long hangs, and is to be killed. Its turns take a lease at the very
    /// most, and five seconds when it fences; PostgreSQL does not depend on this, because its guard has the deadline.
    /// </summary>
    public TimeSpan HungAfter => Ttl + TimeSpan.FromSeconds(5);

    /// <summary>A planned stop that takes longer becomes an immediate one.</summary>
    public TimeSpan StopLimit => Ttl * 2;

    /// <summary>
    /// A running standby that is not streaming from a healthy primary for this long climbs the rejoin ladder.
    /// </summary>
    public TimeSpan FollowPatience => Ttl * 5;

    /// <summary>A failed rung of the rejoin ladder is tried again after this long.</summary>
    public TimeSpan RetryAfter => Ttl;
}
