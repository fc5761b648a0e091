using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Drills;

namespace PgMahout.Verbs;

internal static class DrillVerb
{
    private const int MostRuns = 1000;
    private const double HighestRate = 1000;

    public static Command Build(CommonOptions common)
    {
        var kind = new Argument<DrillKind>("failover|switchover|freeze|agent")
        {
            Description = "failover: kill the primary; switchover: move the leadership; freeze: stop the primary's "
                + "member for longer than the lease, then let it go on; agent: kill the leader's agent.",
        };
        var runs = new Option<int>("--runs") { Description = "How often (default 1).", HelpName = "N", DefaultValueFactory = _ => 1 };
        var rate = new Option<double>("--rate")
        {
            Description = "Writes per second meanwhile (default 100).",
            HelpName = "N",
            DefaultValueFactory = _ => 100,
        };
        var keep = new Option<bool>("--keep") { Description = "Leave the table pgmahout_drill.canary in place." };
        var command = new Command("drill", "Break something for real, and measure what a client sees.") { kind, runs, rate, keep };
        command.Validators.Add(result =>
        {
            if (result.GetValue(runs) is < 1 or > MostRuns)
                result.AddError($"--runs lies between 1 and {MostRuns}");
            if (result.GetValue(rate) is not (>= 1 and <= HighestRate))
                result.AddError($"--rate lies between 1 and {HighestRate}");
        });
        common.Bind(command, (parse, invocation) => new DrillCommand(
            invocation,
            new DrillRequest(parse.GetValue(kind), parse.GetValue(runs), parse.GetValue(rate), parse.GetValue(keep))).RunAsync());
        return command;
    }
}
