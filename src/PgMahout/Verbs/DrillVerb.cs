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
        var runs = new Option<int?>("--runs") { Description = "How often (default 1).", HelpName = "N" };
        var rate = new Option<double?>("--rate")
        {
            Description = "Writes per second meanwhile (default 100; through the proxy 500, of 50 clients).",
            HelpName = "N",
        };
        var through = new Option<DrillWay?>("--through")
        {
            Description = "The address that clients use (default: the proxy, for failover and switchover).",
            HelpName = "proxy|members",
        };
        var keep = new Option<bool>("--keep") { Description = "Leave the table pgmahout_drill.canary in place." };
        var command = new Command("drill", "Break something for real, and measure what a client sees.")
        {
            kind, runs, rate, through, keep, RestoreVerb.Drill(common), UndoVerb.Drill(common),
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
                parse.GetValue(rate),
                parse.GetValue(keep),
                parse.GetValue(through))).RunAsync());
        return command;
    }
}
