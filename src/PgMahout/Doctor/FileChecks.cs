using System.Globalization;
using PgMahout.Core.Access;
using PgMahout.Core.Diagnosis;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Validation;
using PgMahout.Processes;
using PgMahout.Starting;

namespace PgMahout.Doctor;

/// <summary>What can be seen of a server without asking it; changes nothing.</summary>
internal sealed class FileChecks(Patient patient, (PostgresBinaries Binaries, ServerAccount Account)? host)
{
    private const int MostLines = 4000;
    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(1.5);

    public Task<CheckResult> DirectoryAsync()
    {
        if (!Directory.Exists(patient.DataDirectory))
            return Found(CheckKind.Directory, CheckVerdict.Broken, $"{patient.DataDirectory} is not there")
                .With("findmnt", patient.IsManaged ? $"pgmahout member reinit {patient.Name}" : "");
        var mode = File.GetUnixFileMode(patient.DataDirectory);
        const UnixFileMode Forbidden = UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite
            | UnixFileMode.OtherExecute;
        if ((mode & Forbidden) != 0)
            return Found(
                CheckKind.Directory, CheckVerdict.Broken,
                $"others may enter the data directory (mode {Convert.ToString((int)mode, 8)}): PostgreSQL does not "
                    + $"start")
                .With($"chmod 0700 {patient.DataDirectory}");
        if (WrongOwner() is { } wrong)
            return wrong;
        var version = LogTail.Of(patient.File("PG_VERSION"), 1);
        if (version is null)
            return Found(CheckKind.Directory, CheckVerdict.Broken, "PG_VERSION is missing: this is no data directory")
                .With($"ls -la {patient.DataDirectory}");
        return host is { Binaries.Major: var major } && version != major.ToString(CultureInfo.InvariantCulture)
            ? Found(CheckKind.Directory, CheckVerdict.Broken, $"the data are of {version}, the programs of {major}")
                .With($"apt-get install postgresql-{version}")
            : Found(CheckKind.Directory, CheckVerdict.Ok, $"{patient.DataDirectory}, of version {version}");
    }

    /// <summary>A server that is not ours may run as anybody but root.</summary>
    private Task<CheckResult>? WrongOwner()
    {
        if (host is not { Account: var account } || ServerAccount.OwnerOf(patient.DataDirectory) is not { } owner)
            return null;
        if (patient.IsManaged ? owner == account.Uid : owner != 0)
            return null;
        return Found(
            CheckKind.Directory, CheckVerdict.Broken,
            $"the data directory belongs to uid {owner}, and the server would run as {account.Name} (uid "
                + $"{account.Uid}): PostgreSQL does not start")
            .With($"chown -R {account.Name} {patient.DataDirectory}");
    }

    public Task<CheckResult> LockFileAsync()
    {
        if (patient.LockedBy is not { } pid)
            return Found(CheckKind.LockFile, CheckVerdict.Ok, "there is none: no server runs");
        return Patient.NameOf(pid) switch
        {
            "postgres" or "postmaster" => Found(CheckKind.LockFile, CheckVerdict.Ok, $"process {pid} is its server"),
            null => Found(
                CheckKind.LockFile, CheckVerdict.Warning,
                $"it is stale: there is no process {pid}. A start removes it by itself."),
            var other => Found(
                CheckKind.LockFile, CheckVerdict.Broken,
                $"it is stale: process {pid} is {other}, no server. PostgreSQL may take it for one and not start.")
                .With($"rm {patient.File("postmaster.pid")}"),
        };
    }

    public Task<CheckResult> PortAsync()
    {
        if (patient.Port is not { } port)
            return Found(CheckKind.Port, CheckVerdict.Unknown, "its port is not known while it does not run");
        var ports = ListeningPorts.Read();
        if (!ports.IsTaken(port))
            return Found(
                CheckKind.Port, patient.IsRunning ? CheckVerdict.Warning : CheckVerdict.Ok,
                patient.IsRunning ? $"the server runs, and nothing listens on {port}" : $"{port} is free");
        var owner = PortOwner.Of(ports.Inodes[port]);
        return patient.IsRunning || owner is null
            ? Found(CheckKind.Port, CheckVerdict.Ok, $"{port} is taken by {owner ?? "a process"}")
            : Found(CheckKind.Port, CheckVerdict.Broken, $"{port} is taken by {owner}, and this server needs it")
                .With($"ss -ltnp 'sport = :{port}'");
    }

    /// <summary>Of a stopped server; a running one is asked itself.</summary>
    public async Task<CheckResult> SettingsAsync(CancellationToken cancellation)
    {
        if (host is not { } programs)
            return Result(CheckKind.Settings, CheckVerdict.Unknown, "there is no program postgres to read them");
        var complaint = await SettingsProbe.ComplaintAsync(
            programs, patient.DataDirectory, ToolLimit, cancellation);
        if (complaint.IsEmpty)
            return Result(CheckKind.Settings, CheckVerdict.Ok, "a server would take them");
        var failure = ServerLog.LastFailure(complaint, await ReadingAsync(cancellation));
        return Result(CheckKind.Settings, CheckVerdict.Broken, failure?.What ?? "a server would not start with them")
            .Seen([.. failure?.Evidence ?? complaint]).Try([.. failure?.Fixes ?? []]);
    }

