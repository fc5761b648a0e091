using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Restoring;

namespace PgMahout.Verbs;

/// <summary>Back to any point that the archive reaches.</summary>
internal static class RestoreVerb
{
    public static Command Build(CommonOptions common)
    {
        var at = PointOption();
        var before = new Option<bool>("--before") { Description = "Of a transaction: without it." };
        var to = new Option<string>("--to")
        {
            Description = "The data directory to make: new, empty, or one of this cluster on which nothing runs.",
            HelpName = "DIR",
            Required = true,
        };
        var from = new Option<string?>("--from")
        {
            Description = "A repository by its place; no cluster is needed then.",
            HelpName = "DIR",
        };
        var key = new Option<string?>("--key-file") { Description = "With --from: its key.", HelpName = "FILE" };
        var backup = new Option<string?>("--backup") { Description = "From this backup.", HelpName = "NAME" };
        var timeline = new Option<uint?>("--timeline")
        {
            Description = "Along this timeline (default: the newest).",
            HelpName = "N",
        };
        var system = new Option<ulong?>("--system")
        {
            Description = "With --from, where several are: whose data.",
            HelpName = "ID",
        };
        var workers = BackupVerb.Workers();
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be restored." };
        var command = new Command("restore", "Bring any point back, into a directory of its own.")
        {
            at, before, to, BackupVerb.Repository, from, key, backup, timeline, system, workers, dryRun,
        };
        common.Bind(command, (parse, invocation) =>
        {
            if (!Point(parse.GetRequiredValue(at), parse.GetValue(before)).TryGet(out var target, out var failure))
                return Task.FromResult<Ending>(failure);
            return new RestoreCommand(invocation).RunAsync(new RestoreOrder(
                parse.GetValue(BackupVerb.Repository),
                parse.GetValue(from),
                parse.GetValue(key),
                parse.GetRequiredValue(to))
            {
                Target = target,
                Backup = parse.GetValue(backup) is { } id ? new BackupId(id) : null,
                Timeline = parse.GetValue(timeline) is { } number ? new TimelineId(number) : null,
                SystemIdentifier = parse.GetValue(system),
                Workers = parse.GetValue(workers),
                DryRun = parse.GetValue(dryRun),
            });
        });
        return command;
    }

    public static Command Drill(CommonOptions common)
    {
        var at = new Option<string?>("--at")
        {
            Description = "Which point (default: a random one).",
            HelpName = "POINT",
        };
        var command = new Command("restore", "Bring a random point back for real, check it, remove it.")
        {
            at, BackupVerb.Repository,
        };
        RepoVerb.Bind(common, command, async (parse, invocation, access) =>
        {
            RecoveryTarget? target = null;
            if (parse.GetValue(at) is { } text && !Point(text, before: false).TryGet(out target, out var failure))
                return failure;
            return await new DrillRestoreCommand(invocation, access)
                .RunAsync(parse.GetValue(BackupVerb.Repository), target);
        });
        return command;
    }

    private static Option<string> PointOption() => new("--at")
    {
        Description = "latest, a time (2026-01-31 12:00:00, 10m ago), an LSN, a transaction's number, or the name of "
            + "a restore point.",
        HelpName = "POINT",
        Required = true,
    };

    private static Attempt<RecoveryTarget> Point(string text, bool before)
    {
        var now = TimeProvider.System.GetUtcNow();
        return RecoveryTargetText.Parse(text, before, now, TimeZoneInfo.Local, out var problem) is { } target
            ? target
            : new Failure(ErrorCatalogue.TargetNotUnderstood, problem).Try("pgmahout restore --at '10m ago' ...");
    }
}
