using System.Collections.Immutable;
using System.Text;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>
/// What an operator says of names in statements, beside what is known of PostgreSQL's own. A pattern is a name as the
/// catalogs have it, with * for any letters; one with a dot is for names that are written with that schema, one
/// without for names in any. What is in both lists writes.
/// </summary>
/// <param name="Reading">Functions that may run on a standby.</param>
/// <param name="Writing">What needs the primary: functions that write, views that call one, unlogged tables.</param>
public sealed record NameRules(ImmutableArray<NamePattern> Reading, ImmutableArray<NamePattern> Writing)
{
    public static readonly NameRules None = new([], []);

    /// <summary>Patterns with commas between; null, with the part that is none.</summary>
    public static ImmutableArray<NamePattern>? Parse(string text, out string wrong)
    {
        wrong = "";
        var patterns = ImmutableArray.CreateBuilder<NamePattern>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (NamePattern.Of(part) is not { } pattern)
            {
                wrong = part;
                return null;
            }
            patterns.Add(pattern);
        }
        return patterns.ToImmutable();
    }

    /// <summary>What is no pattern is left out: whoever takes the lists from a person has said so by then.</summary>
    public static NameRules Of(string reading, string writing) =>
        new(Parse(reading, out _) ?? [], Parse(writing, out _) ?? []);

    internal static bool Any(ImmutableArray<NamePattern> patterns, SqlName name, SqlName schema)
    {
        foreach (var pattern in patterns)
            if (pattern.Fits(name, schema))
                return true;
        return false;
    }
}

/// <summary>A name as it stands in a statement.</summary>
internal readonly ref struct SqlName(ReadOnlySpan<byte> text, bool quoted)
{
    public ReadOnlySpan<byte> Text { get; } = text;
    public bool Quoted { get; } = quoted;

    public byte this[int index] => Quoted ? Text[index] : SqlWords.Lower(Text[index]);
}

/// <summary>A name, with its schema or without, in which * stands for any letters.</summary>
public sealed class NamePattern
{
    // PostgreSQL cuts names here (NAMEDATALEN - 1); the bound also keeps the comparison of stars within bounds.
    private const int Longest = 63;
    private readonly byte[]? _schema;
    private readonly byte[] _name;
    private readonly string _text;

    private NamePattern(byte[]? schema, byte[] name, string text)
    {
        _schema = schema;
        _name = name;
        _text = text;
    }

    /// <summary>Null when this cannot be a pattern: empty, too long, or with more than one dot.</summary>
    public static NamePattern? Of(string text)
    {
        var parts = text.Split('.');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0 || Encoding.UTF8.GetByteCount(part) > Longest))
            return null;
        var bytes = parts.Select(Encoding.UTF8.GetBytes).ToArray();
        return new NamePattern(bytes.Length == 2 ? bytes[0] : null, bytes[^1], text);
    }

    public override string ToString() => _text;

    internal bool Fits(SqlName name, SqlName schema) =>
        Matches(_name, name) && (_schema is null || Matches(_schema, schema));

    private static bool Matches(ReadOnlySpan<byte> pattern, SqlName name)
    {
        var length = Math.Min(name.Text.Length, Longest);
        int at = 0, sign = 0, star = -1, resume = 0;
        while (at < length)
        {
            if (sign < pattern.Length && pattern[sign] == (byte)'*')
            {
                star = sign++;
                resume = at;
            }
            else if (sign < pattern.Length && pattern[sign] == name[at])
            {
                sign++;
                at++;
            }
            else if (star >= 0)
            {
                sign = star + 1;
                at = ++resume;
            }
            else
                return false;
        }
        return pattern[sign..].IndexOfAnyExcept((byte)'*') < 0;
    }
}
