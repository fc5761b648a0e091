using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Processes;
using PgMahout.Status;

namespace PgMahout.Drills;

/// <summary>
/// Breaks a process of a member: by its pid where it is of this home, else through its agent. A pid of another host
/// means nothing here, or somebody else.
/// </summary>
internal static class FaultInjection
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Null once it is done.</summary>
    public static async Task<Failure?> BreakAsync(
        HomeLayout home, MemberSpec member, (Fault Fault, MemberStatus Status) wanted, CancellationToken cancellation)
    {
        var done = home.Holds(member)
            ? Kill(wanted.Fault switch
            {
                Fault.KillServer => wanted.Status.Pid,
                Fault.KillAgent => wanted.Status.AgentPid,
            })
            : await AskAsync(home, member, wanted.Fault, cancellation);
        return done
            ? null
            : new Failure(ErrorCatalogue.NotReadyForDrill, "the process to kill was gone before it could be killed")
                .Try("pgmahout status");
    }

    private static bool Kill(int? pid) => pid is { } process && Signals.Send(process, Signals.Kill);

    private static async Task<bool> AskAsync(
        HomeLayout home, MemberSpec member, Fault fault, CancellationToken cancellation)
    {
        using var agent = new AgentClient(home, member);
        return await agent.BreakAsync(fault, Limit, cancellation) is AgentAnswer<bool>.Said
            || fault == Fault.KillAgent;
    }
}
