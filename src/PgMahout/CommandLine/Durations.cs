using System.CommandLine.Parsing;
using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.CommandLine;

/// <summary>Durations as people write them: <c>500ms</c>, <c>3s</c>, <c>10m</c>, <c>2h</c>, <c>1d</c>.</summary>
public static class Durations
{
    /// <summary>A positive number and a unit; a number alone is refused, because its unit would be a guess.</summary>
    public static bool TryParse(string? text, out TimeSpan duration) => DurationText.TryParse(text, out duration);

    /// <summary>
    /// For people: two units at most, such as <c>3 d 04 h</c>, <c>2 min 05 s</c>, <c>1.9 s</c>, <c>12 ms</c>.
    /// </summary>
    public static string Text(TimeSpan span)
    {
        var invariant = CultureInfo.InvariantCulture;
        if (span < TimeSpan.Zero)
            span = TimeSpan.Zero;
        return span switch
        {
            { TotalMilliseconds: < 999.5 } => string.Create(invariant, $"{span.TotalMilliseconds:F0} ms"),
            { TotalSeconds: < 59.95 } => string.Create(invariant, $"{span.TotalSeconds:F1} s"),
            { TotalMinutes: < 60 } => string.Create(invariant, $"{(int)span.TotalMinutes} min {span.Seconds:00} s"),
            { TotalHours: < 24 } => string.Create(invariant, $"{(int)span.TotalHours} h {span.Minutes:00} min"),
            _ => string.Create(invariant, $"{(int)span.TotalDays} d {span.Hours:00} h"),
        };
    }

    internal static TimeSpan? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (TryParse(text, out var duration))
            return duration;
        result.AddError($"'{text}' is not a duration: a number and a unit, such as 500ms, 3s, 10m, 2h");
        return null;
    }
}
