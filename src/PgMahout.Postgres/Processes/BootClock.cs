using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Processes;

/// <summary>CLOCK_BOOTTIME: monotonic, the same for every process of this host, and it counts on while the host is suspended.</summary>
public static class BootClock
{
    /// <summary>Differs after every boot, so that instants kept on disk are known to be void.</summary>
    public static string BootId { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public static Instant Now() => throw new NotImplementedException();
}
