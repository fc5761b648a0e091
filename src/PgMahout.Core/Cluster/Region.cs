using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>
/// What this cluster is to its twin in another region: one record in the store of each, changed by compare-and-swap.
/// </summary>
/// <param name="Term">
/// Orders the changes of role between the two; only grows. Odd while the first side leads and even while the second
/// does, so that both can never claim the same one.
/// </param>
/// <param name="Twin">The other cluster.</param>
public sealed record Region(long Term, RegionRole Role, RegionSide Side, RegionTwin Twin)
{
    /// <summary>Whom the standby leader follows: not a member, so no member may be called this.</summary>
    public static readonly MemberName Upstream = new("other_region");

    public const string SlotPrefix = "pgmahoutregion_";

    /// <summary>
    /// One for the whole other cluster: PostgreSQL gives it to one receiver at a time, so never two of it stream.
    /// </summary>
    public const string SlotName = SlotPrefix + "standby";

    /// <summary>
    /// How a receiver names itself to the other region: never as a member, or it would count as the member of that name
    /// there, and confirm commits in its place.
    /// </summary>
    public static string ReceiverName(MemberName member) => SlotPrefix + member;

    /// <summary>
    /// <see cref="RegionRole.Yielded"/>: where the WAL of the stopped primary ends. <see cref="RegionRole.Leads"/>,
    /// after a planned change: nobody is promoted here who has less.
    /// </summary>
    public WalPosition? Mark { get; init; }

    public bool Follows => Role == RegionRole.Follows;

    /// <summary>Whether this side may lead in a term, and give this number to an epoch and its timeline.</summary>
    public bool Owns(long number) => number % 2 != 0 == (Side == RegionSide.First);

    /// <summary>The least number of this side above <paramref name="number"/>.</summary>
    public long Next(long number) => Owns(number + 1) ? number + 1 : number + 2;

    /// <summary>This side leads, in its first term above <paramref name="known"/>.</summary>
    public Region Leading(long known, WalPosition? mark) => this with
    {
        Term = Next(known),
        Role = RegionRole.Leads,
        Mark = mark,
    };

    /// <summary>The other side leads, or will lead, in <paramref name="term"/>.</summary>
    public Region Following(long term) => this with { Term = term, Role = RegionRole.Follows, Mark = null };
}

public enum RegionRole
{
    /// <summary>It has the primary that both regions follow.</summary>
    Leads,

    /// <summary>An operator moves the leadership to the other region: the primary is to be stopped cleanly.</summary>
    Yields,

    /// <summary>The primary was stopped, and nothing serves; the change can still be taken back.</summary>
    Yielded,

    /// <summary>No primary here: its leader streams from the other region.</summary>
    Follows,
}

/// <summary>Which half of the numbers a cluster has for its terms and timelines: odd, or even.</summary>
public enum RegionSide
{
    First,
    Second,
}

/// <summary>The cluster in the other region.</summary>
/// <param name="Servers">Sorted; any of them can be its primary.</param>
/// <param name="Home">Absolute, where it is on this machine; null when it is not.</param>
public sealed record RegionTwin(string Name, ImmutableArray<RegionServer> Servers, string? Home)
{
    public bool Equals(RegionTwin? other) =>
        other is not null && Name == other.Name && Home == other.Home
        && Servers.AsSpan().SequenceEqual(other.Servers.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Name, Servers.Length, Home);
}

public sealed record RegionServer(string Host, int Port);

/// <summary>What the primary of the other region said.</summary>
/// <param name="Term">In which it leads, as its configuration says; 0 when it does not say.</param>
/// <param name="At">Which of its servers it is.</param>
/// <param name="Primary">Its slots are those of ours: <see cref="Region.SlotName"/>.</param>
public sealed record RegionWord(long Term, RegionServer At, PostgresState.Primary Primary);
