using System.Globalization;
using System.Runtime.InteropServices;
using PgMahout.Agent;
using PgMahout.Agent.Addressing;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Supervision;
using PgMahout.Archiving;
using PgMahout.Core.Vocabulary;
using PgMahout.Deploying.OnHost;
using PgMahout.Postgres.Processes;
using PgMahout.Proxying;
using PgMahout.Restoring;
using PgMahout.Stopping;

namespace PgMahout.Verbs;

/// <summary>
/// The verbs that pgmahout calls itself with. They are not for people: help does not list them, and they are read
/// here, because a process that stays should not keep a command line parser in memory.
/// </summary>
internal static class ProcessVerbs
{
    /// <summary>The exit code of the process; null when the arguments are not ours.</summary>
    public static Task<int>? TryRun(string[] arguments) => arguments switch
    {
        ["agent", "--home", var home, "--member", var member] => UntilToldAsync(
            stopping => AgentProcess.RunAsync(
                HomeLayout.Find(home), new MemberName(member), MemberCopy.MakeAsync, stopping)),
        // No signal is caught: a guard that is told to end takes its postmaster with it.
        ["guard", "--home", var home, "--member", var member] =>
            Task.FromResult(GuardOf(home, member, adopts: false)),
        ["guard", "--home", var home, "--member", var member, "--adopt"] =>
            Task.FromResult(GuardOf(home, member, adopts: true)),
        ["supervise", "--home", var home] =>
            UntilToldAsync(stopping => Supervisor.RunAsync(HomeLayout.Find(home), stopping)),
        ["address", "--home", var home, "--member", var member] =>
            UntilToldAsync(stopping =>
                AddressProcess.RunAsync(HomeLayout.Find(home), new MemberName(member), stopping)),
        ["archiver", "--home", var home] =>
            UntilToldAsync(stopping => ArchiverProcess.RunAsync(HomeLayout.Find(home), stopping)),
        ["proxy", "run", "--home", var home] =>
            UntilToldAsync(stopping => ProxyProcess.RunAsync(HomeLayout.Find(home), null, stopping)),
        ["proxy", "run", "--home", var home, "--after", var pid] => UntilToldAsync(stopping =>
            ProxyProcess.RunAsync(HomeLayout.Find(home), int.Parse(pid, CultureInfo.InvariantCulture), stopping)),
        ["host", "prepare", "--home", var home] => HostPreparation.RunAsync(HomeLayout.Find(home)),
        ["host", "adopt", "--home", var home] => HostAdoption.RunAsync(HomeLayout.Find(home)),
        ["host", "twin", "--home", var home] => HostTwin.RunAsync(HomeLayout.Find(home)),
        ["host", "pair", "--home", var home] => HostPairing.RunAsync(HomeLayout.Find(home)),
        ["host", "found", "--home", var home] => HostFounding.RunAsync(HomeLayout.Find(home)),
        ["host", "voters", "--home", var home] => HostVoters.RunAsync(HomeLayout.Find(home)),
        ["host", "repository", "--home", var home] => HostRepository.RunAsync(HomeLayout.Find(home)),
        ["stop-member", "--home", var home, "--member", var member] =>
            UntilToldAsync(stopping => MemberStop.RunAsync(HomeLayout.Find(home), new MemberName(member), stopping)),
        _ => null,
    };

    private static int GuardOf(string home, string member, bool adopts)
    {
        Log.Begin();
        return Guard.Run(HomeLayout.Find(home), new MemberName(member), adopts);
    }

    /// <summary>SIGTERM and SIGINT ask for an orderly end, which may take its time.</summary>
    private static async Task<int> UntilToldAsync(Func<CancellationToken, Task<int>> run)
    {
        Log.Begin();
        using var stopping = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        return await run(stopping.Token);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopping.Cancel();
        }
    }
}
