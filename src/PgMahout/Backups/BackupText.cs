using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Backups;

/// <summary>Backups in a status: one line for each repository.</summary>
internal static class BackupText
{
    public static string Lines(BackupObservation seen)
    {
        if (seen.Report is not { Archives.IsEmpty: false } report)
            return "";
        List<string[]> rows =
        [
            ["REPOSITORY", "WAL", "BEHIND", "LAST BACKUP", "RESTORABLE SINCE", "PROVEN"],
            .. report.Archives.Select(archive => Row(archive, report)),
        ];
        return Columns.Align(rows) + (report.Running is { } work ? $"\n{work}" : "");
    }

    public static IEnumerable<string> Plain(BackupObservation seen) =>
        seen.Report is not { } report
            ? []
            : report.Archives.Select(archive => Columns.Tabbed(
                "repository", archive.Repository, archive.State, archive.Confirmed, Seconds(archive.LagSeconds),
                archive.LastBackup?.Id, Moment(archive.RestorableFrom), Moment(archive.ProvenAt), archive.Problem));

    private static string[] Row(ArchiveReport archive, ArchiverReport report) =>
    [
        archive.Repository,
        archive.By is { } host ? $"{archive.State} ({host})" : archive.State,
        archive.LagSeconds is { } lag ? Durations.Text(TimeSpan.FromSeconds(lag)) : "-",
        archive.LastBackup is { } last ? $"{last.Kind}, {Durations.Text(report.At - last.StoppedAt)} ago" : "none",
        archive.RestorableFrom is { } from ? $"{from:yyyy-MM-dd HH:mm:ss}Z" : "-",
        archive.ProvenAt is { } proven ? $"{Durations.Text(report.At - proven)} ago" : "never",
    ];

    private static string? Seconds(double? seconds) => seconds?.ToString("F3", CultureInfo.InvariantCulture);

    private static string? Moment(DateTime? at) => at?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
