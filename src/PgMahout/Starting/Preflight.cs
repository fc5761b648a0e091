using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Postgres;
using PgMahout.Postgres.Installation;
using PgMahout.Processes;

namespace PgMahout.Starting;

/// <summary>What this host offers to a cluster: found before anything is changed.</summary>
public sealed record Host(PostgresBinaries Binaries, ServerAccount Account);

/// <summary>Every check that <c>up</c> makes before it changes anything.</summary>
public static class Preflight
{
    private static readonly ByteSize SpacePerMember = ByteSize.Megabytes(300);

    /// <summary>For a cluster that does not exist yet.</summary>
    public static Attempt<Host> ForNew(HomeLayout home, HomePlan.Create wanted)
    {
        var spec = wanted.Spec;
        if (!FindHost().TryGet(out var host, out var failure))
            return failure;
        failure = WhyPortsInvalid(spec)
            ?? ListeningPorts.Read().WhyNotFree(spec.Members, spec.Members[0].Port, spec.Members.Length)
            ?? ListeningPorts.Read().WhyNotFree(wanted.Proxy)
            ?? WhyTooSmall(home, spec)
            ?? WhyOutOfReach(home, host.Account)
            ?? NewRepository.WhyNot(home, wanted.Backup);
        return failure is null ? host : failure;
    }

    /// <summary>For a cluster that is there and not running, or only in part.</summary>
    public static Attempt<Host> ForExisting(HomeLayout home, HomePlan.Start wanted)
    {
        var (spec, systemIdentifier) = (wanted.Spec, wanted.SystemIdentifier);
        if (!FindHost().TryGet(out var host, out var failure))
            return failure;
        var stopped = spec.Members.Where(member => MemberProcesses.FindPostmaster(home, member.Name) is null).ToArray();
        failure = stopped.Select(member => WhyForeign(home, member.Name, host.Binaries, systemIdentifier))
                .FirstOrDefault(found => found is not null)
            ?? PortOfStopped(stopped)
            ?? (PidLock.Holder(home.ProxyLock) is null ? ListeningPorts.Read().WhyNotFree(wanted.Proxy) : null)
            ?? WhyOutOfReach(home, host.Account);
        return failure is null ? host : failure;
    }

    public static Attempt<Host> FindHost()
    {
        var binaries = PostgresBinaries.Find(Environment.GetEnvironmentVariable(Guard.BinariesVariable));
        if (!binaries.TryGet(out var programs))
            return Translate(ErrorCatalogue.NoBinaries, binaries.Failure!);
        var account = ServerAccount.Find();
        return account.TryGet(out var user)
            ? new Host(programs, user)
            : Translate(ErrorCatalogue.NoAccount, account.Failure!);
    }

    private static Failure Translate(ErrorKind kind, Problem problem) =>
        new Failure(kind, problem.What).Because(problem.Why).Leaving(problem.Left).Try(problem.Next);

    private static Failure? WhyPortsInvalid(ClusterSpec spec) => spec.Members[^1].Port <= 65535
        ? null
        : new Failure(
                ErrorCatalogue.Usage,
                $"port {spec.Members[^1].Port}, which {spec.Members[^1].Name} would need, does not exist")
            .Try($"pgmahout up --port {65535 - spec.Members.Length}");

    private static Failure? PortOfStopped(MemberSpec[] stopped)
    {
        var failure = ListeningPorts.Read().WhyNotFree(stopped, 0, 0);
        return failure is null
            ? null
            : failure with { Next = ["pgmahout up    (again, when that process is stopped)"] };
    }

    private static Failure? WhyTooSmall(HomeLayout home, ClusterSpec spec)
    {
        var free = HostMachine.FreeSpace(home.Root);
        var needed = new ByteSize(SpacePerMember.Bytes * spec.Members.Length);
        return free >= needed
            ? null
            : new Failure(ErrorCatalogue.NoSpace, $"there is not enough space for {spec.Members.Length} members")
                .Because($"{free} are free where {home.Root} is, and {needed} are needed to begin")
                .Try("pgmahout up --home DIR    (on another file system)");
    }

    private static Failure? WhyOutOfReach(HomeLayout home, ServerAccount account)
    {
        if (!account.IsBorrowed)
            return null;
        var existing = HostMachine.NearestExisting(home.Root);
        return CanPass(account, existing)
            ? null
            : new Failure(
                ErrorCatalogue.HomeNotUsable, $"PostgreSQL's account '{account.Name}' cannot reach {home.Root}")
                .Because($"{existing} or a directory above it denies passage to it")
                .Try("pgmahout up --home DIR", $"chmod o+x {existing}");
    }

    private static bool CanPass(ServerAccount account, string directory)
    {
        var command = new ProcessStartInfo("setpriv") { UseShellExecute = false };
        string[] arguments =
        [
            string.Create(CultureInfo.InvariantCulture, $"--reuid={account.Uid}"),
            string.Create(CultureInfo.InvariantCulture, $"--regid={account.Gid}"),
            "--init-groups", "test", "-x", directory,
        ];
        foreach (var argument in arguments)
            command.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(command)!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            // Without setpriv nothing will start either; the agents say so in their own words.
            return true;
        }
    }

    private static Failure? WhyForeign(HomeLayout home, MemberName member, PostgresBinaries binaries, ulong? identifier)
    {
        var data = home.DataDirectory(member);
        if (VersionOf(data) is { } version && version != binaries.Major)
            return new Failure(ErrorCatalogue.DataOfAnotherVersion, $"the data of {member} is of PostgreSQL {version}")
                .Because(
                    $"{data}/PG_VERSION says {version}; the programs in {binaries.Directory} are of {binaries.Major}")
                .Try($"apt-get install postgresql-{version}");
        if (identifier is { } known && IdentifierOf(data) is { } found && found != known)
            return new Failure(ErrorCatalogue.DataOfAnotherCluster, $"the data of {member} is another cluster's")
                .Because($"{data} has the system identifier {found}, this cluster {known}")
                .Try($"mv {data} {data}.foreign && pgmahout up    ({member} is then cloned from the leader)");
        return null;
    }

    private static int? VersionOf(string data)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(data, "PG_VERSION"));
            return int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                ? version
                : null;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The first eight bytes of the control file, in every version.</summary>
    private static ulong? IdentifierOf(string data)
    {
        try
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            using var file = File.OpenRead(Path.Combine(data, "global", "pg_control"));
            file.ReadExactly(bytes);
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
