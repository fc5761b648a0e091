using System.Collections.Immutable;
using System.Diagnostics;
using PgMahout.Postgres.Installation;

namespace PgMahout.Postgres.Processes;

/// <summary>
/// Arguments of <c>setpriv</c> that start another program as the server account, bound to the life of its parent.
/// </summary>
internal static class Launch
{
    private static readonly string[] Foreign = ["PG", "LC_", "NOTIFY_SOCKET", "WATCHDOG_"];

    /// <summary>
    /// setpriv sets the signal after it has changed the user (the kernel forgets it on a change), and setsid neither
    /// forks nor loses it, because a process just forked leads no group: the pid stays that of the child.
    /// </summary>
    /// <param name="signalOnParentDeath">A signal's name without SIG.</param>
    public static ImmutableArray<string> As(ServerAccount account, string signalOnParentDeath)
    {
        ImmutableArray<string> user = account.IsBorrowed
            ? [$"--reuid={account.Uid}", $"--regid={account.Gid}", "--init-groups"]
            : [];
        return [.. user, "--pdeathsig", signalOnParentDeath, "--", "setsid"];
    }

    /// <summary>
    /// A program of PostgreSQL is ruled by its arguments and files only: what the caller has in PGHOST, PGDATA or the
    /// locale must not change what it does or how its messages read.
    /// </summary>
    public static void CleanEnvironment(ProcessStartInfo command)
    {
        var unwanted = command.Environment.Keys
            .Where(key => Foreign.Any(start => key.StartsWith(start, StringComparison.Ordinal)))
            .ToArray();
        foreach (var key in unwanted)
            command.Environment.Remove(key);
        command.Environment["LC_ALL"] = "C.UTF-8";
    }
}
