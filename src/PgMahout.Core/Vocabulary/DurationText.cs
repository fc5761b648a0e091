using System.Globalization;

namespace PgMahout.Core.Vocabulary;

/// <summary>Durations as people write them: <c>500ms</c>, <c>3s</c>, <c>10m</c>, <c>2h</c>, <c>1d</c>.</summary>
public static class DurationText
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
        ("d", TimeSpan.FromDays(1)),
    ];

    /// <summary>A positive number and a unit; a number alone is refused, because its unit would be a guess.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        foreach (var (unit, length) in Units)
        {
            if (text is null || !text.EndsWith(unit, StringComparison.Ordinal))
                continue;
            var digits = text.AsSpan(0, text.Length - unit.Length).TrimEnd();
            if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
                continue;
            if (count <= 0 || count * length.Ticks > TimeSpan.FromDays(3650).Ticks)
                return false;
            duration = TimeSpan.FromTicks((long)(count * length.Ticks));
            return true;
        }
        return false;
    }
}
