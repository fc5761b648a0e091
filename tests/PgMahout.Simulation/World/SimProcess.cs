namespace PgMahout.Simulation.World;

/// <summary>
/// A process, or a group that lives and dies together, on one host. What it planned is dropped when it dies, and waits
/// while it or its host is frozen: the kernel keeps what arrives meanwhile.
/// </summary>
internal sealed class SimProcess(SimHost host)
{
    private readonly List<Action> _waiting = [];
    private int _freezes;

    public SimHost Host { get; } = host;

    /// <summary>Changes with every death.</summary>
    public int Life { get; private set; }

    public bool Alive { get; private set; }

    public bool Frozen => _freezes > 0 || Host.Frozen;

    /// <summary>It runs and gets processor time.</summary>
    public bool Active => Alive && !Frozen;

    public void Start() => Alive = true;

    /// <summary>A frozen process can be killed; whatever starts in its place is not frozen.</summary>
    public void Kill()
    {
        Alive = false;
        Life++;
        _freezes = 0;
        _waiting.Clear();
    }

    public void Freeze() => _freezes++;

    public void Thaw(SimWorld world)
    {
        if (_freezes > 0)
            _freezes--;
        Resume(world);
    }

    public void Defer(Action run) => _waiting.Add(run);

    /// <summary>
    /// Everything that waited happens now, in its order, a moment after the processes of the host woke in any order.
    /// </summary>
    public void Resume(SimWorld world)
    {
        if (Frozen || _waiting.Count == 0)
            return;
        var wokenAfter = world.Milliseconds(0.01, 8);
        foreach (var run in _waiting)
            world.After(wokenAfter, this, run);
        _waiting.Clear();
    }
}
