using PgMahout.Agent.Home;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Postgres.Installation;
using PgMahout.Status;

namespace PgMahout.Hosts;

/// <summary>What is different in a home that is one host of a cluster on several.</summary>
internal static class HostHome
{
    public static bool Is(HomeLayout home) => File.Exists(home.HostFile);

    /// <summary>What the host is called in its cluster.</summary>
    public static string NameOf(HomeLayout home) =>
        HostFile.Read(home)?.Host ?? Environment.MachineName;

    /// <summary>Null where the primary's rules of access let this host in: but where there is no member.</summary>
    /// <param name="command">What was asked for, such as "repo check".</param>
    public static Failure? WhyNotLetIn(HomeLayout home, ClusterSpec spec, string command) =>
        HostFile.Read(home) is { Members.IsEmpty: true }
            ? new Failure(ErrorCatalogue.NotFromOneHost, $"'{command}' is for a host that holds data")
                .Because("it logs in to the primary, whose rules of access let the members' hosts in, and this is none")
                .Leaving("nothing was changed")
                .Try([.. spec.Members.Select(member => $"ssh {member.Host} pgmahout {command} ...")])
            : null;

    /// <summary>
    /// Where it can be done, on a host that holds no data and has no PostgreSQL; elsewhere <paramref name="failure"/>,
    /// which says that there is none.
    /// </summary>
    /// <param name="command">What was asked for, such as "drill restore".</param>
    public static async Task<Failure> WhereInstead(Failure failure, Invocation invocation, string command)
    {
        if (HostFile.Read(invocation.Home) is not { Members.IsEmpty: true }
            || !(await ClusterAccess.OpenAsync(invocation.Home, invocation.Cancellation))
                .TryGet(out var cluster, out _))
            return failure;
        await using var closing = cluster;
        return new Failure(ErrorCatalogue.NotFromOneHost, $"'{command}' starts a server of its own, and cannot here")
            .Because($"this host holds no data, and has no PostgreSQL: {failure.What}")
            .Leaving("nothing was changed")
            .Try([.. cluster.Spec.Members.Select(member => $"ssh {member.Host} pgmahout {command} ...")]);
    }

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
