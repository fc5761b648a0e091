using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Tuning;

/// <summary>
/// The settings with which every member of a cluster starts: the classic formula for a member's part of the machine,
/// then the rules without which those numbers do not suit a cluster. All members get the same values, because a standby
/// that allows less than its primary refuses to run. What replication needs (<c>wal_level</c>, senders, slots) is never
/// tuned: it belongs to the instance's own settings.
/// </summary>
/// <param name="Part">What of the machine one member was given.</param>
public sealed record TuningPlan(Machine Part, ImmutableArray<TuningSetting> Settings)
{
    private const int DefaultConnections = 100;
    private const int DefaultWorkers = 8;
    private const long DefaultWorkMemoryKilobytes = 4 << 10;
    private const int PartsOfFreeDisk = 8;
    private const long SegmentKilobytes = 16 << 10;

    // Two segments are PostgreSQL's least; eight leave a checkpoint the time to finish.
    private const long LeastWalKilobytes = 8 * SegmentKilobytes;

    /// <param name="members">Members on this machine, at least 1: they share it in equal parts.</param>
    /// <param name="connections">The wanted <c>max_connections</c>; null for PostgreSQL's default.</param>
    public static TuningPlan ForMembers(int members, Machine machine, WorkloadType workload, int? connections = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(members, 1);
        var part = PartOf(machine, members);
        var clients = connections ?? DefaultConnections;
        var settings = ClassicTuning.For(part, workload, clients);
        var planned = settings.Select(setting => setting.Name switch
        {
            "max_connections" => connections is null ? UnaskedConnections(setting) : setting,
            "max_worker_processes" => AtLeastDefaultWorkers(setting, part),
            "work_mem" => AtLeastDefaultWorkMemory(setting, ClassicTuning.WorkMemory(part, workload, clients)),
            "min_wal_size" => BoundedByDisk(setting, part, ClassicTuning.WalSizes(workload).Minimum, share: 4),
            "max_wal_size" => BoundedByDisk(setting, part, ClassicTuning.WalSizes(workload).Maximum, share: 1),
            _ => setting,
        });
        return new TuningPlan(part, [.. planned]);
    }

    /// <summary>What goes into the configuration file.</summary>
    public ImmutableSortedDictionary<string, string> Values =>
        Settings.ToImmutableSortedDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal);

    /// <summary>Memory in whole 16 MB, so that the values made from it are numbers a person can read.</summary>
    private static Machine PartOf(Machine machine, int members) => new(
        new ByteSize(machine.Memory.Bytes / members & ~((16L << 20) - 1)),
        Math.Max(1, machine.Processors / members),
        machine.Storage,
        machine.FreeDisk is { } free ? new ByteSize(free.Bytes / members) : null);

    private static TuningSetting UnaskedConnections(TuningSetting classic) => classic with
    {
        Rule = TuningRule.DefaultConnections,
        Reason = "PostgreSQL's default; every connection above it costs memory on every member",
    };

    private static TuningSetting AtLeastDefaultWorkers(TuningSetting classic, Machine part) =>
        part.Processors >= DefaultWorkers ? classic : classic with
        {
            Value = ClassicTuning.Text(DefaultWorkers),
            Rule = TuningRule.KeepDefaultWorkers,
            Reason = $"PostgreSQL's default, so that no standby allows fewer; the classic formula says {classic.Value}",
        };

    private static TuningSetting AtLeastDefaultWorkMemory(TuningSetting classic, long kilobytes) =>
        kilobytes >= DefaultWorkMemoryKilobytes ? classic : classic with
        {
            Value = ClassicTuning.FormatMemory(DefaultWorkMemoryKilobytes),
            Rule = TuningRule.KeepDefaultWorkMemory,
            Reason = $"PostgreSQL's default; the classic formula says {classic.Value}",
        };

    private static TuningSetting BoundedByDisk(TuningSetting classic, Machine part, long kilobytes, int share)
    {
        if (part.FreeDisk is not { } free)
            return classic;
        var bound = Math.Max(LeastWalKilobytes, (free.Bytes >> 10) / PartsOfFreeDisk) / share;
        if (kilobytes <= bound)
            return classic;
        return classic with
        {
            Value = ClassicTuning.FormatMemory(bound / SegmentKilobytes * SegmentKilobytes),
            Rule = TuningRule.BoundWalByDisk,
            Reason = $"bounded by this member's {free} of free disk; the classic formula says {classic.Value}",
        };
    }
}
