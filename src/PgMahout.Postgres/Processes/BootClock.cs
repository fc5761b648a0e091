using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Processes;

/// <summary>
/// CLOCK_BOOTTIME: monotonic, the same for every process of this host, and it counts on while the host is suspended.
/// </summary>
public static class BootClock
{
    /// <summary>Differs after every boot, so that instants kept on disk are known to be void.</summary>
    public static string BootId { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public static Instant Now()
    {
        if (LibC.ClockGetTime(LibC.ClockBootTime, out var time) != 0)
            throw new PlatformNotSupportedException("the kernel has no CLOCK_BOOTTIME");
        return new Instant(time.Seconds * 1_000_000_000 + time.Nanoseconds);
    }
}
