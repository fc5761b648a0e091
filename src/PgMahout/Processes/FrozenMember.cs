using PgMahout.Agent.Home;
using PgMahout.Status;

namespace PgMahout.Processes;

/// <summary>A member whose guard, agent and servers are stopped in their tracks, as by a frozen host.</summary>
public sealed class FrozenMember
{
    private readonly int[] _pids;

    private FrozenMember(int[] pids) => _pids = pids;

    public int Count => _pids.Length;

    /// <summary>The guard first: it is the one that would act on what happens to the others.</summary>
    public static FrozenMember Freeze(HomeLayout home, MemberStatus member)
    {
        var servers = MemberProcesses.List(home, member.Name).Select(process => process.Pid);
        int[] pids = [.. new[] { member.GuardPid, member.AgentPid }.OfType<int>().Concat(servers).Distinct()];
        foreach (var pid in pids)
            Signals.Send(pid, Signals.Stop);
        return new FrozenMember(pids);
    }

    /// <summary>The servers first, so that they get every chance to do harm before the guard stops them.</summary>
    public void Thaw()
    {
        foreach (var pid in _pids.Reverse())
            Signals.Send(pid, Signals.Continue);
    }
}
