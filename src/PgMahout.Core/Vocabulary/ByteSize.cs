using System.Globalization;

namespace PgMahout.Core.Vocabulary;

/// <summary>A number of bytes. Printed in binary units as PostgreSQL does (1 kB = 1024 B).</summary>
public readonly record struct ByteSize(long Bytes) : IComparable<ByteSize>
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];

    public static ByteSize Kilobytes(long count) => new(count << 10);
    public static ByteSize Megabytes(long count) => new(count << 20);
    public static ByteSize Gigabytes(long count) => new(count << 30);

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;
    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;
    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;
    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    public override string ToString()
    {
        var value = (double)Bytes;
        var unit = 0;
        for (; Math.Abs(value) >= 1024 && unit < Units.Length - 1; unit++)
            value /= 1024;
        var format = unit == 0 || Math.Abs(value) >= 100 ? "F0" : "F1";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + Units[unit];
    }
}
