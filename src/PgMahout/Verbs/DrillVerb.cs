using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Drills;

namespace PgMahout.Verbs;

internal static class DrillVerb
{
    private const int MostRuns = 1000;
    private const double HighestRate = 1000;
    private const double DefaultRate = 100;

    public static Command Build(CommonOptions common)
    {
        var kind = new Argument<DrillKind>("failover|switchover|freeze|agent")
        {
            Description = "failover: kill the primary; switchover: move the leadership; freeze: stop the primary's "
                + "member for longer than the lease, then let it go on; agent: kill the leader's agent.",
        };
        var runs = new Option<int?>("--runs") { Description = "How often (default 1).", HelpName = "N" };
        var rate = new Option<double?>("--rate")
        {
            Description = "Writes per second meanwhile (default 100).",
            HelpName = "N",
        };
        var keep = new Option<bool>("--keep") { Description = "Leave the table pgmahout_drill.canary in place." };
        var command = new Command("drill", "Break something for real, and measure what a client sees.")
        {
            kind, runs, rate, keep, RestoreVerb.Drill(common), UndoVerb.Drill(common),
        };
        command.Validators.Add(result =>
        {
            if (result.Peek(runs) is < 1 or > MostRuns)
                result.AddError($"--runs lies between 1 and {MostRuns}");
            if (result.Peek(rate) is < 1 or > HighestRate or double.NaN)
                result.AddError($"--rate lies between 1 and {HighestRate}");
        });
        common.Bind(command, (parse, invocation) => new DrillCommand(
            invocation,
            new DrillRequest(
                parse.GetValue(kind),
                parse.GetValue(runs) ?? 1,
                parse.GetValue(rate) ?? DefaultRate,
                parse.GetValue(keep))).RunAsync());
        return command;
    }
}
