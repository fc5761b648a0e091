using System.Globalization;

namespace PgMahout.Core.Vocabulary;

/// <summary>One history of the cluster. A promotion starts a new one, with a higher number.</summary>
public readonly record struct TimelineId(uint Value) : IComparable<TimelineId>
{
    public static readonly TimelineId First = new(1);

    public int CompareTo(TimelineId other) => Value.CompareTo(other.Value);

    public static bool operator <(TimelineId left, TimelineId right) => left.Value < right.Value;
    public static bool operator >(TimelineId left, TimelineId right) => left.Value > right.Value;
    public static bool operator <=(TimelineId left, TimelineId right) => left.Value <= right.Value;
    public static bool operator >=(TimelineId left, TimelineId right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// A point in one history. Ordered by timeline, then LSN: of two members of one cluster, the one on the higher
/// timeline has seen a later promotion, and everything on a lower timeline beyond the fork is not in its history.
/// </summary>
public readonly record struct WalPosition(TimelineId Timeline, Lsn Lsn) : IComparable<WalPosition>
{
    public int CompareTo(WalPosition other) =>
        Timeline != other.Timeline ? Timeline.CompareTo(other.Timeline) : Lsn.CompareTo(other.Lsn);

    public static bool operator <(WalPosition left, WalPosition right) => left.CompareTo(right) < 0;
    public static bool operator >(WalPosition left, WalPosition right) => left.CompareTo(right) > 0;
    public static bool operator <=(WalPosition left, WalPosition right) => left.CompareTo(right) <= 0;
    public static bool operator >=(WalPosition left, WalPosition right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"{Timeline}:{Lsn}";
}
