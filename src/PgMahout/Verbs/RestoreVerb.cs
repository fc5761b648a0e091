using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Restoring;
using PgMahout.Starting;

namespace PgMahout.Verbs;

/// <summary>Back to any point that the archive reaches.</summary>
internal static class RestoreVerb
{
    private static readonly Option<string> At = PointOption();
    private static readonly Option<bool> Before = new("--before") { Description = "Of a transaction: without it." };

    private static readonly Option<string?> To = new("--to")
    {
        Description = "The data directory to make: new, empty, or one of this cluster on which nothing runs.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> InPlace =
        new("--in-place") { Description = "Take the whole cluster back, all its members." };

    private static readonly Option<bool> AsNewCluster =
        new("--as-new-cluster") { Description = "Make another cluster of it, in the home that --home names." };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "A repository by its place; no cluster is needed then.",
        HelpName = "DIR",
    };

    private static readonly Option<string?> Key =
        new("--key-file") { Description = "With --from: its key.", HelpName = "FILE" };

    private static readonly Option<string?> Backup =
        new("--backup") { Description = "From this backup.", HelpName = "NAME" };

    private static readonly Option<uint?> Timeline = new("--timeline")
    {
        Description = "Along this timeline (default: the newest).",
        HelpName = "N",
    };

    private static readonly Option<ulong?> OfSystem = new("--system")
    {
        Description = "With --from, where several are: whose data.",
        HelpName = "ID",
    };

    private static readonly Option<int?> Workers = BackupVerb.Workers();

    private static readonly Option<string?> Tablespaces = new("--tablespaces")
    {
        Description = "With --to: tablespaces go below this directory (default: DIR.tablespaces; with --from: where "
            + "they were).",
        HelpName = "DIR",
    };

    /// <summary>For <c>deploy restore</c>, on the host of the leader.</summary>
    private static readonly Option<bool> IsDeployed = new("--deployed") { Hidden = true };

    private static readonly Option<bool> DryRun =
        new("--dry-run") { Description = "Only say what would be restored." };

    public static Command Build(CommonOptions common)
    {
        var command = new Command("restore", "Bring any point back, into a directory of its own, or the whole cluster.")
        {
            At, Before, To, InPlace, AsNewCluster, BackupVerb.Repository, From, Key, Backup, Timeline, OfSystem,
            Workers, Tablespaces, DryRun, IsDeployed, RepoVerb.Endpoint, RepoVerb.Region, RepoVerb.Credentials,
            UpVerb.Members, UpVerb.Port, UpVerb.Name, UpVerb.ProxyPort, UpVerb.NoProxy,
        };
        command.Validators.Add(result =>
        {
            bool[] places = [result.Peek(To) is not null, result.Peek(InPlace), result.Peek(AsNewCluster)];
            if (places.Count(given => given) != 1)
                result.AddError("one of --to DIR, --in-place and --as-new-cluster says where");
            if (result.Peek(AsNewCluster) && result.Peek(From) is null)
                result.AddError("--as-new-cluster restores from a repository by its place: --from DIR");
            if (result.Peek(InPlace) && result.Peek(From) is not null)
                result.AddError("--in-place restores from a repository of the cluster: --repo NAME");
            if (result.Peek(Tablespaces) is not null && result.Peek(To) is null)
                result.AddError("--tablespaces goes with --to DIR");
        });
        common.Bind(command, (parse, invocation) =>
        {
            if (!Point(parse.GetRequiredValue(At), parse.GetValue(Before)).TryGet(out var target, out var failure))
                return Task.FromResult<Ending>(failure);
            var order = Order(parse, target);
            if (parse.GetValue(AsNewCluster))
                return new NewClusterCommand(invocation, New(parse)).RunAsync(order);
            return parse.GetValue(InPlace)
                ? new InPlaceCommand(invocation).RunAsync(order)
                : new RestoreCommand(invocation).RunAsync(order);
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

    private static RestoreOrder Order(ParseResult parse, RecoveryTarget target) => new(
        parse.GetValue(BackupVerb.Repository),
        parse.GetValue(From),
        parse.GetValue(Key),
        parse.GetValue(To) ?? "")
    {
        Target = target,
        Backup = parse.GetValue(Backup) is { } id ? new BackupId(id) : null,
        Timeline = parse.GetValue(Timeline) is { } number ? new TimelineId(number) : null,
        SystemIdentifier = parse.GetValue(OfSystem),
        Workers = parse.GetValue(Workers),
        Tablespaces = parse.GetValue(Tablespaces),
        DryRun = parse.GetValue(DryRun),
        IsDeployed = parse.GetValue(IsDeployed),
        Options = RepoVerb.OptionsOf(parse),
    };

    private static UpRequest New(ParseResult parse) => new(
        parse.GetValue(UpVerb.Members), parse.GetValue(UpVerb.Port), null, null, parse.GetValue(UpVerb.Name))
    {
        ProxyPort = parse.GetValue(UpVerb.NoProxy) ? 0 : parse.GetValue(UpVerb.ProxyPort),
    };

    public static Option<string> PointOption() => new("--at")
    {
        Description = "latest, a time (2026-01-31 12:00:00, 10m ago), an LSN, a transaction's number, or the name of "
            + "a restore point.",
        HelpName = "POINT",
        Required = true,
    };

    public static Attempt<RecoveryTarget> Point(string text, bool before)
    {
        var now = TimeProvider.System.GetUtcNow();
        return RecoveryTargetText.Parse(text, before, now, TimeZoneInfo.Local, out var problem) is { } target
            ? target
            : new Failure(ErrorCatalogue.TargetNotUnderstood, problem).Try("pgmahout restore --at '10m ago' ...");
    }
}
