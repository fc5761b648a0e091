using System.Globalization;
using PgMahout.Core.Diagnosis;
using PgMahout.Errors;
using PgMahout.Starting;

namespace PgMahout.Doctor;

/// <summary>The machine itself: programs, limits, kernel.</summary>
internal static class MachineChecks
{
    private const string Subject = "machine";
    private const long FewestFiles = 4096;
    private const string HugePages = "/sys/kernel/mm/transparent_hugepage/enabled";

    public static IEnumerable<CheckResult> Run(Attempt<Host> host)
    {
        yield return Programs(host);
        yield return OpenFiles();
        yield return Overcommit();
        yield return Swapping();
        yield return TransparentHugePages();
        yield return Semaphores();
        yield return new CheckResult(
            CheckKind.Clock, Subject, CheckVerdict.Ok, "all members are on this machine and share its clock");
    }

    private static CheckResult Programs(Attempt<Host> host) => host.TryGet(out var found, out var failure)
        ? new CheckResult(
            CheckKind.Programs, Subject, CheckVerdict.Ok,
            $"PostgreSQL {found.Binaries.Version} in {found.Binaries.Directory}, run as {found.Account.Name}")
        : new CheckResult(CheckKind.Programs, Subject, CheckVerdict.Broken, failure.What)
            .Seen([.. failure.Facts.Select(fact => fact.Text)]).Try([.. failure.Next]);

    private static CheckResult OpenFiles()
    {
        var line = File.ReadLines("/proc/self/limits")
            .FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) ?? "";
        var soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(3) ?? "";
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var files)
            && files < FewestFiles
            ? new CheckResult(CheckKind.Limits, Subject, CheckVerdict.Warning, $"a process may open only {files} files")
                .Try("ulimit -n 65536", "echo 'postgres - nofile 65536' >> /etc/security/limits.conf")
            : new CheckResult(CheckKind.Limits, Subject, CheckVerdict.Ok, $"{soft} open files");
    }

    private static CheckResult Overcommit() => Read("/proc/sys/vm/overcommit_memory") switch
    {
        null => Unknown("vm.overcommit_memory cannot be read"),
        "2" => Kernel(CheckVerdict.Ok, "vm.overcommit_memory = 2: memory runs out as an error, not by the OOM killer"),
        var other => Kernel(
            CheckVerdict.Ok, $"vm.overcommit_memory = {other}: the OOM killer may end a server; 2 is safer on a "
            + "host of its own"),
    };

    private static CheckResult Swapping() => Read("/proc/sys/vm/swappiness") switch
    {
        null => Unknown("vm.swappiness cannot be read"),
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value > 60 =>
            Kernel(CheckVerdict.Warning, $"vm.swappiness = {value}: the kernel swaps servers out early")
                .Try("sysctl -w vm.swappiness=10"),
        var text => Kernel(CheckVerdict.Ok, $"vm.swappiness = {text}"),
    };

    // Advice differs by workload, so it is shown and never a warning by itself.
    private static CheckResult TransparentHugePages() => Read(HugePages) is { } text
        ? Kernel(CheckVerdict.Ok, $"transparent huge pages: {text}")
        : Unknown($"{HugePages} cannot be read");

    private static CheckResult Semaphores()
    {
        var numbers = Read("/proc/sys/kernel/sem")?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (numbers is not { Length: 4 } || !int.TryParse(numbers[0], out var perSet) || !int.TryParse(
            numbers[3], out var sets))
            return Unknown("kernel.sem cannot be read");
        return perSet < 17 || sets < 100
            ? Kernel(
                CheckVerdict.Warning, $"kernel.sem = {string.Join(' ', numbers)}: a server takes sets of 17 or more")
                .Try("sysctl -w kernel.sem='250 32000 100 1024'")
            : Kernel(CheckVerdict.Ok, $"kernel.sem = {string.Join(' ', numbers)}");
    }

    private static CheckResult Kernel(CheckVerdict verdict, string text) =>
        new(CheckKind.Kernel, Subject, verdict, text);

    private static CheckResult Unknown(string text) => Kernel(CheckVerdict.Unknown, text);

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
