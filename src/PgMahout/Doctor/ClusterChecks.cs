using System.Collections.Immutable;
using PgMahout.Agent.Home;
using PgMahout.Configuring;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Diagnosis;
using PgMahout.Errors;
using PgMahout.Postgres;
using PgMahout.Postgres.Files;
using PgMahout.Processes;
using PgMahout.Status;

namespace PgMahout.Doctor;

/// <summary>What keeps the cluster: its store, its processes, its passwords.</summary>
internal sealed class ClusterChecks(HomeLayout home)
{
    private const string Subject = "cluster";

    /// <summary>The members as the store knows them, else as the home's directories tell of them.</summary>
    public ImmutableArray<MemberSpec> Members { get; private set; } = HomeMembers.In(home);

    public async Task<CheckResult> StoreAsync(CancellationToken cancellation)
    {
        var opened = await ClusterAccess.OpenAsync(home, cancellation);
        if (!opened.TryGet(out var cluster, out var failure))
            return new CheckResult(CheckKind.Store, Subject, CheckVerdict.Broken, failure.What)
                .Seen([.. failure.Facts.Select(fact => fact.Text)]).Try([.. failure.Next]);
        await using var closing = cluster;
        Members = cluster.Spec.Members;
        return new CheckResult(
            CheckKind.Store, Subject, CheckVerdict.Ok,
            $"{home.StoreFile} is read; {(cluster.Leader is { } leader ? $"{leader} leads" : "nobody leads")}");
    }

    public async Task<IEnumerable<CheckResult>> KeepersAsync(CancellationToken cancellation)
    {
        await using var observer = new StatusObserver(home, StatusObserver.Patient);
        var status = await observer.ObserveAsync(cancellation);
        var supervisor = SupervisorProcess.Find(home) is { } pid
            ? new CheckResult(CheckKind.Keepers, Subject, CheckVerdict.Ok, $"the supervisor is process {pid}")
            : File.Exists(home.HostFile)
            ? new CheckResult(CheckKind.Keepers, Subject, CheckVerdict.Ok, "systemd keeps the processes of each host")
            : new CheckResult(CheckKind.Keepers, Subject, CheckVerdict.Warning, "no supervisor restarts dead agents")
                .Try("pgmahout up");
        return status.Members.Where(member => member.AgentPid is null)
            .Select(member => new CheckResult(
                CheckKind.Keepers, member.Name.Text, CheckVerdict.Warning, $"its agent does not answer: {member.Note}")
                .Try("pgmahout up", $"pgmahout logs {member.Name}"))
            .Prepend(supervisor)
            .Concat(OfAddress(status.Address));
    }

    private static IEnumerable<CheckResult> OfAddress(AddressStatus? address)
    {
        if (address is null)
            return [];
        ImmutableArray<Notice> notices = [.. address.Notices];
        return notices.IsEmpty
            ? [new CheckResult(CheckKind.VirtualAddress, Subject, CheckVerdict.Ok, address.Line)]
            : notices.Select(notice => new CheckResult(
                CheckKind.VirtualAddress, Subject,
                address.IsWithLeader ? CheckVerdict.Warning : CheckVerdict.Broken, notice.Text).Try(notice.Next));
    }

    public CheckResult Passwords() => ReadSecrets() is not null
        ? new CheckResult(CheckKind.Passwords, Subject, CheckVerdict.Ok, "the cluster's own can be read")
        : new CheckResult(CheckKind.Passwords, Subject, CheckVerdict.Broken, "the cluster's own cannot be read")
            .Seen(home.SecretsDirectory).Try($"ls -la {home.SecretsDirectory}");

    public IEnumerable<Patient> Patients()
    {
        var password = ReadSecrets()?.SuperuserPassword ?? "";
        foreach (var member in Members)
            yield return new Patient(
                member.Name.Text, home.DataDirectory(member.Name),
                [.. LogsOf(member)], member.Host, member.Port > 0 ? member.Port : null,
                member.Port > 0 ? new MemberServer(member, password) : null)
            {
                IsManaged = true,
            };
    }

    /// <summary>Links of the members' data directories on this machine that lead to the same place.</summary>
    public static CheckResult Tablespaces(IEnumerable<Patient> patients)
    {
        var shared = patients
            .SelectMany(patient => Links(patient).Select(place => (patient.Name, Place: place)))
            .GroupBy(one => one.Place)
            .Where(place => place.Count() > 1)
            .ToArray();
        return shared.Length == 0
            ? new CheckResult(CheckKind.Tablespaces, Subject, CheckVerdict.Ok, "none has two of the members' files")
            : new CheckResult(
                CheckKind.Tablespaces, Subject, CheckVerdict.Broken,
                "members on this machine write the same files in a tablespace")
                .Seen([.. shared.Select(place => $"{place.Key}: {string.Join(", ", place.Select(one => one.Name))}")])
                .Try("psql -c 'ALTER TABLE ... SET TABLESPACE pg_default'", "psql -c 'DROP TABLESPACE ...'",
                    "pgmahout explain " + ErrorCatalogue.TablespaceShared.Code);
    }

    private static IEnumerable<string> Links(Patient patient)
    {
        var links = new DirectoryInfo(patient.File(DataPath.Tablespaces));
        return links.Exists ? links.EnumerateFileSystemInfos().Select(link => link.LinkTarget).OfType<string>() : [];
    }

    // Made where they are missing by whoever else reads them; here nothing is made.
    private ClusterSecrets? ReadSecrets() =>
        File.Exists(home.PassFile)
        && SecretFiles.LoadOrCreate(home.SecretsDirectory) is Outcome<ClusterSecrets>.Done { Value: var secrets }
            ? secrets
            : null;

    private IEnumerable<string> LogsOf(MemberSpec member)
    {
        var directory = Path.Combine(home.MemberDirectory(member.Name), "log");
        if (Directory.Exists(directory)
            && Directory.EnumerateFiles(directory).MaxBy(File.GetLastWriteTimeUtc) is { } newest)
            yield return newest;
        // What it says after the collector last took over is later than all that the collector wrote.
        if (File.Exists(home.StartLog(member.Name)))
            yield return home.StartLog(member.Name);
    }
}
