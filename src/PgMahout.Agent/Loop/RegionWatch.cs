using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>
/// Asks the other region, beside the loop: it is far away, and the lease must not wait for it. Every member asks, so
/// that one that takes the lease knows already what it has to know before it serves.
/// </summary>
internal sealed class RegionWatch(PostgresInstance instance, AgentMemory memory, WakeSignal wake)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BeforeTheFirst = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var askedAt = BootClock.Now();
            if (memory.Records.Region?.Value is not { } region)
                memory.Hear(null, askedAt);
            else if (await AskAsync(region, askedAt, stopping) is { } said)
                Remember(said, askedAt);
            var pause = memory.Twin is null && memory.Records.Spec is null ? BeforeTheFirst : Pace;
            await Task.Delay(pause, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    /// <summary>Null when it was cut short by the end of the agent.</summary>
    private async Task<Reading<RegionWord>?> AskAsync(Region region, Instant at, CancellationToken stopping)
    {
        try
        {
            var answers = await Task.WhenAll(
                region.Twin.Servers.Select(server => instance.AskRegionAsync(server, Limit, stopping)));
            var words = answers
                .Select(answer => answer.TryGet(out var word) ? word : null)
                .OfType<RegionWord>()
                .Where(word => memory.Records.SystemIdentifier is not { } own
                    || own.Value == word.Primary.SystemIdentifier);
            // Two can say so for a moment, while the older one of them dies.
            if (words.OrderByDescending(word => (word.Term, word.Primary.Written)).FirstOrDefault() is { } found)
                return new Reading<RegionWord>.Fresh(found, at);
            var silent = answers.Count(answer => answer.Failure is not null);
            return new Reading<RegionWord>.Missing(
                silent == 0
                    ? "none of its servers is a primary"
                    : $"{silent} of its {answers.Length} servers do not answer",
                at);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    private void Remember(Reading<RegionWord> said, Instant askedAt)
    {
        var before = memory.Twin;
        // A later term that was heard once is never forgotten for a silence.
        if (said is Reading<RegionWord>.Fresh { Value: var word })
            instance.RememberRegion(word.At);
        else if (before is Reading<RegionWord>.Fresh { Value: var earlier }
            && earlier.Term > memory.Records.Region?.Value.Term)
            return;
        memory.Hear(said, askedAt);
        if (before is null || Term(before) != Term(said))
            wake.Set();
    }

    private static long? Term(Reading<RegionWord> reading) =>
        reading is Reading<RegionWord>.Fresh { Value: var word } ? word.Term : null;
}
