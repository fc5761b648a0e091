using PgMahout.Agent.Home;
using PgMahout.Errors;
using PgMahout.Postgres.Installation;

namespace PgMahout.Hosts;

/// <summary>What is different in a home that is one host of a cluster on several.</summary>
internal static class HostHome
{
    public static bool Is(HomeLayout home) => File.Exists(home.HostFile);

    /// <summary>Null where all of the cluster is in this home.</summary>
    /// <param name="what">Begins the sentence that says what is not possible.</param>
    /// <param name="instead">Commands.</param>
    public static Failure? Refuse(HomeLayout home, string what, params string[] instead) => Is(home)
        ? new Failure(ErrorCatalogue.NotFromOneHost, what)
            .Because("the cluster is on several hosts, and this is one of them")
            .Leaving("nothing was changed")
            .Try(instead)
        : null;

    /// <summary>
    /// Root becomes the account that the home belongs to, so that no file of it ever belongs to root. Null when that
    /// is done, or need not be.
    /// </summary>
    public static Failure? Enter(HomeLayout home)
    {
        if (!Is(home) || !Environment.IsPrivilegedProcess)
            return null;
        return ServerAccount.BecomeOwnerOf(home.Root).Failure is { } problem
            ? new Failure(ErrorCatalogue.WrongAccount, problem.What).Because(problem.Why)
                .Try($"sudo -u postgres pgmahout ... --home {home.Root}")
            : null;
    }
}
