using System.Collections.Immutable;
using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Core.Vocabulary;
using PgMahout.Restoring;
using PgMahout.Undo.Past;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>What an undo is going to do, and what it did, for people.</summary>
internal static class UndoText
{
    private const int MostListed = 12;

    /// <param name="looked">In so many newer losses of unnamed things the name is looked for before.</param>
    public static string Plan(UndoPlan plan, PastCost cost, UndoOrder order, int looked)
    {
        var lines = new List<string>();
        if (looked > 0)
            lines.Add($"first    '{order.Name.Text}' is looked for in {looked} newer drops, of which the snapshots "
                + "of the catalogs do not know the names for certain");
        lines.AddRange(
        [
            $"lost     {(plan.IsNamed ? Wanted(plan) : $"{order.Name.Text}, if it is in {LossText.Names(plan.Loss)}")}",
            $"when     {RestoreText.Moment(plan.Loss.Time)}, {LossText.Word(plan.Loss.Cause)} by transaction "
                + $"{plan.Loss.Xid}, at {plan.Loss.At}{(plan.Loss.By is { } by ? $", by {by.Text}" : "")}",
        ]);
        var also = plan.Loss.Tables.Except(plan.Relations).Select(one => one.Text).ToImmutableArray();
        if (!plan.Relations.IsEmpty && also.Length > 0)
            lines.Add($"also     the same transaction took {Listed(also)}");
        foreach (var other in plan.Others)
            lines.Add($"not      that of {RestoreText.Moment(other.Time)}: --lsn {other.At}");
        lines.Add($"state    just before {plan.Loss.StopBefore}, from backup "
            + $"{string.Join(" + ", plan.Restore.Chain.Select(backup => backup.Id))}");
        lines.Add($"needs    {new ByteSize(cost.Files)} of files, {new ByteSize(cost.Replay)} of WAL to replay; up to "
            + $"{new ByteSize(cost.Space)} of space for a while");
        lines.Add("live     nothing is restarted, and no other table changes");
        return string.Join('\n', lines);
    }

    public static string Of(Returned returned, TimeSpan took)
    {
        var lines = new List<string>();
        foreach (var table in returned.Tables.Take(MostListed))
            lines.Add($"{table.Name}: {table.Rows.ToString("N0", CultureInfo.InvariantCulture)} rows, checksum "
                + $"{table.Checksum} as it was");
        if (returned.Tables.Length > MostListed)
            lines.Add($"and {returned.Tables.Length - MostListed} more tables");
        lines.Add($"back: {Listed(returned.Objects)}");
        foreach (var key in returned.Unproven)
            lines.Add($"NOT VALID: {key.Constraint} of {key.Table}: {key.Rows} rows refer to nothing "
                + $"({string.Join(", ", key.Examples)})");
        lines.AddRange(returned.Warnings.Select(warning => $"note: {warning}"));
        lines.Add($"done in {Durations.Text(took)}");
        return string.Join('\n', lines);
    }

    private static string Wanted(UndoPlan plan) => plan.Relations.IsEmpty
        ? plan.Loss.Database.Text
        : Listed([.. plan.Relations.Select(one => one.Text)]);

    private static string Listed(ImmutableArray<string> all) => all.Length <= MostListed
        ? string.Join(", ", all)
        : $"{string.Join(", ", all.Take(MostListed))} and {all.Length - MostListed} more";
}
