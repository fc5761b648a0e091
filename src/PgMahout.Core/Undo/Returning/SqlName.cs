namespace PgMahout.Core.Undo.Returning;

/// <summary>How names and texts are written so that SQL reads them as they are.</summary>
public static class SqlName
{
    /// <summary>Always in quotes: then no word is a keyword, and no letter changes its case.</summary>
    public static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Qualified(string schema, string name) => $"{Quoted(schema)}.{Quoted(name)}";

    /// <summary>For people and for <see cref="WantedName"/>: in quotes only where a dot or a quote is.</summary>
    public static string Plain(string name) =>
        name.AsSpan().IndexOfAny('.', '"') >= 0 ? Quoted(name) : name;

    /// <summary>Read the same whatever <c>standard_conforming_strings</c> says.</summary>
    public static string Literal(string text)
    {
        var doubled = text.Replace("'", "''", StringComparison.Ordinal);
        return doubled.Contains('\\', StringComparison.Ordinal)
            ? $" E'{doubled.Replace("\\", @"\\", StringComparison.Ordinal)}'"
            : $"'{doubled}'";
    }
}
