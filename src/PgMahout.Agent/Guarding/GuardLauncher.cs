using System.Diagnostics;
using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;

namespace PgMahout.Agent.Guarding;

/// <summary>Starts processes of this program that must outlive the one that starts them: their own session, our log.</summary>
public static class GuardLauncher
{
    public static Process Launch(HomeLayout home, MemberName member, PostgresBinaries binaries)
    {
        var command = Detached("guard", "--home", home.Root, "--member", member.Text);
        command.Environment[Guard.BinariesVariable] = binaries.Directory;
        return Process.Start(command)!;
    }

    /// <summary>This program with other arguments, in a session of its own so that no terminal's signal reaches it.</summary>
    public static ProcessStartInfo Detached(params ReadOnlySpan<string> arguments)
    {
        var command = new ProcessStartInfo("setsid") { WorkingDirectory = "/" };
        foreach (var argument in Self())
            command.ArgumentList.Add(argument);
        foreach (var argument in arguments)
            command.ArgumentList.Add(argument);
        return command;
    }

    /// <summary>The published program is its own executable; run from a build it is <c>dotnet pgmahout.dll</c>.</summary>
    private static IEnumerable<string> Self()
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, Path.Combine(AppContext.BaseDirectory, "pgmahout.dll")]
            : [program];
    }
}
