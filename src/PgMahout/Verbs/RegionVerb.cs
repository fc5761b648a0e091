using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Regions;

namespace PgMahout.Verbs;

/// <summary>A second cluster that follows this one, or that this one follows.</summary>
internal static class RegionVerb
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    private static readonly Option<TimeSpan?> Timeout = new("--timeout")
    {
        Description = "How long to wait for each step (default 60s).",
        HelpName = "60s",
        CustomParser = Durations.Parse,
    };

    private static readonly Option<bool> Cancel = new("--cancel")
    {
        Description = "Take a change back that broke off, while it can be: the region that led leads on.",
    };

    public static Command Build(CommonOptions common) => new("region", "Two clusters, one of which follows the other.")
    {
        Status(common),
        Switchover(common),
        Failover(common),
        Follow(common),
    };

    private static Command Status(CommonOptions common)
    {
        var command = new Command("status", "Which region leads, and how far the other one has come.");
        common.Bind(command, (_, invocation) => RegionStatus.ShowAsync(invocation));
        return command;
    }

    private static Command Switchover(CommonOptions common)
    {
        var command = new Command("switchover", "Move the leadership to the other region, without loss.")
        {
            Cancel, Timeout,
        };
        common.Bind(command, (parse, invocation) =>
        {
            var change = new RegionSwitchover(invocation, parse.GetValue(Timeout) ?? DefaultTimeout);
            return parse.GetValue(Cancel) ? change.CancelAsync() : change.RunAsync();
        });
        return command;
    }

    private static Command Failover(CommonOptions common)
    {
        var command = new Command("failover", "Force this region to lead, also when commits may be lost.") { Timeout };
        common.Bind(command, (parse, invocation) =>
            new RegionFailover(invocation, parse.GetValue(Timeout) ?? DefaultTimeout).RunAsync());
        return command;
    }

    private static Command Follow(CommonOptions common)
    {
        var command = new Command("follow", "Make this region follow the other one, which leads in a later term.");
        common.Bind(command, (_, invocation) => new RegionFailover(invocation, DefaultTimeout).FollowAsync());
        return command;
    }
}
