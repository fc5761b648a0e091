using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Wal;

/// <summary>The files pg_wal/XXXXXXXX.history, which tell where each timeline left its parent.</summary>
internal static class HistoryFile
{
    /// <summary>Null when a later timeline has no readable file: then its ancestry is not known here.</summary>
    public static TimelineHistory? Read(string dataDirectory, TimelineId timeline)
    {
        if (timeline == TimelineId.First)
            return TimelineHistory.Initial;
        try
        {
            var path = Path.Combine(dataDirectory, "pg_wal", $"{timeline.Value:X8}.history");
            return Parse(File.ReadAllText(path), timeline);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Every timeline with a file there, newest first, and the first one, which has none.</summary>
    public static IEnumerable<TimelineId> Known(string dataDirectory) =>
        Directory.EnumerateFiles(Path.Combine(dataDirectory, "pg_wal"), "????????.history")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Select(name =>
                uint.TryParse(name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > TimelineId.First.Value)
            .OrderDescending()
            .Append(TimelineId.First.Value)
            .Select(id => new TimelineId(id));

    /// <summary>Lines are "parent TAB where it was left TAB reason"; blank ones and comments do not count.</summary>
    internal static TimelineHistory? Parse(string text, TimelineId timeline)
    {
        var ancestors = ImmutableArray.CreateBuilder<TimelineSwitch>();
        foreach (var line in text.Split('\n'))
        {
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#'))
                continue;
            var fields = line.Split('\t', StringSplitOptions.TrimEntries);
            if (fields.Length < 2
                || !uint.TryParse(fields[0], CultureInfo.InvariantCulture, out var parent)
                || !Lsn.TryParse(fields[1], out var left))
                return null;
            ancestors.Add(new TimelineSwitch(new TimelineId(parent), left));
        }
        return ancestors.Count > 0 ? new TimelineHistory(ancestors.ToImmutable(), timeline) : null;
    }
}
