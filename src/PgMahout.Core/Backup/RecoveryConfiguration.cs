using System.Collections.Immutable;

namespace PgMahout.Core.Backup;

/// <summary>What a restored server is told so that it replays WAL up to the point and then takes writes.</summary>
public static class RecoveryConfiguration
{
    /// <summary>Stands before and behind what we append to <c>postgresql.auto.conf</c>.</summary>
    public const string Begin = "# pgmahout: recovery, begin";
    public const string End = "# pgmahout: recovery, end";

    /// <summary>
    /// A target is always an address here, whatever was asked for: what was announced is what is done. Without one,
    /// replay goes on to the end of what the command delivers.
    /// </summary>
    /// <param name="restoreCommand">Brings a file of WAL: <c>%f</c> is its name, <c>%p</c> where it is wanted.</param>
    public static ImmutableArray<(string Name, string Value)> For(RestorePlan plan, string restoreCommand) =>
        For(plan, restoreCommand, "promote");

    /// <summary>As <see cref="For(RestorePlan, string)"/>, but it stops there, and may recover further later.</summary>
    public static ImmutableArray<(string Name, string Value)> Stopping(RestorePlan plan, string restoreCommand) =>
        For(plan, restoreCommand, "shutdown");

    private static ImmutableArray<(string Name, string Value)> For(
        RestorePlan plan, string restoreCommand, string afterwards)
    {
        var settings = ImmutableArray.CreateBuilder<(string, string)>();
        settings.Add(("restore_command", restoreCommand));
        settings.Add(("recovery_target_timeline", plan.Line.Current.ToString()));
        // PostgreSQL refuses to start when a second target is named, even as an empty one.
        if (plan.Target.Stop is { } stop)
        {
            settings.Add(("recovery_target_lsn", stop.ToString()));
            settings.Add(("recovery_target_inclusive", plan.Target.Inclusive ? "on" : "off"));
        }
        settings.Add(("recovery_target_action", afterwards));
        return settings.ToImmutable();
    }

    /// <summary>A copy must disturb nobody: it follows nobody, archives nothing, and waits for no standby.</summary>
    public static readonly ImmutableArray<(string Name, string Value)> Alone =
    [
        ("primary_conninfo", ""), ("primary_slot_name", ""), ("synchronous_standby_names", ""),
        ("archive_mode", "off"), ("cluster_name", "restored"), ("ssl", "off"),
    ];

    /// <summary>
    /// The text of <c>postgresql.auto.conf</c> with our settings behind everything else, so that they win, and without
    /// those of an earlier restore.
    /// </summary>
    public static string Append(string present, IEnumerable<(string Name, string Value)> settings)
    {
        var lines = Without(present);
        lines.Add(Begin);
        lines.AddRange(settings.Select(one =>
            $"{one.Name} = '{one.Value.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("'", "''", StringComparison.Ordinal)}'"));
        lines.Add(End);
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>The text without what <see cref="Append"/> put there.</summary>
    public static string Remove(string present) => string.Join('\n', Without(present)) + "\n";

    private static List<string> Without(string present)
    {
        var kept = new List<string>();
        var ours = false;
        foreach (var line in present.Split('\n'))
        {
            if (line == Begin)
                ours = true;
            else if (line == End)
                ours = false;
            else if (!ours)
                kept.Add(line);
        }
        while (kept.Count > 0 && kept[^1].Length == 0)
            kept.RemoveAt(kept.Count - 1);
        return kept;
    }
}
