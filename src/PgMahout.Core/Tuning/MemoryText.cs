using System.Globalization;

namespace PgMahout.Core.Tuning;

/// <summary>Amounts of memory as PostgreSQL's files have them.</summary>
public static class MemoryText
{
    public const long KilobytesPerMegabyte = 1L << 10;
    public const long KilobytesPerGigabyte = 1L << 20;
    public const long KilobytesPerTerabyte = 1L << 30;

    private static readonly (string Unit, long Kilobytes)[] Units =
    [
        ("kB", 1), ("MB", KilobytesPerMegabyte), ("GB", KilobytesPerGigabyte), ("TB", KilobytesPerTerabyte),
    ];

    /// <summary>In the largest unit up to GB that keeps the number whole.</summary>
    public static string Of(long kilobytes) => kilobytes switch
    {
        _ when kilobytes % KilobytesPerGigabyte == 0 => Number(kilobytes / KilobytesPerGigabyte) + "GB",
        _ when kilobytes % KilobytesPerMegabyte == 0 => Number(kilobytes / KilobytesPerMegabyte) + "MB",
        _ => Number(kilobytes) + "kB",
    };

    /// <summary>Kilobytes; null when it is not a whole number with one of the units kB, MB, GB, TB.</summary>
    public static long? Kilobytes(string text)
    {
        foreach (var (unit, kilobytes) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
                continue;
            var digits = text.AsSpan(0, text.Length - unit.Length).TrimEnd();
            return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && count <= long.MaxValue / kilobytes
                ? count * kilobytes
                : null;
        }
        return null;
    }

    internal static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
