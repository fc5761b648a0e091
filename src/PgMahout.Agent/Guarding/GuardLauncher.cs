using System.Diagnostics;
using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;

namespace PgMahout.Agent.Guarding;

/// <summary>Starts the guard of one member, which starts the server.</summary>
internal static class GuardLauncher
{
    public static Process Launch(HomeLayout home, MemberName member, PostgresBinaries binaries)
    {
        var command = Detached.Plain("guard", "--home", home.Root, "--member", member.Text);
        command.Environment[Guard.BinariesVariable] = binaries.Directory;
        return Process.Start(command)!;
    }

    /// <summary>A guard for a server that runs already and was started by somebody else.</summary>
    public static Process Adopt(HomeLayout home, MemberName member) =>
        Process.Start(Detached.Plain("guard", "--home", home.Root, "--member", member.Text, "--adopt"))!;
}
