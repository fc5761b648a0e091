using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Errors;
using PgMahout.Undoing;

namespace PgMahout.Verbs;

/// <summary>What was lost, back into the running cluster.</summary>
internal static class UndoVerb
{
    private static readonly TimeSpan DefaultLook = TimeSpan.FromDays(1);

    public static Command Build(CommonOptions common) =>
        new("undo", "Bring back what was dropped, into the running cluster; nothing is restarted or rolled back.")
        {
            List(common), Clean(common),
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

    private static Command Clean(CommonOptions common)
    {
        var command = new Command("clean", "Remove what a killed run left; every run does that too.");
        common.Bind(command, (_, invocation) => Task.FromResult(CleanCommand.Run(invocation)));
        return command;
    }

    private static Option<TimeSpan?> Since() => new("--since")
    {
        Description = "How far back to look (default 24h).",
        HelpName = "DURATION",
        CustomParser = Durations.Parse,
    };
}
