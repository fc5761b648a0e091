using System.Collections.Immutable;
using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Undo.Returning;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;
using PgMahout.Restoring;
using PgMahout.Undo.Past;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>Rows of then and of now, for people.</summary>
internal static class RowsText
{
    public static string Plan(RestorePlan plan, RecoveryTarget target, PastCost cost, (string Table, string Copy) at) =>
        $"""
        {RestoreText.Of(plan, target)}
        needs    {new ByteSize(cost.Files)} of files; up to {new ByteSize(cost.Space)} of space for a while
        makes    {at.Copy}, beside {at.Table}: nothing is restarted, and no other table changes
        """;

    public static string Diff(RowsDiff diff)
    {
        string[][] rows =
        [
            ["WHAT", "ROWS", "KEYS"],
            ["missing: there then, not now", Count(diff.Missing), Keys(diff.Examples.Missing, diff.Missing)],
            ["changed", Count(diff.Changed), Keys(diff.Examples.Changed, diff.Changed)],
            ["new: there now, not then", Count(diff.New), Keys(diff.Examples.New, diff.New)],
            ["same", Count(diff.Same), ""],
        ];
        return Columns.Align(rows);
    }

    /// <summary>What applying does, before it is agreed to.</summary>
    public static string Intention(RowsDiff diff, RowClasses classes)
    {
        var parts = new List<string>();
        if (classes.HasFlag(RowClasses.Missing))
            parts.Add($"puts {Count(diff.Missing)} back");
        if (classes.HasFlag(RowClasses.Changed))
            parts.Add($"makes {Count(diff.Changed)} what they were");
        if (classes.HasFlag(RowClasses.New))
            parts.Add($"removes {Count(diff.New)}");
        var reach = classes.HasFlag(RowClasses.New) && diff.New > 0 && !diff.Reaches.IsEmpty
            ? $"; what refers to those removed changes too: {string.Join(", ", diff.Reaches)}"
            : "";
        return $"apply    {string.Join(", ", parts)}, in one transaction{reach}";
    }

    public static string End(
        RowsApplied? applied, (string Schema, string Name) copy, bool stays, TimeSpan took)
    {
        var lines = new List<string>();
        if (applied is not null)
            lines.Add($"applied: {Count(applied.Inserted)} put back, {Count(applied.Updated)} made what they were, "
                + $"{Count(applied.Deleted)} removed");
        lines.Add(stays
            ? $"{copy.Schema}.{copy.Name} stays: DROP TABLE {SqlName.Qualified(copy.Schema, copy.Name)}; removes it"
            : $"{copy.Schema}.{copy.Name} was dropped again");
        lines.Add($"done in {Durations.Text(took)}");
        return string.Join('\n', lines);
    }

    private static string Count(long rows) => rows.ToString("N0", CultureInfo.InvariantCulture);

    private static string Keys(ImmutableArray<string> examples, long rows) =>
        string.Join("; ", examples) + (rows > examples.Length ? "; ..." : "");
}
