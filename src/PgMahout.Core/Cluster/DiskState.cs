using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Cluster;

/// <summary>The disks that a member's PostgreSQL writes its data and its WAL to.</summary>
/// <param name="Free">Left where less is left.</param>
/// <param name="Low">With less than this left, a leader is better somewhere else.</param>
/// <param name="Waited">
/// Since when nothing has been written: a write of the agent waits, and WAL does not move. Zero when none waits.
/// </param>
/// <param name="Refuses">Why nothing can be written there; null when it can, or nobody tried.</param>
public sealed record DiskState(ByteSize Free, ByteSize Low, TimeSpan Waited, string? Refuses)
{
    private static readonly ByteSize LeastLow = ByteSize.Megabytes(64);
    private static readonly ByteSize MostLow = ByteSize.Gigabytes(1);

    public static readonly DiskState Well = new(new ByteSize(long.MaxValue), LeastLow, TimeSpan.Zero, null);

    /// <summary>
    /// PostgreSQL ends when it cannot write WAL. What is kept is for the switchover, which writes a checkpoint first.
    /// </summary>
    public bool IsFilling => Refuses is not null || Free < Low;

    /// <summary>More than enough: who takes over here does not leave again for the same reason.</summary>
    public bool HasRoom => Refuses is null && Free.Bytes / 2 >= Low.Bytes;

    public bool IsStuck(Timing timing) => Waited > timing.StuckLimit;

    public bool IsWell(Timing timing) => !IsFilling && !IsStuck(timing);

    /// <summary>A twentieth of a disk of this size, and neither less than 64 MB nor more than 1 GB.</summary>
    public static ByteSize LowOf(ByteSize size) =>
        new(Math.Clamp(size.Bytes / 20, LeastLow.Bytes, MostLow.Bytes));

    /// <summary>As a clause: <c>its disk …</c>.</summary>
    public string Complaint(Timing timing) =>
        Refuses is not null ? $"cannot be written to: {Refuses}"
        : IsStuck(timing) ? $"has written nothing for {Waited.TotalSeconds:F0} s"
        : $"has only {Free} left";
}
