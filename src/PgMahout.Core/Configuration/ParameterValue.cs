using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Configuration;

/// <summary>What became of reading a value of a setting.</summary>
public abstract record ParameterValue
{
    private ParameterValue() { }

    /// <param name="Canonical">Equal for two texts that mean the same: a number in the setting's unit, on or off, a
    /// word
    /// in lower case, the text itself.</param>
    /// <param name="Number">The number in the setting's unit; null for what is none.</param>
    public sealed record Valid(string Canonical, decimal? Number) : ParameterValue;

    /// <param name="Why">What is wrong with it, and what would be right.</param>
    public sealed record Invalid(string Why) : ParameterValue;

    // PostgreSQL's guc.c: how many of the smallest unit each one is.
    private static readonly ImmutableArray<(string Name, decimal Factor)> Memory =
    [
        ("B", 1), ("kB", 1024), ("MB", 1024 * 1024), ("GB", 1024m * 1024 * 1024), ("TB", 1024m * 1024 * 1024 * 1024),
    ];

    private static readonly ImmutableArray<(string Name, decimal Factor)> Time =
    [
        ("us", 1), ("ms", 1000), ("s", 1_000_000), ("min", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000),
    ];

    private static readonly ImmutableArray<string> On = ["on", "true", "yes", "1"];
    private static readonly ImmutableArray<string> Off = ["off", "false", "no", "0"];

    /// <summary>Reads a value as the server would, with its rules for units, switches and words.</summary>
    public static ParameterValue Read(Parameter parameter, string text) => parameter.Type switch
    {
        ParameterType.Switch => ReadSwitch(parameter, text.Trim()),
        ParameterType.Word => ReadWord(parameter, text.Trim()),
        ParameterType.Integer or ParameterType.Real => ReadNumber(parameter, text.Trim()),
        ParameterType.Text => new Valid(text, null),
    };

    /// <summary>
    /// Whether both mean the same to the server; a text that it would refuse is equal only to itself.
    /// </summary>
    public static bool AreEqual(Parameter parameter, string one, string other) =>
        (Read(parameter, one), Read(parameter, other)) is (Valid first, Valid second)
            ? first.Canonical == second.Canonical
            : one == other;

    /// <summary>
    /// A number of the setting's unit with the largest unit that keeps it whole: 16384 of 8kB is 128MB.
    /// </summary>
    public static string Show(Parameter parameter, string value)
    {
        if (parameter.Unit is not { } unit || !TryNumber(value, out var number) || number <= 0)
            return value;
        var (scale, factor) = ScaleOf(unit);
        if (scale.IsDefault)
            return value;
        var smallest = number * factor;
        var best = scale.Last(step => smallest % step.Factor == 0);
        return Text(smallest / best.Factor) + best.Name;
    }

    private static ParameterValue ReadSwitch(Parameter parameter, string text)
    {
        // Any beginning that is not common to both words counts, as in PostgreSQL: "t", "of".
        var word = text.ToLowerInvariant();
        var on = On.Any(known => word.Length > 0 && known.StartsWith(word, StringComparison.Ordinal));
        var off = Off.Any(known => word.Length > 0 && known.StartsWith(word, StringComparison.Ordinal));
        if (on == off)
            return new Invalid($"'{text}' is neither on nor off, which is what {parameter.Name} can be");
        return new Valid(on ? "on" : "off", null);
    }

    private static ParameterValue ReadWord(Parameter parameter, string text)
    {
        var word = text.ToLowerInvariant();
        if (parameter.Allowed.Contains(word, StringComparer.OrdinalIgnoreCase))
            return new Valid(word, null);
        // Words such as true, 1 and no are accepted for on and off where those are among the words.
        if (On.Contains(word) && parameter.Allowed.Contains("on"))
            return new Valid("on", null);
        if (Off.Contains(word) && parameter.Allowed.Contains("off"))
            return new Valid("off", null);
        return new Invalid($"'{text}' is not one of {string.Join(", ", parameter.Allowed)}"
            + Spelling.Hint(word, parameter.Allowed));
    }

    private static ParameterValue ReadNumber(Parameter parameter, string text)
    {
        var end = text.Length;
        while (end > 0 && char.IsAsciiLetter(text[end - 1]))
            end--;
        var (digits, unit) = (text[..end].Trim(), text[end..]);
        if (!TryNumber(digits, out var number))
            return new Invalid($"'{text}' is not a number{InUnit(parameter)}");
        if (unit.Length > 0)
        {
            if (parameter.Unit is null)
                return new Invalid($"'{text}' has a unit, and {parameter.Name} is a bare number");
            var (scale, own) = ScaleOf(parameter.Unit);
            if (scale.IsDefault || scale.All(step => step.Name != unit))
                return new Invalid($"'{unit}' is not a unit of {parameter.Name}: {UnitsOf(parameter)}");
            number = number * scale.First(step => step.Name == unit).Factor / own;
        }
        if (parameter.Type == ParameterType.Integer)
            number = Math.Round(number, MidpointRounding.ToEven);
        if (number < parameter.Least || number > parameter.Most)
            return new Invalid($"{text} is out of range: {parameter.Name} lies between "
                + $"{Bound(parameter, parameter.Least)} and {Bound(parameter, parameter.Most)}");
        return new Valid(Text(number), number);
    }

    private static string Bound(Parameter parameter, decimal? bound) =>
        bound is { } number ? Show(parameter, Text(number)) : "any number";

    private static string InUnit(Parameter parameter) =>
        parameter.Unit is null ? "" : $" with a unit of {parameter.Name}: {UnitsOf(parameter)}";

    private static string UnitsOf(Parameter parameter)
    {
        var (scale, _) = ScaleOf(parameter.Unit!);
        return scale.IsDefault ? parameter.Unit! : string.Join(", ", scale.Select(step => step.Name));
    }

    /// <summary>
    /// The units of one kind, and how many of the smallest one the given unit is, such as 8192 for 8kB.
    /// </summary>
    private static (ImmutableArray<(string Name, decimal Factor)> Scale, decimal Factor) ScaleOf(string unit)
    {
        var digits = unit.TakeWhile(char.IsAsciiDigit).Count();
        var count = digits == 0 ? 1 : decimal.Parse(unit[..digits], CultureInfo.InvariantCulture);
        foreach (var scale in (ReadOnlySpan<ImmutableArray<(string Name, decimal Factor)>>)[Memory, Time])
            foreach (var step in scale)
                if (step.Name == unit[digits..])
                    return (scale, count * step.Factor);
        return (default, 1);
    }

    private static bool TryNumber(string text, out decimal number)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && long.TryParse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex))
        {
            number = hex;
            return true;
        }
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    private static string Text(decimal number) => number.ToString("0.##########", CultureInfo.InvariantCulture);
}
