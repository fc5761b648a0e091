using PgMahout.Core.Vocabulary;

namespace PgMahout.Simulation.World;

/// <summary>
/// The process that is the postmaster's parent. It outlives the agent, and kills every process of the data directory
/// when its host's clock passes the deadline that the agent wrote last. It stops only with its whole host.
/// </summary>
internal sealed class SimGuard(SimWorld world, SimPostgres postgres)
{
    private bool _watching;

    public SimProcess Process { get; } = new(postgres.Host);

    /// <summary>Never while the server is a standby: nothing that a standby does needs the lease.</summary>
    public Instant Deadline { get; private set; } = Instant.Never;

    public void Start()
    {
        Process.Kill();
        Process.Start();
        _watching = false;
        Deadline = Instant.Never;
    }

    /// <summary>Moves the deadline; a memory-mapped file, so that this needs nobody's cooperation.</summary>
    public void Arm(Instant deadline)
    {
        Deadline = deadline;
        if (!_watching && Process.Alive)
            Watch();
    }

    /// <summary>Nothing is demanded of it any more: what runs here follows.</summary>
    public void Disarm() => Deadline = Instant.Never;

    private void Watch()
    {
        _watching = true;
        var late = world.Knobs.FenceLateTtls * SimWorld.Nanoseconds(world.Spec.Timing.Ttl);
        var wait = postgres.Host.Until(Deadline, world.Now) + (long)late + world.Milliseconds(0.1, 5);
        world.After(wait, Process, () =>
        {
            _watching = false;
            if (Deadline == Instant.Never || !postgres.HasProcesses)
                return;
            if (postgres.Host.Clock(world.Now) < Deadline)
                Watch();
            else if (!world.Knobs.NoGuard)
                Fence();
        });
    }

    private void Fence()
    {
        world.Note(postgres.Index, "guard", "deadline passed: kills every process");
        postgres.KillAll();
    }
}
