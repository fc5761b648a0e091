using System.CommandLine;
using PgMahout.Access;
using PgMahout.CommandLine;
using PgMahout.Configuring;
using PgMahout.Core.Cluster;

namespace PgMahout.Verbs;

/// <summary>Who may log in from where: the rules of pg_hba.conf for all members at once.</summary>
internal static class HbaVerb
{
    private static readonly Option<string?> Member =
        new("--member") { Description = "As this member has it (default: the leader).", HelpName = "NAME" };

    private static readonly Option<bool> Force =
        new("--force") { Description = "Also if somebody who is connected would be locked out." };

    private static readonly Option<bool> DryRun =
        new("--dry-run") { Description = "Make every check, show the plan, and change nothing." };

    private static readonly Option<string?> Reason =
        new("--reason") { Description = "Told in the history.", HelpName = "TEXT" };

    public static Command Build(CommonOptions common) =>
        new("hba", "Who may log in from where: pg_hba.conf for all members at once.")
        {
            List(common), Test(common), Add(common), Remove(common),
        };

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "The rules in their order, with advice under each.") { Member };
        Bind(common, command, (_, invocation, access, member) => new ListCommand(invocation, access).RunAsync(member));
        return command;
    }

    private static Command Test(CommonOptions common)
    {
        var user = new Option<string>("--user") { Description = "The role.", HelpName = "NAME", Required = true };
        var database = new Option<string?>("--database")
        {
            Description = "The database, or replication (default: one of the role's name).",
            HelpName = "NAME",
        };
        var from = new Option<string?>("--from")
        {
            Description = "An address or a network (default: the unix socket).",
            HelpName = "ADDRESS[/BITS]",
        };
        var tls = new Option<bool>("--tls") { Description = "Over TLS." };
        var command = new Command("test", "Who gets in, by which line, and with what.")
        {
            user, database, from, tls, Member,
        };
        Bind(common, command, (parse, invocation, access, member) =>
        {
            var name = parse.GetRequiredValue(user);
            return new TestCommand(invocation, access).RunAsync(
                member,
                new LoginQuestion(
                    name, parse.GetValue(database) ?? name, parse.GetValue(from), parse.GetValue(tls)));
        });
        return command;
    }

    private static Command Add(CommonOptions common)
    {
        var rule = new Argument<string[]>("RULE")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "A line of pg_hba.conf, such as: host shop app 10.0.0.0/24 scram-sha-256.",
        };
        var at = new Option<int?>("--at")
        {
            Description = "Its number among the configured rules (default: the last).",
            HelpName = "N",
        };
        var command = new Command("add", "Give every member a rule, after the cluster's own.")
        {
            rule, at, Force, DryRun, Reason,
        };
        Bind(common, command, (parse, invocation, access, _) => Change(parse, invocation, access)
            .AddAsync(string.Join(' ', parse.GetRequiredValue(rule)), parse.GetValue(at)));
        return command;
    }

    private static Command Remove(CommonOptions common)
    {
        var which = new Argument<string[]>("NUMBER|RULE")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "As `hba list` shows it.",
        };
        var command = new Command("remove", "Take rules away from every member.") { which, Force, DryRun, Reason };
        Bind(common, command, (parse, invocation, access, _) =>
            Change(parse, invocation, access).RemoveAsync(parse.GetRequiredValue(which)));
        return command;
    }

    private static ChangeCommand Change(ParseResult parse, Invocation invocation, ConfigurationAccess access) => new(
        invocation,
        access,
        new ApplyOptions(parse.GetValue(Reason), parse.GetValue(DryRun), null, parse.GetValue(Force)));

    private static void Bind(
        CommonOptions common,
        Command command,
        Func<ParseResult, Invocation, ConfigurationAccess, MemberSpec, Task<Ending>> run) =>
        common.Bind(command, async (parse, invocation) =>
        {
            var opened = await ConfigurationAccess.OpenAsync(invocation.Home, invocation.Cancellation);
            if (!opened.TryGet(out var access, out var failure))
                return failure;
            await using var closing = access;
            var name = (command.Options.Contains(Member) ? parse.GetValue(Member) : null)
                ?? access.Cluster.Leader?.Text ?? access.Spec.Members[0].Name.Text;
            return access.Cluster.Find(name).TryGet(out var member, out failure)
                ? await run(parse, invocation, access, member)
                : failure;
        });
}
