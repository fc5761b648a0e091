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
/// SIGQUIT. It lives as long as that postmaster and does nothing else.
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

    /// <returns>The postmaster's exit code; 1 when it could not be started; 3 after fencing.</returns>
    public static int Run(HomeLayout home, MemberName member)
    {
        using var alone = PidLock.TryTake(home.GuardLock(member));
        if (alone is null)
            return Say(member, "another guard holds this member", 5);
        var account = ServerAccount.Find();
        var binaries = PostgresBinaries.Find(Environment.GetEnvironmentVariable(BinariesVariable));
        if (!account.TryGet(out var user))
            return Say(member, account.Failure!.ToString(), 1);
        if (!binaries.TryGet(out var programs))
            return Say(member, binaries.Failure!.ToString(), 1);

        using var deadline = LeaseDeadline.Open(home.DeadlineFile(member));
        var data = home.DataDirectory(member);
        var processes = new ServerProcesses(data, user.Uid);
        try
        {
            // This thread launches and never ends before the process does: the kernel ties the postmaster's life to it.
            using var postmaster = Process.Start(ServerCommand.For(programs, user, data, home.StartLog(member)))!;
            return Watch(postmaster, deadline, processes, member);
        }
        catch (Win32Exception failure)
        {
            return Say(member, $"the server could not be launched: {failure.Message}", 1);
        }
    }

    private static int Watch(Process postmaster, LeaseDeadline deadline, ServerProcesses processes, MemberName member)
    {
        using var watch = ServerProcess.Find(postmaster.Id) is { } running ? ProcessWatch.Open(running) : null;
        ResidentMemory.GiveBack();
        // The death of the postmaster ends the sleep at once.
        while (!Ended(Sleep(deadline.Read())))
        {
            if (deadline.Read() is not { } due || BootClock.Now() < due)
                continue;
            var late = BootClock.Now() - due;
            var left = processes.KillAll(KillLimit);
            // Reaped, so that its pid does not seem alive to the next start.
            postmaster.WaitForExit(KillLimit);
            return Say(
                member,
                $"the lease deadline passed ({late.TotalMilliseconds:F0} ms ago): server killed, {left} processes left",
                3);
        }
        postmaster.WaitForExit();
        return postmaster.ExitCode;

        // A watch that cannot be had, for want of a descriptor, is no reason not to watch.
        bool Ended(TimeSpan limit) => watch?.Wait(limit) ?? postmaster.WaitForExit(limit);
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
