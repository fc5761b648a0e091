using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Errors;
using PgMahout.Processes;
using PgMahout.Status;

namespace PgMahout.Verbs;

internal static class LogsVerb
{
    private const int DefaultLines = 50;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(300);

    public static Command Build(CommonOptions common)
    {
        var name = new Argument<string?>("NAME")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "One member (default: all).",
        };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is written from now on." };
        var lines = new Option<int?>("-n")
        {
            Description = $"How many lines of each log (default {DefaultLines}).",
            HelpName = "N",
        };
        var command = new Command("logs", "PostgreSQL's and the agents' logs, in the order of time.")
        {
            name, follow, lines,
        };
        common.Bind(command, (parse, invocation) =>
            RunAsync(invocation, parse.GetValue(name), parse.GetValue(follow), parse.GetValue(lines) ?? DefaultLines));
        return command;
    }

    private static async Task<Ending> RunAsync(Invocation invocation, string? name, bool follow, int lines)
    {
        var home = invocation.Home;
        var members = HomeMembers.In(home).Where(member => name is null || member.Name.Text == name).ToArray();
        if (members.Length == 0)
            return name is null
                ? new Failure(ErrorCatalogue.NoCluster, $"there is no cluster in {home.Root}").Try("pgmahout up")
                : new Failure(ErrorCatalogue.UnknownMember, $"there is no member '{name}' in {home.Root}")
                    .Try("pgmahout status");
        var sources = members.SelectMany(member => LogSource.Of(home, member.Name)).ToList();
        if (name is null)
            sources.Add(new LogSource("supervisor", home.SupervisorLog));
        Print(invocation, sources.SelectMany(source => source.Tail(lines)));
        while (follow)
        {
            await Task.Delay(Pace, invocation.Cancellation);
            Print(invocation, sources.SelectMany(source => source.New()));
        }
        return Ending.Ok;
    }

    private static void Print(Invocation invocation, IEnumerable<LogLine> lines)
    {
        foreach (var line in lines.OrderBy(line => line.At, StringComparer.Ordinal))
            invocation.Screen.Data(line.Text);
    }
}
