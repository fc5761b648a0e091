using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Undo;
using PgMahout.Errors;
using PgMahout.Undo.Returning;
using PgMahout.Undoing;

namespace PgMahout.Verbs;

/// <summary>Rows of a table that is still there.</summary>
internal static class UndoRowsVerb
{
    private static readonly Option<string> At = new("--at")
    {
        Description = "As for restore --at: a time, an LSN, a transaction's number, a restore point, latest.",
        HelpName = "TIME",
        Required = true,
    };

    private static readonly Option<string?> Apply = new("--apply")
    {
        Description = "Make rows what they were: missing, changed, new (removes them), several with commas.",
        HelpName = "CLASSES",
    };

    private static readonly Option<string?> As = new("--as")
    {
        Description = "Name of the table as of then (default: TABLE_at_YYYYMMDD_HHMMSS, in UTC).",
        HelpName = "NAME",
    };

    private static readonly Option<bool> DropCopy = new("--drop-copy")
    {
        Description = "Drop the table as of then in the end.",
    };

    private static readonly Option<int?> Jobs = new("--jobs", "-j")
    {
        Description = "How many streams of rows at once.",
        HelpName = "N",
    };

    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only say what would be done." };

    public static Command Build(CommonOptions common)
    {
        var name = new Argument<string>("TABLE") { Description = "orders, public.orders or shop.public.orders." };
        var command = new Command("rows", "A table as it was, beside the one of now; and how their rows differ.")
        {
            name, At, Apply, As, DropCopy, Jobs, DryRun, BackupVerb.Repository,
        };
        RepoVerb.Bind(common, command, async (parse, invocation, access) =>
        {
            if (WantedName.Parse(parse.GetRequiredValue(name)) is not { } wanted)
                return new Failure(ErrorCatalogue.Usage, $"'{parse.GetValue(name)}' is no name")
                    .Try("pgmahout undo rows orders --at '10m ago'");
            var now = TimeProvider.System.GetUtcNow();
            var target = RecoveryTargetText.Parse(
                parse.GetRequiredValue(At), false, now, TimeZoneInfo.Local, out var problem);
            if (target is null)
                return new Failure(ErrorCatalogue.TargetNotUnderstood, problem)
                    .Try("pgmahout undo rows orders --at '10m ago'");
            var classes = parse.GetValue(Apply) is { } text ? RowsOrder.ParseClasses(text) : RowClasses.None;
            if (classes is not { } chosen)
                return new Failure(ErrorCatalogue.Usage, $"'{parse.GetValue(Apply)}' are no classes of rows")
                    .Try("--apply missing,changed,new");
            var order = new RowsOrder(wanted, target, parse.GetValue(BackupVerb.Repository), chosen)
            {
                As = parse.GetValue(As),
                DropCopy = parse.GetValue(DropCopy),
                Jobs = parse.GetValue(Jobs),
                DryRun = parse.GetValue(DryRun),
            };
            return await new RowsCommand(invocation, access, order).RunAsync();
        });
        return command;
    }
}
