using System.Diagnostics;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Postgres.Instance;

/// <summary>How the postmaster is launched by the process that guards it.</summary>
public static class ServerCommand
{
    // The shell only opens the log as the server account, then becomes the server.
    private const string BecomeServer = "exec \"$0\" -D \"$1\" </dev/null >>\"$2\" 2>&1";

    /// <summary>
    /// Start this from a thread that lives as long as the server shall: the postmaster gets SIGQUIT when that
    /// <em>thread</em> ends (PR_SET_PDEATHSIG). The started process becomes the postmaster itself (same pid), leads its
    /// own session, and has standard output and error in <see cref="InstanceSettings.StartLog"/>, whose directory the
    /// server account must be able to write to.
    /// </summary>
    public static ProcessStartInfo For(
        PostgresBinaries binaries, ServerAccount account, string dataDirectory, string startLog)
    {
        // It stands in the data directory from its first moment, so that whoever clears that directory finds it.
        var command = new ProcessStartInfo("setpriv") { WorkingDirectory = dataDirectory };
        foreach (var argument in Launch.As(account, "QUIT"))
            command.ArgumentList.Add(argument);
        string[] shell = ["sh", "-c", BecomeServer, binaries.Tool("postgres"), dataDirectory, startLog];
        foreach (var argument in shell)
            command.ArgumentList.Add(argument);
        Launch.CleanEnvironment(command);
        // The postmaster has its guard's score, which may protect it from the kernel's killer; what serves one client
        // must not be protected, or everything else on the host goes first.
        command.Environment["PG_OOM_ADJUST_FILE"] = "/proc/self/oom_score_adj";
        return command;
    }
}
