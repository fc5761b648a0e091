using System.Text;

namespace PgMahout.Output;

/// <summary>A table whose columns are as wide as their widest cell.</summary>
public static class Columns
{
    private const string Gap = "   ";

    /// <summary>Lines without a trailing blank; the first row is the heading.</summary>
    public static string Align(IReadOnlyList<string[]> rows, Func<int, string, string>? paintRow = null)
    {
        var widths = new int[rows.Max(row => row.Length)];
        foreach (var row in rows)
            for (var column = 0; column < row.Length; column++)
                widths[column] = Math.Max(widths[column], row[column].Length);

        var text = new StringBuilder();
        for (var index = 0; index < rows.Count; index++)
        {
            var cells = rows[index].Select((cell, column) => cell.PadRight(widths[column]));
            var line = string.Join(Gap, cells).TrimEnd();
            text.Append(paintRow is null ? line : paintRow(index, line)).Append('\n');
        }
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>One line of tab-separated fields; a tab or line break inside a field becomes a blank.</summary>
    public static string Tabbed(params ReadOnlySpan<string?> fields)
    {
        var text = new StringBuilder();
        foreach (var field in fields)
        {
            if (text.Length > 0)
                text.Append('\t');
            text.Append((field ?? "").Replace('\t', ' ').Replace('\n', ' '));
        }
        return text.ToString();
    }
}
