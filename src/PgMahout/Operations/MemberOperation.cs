using PgMahout.Agent.Api;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Status;

namespace PgMahout.Operations;

/// <summary>Asks one member for something and waits until it is seen to be done.</summary>
public sealed class MemberOperation(StatusObserver observer)
{
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <summary>Null once <paramref name="isDone"/> holds of the member's state before and now.</summary>
    public async Task<Failure?> RunAsync(
        MemberSpec member,
        MemberRequest request,
        Func<MemberStatus, MemberStatus, bool> isDone,
        TimeSpan limit,
        CancellationToken cancellation)
    {
        var before = (await observer.ObserveAsync(cancellation)).Find(member.Name)!;
        using var agent = new AgentClient(observer.Home, member);
        var asked = await agent.RequestAsync(request, AskLimit, cancellation);
        if (asked is not AgentAnswer<bool>.Said)
            return new Failure(ErrorCatalogue.NoAnswer, $"the agent of {member.Name} does not answer")
                .Because(asked.Silence)
                .Try("pgmahout status", "pgmahout up");
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < limit)
        {
            if ((await observer.ObserveAsync(cancellation)).Find(member.Name) is { } now && isDone(before, now))
                return null;
            await Task.Delay(Pace, cancellation);
        }
        return new Failure(
            ErrorCatalogue.NotDoneInTime, $"{member.Name} was not seen done within {Durations.Text(limit)}")
            .Leaving("its agent goes on trying")
            .Try("pgmahout status -w", $"pgmahout logs {member.Name}");
    }

    /// <summary>It serves again, with another postmaster than before.</summary>
    public static bool IsRestarted(MemberStatus before, MemberStatus now) =>
        now.Pid is not null && now.Pid != before.Pid && now.State is MemberState.Running or MemberState.Streaming
        && now.Pid != before.Pid;
}
