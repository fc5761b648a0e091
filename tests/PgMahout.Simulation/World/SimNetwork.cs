namespace PgMahout.Simulation.World;

/// <summary>
/// Who can reach whom, one direction at a time, and how long it takes. The store is the endpoint after the last host.
/// </summary>
internal sealed class SimNetwork(SimWorld world, int hosts, double typicalMilliseconds)
{
    private readonly int[] _cuts = new int[(hosts + 1) * (hosts + 1)];

    public int Store { get; } = hosts;

    public double Slowness { get; set; } = 1;

    /// <summary>
    /// Virtual nanoseconds for one message; now and then, unless the world is calm, one takes much longer.
    /// </summary>
    public long Latency() =>
        (long)(typicalMilliseconds * Slowness * world.Chance.Between(0.5, Worst()) * 1e6);

    private double Worst() => !world.Calm && world.Chance.Chance(0.02) ? 20 : 1.5;

    public bool Reaches(int from, int to) => from == to || _cuts[from * (Store + 1) + to] == 0;

    public void Cut(int from, int to) => _cuts[from * (Store + 1) + to]++;

    public void Mend(int from, int to) => _cuts[from * (Store + 1) + to]--;
}
