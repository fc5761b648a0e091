using System.Globalization;

namespace PgMahout.Core.Vocabulary;

/// <summary>
/// A moment on this host's boot-time monotonic clock, in nanoseconds. It has no meaning on another host and none
/// after a reboot; instants of two hosts are never compared.
/// </summary>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    public static readonly Instant Zero;
    public static readonly Instant Never = new(long.MaxValue);

    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public static bool operator <(Instant left, Instant right) => left.Nanoseconds < right.Nanoseconds;
    public static bool operator >(Instant left, Instant right) => left.Nanoseconds > right.Nanoseconds;
    public static bool operator <=(Instant left, Instant right) => left.Nanoseconds <= right.Nanoseconds;
    public static bool operator >=(Instant left, Instant right) => left.Nanoseconds >= right.Nanoseconds;

    public static Instant operator +(Instant instant, TimeSpan span) =>
        instant == Never ? Never : new(checked(instant.Nanoseconds + span.Ticks * 100));

    public static Instant operator -(Instant instant, TimeSpan span) => instant + -span;

    public static TimeSpan operator -(Instant later, Instant earlier) =>
        TimeSpan.FromTicks((later.Nanoseconds - earlier.Nanoseconds) / 100);

    public static Instant Min(Instant left, Instant right) => left <= right ? left : right;
    public static Instant Max(Instant left, Instant right) => left >= right ? left : right;

    public override string ToString() =>
        this == Never ? "never" : (Nanoseconds / 1e9).ToString("F3", CultureInfo.InvariantCulture) + "s";
}
