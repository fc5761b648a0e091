using System.CommandLine;
using PgMahout.Agent;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Supervision;
using PgMahout.CommandLine;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Verbs;

/// <summary>The verbs that pgmahout calls itself with; they are not for people, and help does not list them.</summary>
internal static class ProcessVerbs
{
    public static IEnumerable<Command> Build(CommonOptions common)
    {
        var member = new Option<string>("--member") { Required = true };
        var agent = new Command("agent", "The agent of one member.") { member };
        agent.SetAction((parse, cancellation) =>
            AgentProcess.RunAsync(HomeOf(parse, common), new MemberName(parse.GetRequiredValue(member)), cancellation));
        var guard = new Command("guard", "The parent of one postmaster.") { member };
        guard.SetAction(parse => Guard.Run(HomeOf(parse, common), new MemberName(parse.GetRequiredValue(member))));
        var supervise = new Command("supervise", "The parent of the agents.");
        supervise.SetAction((parse, cancellation) => Supervisor.RunAsync(HomeOf(parse, common), cancellation));
        return new[] { agent, guard, supervise }.Select(Hidden);
    }

    private static Command Hidden(Command command)
    {
        command.Hidden = true;
        return command;
    }

    private static HomeLayout HomeOf(ParseResult parse, CommonOptions common) =>
        HomeLayout.Find(parse.GetValue(common.Home));
}
