using System.Collections.Immutable;
using System.Globalization;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Backups;

/// <summary>Shows what is in a repository.</summary>
internal sealed class CatalogCommand(Invocation invocation, BackupAccess access)
{
    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> ListAsync(string? repository)
    {
        if (!(await access.LookAsync(repository, Cancellation)).TryGet(out var place, out var failure))
            return failure;
        await using var closing = place;
        var document = new BackupsDocument(
            DocumentJson.Schema,
            access.Spec.Name,
            place.Opened.Settings.Name,
            [.. place.Seen.Backups.OrderBy(backup => backup.Start).Select(BackupDocument.Of)],
            [.. place.Seen.Windows.Select(WindowDocument.Of)]);
        Screen.Data(Screen.Format switch
        {
            OutputFormat.Json => DocumentJson.Text(document, DocumentJson.Types.BackupsDocument),
            OutputFormat.Plain => string.Join('\n', document.Backups.Select(one => Columns.Tabbed(Cells(one)))),
            OutputFormat.Human => Human(document),
        });
        return Ending.Ok;
    }

    public async Task<Ending> ShowAsync(string id, string? repository)
    {
        if (!(await access.LookAsync(repository, Cancellation)).TryGet(out var place, out var failure))
            return failure;
        await using var closing = place;
        if (place.Seen.Backups.All(backup => backup.Id.Text != id))
            return Unknown(id);
        var loaded = await place.Catalog.LoadAsync(new BackupId(id), Cancellation);
        if (!loaded.TryGet(out var backup))
            return RepositoryOpening.Translate(ErrorCatalogue.BackupDamaged, loaded.Failure!);
        var chain = RestorePlanning.Chain(place.Seen.Backups, backup.Head)
            ?.Select(one => one.Id.Text).ToImmutableArray() ?? [];
        var document = BackupDocument.Of(backup.Head) with
        {
            Chain = chain,
            BadPages = backup.Stored.BadPages,
            Repository = place.Opened.Settings.Name,
        };
        Screen.Data(Screen.IsJson
            ? DocumentJson.Text(document, DocumentJson.Types.BackupDocument)
            : Columns.Align(
            [
                ["backup", document.Id], ["kind", document.Kind], ["builds on", string.Join(" > ", chain)],
                ["server", $"{document.Source}, timeline {document.Timeline}, {document.ServerVersion / 10000}"],
                ["WAL", $"replay from {document.StartLsn}, consistent at {document.StopLsn}"],
                ["made", $"{document.StartedAt:yyyy-MM-dd HH:mm:ss}Z to {document.StoppedAt:HH:mm:ss}Z"],
                ["size", $"{new ByteSize(document.Bytes)} in {new ByteSize(document.StoredBytes)}"],
                ["damaged pages", document.BadPages?.ToString(CultureInfo.InvariantCulture) ?? "0"],
            ]));
        return Ending.Ok;
    }

    private string Human(BackupsDocument document)
    {
        if (document.Backups.IsEmpty)
            return $"repository {document.Repository} has no backup yet (pgmahout backup now)";
        string[][] rows =
        [
            ["BACKUP", "KIND", "FROM", "MADE (UTC)", "SIZE", "STORED", "TIMELINE", "REPLAY FROM"],
            .. document.Backups.Select(Cells),
        ];
        var windows = document.Windows.Select(window =>
            $"any commit from {window.FromTime:yyyy-MM-dd HH:mm:ss}Z ({window.FromLsn}) to {window.ToLsn} on timeline "
            + $"{window.Timeline} can be restored");
        return Columns.Align(rows) + "\n\n" + string.Join('\n', windows.DefaultIfEmpty(
            Screen.Paint.Bad("nothing can be restored: the WAL behind the backups is missing")));
    }

    private static string[] Cells(BackupDocument one) =>
    [
        one.Id, one.Kind, one.Source, one.StoppedAt.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        new ByteSize(one.Bytes).ToString(), new ByteSize(one.StoredBytes).ToString(),
        one.Timeline.ToString(CultureInfo.InvariantCulture), one.StartLsn,
    ];

    public static Failure Unknown(string id) =>
        new Failure(ErrorCatalogue.UnknownBackup, $"there is no backup '{id}'").Try("pgmahout backup list");
}
