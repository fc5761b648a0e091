using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Observation;

namespace PgMahout.Postgres.Wal;

/// <summary>
/// Which number a promotion gives to its timeline. PostgreSQL takes the next one of which it knows no history file, so
/// a
/// member that has not heard of the last promotion would use its number again, for another history, and nothing could
/// tell the two apart. Placeholder files make it skip the numbers that earlier reigns may have used.
/// </summary>
internal static class TimelineNumbers
{
    // A comment alone: PostgreSQL reads it as a timeline without ancestors, and hands it on to followers that ask.
    private const string Placeholder = "# pgmahout: this number is not used\n";

    /// <summary>
    /// The next promotion here gets <paramref name="number"/>, or a later one if that is known already.
    /// </summary>
    public static void Reserve(string dataDirectory, TimelineId number, ServerAccount owner)
    {
        if (ControlFile.Read(dataDirectory) is not { } control)
            return;
        for (var skipped = control.Timeline.Value + 1; skipped < number.Value; skipped++)
        {
            var path = PathOf(dataDirectory, skipped);
            if (!File.Exists(path))
                AtomicFile.Write(path, Placeholder, owner);
        }
    }

    /// <summary>
    /// Before a start: placeholders of a promotion that did not come about would make the server look for a history
    /// that is not there. Those below its timeline stay, since followers ask for them.
    /// </summary>
    public static void Forget(string dataDirectory)
    {
        if (ControlFile.Read(dataDirectory) is not { } control)
            return;
        var newest = HistoryFile.Known(dataDirectory)
            .FirstOrDefault(timeline => !IsPlaceholder(PathOf(dataDirectory, timeline.Value)));
        var unused = HistoryFile.Known(dataDirectory).Where(known => known > control.Timeline && known > newest);
        foreach (var timeline in unused.ToList())
            AtomicFile.Remove(PathOf(dataDirectory, timeline.Value));
    }

    private static bool IsPlaceholder(string path) => AtomicFile.ReadIfPresent(path) == Placeholder;

    private static string PathOf(string dataDirectory, uint timeline) =>
        Path.Combine(dataDirectory, "pg_wal", $"{timeline:X8}.history");
}
