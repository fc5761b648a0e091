using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Undo;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Undoing;

namespace PgMahout.Verbs;

/// <summary>What was lost, back into the running cluster.</summary>
internal static class UndoVerb
{
    private const int DrillTables = 5;
    private const int DrillRows = 10_000;
    private static readonly TimeSpan DefaultLook = TimeSpan.FromDays(1);

    public static Command Build(CommonOptions common) =>
        new("undo", "Bring back what was dropped, into the running cluster; nothing is restarted or rolled back.")
        {
            List(common),
            Back(common, "drop", UndoKind.Drop, "A dropped table, with all that went with it."),
            Back(common, "truncate", UndoKind.Truncate, "The rows of a truncated table."),
            Back(common, "schema", UndoKind.Schema, "A dropped schema, with all that was in it."),
            Back(common, "database", UndoKind.Database, "A dropped database."),
            UndoRowsVerb.Build(common),
            UndoGuardVerb.Build(common),
            Clean(common),
        };

    public static Command At(CommonOptions common)
    {
        var time = new Argument<string>("TIME")
        {
            Description = "As for restore --at: a time, an LSN, a transaction's number, a restore point, latest.",
        };
        var database = new Option<string?>("--dbname", "-d")
        {
            Description = "Which database (default: postgres).",
            HelpName = "DB",
        };
        var arguments = new Argument<string[]>("ARGS")
        {
            Arity = ArgumentArity.ZeroOrMore,
            Description = "For psql, after --.",
        };
        var psql = new Command("psql", "psql on a server as of that point: read-only, gone when psql ends.")
        {
            database, BackupVerb.Repository, arguments,
        };
        RepoVerb.Bind(common, psql, async (parse, invocation, access) =>
        {
            var text = parse.GetRequiredValue(time);
            var target = RecoveryTargetText.Parse(
                text, false, TimeProvider.System.GetUtcNow(), TimeZoneInfo.Local, out var problem);
            return target is null
                ? new Failure(ErrorCatalogue.TargetNotUnderstood, problem).Try("pgmahout at '10m ago' psql -d DB")
                : await new AtCommand(invocation, access).RunAsync(
                    target, parse.GetValue(BackupVerb.Repository), parse.GetValue(database),
                    parse.GetValue(arguments) ?? []);
        });
        return new Command("at", "Look at the past without touching the present.") { time, psql };
    }

    public static Command Drill(CommonOptions common)
    {
        var tables = new Option<int?>("--tables")
        {
            Description = $"How many tables (default {DrillTables}).",
            HelpName = "N",
        };
        var rows = new Option<int?>("--rows")
        {
            Description = $"How many rows each has at first (default {DrillRows}).",
            HelpName = "N",
        };
        var command = new Command("undo", "Drop one of several tables being written to, bring it back, check all rows.")
        {
            tables, rows,
        };
        command.Validators.Add(result =>
        {
            if (result.Peek(tables) is < 1 or > 100)
                result.AddError("--tables lies between 1 and 100");
            if (result.Peek(rows) is < 1 or > 10_000_000)
                result.AddError("--rows lies between 1 and 10000000");
        });
        RepoVerb.Bind(common, command, (parse, invocation, access) => new DrillUndoCommand(invocation, access)
            .RunAsync(parse.GetValue(tables) ?? DrillTables, parse.GetValue(rows) ?? DrillRows));
        return command;
    }

    private static Command List(CommonOptions common)
    {
        var since = Since();
        var all = new Option<bool>("--all")
        {
            Description = "Also what rarely is an accident: tables written anew, changes of some rows.",
        };
        var command = new Command("list", "What was dropped, truncated, or changed in large part, and when.")
        {
            since, all, BackupVerb.Repository,
        };
        RepoVerb.Bind(common, command, (parse, invocation, access) => new UndoListCommand(invocation, access).RunAsync(
            parse.GetValue(BackupVerb.Repository), parse.GetValue(since) ?? DefaultLook, parse.GetValue(all)));
        return command;
    }

    private static Command Back(CommonOptions common, string verb, UndoKind kind, string text)
    {
        var name = new Argument<string>("NAME")
        {
            Description = kind switch
            {
                UndoKind.Drop or UndoKind.Truncate => "orders, public.orders or shop.public.orders.",
                UndoKind.Schema => "sales or shop.sales.",
                UndoKind.Database => "shop.",
            },
        };
        var lsn = new Option<string?>("--lsn")
        {
            Description = "The loss at this address, of several with the name; undo list shows it.",
            HelpName = "LSN",
        };
        var at = new Option<string?>("--at")
        {
            Description = "As it was at this time: before the first loss after it (default: before the latest).",
            HelpName = "TIME",
        };
        var since = Since();
        var like = new Option<string?>("--as") { Description = "Under another name.", HelpName = "NEW" };
        var file = new Option<string?>("--to-file")
        {
            Description = "Only write a script of SQL that makes it.",
            HelpName = "FILE",
        };
        var jobs = new Option<int?>("--jobs", "-j") { Description = "How many tables at once.", HelpName = "N" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be done." };
        var command = new Command(verb, text)
        {
            name, lsn, at, since, like, file, jobs, dryRun, BackupVerb.Repository,
        };
        RepoVerb.Bind(common, command, async (parse, invocation, access) =>
        {
            if (!Pick(parse.GetValue(lsn), parse.GetValue(at)).TryGet(out var pick, out var failure))
                return failure;
            if (WantedName.Parse(parse.GetRequiredValue(name)) is not { } wanted)
                return new Failure(ErrorCatalogue.Usage, $"'{parse.GetValue(name)}' is no name")
                    .Try("pgmahout undo list");
            return await new UndoCommand(invocation, access).RunAsync(new UndoOrder(
                kind, wanted, pick, parse.GetValue(BackupVerb.Repository), parse.GetValue(since) ?? DefaultLook)
            {
                As = parse.GetValue(like),
                ToFile = parse.GetValue(file),
                Jobs = parse.GetValue(jobs),
                DryRun = parse.GetValue(dryRun),
            });
        });
        return command;
    }

    private static Attempt<LossPick> Pick(string? lsn, string? at)
    {
        Lsn? address = null;
        if (lsn is not null)
        {
            if (!Lsn.TryParse(lsn, out var parsed))
                return new Failure(ErrorCatalogue.Usage, $"'{lsn}' is no LSN").Try("pgmahout undo list");
            address = parsed;
        }
        if (at is null)
            return new LossPick(null, address);
        var target = RecoveryTargetText.Parse(
            at, false, TimeProvider.System.GetUtcNow(), TimeZoneInfo.Local, out var problem);
        return target is RecoveryTarget.AtTime { Time: var time }
            ? new LossPick(time, address)
            : new Failure(
                ErrorCatalogue.TargetNotUnderstood, problem.Length > 0 ? problem : $"'{at}' is not a time");
    }

    private static Command Clean(CommonOptions common)
    {
        var command = new Command("clean", "Remove what a killed run left; every run does that too.");
        RepoVerb.Bind(common, command, (_, invocation, access) => new CleanCommand(invocation, access).RunAsync());
        return command;
    }

    private static Option<TimeSpan?> Since() => new("--since")
    {
        Description = "How far back to look (default 24h).",
        HelpName = "DURATION",
        CustomParser = Durations.Parse,
    };
}
