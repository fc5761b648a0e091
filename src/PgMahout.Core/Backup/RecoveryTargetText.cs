using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>
/// A point as an operator writes it: <c>latest</c>, a time, an LSN, a transaction's number, or the name of a restore
/// point. What a text means is told by its form alone.
/// </summary>
public static class RecoveryTargetText
{
    private static readonly string[] Days =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm",
    ];

    private static readonly string[] Hours = ["HH:mm:ss.FFFFFFF", "HH:mm"];

    private static readonly (char Unit, TimeSpan Length)[] Units =
    [
        ('s', TimeSpan.FromSeconds(1)), ('m', TimeSpan.FromMinutes(1)),
        ('h', TimeSpan.FromHours(1)), ('d', TimeSpan.FromDays(1)),
    ];

    /// <param name="before">Of a transaction: stop right before its end.</param>
    /// <param name="now">
    /// For <c>90s ago</c>, and for a time without a day, which means the last moment at which it was that time.
    /// </param>
    /// <param name="zone">In which a time without an offset is meant.</param>
    /// <param name="problem">What is wrong with the text, for people.</param>
    public static RecoveryTarget? Parse(
        string text, bool before, DateTimeOffset now, TimeZoneInfo zone, out string problem)
    {
        problem = "";
        var given = text.Trim();
        if (given.Equals("latest", StringComparison.OrdinalIgnoreCase))
            return new RecoveryTarget.Latest();
        if (Lsn.TryParse(given, out var lsn))
            return new RecoveryTarget.AtLsn(lsn);
        if (given.Length > 0 && given.All(char.IsAsciiDigit))
            return Transaction(given, before, ref problem);
        if (Time(given, now, zone, ref problem) is { } time)
            return new RecoveryTarget.AtTime(time);
        if (problem.Length == 0 && IsName(given))
            return new RecoveryTarget.AtName(given);
        if (problem.Length == 0)
            problem = $"'{text}' is no point: write latest, a time such as 2026-01-31 12:00:00+09, an LSN such as "
                + "0/3000148, a transaction's number, or the name of a restore point";
        return null;
    }

    private static RecoveryTarget.AtTransaction? Transaction(string digits, bool before, ref string problem)
    {
        if (uint.TryParse(digits, CultureInfo.InvariantCulture, out var xid) && xid >= 3)
            return new RecoveryTarget.AtTransaction(xid, before);
        problem = $"'{digits}' is no number of a transaction: those go from 3 to {uint.MaxValue}";
        return null;
    }

    private static DateTimeOffset? Time(string text, DateTimeOffset now, TimeZoneInfo zone, ref string problem)
    {
        if (Ago(text, now) is { } moment)
            return moment;
        if (!char.IsAsciiDigit(text.FirstOrDefault()) || !text.Contains(':', StringComparison.Ordinal))
            return null;
        var (clock, offset) = Split(text);
        var today = TimeZoneInfo.ConvertTime(now, zone).Date;
        DateTime local;
        var isHour = Exact(clock, Hours, out var hour);
        if (isHour)
            local = today + hour.TimeOfDay;
        else if (!Exact(clock, Days, out local))
        {
            problem = $"'{text}' is no time such as 2026-01-31 12:00:00, 2026-01-31T03:00:00Z or 12:00";
            return null;
        }
        var at = offset is { } given ? new DateTimeOffset(local, given) : InZone(local, zone, ref problem);
        return problem.Length > 0 ? null : isHour && at > now ? at.AddDays(-1) : at;
    }

    /// <summary>A time that the clocks skipped, or had twice, is refused: a guess could be an hour wrong.</summary>
    private static DateTimeOffset InZone(DateTime local, TimeZoneInfo zone, ref string problem)
    {
        if (zone.IsInvalidTime(local))
            problem = $"{local:yyyy-MM-dd HH:mm:ss} did not exist in {zone.Id}: the clocks were put forward";
        else if (zone.IsAmbiguousTime(local))
            problem = $"{local:yyyy-MM-dd HH:mm:ss} was twice in {zone.Id}: add the offset, such as +02";
        return new DateTimeOffset(local, zone.GetUtcOffset(local));
    }

    private static DateTimeOffset? Ago(string text, DateTimeOffset now)
    {
        if (!text.EndsWith(" ago", StringComparison.Ordinal))
            return null;
        var span = text[..^4].Trim();
        foreach (var (unit, length) in Units)
            if (span.Length > 1
                && span[^1] == unit
                && double.TryParse(
                    span.AsSpan(0, span.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                    out var count)
                && count * length.TotalDays < 36500)
                return now - (count * length);
        return null;
    }

    /// <summary>The offset stands behind the time: Z, +09, +0530 or -03:30.</summary>
    private static (string Clock, TimeSpan? Offset) Split(string text)
    {
        if (text.EndsWith('Z') || text.EndsWith("UTC", StringComparison.Ordinal))
            return (text[..text.LastIndexOfAny(['Z', 'U'])].TrimEnd(), TimeSpan.Zero);
        var sign = text.LastIndexOfAny(['+', '-']);
        if (sign < 0 || sign < text.IndexOf(':', StringComparison.Ordinal))
            return (text, null);
        var digits = text[(sign + 1)..].Replace(":", "", StringComparison.Ordinal);
        if (digits.Length is not (2 or 4) || !int.TryParse(digits.PadRight(4, '0'), out var number))
            return (text, null);
        var offset = new TimeSpan(number / 100, number % 100, 0);
        return offset > TimeSpan.FromHours(14) || number % 100 >= 60
            ? (text, null)
            : (text[..sign].TrimEnd(), text[sign] == '-' ? -offset : offset);
    }

    private static bool Exact(string text, string[] formats, out DateTime time) =>
        DateTime.TryParseExact(text, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);

    private static bool IsName(string text) =>
        text.Length is > 0 and < 64 && char.IsLetter(text[0]) && !text.Any(char.IsControl);
}
