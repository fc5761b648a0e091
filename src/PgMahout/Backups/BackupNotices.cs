using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Errors;
using PgMahout.Status;

namespace PgMahout.Backups;

/// <summary>What of backups needs an operator's eye. Pure.</summary>
internal static class BackupNotices
{
    /// <summary>The archiver reports every second.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>Time to find another disk, at a pace that is measured without compression.</summary>
    private static readonly TimeSpan NearlyFull = TimeSpan.FromHours(24);

    /// <summary>A cluster that has just been made may well have no backup yet.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>An archiver looks a few seconds after its start whether a backup is due.</summary>
    private static readonly TimeSpan FirstBackup = TimeSpan.FromSeconds(20);

    public static IEnumerable<Notice> For(BackupObservation seen)
    {
        if (seen.Settings.Repositories.IsEmpty)
            return [];
        if (seen.Report is not { } report)
            return [Of(ErrorCatalogue.ArchiverSilent, "the archiver has said nothing yet", "pgmahout logs")];
        if (seen.Age > Silence)
            return
            [
                Of(
                    ErrorCatalogue.ArchiverSilent,
                    $"the archiver was last heard {Durations.Text(seen.Age)} ago: WAL is not archived",
                    "pgmahout logs"),
            ];
        return report.Archives.SelectMany(archive => On(archive, report, seen.Settings.Schedule));
    }

    private static IEnumerable<Notice> On(ArchiveReport archive, ArchiverReport report, BackupSchedule schedule)
    {
        if (archive is { Problem: { } problem, ProblemSince: { } since } && report.At - since >= Patience)
            yield return Of(
                ErrorCatalogue.ArchiveStuck,
                $"repository {archive.Repository}: nothing archived for {Durations.Text(report.At - since)}: {problem}"
                + (archive.PrimaryFullInSeconds is { } left
                    ? $"; the primary's disk is full in {Durations.Text(TimeSpan.FromSeconds(left))}"
                    : ""),
                $"pgmahout repo check {archive.Repository}");
        if (archive.RepositoryFullInSeconds is { } full && full < NearlyFull.TotalSeconds)
            yield return Of(
                ErrorCatalogue.RepositoryFills,
                $"the disk of repository {archive.Repository} is full in {Durations.Text(TimeSpan.FromSeconds(full))}",
                "pgmahout backup expire --dry-run");
        if (archive.Gap is { } gap)
            yield return Of(
                ErrorCatalogue.ArchiveGapFound,
                $"repository {archive.Repository}: {gap}",
                "pgmahout backup now --full");
        if (archive.LastBackup is null && report.Running is null && !IsAboutToBackUp(archive, report, schedule))
            yield return Of(
                ErrorCatalogue.NeverBackedUp,
                $"repository {archive.Repository} has no backup that reaches the present"
                + (archive.LastFailure is { } failure ? $": {failure}" : ""),
                "pgmahout backup now");
        else if (archive.LastFailure is { } failure)
            yield return Of(
                ErrorCatalogue.BackupFailed, $"repository {archive.Repository}: {failure}", "pgmahout logs");
        if (schedule.DrillEvery is { } every && archive.LastBackup is { } last
            && report.At - (archive.ProvenAt ?? last.StoppedAt) > every * 2)
            yield return Of(
                ErrorCatalogue.NotProven,
                $"no restore from repository {archive.Repository} was proven for "
                + Durations.Text(report.At - (archive.ProvenAt ?? last.StoppedAt)),
                "pgmahout drill restore");
    }

    private static bool IsAboutToBackUp(ArchiveReport archive, ArchiverReport report, BackupSchedule schedule) =>
        schedule is not { FullEvery: null, IncrementalEvery: null }
        && archive is { LastFailure: null, Problem: null }
        && report.At - report.StartedAt < FirstBackup;

    private static Notice Of(ErrorKind kind, string text, string next) => new(kind.Code, text, next);
}
