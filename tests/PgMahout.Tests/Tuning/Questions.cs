using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Tests.Tuning;

/// <summary>Machines and workloads of every kind, from a seed: small, large, odd, and those with little disk.</summary>
internal static class Questions
{
    private static readonly int[] Processors = [1, 1, 2, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128];

    public static IEnumerable<TuningQuestion> Generate(ulong seed, int count, ServerFeatures server)
    {
        var random = new Prng(seed);
        for (var made = 0; made < count; made++)
            yield return One(random, server);
    }

    private static TuningQuestion One(Prng random, ServerFeatures server)
    {
        // Even over the orders of magnitude: from 512 MB to 1 TB.
        var megabytes = (long)(512 * Math.Pow(2, random.Between(0.0, 11.0)));
        var machine = new Machine(
            ByteSize.Megabytes(megabytes),
            Processors[random.Below(Processors.Length)],
            (StorageType)random.Below(Enum.GetValues<StorageType>().Length),
            random.Chance(0.7) ? ByteSize.Megabytes(random.Below(2_000_000)) : null,
            random.Chance(0.5) ? Pages(random) : null);
        return new TuningQuestion(machine, (WorkloadType)random.Below(Enum.GetValues<WorkloadType>().Length))
        {
            Members = 1 + random.Below(5),
            Connections = random.Chance(0.6) ? 10 + random.Below(random.Chance(0.2) ? 9990 : 990) : null,
            Size = (DatabaseSize)random.Below(3),
            Server = server,
        };
    }

    private static HugePages Pages(Prng random)
    {
        var total = random.Below(4096);
        return new HugePages(
            ByteSize.Megabytes(2), total, total == 0 ? 0 : random.Below(total),
            random.Chance(0.2) ? ByteSize.Megabytes(random.Below(1024)) : null);
    }
}