    /// <summary>Read by our own parser, which needs no server.</summary>
    public Task<CheckResult> AccessRulesAsync()
    {
        var path = patient.File("pg_hba.conf");
        if (!File.Exists(path))
            return Found(CheckKind.AccessRules, CheckVerdict.Broken, $"{path} is missing, and no server starts without")
                .With(patient.IsManaged ? "pgmahout up" : $"ls -l {patient.DataDirectory}");
        var file = HbaFile.Parse(File.ReadAllText(path), new HbaDialect(host?.Binaries.Major ?? 15));
        if (file.Errors.FirstOrDefault() is { } error)
            return Task.FromResult(Result(
                CheckKind.AccessRules, CheckVerdict.Broken,
                $"PostgreSQL refuses the whole of {path} because of {error}")
                .Seen([.. file.Errors.Select(one => one.ToString())])
                .Try($"vi +{error.Line} {path}"));
        if (file.WordFiles.FirstOrDefault(word => !Path.Exists(patient.File(word.Text[1..]))) is { } missing)
            return Found(
                CheckKind.AccessRules, CheckVerdict.Broken, $"line {missing.Line} names a file that is missing: "
                    + $"{missing}")
                .With($"vi +{missing.Line} {path}");
        var leftOut = File.ReadLines(path).Where(line => line.StartsWith("# left out: line", StringComparison.Ordinal));
        if (leftOut.FirstOrDefault() is { } line)
            return Task.FromResult(Result(
                CheckKind.AccessRules, CheckVerdict.Warning, "lines of pg_hba.local.conf are left out")
                .Seen(line).Try($"vi {patient.File("pg_hba.local.conf")}"));
        var dangers = HbaReview.Of(file, tls: null).Where(advice => advice.Weight == AdviceWeight.Danger).ToArray();
        return Task.FromResult(dangers.Length == 0
            ? Result(CheckKind.AccessRules, CheckVerdict.Ok, $"{file.Rules.Length} rules, all of them right")
            : Result(
                CheckKind.AccessRules, CheckVerdict.Warning,
                string.Join(' ', dangers.Select(danger => $"Line {danger.Line}: {danger.Text}")))
                .Try(patient.IsManaged ? "pgmahout hba list" : $"vi +{dangers[0].Line} {path}"));
    }

    public async Task<CheckResult> LastFailureAsync(CancellationToken cancellation)
    {
        var lines = patient.Logs.Select(log => LogTail.Of(log, MostLines)).OfType<string>()
            .SelectMany(text => SinceHandedOver(text.Split('\n'))).ToArray();
        if (lines.Length == 0)
            return Result(
                CheckKind.LastFailure, patient.IsRunning ? CheckVerdict.Ok : CheckVerdict.Unknown,
                "no log was found: name it with --log FILE");
        if (ServerLog.LastFailure(lines, await ReadingAsync(cancellation)) is not { } failure)
            return Result(CheckKind.LastFailure, CheckVerdict.Ok, "its log tells of none");
        return Result(
            CheckKind.LastFailure, patient.IsRunning ? CheckVerdict.Warning : CheckVerdict.Broken, failure.What)
            .Seen([.. failure.Evidence]).Try([.. failure.Fixes]);
    }

    public Task<CheckResult> DiskSpaceAsync()
    {
        var drive = new DriveInfo(HostMachine.NearestExisting(patient.DataDirectory));
        var (free, total) = (new ByteSize(drive.AvailableFreeSpace), new ByteSize(drive.TotalSize));
        var verdict = free.Bytes * 50 < total.Bytes ? CheckVerdict.Broken
            : free.Bytes * 10 < total.Bytes ? CheckVerdict.Warning
            : CheckVerdict.Ok;
        var found = Found(CheckKind.DiskSpace, verdict, $"{free} of {total} are free on {drive.Name}");
        return verdict == CheckVerdict.Ok
            ? found
            : found.With($"du -xh --max-depth=2 {drive.Name} | sort -h | tail");
    }

    /// <summary>
    /// What is written before the collector takes over is appended to one file for ever: what comes before the last
    /// such moment belongs to a start that the collector's log tells of.
    /// </summary>
    private static IEnumerable<string> SinceHandedOver(string[] lines) => lines.Skip(1 + Array.FindLastIndex(
        lines, line => line.Contains("redirecting log output to logging collector", StringComparison.Ordinal)));

    private async Task<LogReading> ReadingAsync(CancellationToken cancellation)
    {
        var names = host is { } programs ? await SettingsProbe.NamesAsync(programs, ToolLimit, cancellation) : [];
        return new LogReading(host?.Binaries.Major ?? 15, patient.DataDirectory, names, ReadLine);
    }

    private static string? ReadLine(string file, int number)
    {
        try
        {
            return File.ReadLines(file).Skip(number - 1).FirstOrDefault();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private Task<CheckResult> Found(CheckKind kind, CheckVerdict verdict, string text) =>
        Task.FromResult(Result(kind, verdict, text));

    private CheckResult Result(CheckKind kind, CheckVerdict verdict, string text) =>
        new(kind, patient.Name, verdict, text);
}

/// <summary>Adds the way out to a finding that is there already.</summary>
internal static class Findings
{
    public static async Task<CheckResult> With(this Task<CheckResult> found, params string[] fixes) =>
        (await found).Try([.. fixes.Where(fix => fix.Length > 0)]);
}
