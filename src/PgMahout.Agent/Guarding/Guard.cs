using System.ComponentModel;
using System.Diagnostics;
using PgMahout.Agent.Home;
using PgMahout.Core.Installation;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Guarding;

/// <summary>
/// The parent of one postmaster, and the last to trust: it kills every process of the data directory when the lease
/// deadline passes, whatever has become of the agent. If the guard itself is killed, the kernel sends the postmaster
/// SIGQUIT. It lives as long as that postmaster and does nothing else. Of a postmaster that was adopted it is no
/// parent: the kernel does not tie that one to it, so the agent starts another guard when one is killed.
/// </summary>
public static class Guard
{
    /// <summary>
    /// The guard sleeps until the deadline it knows, and never longer than this: a deadline that is armed while it
    /// sleeps has most of a lease before it. On a machine that was suspended it is late by no more than this.
    /// </summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);

    /// <summary>Names the directory of PostgreSQL's programs for a guard and for the command line.</summary>
    public const string BinariesVariable = InstallPlan.ProgramsVariable;

    /// <param name="adopts">A postmaster that somebody else started is watched; none is started.</param>
    /// <returns>The postmaster's exit code; 1 when it could not be started; 3 after fencing.</returns>
    public static int Run(HomeLayout home, MemberName member, bool adopts = false)
    {
        using var alone = PidLock.TryTake(home.GuardLock(member));
        if (alone is null)
            return Say(member, "another guard holds this member", 5);
        var account = ServerAccount.Find();
        if (!account.TryGet(out var user))
            return Say(member, account.Failure!.ToString(), 1);
        using var deadline = LeaseDeadline.Open(home.DeadlineFile(member));
        var processes = new ServerProcesses(home.DataDirectory(member), user.Uid);
        if (adopts)
            return Adopt(deadline, processes, member);
        var binaries = PostgresBinaries.Find(Environment.GetEnvironmentVariable(BinariesVariable));
        if (!binaries.TryGet(out var programs))
            return Say(member, binaries.Failure!.ToString(), 1);
        try
        {
            // This thread launches and never ends before the process does: the kernel ties the postmaster's life to it.
            using var postmaster = Process.Start(
                ServerCommand.For(programs, user, processes.DataDirectory, home.StartLog(member)))!;
            return Watch(postmaster, deadline, processes, member);
        }
        catch (Win32Exception failure)
        {
            return Say(member, $"the server could not be launched: {failure.Message}", 1);
        }
    }

    /// <summary>Whoever the parent of an adopted postmaster is reaps it.</summary>
    private static int Adopt(LeaseDeadline deadline, ServerProcesses processes, MemberName member)
    {
        using var watch = processes.FindPostmaster() is { } running ? ProcessWatch.Open(running) : null;
        if (watch is null)
            return Say(member, "there is no running server to adopt", 1);
        return Watch(watch.Wait, deadline, processes, member) ? 3 : 0;
    }

    private static int Watch(Process postmaster, LeaseDeadline deadline, ServerProcesses processes, MemberName member)
    {
        using var watch = ServerProcess.Find(postmaster.Id) is { } running ? ProcessWatch.Open(running) : null;
        // A watch that cannot be had, for want of a descriptor, is no reason not to watch.
        if (!Watch(limit => watch?.Wait(limit) ?? postmaster.WaitForExit(limit), deadline, processes, member))
        {
            postmaster.WaitForExit();
            return postmaster.ExitCode;
        }
        // Reaped, so that its pid does not seem alive to the next start.
        postmaster.WaitForExit(KillLimit);
        return 3;
    }

    /// <param name="ended">Waits so long at most for the end of the postmaster; true when it came.</param>
    /// <returns>Whether it was fenced; it ended by itself otherwise.</returns>
    private static bool Watch(
        Func<TimeSpan, bool> ended, LeaseDeadline deadline, ServerProcesses processes, MemberName member)
    {
        ResidentMemory.GiveBack();
        // The death of the postmaster ends the sleep at once.
        while (!ended(Sleep(deadline.Read())))
        {
            if (deadline.Read() is not { } due || BootClock.Now() < due)
                continue;
            var late = BootClock.Now() - due;
            var left = processes.KillAll(KillLimit);
            Say(
                member,
                $"the lease deadline passed ({late.TotalMilliseconds:F0} ms ago): server killed, {left} processes left",
                3);
            return true;
        }
        return false;
    }

    private static TimeSpan Sleep(Instant? due)
    {
        if (due is not { } deadline)
            return LongestSleep;
        var left = deadline - BootClock.Now();
        return left <= TimeSpan.Zero ? TimeSpan.Zero : left < LongestSleep ? left : LongestSleep;
    }

    private static int Say(MemberName member, string text, int code)
    {
        Log.Write(Severity.Error, $"guard {member}: {text}");
        return code;
    }
}
