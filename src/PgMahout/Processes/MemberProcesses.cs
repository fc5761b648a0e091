using PgMahout.Agent.Home;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Processes;

/// <summary>The PostgreSQL processes of one member on this machine, found without asking its agent.</summary>
public static class MemberProcesses
{
    /// <summary>The postmaster; null when none runs or the account is not known.</summary>
    public static ServerProcess? FindPostmaster(HomeLayout home, MemberName member) =>
        Of(home, member)?.FindPostmaster();

    public static IReadOnlyList<ServerProcess> List(HomeLayout home, MemberName member) =>
        Of(home, member)?.List() ?? [];

    public static ServerProcesses? Of(HomeLayout home, MemberName member) =>
        ServerAccount.Find() is Outcome<ServerAccount>.Done { Value: var account }
            ? new ServerProcesses(home.DataDirectory(member), account.Uid)
            : null;
}
