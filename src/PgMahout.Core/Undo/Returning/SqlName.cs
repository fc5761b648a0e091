using System.Text;

namespace PgMahout.Core.Undo.Returning;

/// <summary>How names and texts are written so that SQL reads them as they are.</summary>
public static class SqlName
{
    /// <summary>Always in quotes: then no word is a keyword, and no letter changes its case.</summary>
    public static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Qualified(string schema, string name) => $"{Quoted(schema)}.{Quoted(name)}";

    /// <summary>Read the same whatever <c>standard_conforming_strings</c> says.</summary>
    public static string Literal(string text)
    {
        var doubled = text.Replace("'", "''", StringComparison.Ordinal);
        return doubled.Contains('\\', StringComparison.Ordinal)
            ? $" E'{doubled.Replace("\\", @"\\", StringComparison.Ordinal)}'"
            : $"'{doubled}'";
    }

    /// <summary>
    /// Parts of a name as a person types it, <c>shop.orders</c> or <c>"My.Table"</c>; without quotes, letters are
    /// made small as SQL does it. Null when it is no name.
    /// </summary>
    public static IReadOnlyList<string>? Split(string text)
    {
        var parts = new List<string>();
        var at = 0;
        do
        {
            if (Part(text, ref at) is not { Length: > 0 } part)
                return null;
            parts.Add(part);
        }
        while (at < text.Length && text[at++] == '.');
        return at == text.Length && text[^1] != '.' ? parts : null;
    }

    private static string? Part(string text, ref int at)
    {
        if (at >= text.Length || text[at] != '"')
        {
            var start = at;
            while (at < text.Length && text[at] is not ('.' or '"'))
                at++;
            return text[start..at].ToLowerInvariant();
        }
        var part = new StringBuilder();
        for (at++; at < text.Length; at++)
            if (text[at] != '"')
                part.Append(text[at]);
            else if (at + 1 < text.Length && text[at + 1] == '"')
                part.Append(text[at++]);
            else
            {
                at++;
                return part.ToString();
            }
        return null;
    }
}
