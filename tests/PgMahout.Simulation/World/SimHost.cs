using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>One machine: a clock that drifts, a disk, and the processes on it.</summary>
internal sealed class SimHost(int index, double drift)
{
    private long _offset = 10_000_000_000;
    private int _freezes;

    public int Index { get; } = index;
    public bool Up { get; private set; } = true;
    public bool Frozen => _freezes > 0;
    public double DiskSlowness { get; set; } = 1;
    public bool DiskFull { get; set; }
    public bool DiskFilling { get; set; }

    /// <summary>Since this virtual time the disk has taken nothing; null when it works.</summary>
    public long? StuckSince { get; private set; }

    /// <summary>When it last came back from a freeze, in virtual time.</summary>
    public long ThawedAt { get; private set; } = long.MinValue / 2;

    public List<SimProcess> Processes { get; } = [];

    /// <summary>This host's boot-time clock at a moment of virtual time.</summary>
    public Instant Clock(long now) => new(_offset + (long)(now * (1 + drift)));

    /// <summary>
    /// How long, in virtual time, until this host's clock shows <paramref name="at"/>; zero when it is past.
    /// </summary>
    public long Until(Instant at, long now) =>
        Math.Max(0, (long)((at.Nanoseconds - Clock(now).Nanoseconds) / (1 + drift)) + 1);

    /// <summary>
    /// How long ago, in virtual time, this host's clock showed <paramref name="at"/>; zero when that is to come.
    /// </summary>
    public long Since(Instant at, long now) =>
        Math.Max(0, (long)((Clock(now).Nanoseconds - at.Nanoseconds) / (1 + drift)));

    /// <summary>Runs when what waits for the disk may go on.</summary>
    public Action? Unstuck { get; set; }

    public void Stick(long now) => StuckSince ??= now;

    public void Unstick()
    {
        StuckSince = null;
        var waiting = Unstuck;
        Unstuck = null;
        waiting?.Invoke();
    }

    public void PowerOff()
    {
        Up = false;
        Unstuck = null;
        _freezes = 0;
        foreach (var process in Processes)
            process.Kill();
    }

    /// <summary>The boot-time clock starts again; nothing counted before means anything now.</summary>
    public void Boot(long now)
    {
        Up = true;
        _offset = 1_000_000_000 - (long)(now * (1 + drift));
    }

    public void Freeze() => _freezes++;

    public void Thaw(SimWorld world)
    {
        if (_freezes > 0)
            _freezes--;
        ThawedAt = world.Now;
        foreach (var process in Processes)
            process.Resume(world);
    }
}
