using System.CommandLine;
using PgMahout.CommandLine;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Operations;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Verbs;

/// <summary>Planned and forced changes of leader.</summary>
internal static class SwitchoverVerb
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    private static readonly Option<string?> To =
        new("--to") { Description = "The member that shall lead (default: the best candidate).", HelpName = "NAME" };

    private static readonly Option<string?> Reason =
        new("--reason") { Description = "Told in the history.", HelpName = "TEXT" };

    private static readonly Option<TimeSpan?> Timeout = new("--timeout")
    {
        Description = "How long to wait for the outcome (default 60s).",
        HelpName = "60s",
        CustomParser = Durations.Parse,
    };

    public static Command Switchover(CommonOptions common)
    {
        var command = new Command("switchover", "Move the leadership to another member, without loss.")
        {
            To, Reason, Timeout,
        };
        common.Bind(command, (parse, invocation) => RunAsync(parse, invocation, force: false));
        return command;
    }

    public static Command Failover(CommonOptions common)
    {
        var command = new Command("failover", "Force another member to lead, also when commits may be lost.")
        {
            To, Reason, Timeout,
        };
        common.Bind(command, (parse, invocation) => RunAsync(parse, invocation, force: true));
        return command;
    }

    private static async Task<Ending> RunAsync(ParseResult parse, Invocation invocation, bool force)
    {
        var opened = await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return failure;
        await using var closing = cluster;
        MemberName? to = null;
        if (parse.GetValue(To) is { } name)
        {
            if (!cluster.Find(name).TryGet(out var member, out failure))
                return failure;
            to = member.Name;
        }
        if (force && await ConsentAsync(invocation, cluster, to) is { } declined)
            return declined;
        var wish = new SwitchoverWish(to, force, parse.GetValue(Reason));
        var attempt = await new SwitchoverOperation(cluster)
            .RunAsync(wish, parse.GetValue(Timeout) ?? DefaultTimeout, invocation.Cancellation);
        if (!attempt.TryGet(out var result, out failure))
            return failure;
        var text = $"{result.To} leads instead of {result.From}, after {Durations.Text(result.Took)}; "
            + "how long clients could not write is measured by `pgmahout drill switchover`";
        Done.Say(invocation.Screen, new Done(force ? "failover" : "switchover", cluster.Spec.Name, text, result.To));
        return Ending.Ok;
    }

    private static async Task<Failure?> ConsentAsync(Invocation invocation, ClusterAccess cluster, MemberName? to)
    {
        await using var observer = new StatusObserver(invocation.Home, StatusObserver.Patient);
        var status = await observer.ObserveAsync(invocation.Cancellation);
        var screen = invocation.Screen;
        screen.Note(
            $"This makes {to?.Text ?? "the best candidate"} the leader of '{cluster.Spec.Name}', whatever it lacks:");
        screen.Note($"  every confirmed commit is known to: {status.Recorded?.ToString() ?? "nobody for certain"}");
        foreach (var member in status.Members)
            screen.Note($"  {member.Name}: {Words.Of(member.Role)}, {Words.Of(member.State)}, WAL up to "
                + $"{member.Position?.ToString() ?? "unknown"}, lag {member.Lag?.ToString() ?? "unknown"}");
        if (status.LeadingMember is { State: MemberState.Running } leader)
            screen.Note($"  {leader.Name} runs: `pgmahout switchover` would move the leadership without loss");
        return Confirmation.TypeNameUnlessAgreed(invocation, cluster.Spec.Name);
    }
}
