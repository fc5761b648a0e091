using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Configuring;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;

namespace PgMahout.Verbs;

/// <summary>The cluster's one configuration: shown, prepared, planned, applied, taken back.</summary>
internal static class ConfigVerb
{
    private static readonly Option<string?> Member =
        new("--member") { Description = "For this member alone.", HelpName = "NAME" };

    private static readonly Option<string?> Reason =
        new("--reason") { Description = "Told in the history.", HelpName = "TEXT" };

    private static readonly Option<bool> DryRun =
        new("--dry-run") { Description = "Make every check, show the plan, and change nothing." };

    private static readonly Option<TimeSpan?> Patience = new("--patience")
    {
        Description = "How long one step may take before everything is taken back (default 1m).",
        HelpName = "1m",
        CustomParser = Durations.Parse,
    };

    private static readonly Option<bool> Force = new("--force")
    {
        Description = "Also when somebody who logs in now would be locked out; never the cluster itself.",
    };

    public static Command Build(CommonOptions common) =>
        new("config", "PostgreSQL's settings, for all members at once.")
        {
            Get(common), Set(common), Unset(common), Edit(common), Plan(common),
            Apply(common), History(common), Rollback(common), Explain(common),
        };

    private static Command Get(CommonOptions common)
    {
        var name = new Argument<string?>("NAME")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "One setting (default: those that were chosen, drift, or wait for a restart).",
        };
        var command = new Command("get", "What is in force, and where it comes from.") { name, Member };
        Bind(common, command, (parse, invocation, access, member) =>
            new ShowCommand(invocation, access).GetAsync(parse.GetValue(name), member));
        return command;
    }

    private static Command Set(CommonOptions common)
    {
        var assignments = new Argument<string[]>("NAME=VALUE") { Arity = ArgumentArity.OneOrMore };
        var command = new Command("set", "Prepare a change; `config apply` brings it to the members.")
        {
            assignments, Member,
        };
        Bind(common, command, (parse, invocation, access, member) =>
            new DraftCommand(invocation, access).SetAsync(parse.GetRequiredValue(assignments), member));
        return command;
    }

    private static Command Unset(CommonOptions common)
    {
        var names = new Argument<string[]>("NAME") { Arity = ArgumentArity.OneOrMore };
        var drift = new Option<bool>("--drift") { Description = "Take back what ALTER SYSTEM set, now." };
        var command = new Command("unset", "Prepare that a setting is no longer chosen.") { names, drift, Member };
        Bind(common, command, (parse, invocation, access, member) =>
        {
            var draft = new DraftCommand(invocation, access);
            return parse.GetValue(drift)
                ? draft.ResetDriftAsync(parse.GetRequiredValue(names))
                : draft.UnsetAsync(parse.GetRequiredValue(names), member);
        });
        return command;
    }

    private static Command Edit(CommonOptions common)
    {
        var from = new Option<string?>("--from")
        {
            Description = "Take the whole configuration from this file (- for standard input) instead.",
            HelpName = "FILE",
        };
        var command = new Command("edit", "Prepare a change in your editor.") { from };
        Bind(common, command, (parse, invocation, access, _) =>
        {
            var draft = new DraftCommand(invocation, access);
            return parse.GetValue(from) is { } file ? draft.ImportAsync(file) : draft.EditAsync();
        });
        return command;
    }

    private static Command Plan(CommonOptions common)
    {
        var command = new Command("plan", "What applying would do, step by step.");
        Bind(common, command, (_, invocation, access, _) => new ShowCommand(invocation, access).PlanAsync());
        return command;
    }

    private static Command Apply(CommonOptions common)
    {
        var resume = new Option<bool>("--resume") { Description = "Finish a change that broke off." };
        var command = new Command("apply", "Bring the draft to the members; taken back by itself if one fails.")
        {
            Reason, DryRun, Patience, Force, resume,
        };
        Bind(common, command, (parse, invocation, access, _) => new ApplyCommand(invocation, access, OptionsOf(parse))
            .RunAsync(parse.GetValue(resume) && access.State.Rollout is { } left
                ? left.Candidate.Desired
                : access.Working));
        return command;
    }

    private static Command History(CommonOptions common)
    {
        var number = new Argument<long?>("NUMBER") { Arity = ArgumentArity.ZeroOrOne, Description = "Show this one." };
        var command = new Command("history", "The configurations that the cluster had.") { number };
        Bind(common, command, (parse, invocation, access, _) =>
            new ShowCommand(invocation, access).HistoryAsync(parse.GetValue(number)));
        return command;
    }

    private static Command Rollback(CommonOptions common)
    {
        var number = new Argument<long?>("NUMBER")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "To this one (default: the one before; an unfinished change is taken back).",
        };
        var command = new Command("rollback", "Return to an earlier configuration.")
        {
            number, Reason, DryRun, Patience, Force,
        };
        Bind(common, command, async (parse, invocation, access, _) =>
        {
            var to = await EarlierAsync(access, parse.GetValue(number), invocation.Cancellation);
            if (!to.TryGet(out var desired, out var failure))
                return failure;
            var apply = new ApplyCommand(invocation, access, OptionsOf(parse) with { DropsDraft = true });
            return access.State.Rollout is not null && parse.GetValue(number) is null
                ? await apply.AbandonAsync()
                : await apply.RunAsync(desired);
        });
        return command;
    }

    private static Command Explain(CommonOptions common)
    {
        var name = new Argument<string>("NAME");
        var command = new Command("explain", "What a setting is, what it is now, and why.") { name };
        Bind(common, command, (parse, invocation, access, _) =>
            new ShowCommand(invocation, access).ExplainAsync(parse.GetRequiredValue(name)));
        return command;
    }

    private static ApplyOptions OptionsOf(ParseResult parse) =>
        new(parse.GetValue(Reason), parse.GetValue(DryRun), parse.GetValue(Patience), parse.GetValue(Force));

    private static async Task<Attempt<DesiredConfiguration>> EarlierAsync(
        ConfigurationAccess access, long? number, CancellationToken cancellation)
    {
        if (number == 0)
            return DesiredConfiguration.Empty;
        if (!(await access.ReadVersionsAsync(cancellation)).TryGet(out var versions, out var failure))
            return failure;
        var earlier = versions.LastOrDefault(version =>
            number is { } wanted ? version.Number == wanted : version.Number < access.State.Current.Number);
        if (earlier is not null)
            return earlier.Desired;
        return number is null
            ? DesiredConfiguration.Empty
            : new Failure(ErrorCatalogue.ConfigurationUnknown, $"there is no configuration {number}")
                .Try("pgmahout config history");
    }

    private static void Bind(
        CommonOptions common,
        Command command,
        Func<ParseResult, Invocation, ConfigurationAccess, MemberName?, Task<Ending>> run) =>
        common.Bind(command, async (parse, invocation) =>
        {
            var opened = await ConfigurationAccess.OpenAsync(invocation.Home, invocation.Cancellation);
            if (!opened.TryGet(out var access, out var failure))
                return failure;
            await using var closing = access;
            if (!command.Options.Contains(Member) || parse.GetValue(Member) is not { } name)
                return await run(parse, invocation, access, null);
            return access.Cluster.Find(name).TryGet(out var member, out failure)
                ? await run(parse, invocation, access, member.Name)
                : failure;
        });
}
