using System.Collections.Immutable;
using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Tuning;

/// <summary>
/// Settings for the members of a cluster. All members get the same values of what a standby must have as much of as its
/// primary. What replication needs (<c>wal_level</c>, senders, slots) is never tuned: it belongs to the instance's own
/// settings.
/// </summary>
/// <param name="Part">What of the machine one member was given.</param>
/// <param name="Notices">What no setting can mend, as sentences for the operator.</param>
public sealed record TuningPlan(
    Machine Part, ImmutableArray<TuningSetting> Settings, ImmutableArray<string> Notices)
{
    internal const int DefaultConnections = 100;
    private const int FewestConnections = 20;
    private const long BytesPerConnection = 12 << 20;
    private const long LeastForHugePages = 2 * MemoryText.KilobytesPerGigabyte;

    /// <summary>What a member starts with when nothing was looked at but the machine: it suits every version.</summary>
    /// <param name="members">Members on this machine, at least 1: they share it in equal parts.</param>
    /// <param name="connections">The wanted <c>max_connections</c>; null for what the memory allows.</param>
    public static TuningPlan ForMembers(int members, Machine machine, WorkloadType workload, int? connections = null) =>
        For(TuningRules.Pgmahout, new TuningQuestion(machine, workload)
        {
            Members = members,
            Connections = connections,
        });

    public static TuningPlan For(TuningRules rules, TuningQuestion question)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(question.Members, 1);
        var part = question.Members == 1 && rules != TuningRules.Pgmahout
            ? question.Machine
            : PartOf(question.Machine, question.Members);
        return rules switch
        {
            TuningRules.Pgmahout => Improved(question, part),
            TuningRules.Classic => new TuningPlan(
                part, ClassicTuning.For(part, question.Workload, question.Connections), []),
            TuningRules.Pgtune => new TuningPlan(
                part, PgtuneTuning.For(question with { Machine = part }, question.Server.Major), []),
        };
    }

    /// <summary>
    /// For members on several machines, one question for each machine: what must be equal is the largest that any of
    /// them suggests.
    /// </summary>
    public static ImmutableArray<TuningPlan> ForCluster(TuningRules rules, ImmutableArray<TuningQuestion> machines)
    {
        var plans = machines.Select(question => For(rules, question)).ToImmutableArray();
        var largest = plans.SelectMany(plan => plan.Settings)
            .Where(setting => ServerSettings.Shared.Contains(setting.Name))
            .GroupBy(setting => setting.Name, StringComparer.Ordinal)
            .ToImmutableSortedDictionary(group => group.Key, group => group.MaxBy(Number)!, StringComparer.Ordinal);
        return [.. plans.Select(plan => plan.WithAtLeast(largest))];
    }

    /// <summary>What goes into the configuration file.</summary>
    public ImmutableSortedDictionary<string, string> Values =>
        Settings.ToImmutableSortedDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal);

    private static TuningPlan Improved(TuningQuestion question, Machine part)
    {
        var fitting = Math.Clamp(part.Memory.Bytes / BytesPerConnection, FewestConnections, DefaultConnections);
        var clients = question.Connections ?? (int)fitting;
        var classic = ClassicTuning.For(part, question.Workload, clients);
        var draft = Improvements.All.Aggregate(
            new TuningDraft(question, part, clients, classic), (draft, improve) => improve(draft));
        return new TuningPlan(part, draft.Settings, [.. NoticesFor(draft)]);
    }

    private static IEnumerable<string> NoticesFor(TuningDraft draft)
    {
        var envelope = MemoryEnvelope.Of(draft.Settings);
        if (!envelope.Fits(draft.Part))
            yield return $"{draft.Clients} connections do not fit: busy, they and the server would take "
                + $"{envelope.Total} of {MemoryEnvelope.Budget(draft.Part)}; ask for fewer, with a pooler before them";
        var shared = draft.Memory("shared_buffers");
        if (shared >= LeastForHugePages && draft.Part.HugePages is { Free: 0 } pages
            && draft.Find("huge_pages")!.Value == "try")
        {
            var wanted = (shared * 1024 / pages.PageSize.Bytes * 105 / 100 + 1) * draft.Question.Members;
            yield return $"huge pages would save page tables for {MemoryText.Of(shared)} of shared_buffers: "
                + $"sysctl vm.nr_hugepages={wanted}";
        }
    }

    private TuningPlan WithAtLeast(ImmutableSortedDictionary<string, TuningSetting> largest) => this with
    {
        Settings =
        [
            .. Settings.Select(own =>
                largest.TryGetValue(own.Name, out var other) && Number(other) > Number(own)
                    ? Same(other, own.Value)
                    : own),
            .. largest.Values.Where(other => Settings.All(own => own.Name != other.Name))
                .OrderBy(other => other.Name, StringComparer.Ordinal)
                .Select(other => Same(other, "nothing")),
        ],
    };

    private static TuningSetting Same(TuningSetting other, string own) => other with
    {
        Rule = TuningRule.SameOnEveryMember,
        Reason = $"another member's machine suggests {other.Value}, this one {own}; a standby must not allow less",
    };

    private static long Number(TuningSetting setting) => long.Parse(setting.Value, CultureInfo.InvariantCulture);

    /// <summary>Memory in whole 16 MB, so that the values made from it are numbers a person can read.</summary>
    private static Machine PartOf(Machine machine, int members) => machine with
    {
        Memory = new ByteSize(machine.Memory.Bytes / members & ~((16L << 20) - 1)),
        Processors = Math.Max(1, machine.Processors / members),
        FreeDisk = machine.FreeDisk is { } free ? new ByteSize(free.Bytes / members) : null,
        HugePages = machine.HugePages is { } pages ? pages with { Free = pages.Free / members } : null,
    };
}
