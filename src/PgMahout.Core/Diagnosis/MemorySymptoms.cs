using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>Memory, semaphores, and space that the machine does not have.</summary>
internal static class MemorySymptoms
{
    public static readonly ImmutableArray<Symptom> All =
    [
        new("semaphores", SymptomEnd.Start, "could not create semaphores", _ => new Remedy(
            "The kernel's limit of semaphores is reached: the disk is not full, whatever the message says. Other "
            + "servers use them, or max_connections is very high.",
            "ipcs -u -s", "sysctl -w kernel.sem='250 32000 100 1024'")),
        new("dev-shm", SymptomEnd.Never, "could not resize shared memory segment \"[^\"]*\"", _ => new Remedy(
            "/dev/shm is too small for a parallel query. In a container it is 64 MB unless it was started with more.",
            "df -h /dev/shm", "mount -o remount,size=1G /dev/shm    (a container: docker run --shm-size=1g)")),
        new(
            "shared-memory",
            SymptomEnd.Start,
            "could not map anonymous shared memory: Cannot allocate memory",
            TooMuch),
        new("shared-memory", SymptomEnd.Start, "could not (create|attach to) shared memory segment",
            finding => new Remedy(
            "The kernel did not give the server its shared memory. " + finding.Note("HINT"),
            "sysctl kernel.shmmax kernel.shmall kernel.shmmni", "ipcs -m")),
        new("shared-memory-in-use", SymptomEnd.Start, "pre-existing shared memory block .* is still in "
            + "use", finding => new Remedy(
            "Processes of an earlier server are still alive in this data directory; a second server beside them would "
            + "destroy it.", $"fuser -v {finding.Reading.DataDirectory}", "pgmahout up")),
        new("disk-full", SymptomEnd.Never, @"(?<file>""[^""]*"")?.*No space left on device", finding => new Remedy(
            "The file system is full" + (finding["file"] is { Length: > 0 } file ? $" ({file})" : "")
            + ". Free some space; never delete anything in pg_wal by hand. WAL is often kept by a slot that nobody "
            + "reads or an archive_command that fails.",
            $"df -h {finding.Reading.DataDirectory}", $"du -sh {finding.Reading.DataDirectory}/* | sort -h | tail",
            "psql -c 'SELECT slot_name, active, wal_status FROM pg_replication_slots'")),
        new("killed", SymptomEnd.Never, @"(?<who>[\w ]*process) \(PID (?<pid>\d+)\) was terminated by signal "
            + @"9", finding =>
            new Remedy(
                $"A {finding["who"]} was killed by SIGKILL. PostgreSQL never does that to itself: it was the kernel, "
                + "because the machine ran out of memory, or somebody with kill -9. Every session was ended for it.",
                "dmesg -T | grep -i 'out of memory\\|oom-kill'", "sysctl -w vm.overcommit_memory=2")),
        new("out-of-memory", SymptomEnd.Never, "(FATAL|ERROR):  out of memory|could not fork", _ => new Remedy(
            "The machine or the control group has no memory left for another process or query.",
            "free -m", "pgmahout config get work_mem", "pgmahout config get max_connections")),
    ];

    private static Remedy TooMuch(Finding finding)
    {
        var bytes = finding.Also(@"currently (?<bytes>\d+) bytes").Groups["bytes"].Value;
        return new Remedy(
            $"The machine does not have the shared memory that is asked for{(bytes == "" ? "" : $" ({bytes} bytes)")}: "
            + "shared_buffers is most of it; with huge_pages = on it must fit into the huge pages that are reserved.",
            "free -m && grep -i huge /proc/meminfo", "pgmahout config set shared_buffers=128MB huge_pages=try",
            $"vi +/shared_buffers {finding.Reading.FileIn("postgresql.conf")}");
    }
}
