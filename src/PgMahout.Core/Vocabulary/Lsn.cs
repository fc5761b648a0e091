using System.Globalization;

namespace PgMahout.Core.Vocabulary;

/// <summary>
/// An address in the write-ahead log: a byte position, written by PostgreSQL as two hexadecimal halves ("3A/91F0C2E8").
/// </summary>
public readonly record struct Lsn(ulong Value) : IComparable<Lsn>
{
    public static readonly Lsn Zero;

    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);

    public static bool operator <(Lsn left, Lsn right) => left.Value < right.Value;
    public static bool operator >(Lsn left, Lsn right) => left.Value > right.Value;
    public static bool operator <=(Lsn left, Lsn right) => left.Value <= right.Value;
    public static bool operator >=(Lsn left, Lsn right) => left.Value >= right.Value;

    /// <summary>Bytes from <paramref name="start"/> to <paramref name="end"/>; zero when the start is ahead.</summary>
    public static ByteSize Distance(Lsn start, Lsn end) =>
        new(end.Value > start.Value ? (long)(end.Value - start.Value) : 0);

    public static Lsn Max(Lsn left, Lsn right) => left >= right ? left : right;
    public static Lsn Min(Lsn left, Lsn right) => left <= right ? left : right;

    public static bool TryParse(string? text, out Lsn lsn)
    {
        lsn = Zero;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash <= 0)
            return false;
        if (!TryParseHalf(text.AsSpan(0, slash), out var high) || !TryParseHalf(text.AsSpan(slash + 1), out var low))
            return false;
        lsn = new Lsn(((ulong)high << 32) | low);
        return true;
    }

    public static Lsn Parse(string text) =>
        TryParse(text, out var lsn) ? lsn : throw new FormatException($"'{text}' is not an LSN such as 0/3000148");

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Value >> 32:X}/{Value & 0xFFFFFFFF:X}");

    private static bool TryParseHalf(ReadOnlySpan<char> digits, out uint half) =>
        uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out half);
}
