using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Configuration;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Observation;

/// <summary>
/// What <c>pg_controldata</c> says of the settings of which a standby needs no less than its primary: the primary's, as
/// the WAL that was replayed here told them. Asked before a start, so that a standby whose configuration has less, or
/// does not have the new values yet, comes up all the same.
/// </summary>
internal static class StandbyMinimums
{
    public static async Task<ImmutableSortedDictionary<string, int>> ReadAsync(
        InstanceSettings settings, TimeSpan limit, CancellationToken cancellation)
    {
        var lines = new ConcurrentQueue<string>();
        var run = new ToolRun(
            settings.Account,
            settings.Binaries.Tool("pg_controldata"),
            ["--pgdata=" + settings.DataDirectory],
            OnLine: lines.Enqueue);
        await run.RunAsync(limit, cancellation);
        return lines.Select(Parse)
            .Where(setting => setting is not null)
            .ToImmutableSortedDictionary(
                setting => setting!.Value.Name, setting => setting!.Value.Value, StringComparer.Ordinal);
    }

    /// <summary>A line such as "max_locks_per_xact setting:           64".</summary>
    internal static (string Name, int Value)? Parse(string line)
    {
        var parts = line.Split(" setting:");
        if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture,
                out var value))
            return null;
        // The tool shortens two of the names.
        var name = parts[0]
            .Replace("_xacts", "_transactions", StringComparison.Ordinal)
            .Replace("_xact", "_transaction", StringComparison.Ordinal);
        return RuledSettings.StandbyMinimums.ContainsKey(name) ? (name, value) : null;
    }
}
