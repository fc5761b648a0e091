using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using static PgMahout.Core.Tuning.MemoryText;

namespace PgMahout.Core.Tuning;

/// <summary>
/// What one member would take if everything that its settings allow happened at once. A query may sort more than once,
/// so the bound is not hard; but what goes beyond it in the ordinary course of a busy day is found here, and not by the
/// kernel's out-of-memory killer.
/// </summary>
/// <param name="Shared"><c>shared_buffers</c> and <c>wal_buffers</c>.</param>
/// <param name="Connections">What the processes themselves take, one for each connection.</param>
/// <param name="Work">One sort in each connection and each parallel worker.</param>
/// <param name="Maintenance">All autovacuum workers, and one operator's index.</param>
/// <param name="Keepers">The agent and the guard.</param>
public sealed record MemoryEnvelope(
    ByteSize Shared, ByteSize Connections, ByteSize Work, ByteSize Maintenance, ByteSize Keepers)
{
    /// <summary>A backend's own memory beside what it sorts in: catalog caches, plans, stacks.</summary>
    public const long KilobytesPerConnection = 2 * KilobytesPerMegabyte;

    /// <summary>Measured as the proportional share of an agent and a guard: 55 and 11 MB.</summary>
    private const long KeepersKilobytes = 66 * KilobytesPerMegabyte;

    private const int DefaultParallelWorkers = 8;
    private const int DefaultAutovacuumWorkers = 3;

    public ByteSize Total =>
        new(Shared.Bytes + Connections.Bytes + Work.Bytes + Maintenance.Bytes + Keepers.Bytes);

    /// <summary>The rest is the kernel's: page tables, sockets, a little cache.</summary>
    public static ByteSize Budget(Machine part) => new(part.Memory.Bytes / 10 * 9);

    public bool Fits(Machine part) => Total <= Budget(part);

    /// <param name="settings">Holds at least what the classic formula sets.</param>
    public static MemoryEnvelope Of(ImmutableArray<TuningSetting> settings)
    {
        var values = settings.ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal);
        var connections = Count(values, "max_connections", 0);
        var workers = Count(values, "max_parallel_workers", DefaultParallelWorkers);
        var maintenance = Memory(values, "maintenance_work_mem") ?? 0;
        var vacuum = Memory(values, "autovacuum_work_mem") ?? maintenance;
        return new MemoryEnvelope(
            ByteSize.Kilobytes((Memory(values, "shared_buffers") ?? 0) + (Memory(values, "wal_buffers") ?? 0)),
            ByteSize.Kilobytes(connections * KilobytesPerConnection),
            ByteSize.Kilobytes((connections + workers) * (Memory(values, "work_mem") ?? 0)),
            ByteSize.Kilobytes(
                vacuum * Count(values, "autovacuum_max_workers", DefaultAutovacuumWorkers) + maintenance),
            ByteSize.Kilobytes(KeepersKilobytes));
    }

    private static long Count(Dictionary<string, string> values, string name, int otherwise) =>
        values.TryGetValue(name, out var value) ? long.Parse(value, null) : otherwise;

    private static long? Memory(Dictionary<string, string> values, string name) =>
        values.TryGetValue(name, out var value) ? Kilobytes(value) : null;
}
