using System.Diagnostics;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation;

/// <summary>Many runs, one thread each, with what they have in common: counts.</summary>
internal sealed class Campaign(Func<ClusterView, Decision> policy, ShellKnobs knobs, Profile? profile = null)
{
    private const int FailuresKept = 5;
    private readonly Lock _gate = new();
    private readonly List<(Run Run, Violation Violation)> _failures = [];
    private long _next;

    public long Schedules { get; private set; }
    public TimeSpan Elapsed { get; private set; }
    public long Events { get; private set; }

    /// <summary>In virtual seconds.</summary>
    public double VirtualSeconds { get; private set; }

    public long[] RuleCounts { get; } = new long[Enum.GetValues<Rule>().Length];
    public long Failed { get; private set; }

    /// <summary>How often each invariant was broken.</summary>
    public SortedDictionary<string, int> Broken { get; } = new(StringComparer.Ordinal);

    /// <summary>The failing runs with the lowest seeds among those played.</summary>
    public IReadOnlyList<(Run Run, Violation Violation)> Failures => _failures;

    public void Play(ulong firstSeed, int schedules, int parallel, bool stopAtFirst = false)
    {
        var watch = Stopwatch.StartNew();
        var threads = new Thread[Math.Min(parallel, schedules)];
        for (var index = 0; index < threads.Length; index++)
        {
            threads[index] = new Thread(() => Work(firstSeed, schedules, stopAtFirst));
            threads[index].Start();
        }
        foreach (var thread in threads)
            thread.Join();
        Elapsed = watch.Elapsed;
        _failures.Sort((left, right) => left.Run.Seed.CompareTo(right.Run.Seed));
    }

    private void Work(ulong firstSeed, int schedules, bool stopAtFirst)
    {
        while (Interlocked.Increment(ref _next) is var number && number <= schedules)
        {
            var run = Run.Draw(firstSeed + (ulong)number - 1, profile);
            Count(run, run.Play(policy, knobs));
            if (stopAtFirst && Failed > 0)
                return;
        }
    }

    private void Count(Run run, Outcome outcome)
    {
        lock (_gate)
        {
            Schedules++;
            Events += outcome.Events;
            VirtualSeconds += outcome.VirtualTime / 1e9;
            for (var rule = 0; rule < RuleCounts.Length; rule++)
                RuleCounts[rule] += outcome.RuleCounts[rule];
            if (outcome.Violation is not { } violation)
                return;
            Failed++;
            Broken[violation.Invariant] = Broken.GetValueOrDefault(violation.Invariant) + 1;
            if (Broken[violation.Invariant] <= FailuresKept)
                _failures.Add((run, violation));
        }
    }
}
