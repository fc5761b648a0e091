using System.Globalization;
using System.Text;
using PgMahout.Core.Backup;
using PgMahout.Core.Undo;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>What <c>undo rows</c> was told.</summary>
/// <param name="Repository">Null: the first.</param>
/// <param name="Apply">Rows that are made as they were.</param>
internal sealed record RowsOrder(WantedName Name, RecoveryTarget Target, string? Repository, RowClasses Apply)
{
    private const int LongestName = 63;

    /// <summary>Of the table as of then.</summary>
    public string? As { get; init; }

    public int? Jobs { get; init; }

    public bool DryRun { get; init; }

    /// <summary>The table as of then goes when all is done.</summary>
    public bool DropCopy { get; init; }

    /// <summary>
    /// Where the table as of then stands: <c>orders_at_20261123_101500</c>, by the moment that was asked for, in UTC.
    /// </summary>
    public (string Schema, string Name) Copy(LiveTable table, RestorePlan plan)
    {
        if (As is { } given && WantedName.Parse(given) is { Parts: var parts })
            return parts.Length > 1 ? (parts[^2], parts[^1]) : (table.Schema, parts[0]);
        var moment = Target is RecoveryTarget.AtTime { Time: var time } ? time : plan.Target.LastCommit;
        var ending = moment is { } known
            ? known.UtcDateTime.ToString("'_at_'yyyyMMdd'_'HHmmss", CultureInfo.InvariantCulture)
            : $"_at_{(plan.Target.Stop ?? plan.Reach).Value:x}";
        var start = table.Name;
        while (Encoding.UTF8.GetByteCount(start) + ending.Length > LongestName)
            start = start[..^1];
        return (table.Schema, start + ending);
    }

    /// <summary><c>missing,changed,new</c>; null when it has other words.</summary>
    public static RowClasses? ParseClasses(string text)
    {
        var all = RowClasses.None;
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            RowClasses? one = word switch
            {
                "missing" => RowClasses.Missing,
                "changed" => RowClasses.Changed,
                "new" => RowClasses.New,
                _ => null,
            };
            if (one is null)
                return null;
            all |= one.Value;
        }
        return all;
    }
}
