using System.Globalization;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Undoing;

/// <summary>Losses in words.</summary>
internal static class LossText
{
    private const int MostNamed = 4;
    private const long PageBytes = 8192;

    public static string Word(LossCause cause) => cause switch
    {
        LossCause.Dropped => "drop",
        LossCause.Truncated => "truncate",
        LossCause.Rewritten => "rewrite",
        LossCause.Deleted => "delete",
        LossCause.Updated => "update",
        LossCause.DatabaseDropped => "drop-database",
    };

    /// <summary>Names of what a user would ask for; the first few of many.</summary>
    public static string Names(Loss loss)
    {
        if (loss.Cause == LossCause.DatabaseDropped)
            return loss.Database.Text;
        var roots = loss.Roots.Select(one => one.Text).ToList();
        if (roots.Count == 0)
            roots.AddRange(loss.Unnamed.Take(1).Select(one => $"{loss.Database.Text}: {one.Text}, not named yet"));
        var more = loss.Tables.Length - loss.Roots.Length;
        return (roots.Count <= MostNamed
                ? string.Join(", ", roots)
                : $"{string.Join(", ", roots.Take(MostNamed))} and {roots.Count - MostNamed} more")
            + (more > 0 ? $" with {more} partitions" : "");
    }

    /// <summary>By the last vacuum before it; null when there was none.</summary>
    public static ByteSize? Size(Loss loss)
    {
        var pages = loss.Relations.Sum(one => one.Named?.Relation.Pages ?? 0);
        return pages > 0 ? new ByteSize(pages * PageBytes) : null;
    }

    /// <summary>Deleted or updated ones, else by the last vacuum before it; null when there was none.</summary>
    public static long? Rows(Loss loss)
    {
        if (loss.Rows > 0)
            return loss.Rows;
        var known = loss.Relations
            .Where(one => one.Named is { Relation: { Kind: 'r' or 'm', Rows: >= 0 } })
            .Select(one => (long)one.Named!.Relation.Rows)
            .ToList();
        return known.Count > 0 ? known.Sum() : null;
    }

    public static string Count(long? rows) => rows?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";

    /// <summary>Worth showing to somebody who looks for an accident.</summary>
    public static bool IsRemarkable(Loss loss) => loss.Cause switch
    {
        LossCause.Dropped or LossCause.Truncated or LossCause.DatabaseDropped => true,
        LossCause.Rewritten => false,
        LossCause.Deleted or LossCause.Updated => loss.Relations is [{ Named.Relation.Rows: var rows and > 0 }]
            ? loss.Rows >= rows / 2
            : loss.Rows >= UnknownShare,
    };

    /// <summary>Of a table that was never vacuumed, so many rows are many.</summary>
    private const long UnknownShare = 10_000;
}
