using System.CommandLine;
using System.CommandLine.Parsing;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Verbs;

/// <summary>Backups: made, shown, checked, expired; and when the cluster does so by itself.</summary>
internal static class BackupVerb
{
    private const int MostWorkers = 64;

    public static readonly Option<string?> Repository =
        new("--repo") { Description = "Which repository (default: the first).", HelpName = "NAME" };

    public static Command Build(CommonOptions common) =>
        new("backup", "Backups: make, show, check and expire them.")
        {
            Now(common), List(common), Show(common), Verify(common), Expire(common), Settings(common),
        };

    /// <summary>How many threads work.</summary>
    public static Option<int?> Workers()
    {
        var workers = new Option<int?>("--workers")
        {
            Description = "Threads (default: one for each processor, up to 8).",
            HelpName = "N",
        };
        workers.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var n) || n is < 1 or > MostWorkers))
                result.AddError($"--workers lies between 1 and {MostWorkers}");
        });
        return workers;
    }

    private static Command Now(CommonOptions common)
    {
        var full = new Option<bool>("--full") { Description = "Every file." };
        var incremental = new Option<bool>("--incremental") { Description = "What changed since the last backup." };
        var source = new Option<string?>("--member")
        {
            Description = "Read this member (default: a standby that streams, else the leader).",
            HelpName = "NAME",
        };
        var workers = Workers();
        var polite = new Option<bool>("--polite") { Description = "Give way to everything else on this machine." };
        var command = new Command("now", "Make a backup.")
        {
            full, incremental, source, Repository, workers, polite,
        };
        command.Validators.Add(result => OneKind(result, full, incremental));
        RepoVerb.Bind(common, command, (parse, invocation, access) =>
        {
            BackupKind? kind = parse.GetValue(full) ? BackupKind.Full
                : parse.GetValue(incremental) ? BackupKind.Incremental : null;
            if (parse.GetValue(source) is { } name && !access.Cluster.Find(name).TryGet(out _, out var unknown))
                return Task.FromResult<Ending>(unknown);
            return new BackupNowCommand(invocation, access).RunAsync(new BackupOrder(
                parse.GetValue(Repository),
                kind,
                parse.GetValue(source) is { } member ? new MemberName(member) : null,
                parse.GetValue(workers),
                parse.GetValue(polite)));
        });
        return command;
    }

    private static void OneKind(CommandResult result, Option<bool> full, Option<bool> incremental)
    {
        if (result.Peek(full) && result.Peek(incremental))
            result.AddError("a backup is either --full or --incremental");
    }

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "The backups, and what can be restored.") { Repository };
        RepoVerb.Bind(common, command, (parse, invocation, access) =>
            new CatalogCommand(invocation, access).ListAsync(parse.GetValue(Repository)));
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        var id = new Argument<string>("BACKUP") { Description = "As `backup list` names it." };
        var command = new Command("show", "One backup.") { id, Repository };
        RepoVerb.Bind(common, command, (parse, invocation, access) =>
            new CatalogCommand(invocation, access).ShowAsync(parse.GetRequiredValue(id), parse.GetValue(Repository)));
        return command;
    }

    private static Command Verify(CommonOptions common)
    {
        var id = new Argument<string?>("BACKUP")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "One backup and what it builds on (default: everything, WAL too).",
        };
        var command = new Command("verify", "Read every byte, and compare it with its checksum.") { id, Repository };
        RepoVerb.Bind(common, command, (parse, invocation, access) =>
            new VerifyCommand(invocation, access).RunAsync(parse.GetValue(id), parse.GetValue(Repository)));
        return command;
    }

    private static Command Expire(CommonOptions common)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be deleted, and what stays." };
        var command = new Command("expire", "Delete what need not be kept any more.") { dryRun, Repository };
        RepoVerb.Bind(common, command, (parse, invocation, access) =>
            new ExpireCommand(invocation, access).RunAsync(parse.GetValue(Repository), parse.GetValue(dryRun)));
        return command;
    }

    private static Command Settings(CommonOptions common)
    {
        var options = new BackupSettingsOptions();
        var command = new Command("settings", "When backups are made by themselves, and what is kept.");
        foreach (var option in options.All)
            command.Add(option);
        RepoVerb.Bind(common, command, (parse, invocation, access) =>
            new SettingsCommand(invocation, access).RunAsync(options.Change(parse, access.Settings)));
        return command;
    }
}
