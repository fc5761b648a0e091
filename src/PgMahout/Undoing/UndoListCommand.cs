using System.Globalization;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Undo;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Undoing;

/// <summary><c>undo list</c>: what was lost lately, and whether it can be brought back.</summary>
internal sealed class UndoListCommand(Invocation invocation, BackupAccess access)
{
    private Screen Screen => invocation.Screen;

    /// <param name="all">Also what rarely is an accident: rewrites, and changes of some rows.</param>
    public async Task<Ending> RunAsync(string? repository, TimeSpan since, bool all)
    {
        var opened = await UndoSession.OpenAsync(invocation, access, repository, fresh: false);
        if (!opened.TryGet(out var session, out var failure))
            return failure;
        await using var closing = session;
        var read = await session.Reader.SinceAsync(
            TimeProvider.System.GetUtcNow() - since, invocation.Cancellation);
        if (!read.TryGet(out var found))
            return RepositoryOpening.Translate(ErrorCatalogue.WalUnreadable, read.Failure!);
        var losses = found.Losses.Where(loss => all || LossText.IsRemarkable(loss)).Reverse().ToList();
        switch (Screen.Format)
        {
            case OutputFormat.Json:
                Screen.Data(DocumentJson.Text(
                    new UndoListDocument(
                        DocumentJson.Schema, found.From.ToString(), found.To.ToString(),
                        [.. losses.Select(loss => Document(loss, session))]),
                    DocumentJson.Types.UndoListDocument));
                break;
            case OutputFormat.Plain:
                foreach (var loss in losses)
                    Screen.Data(Columns.Tabbed(Row(loss, session)));
                break;
            case OutputFormat.Human when losses.Count == 0:
                Screen.Data($"nothing was lost in the last {Durations.Text(since)}");
                break;
            case OutputFormat.Human:
                Screen.Data(Columns.Align([Heading, .. losses.Select(loss => Row(loss, session))]));
                break;
        }
        return Ending.Ok;
    }

    public static LossDocument Document(Loss loss, UndoSession session)
    {
        var plan = session.PlanFor(loss);
        return new LossDocument(
            LossText.Word(loss.Cause),
            loss.Database.Text,
            [.. loss.Tables.Select(one => one.Text)],
            [
                .. loss.Relations.Where(one => one.Named?.Relation.Kind == 'S').Except(loss.Tables)
                    .Select(one => one.Text),
            ],
            [.. loss.Unnamed.Where(one => one.Oid != 0).Select(one => one.Oid)],
            loss.Time.UtcDateTime,
            loss.Xid,
            loss.At.ToString(),
            loss.StopBefore.ToString(),
            LossText.Size(loss)?.Bytes,
            LossText.Rows(loss),
            plan?.Backup.Id.Text,
            plan?.Replay.Bytes,
            loss.By is { } by ? new LossAuthorDocument(by.User, by.Client, by.Application) : null);
    }

    private static string[] Heading =>
        ["WHEN (UTC)", "LOCAL", "WHAT", "NAME", "SIZE", "ROWS", "XID", "LSN", "REPLAY", "BY"];

    private static string[] Row(Loss loss, UndoSession session) =>
    [
        loss.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture),
        TimeZoneInfo.ConvertTime(loss.Time, TimeZoneInfo.Local)
            .ToString("HH:mm:ss zzz", CultureInfo.InvariantCulture),
        LossText.Word(loss.Cause),
        LossText.Names(loss),
        LossText.Size(loss)?.ToString() ?? "?",
        LossText.Count(LossText.Rows(loss)),
        loss.Xid.ToString(CultureInfo.InvariantCulture),
        loss.At.ToString(),
        session.PlanFor(loss) is { } plan ? $"{plan.Replay} of WAL" : "cannot: no backup before it",
        loss.By?.Text ?? "?",
    ];
}
