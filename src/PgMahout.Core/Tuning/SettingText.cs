using System.Globalization;

namespace PgMahout.Core.Tuning;

/// <summary>Whether two texts of one setting mean the same to a server.</summary>
public static class SettingText
{
    public static bool Same(string one, string other) => Normal(one) == Normal(other);

    /// <summary>
    /// Amounts of memory that differ by less than a fifth: what follows from the free disk is never twice the same.
    /// </summary>
    public static bool Near(string one, string other) =>
        (MemoryText.Kilobytes(one), MemoryText.Kilobytes(other)) is ({ } first, { } second)
        && Math.Abs(first - second) * 5 < Math.Max(first, second);

    private static string Normal(string text)
    {
        if (MemoryText.Kilobytes(text) is { } kilobytes)
            return MemoryText.Number(kilobytes) + "kB";
        if (double.TryParse(text, CultureInfo.InvariantCulture, out var number))
            return number.ToString(CultureInfo.InvariantCulture);
        // The server shows the method that "on" stands for.
        return text == "on" ? "pglz" : text;
    }
}
