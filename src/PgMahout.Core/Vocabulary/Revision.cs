using System.Globalization;

namespace PgMahout.Core.Vocabulary;

/// <summary>The store's version number of one key; only ever grows. Zero means the key does not exist.</summary>
public readonly record struct Revision(long Value) : IComparable<Revision>
{
    public static readonly Revision None;

    public int CompareTo(Revision other) => Value.CompareTo(other.Value);

    public static bool operator <(Revision left, Revision right) => left.Value < right.Value;
    public static bool operator >(Revision left, Revision right) => left.Value > right.Value;
    public static bool operator <=(Revision left, Revision right) => left.Value <= right.Value;
    public static bool operator >=(Revision left, Revision right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Counts reigns: grows by one with every acquisition of the lease.</summary>
public readonly record struct Epoch(long Value) : IComparable<Epoch>
{
    public static readonly Epoch Zero;

    public Epoch Next => new(Value + 1);

    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);

    public static bool operator <(Epoch left, Epoch right) => left.Value < right.Value;
    public static bool operator >(Epoch left, Epoch right) => left.Value > right.Value;
    public static bool operator <=(Epoch left, Epoch right) => left.Value <= right.Value;
    public static bool operator >=(Epoch left, Epoch right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
