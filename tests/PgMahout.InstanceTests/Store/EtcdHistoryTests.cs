using System.Collections.Concurrent;
using System.Diagnostics;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Etcd;
using PgMahout.Tests.Store;
using Xunit;
using static PgMahout.InstanceTests.Store.StoreUnderFaults;

namespace PgMahout.InstanceTests.Store;

/// <summary>
/// Several writers append to one record by compare-and-swap while members of etcd are killed and frozen. The record is
/// then its own history: every append that was answered is in it once, none that was refused is, and those of which
/// nobody knew are there or not.
/// </summary>
public sealed class EtcdHistoryTests
{
    private const int Writers = 4;
    private const int Faults = 6;
    private const int AppendsBetweenFaults = 25;

    private readonly ConcurrentDictionary<string, WriteOutcome> _outcomes = new();
    private int _done;

    [Fact]
    public async Task No_append_is_lost_doubled_or_refused_and_there_while_members_die_and_freeze()
    {
        await using var etcd = await ThreeAsync();
        await using (var first = await etcd.PreferAsync(0))
            await first.MustPutAsync(Revision.None, "", "history");
        using var ending = new CancellationTokenSource();

        var writing = Enumerable.Range(0, Writers).Select(i => Task.Run(() => WriteAsync(etcd, i, ending.Token)));
        var all = Task.WhenAll(writing.ToArray());
        for (var fault = 0; fault < Faults; fault++)
            await HarmAsync(etcd, fault, all);
        await ending.CancelAsync();
        await all;

        await using var reader = new EtcdClusterStore(etcd.Settings());
        Check(Appends((await reader.ReadInTheEndAsync()).Find("history")!.Value));
    }

    /// <summary>The leader and others in turn; killed and frozen in turn; all are back before the next.</summary>
    private async Task HarmAsync(EtcdCluster etcd, int fault, Task writing)
    {
        await ProgressAsync(writing);
        var leader = await etcd.LeaderIndexAsync();
        var harmed = etcd.Members[(leader + fault % 3) % 3];
        if (fault % 2 == 0)
            await harmed.KillAsync();
        else
            Signals.Send(harmed.ProcessId, Signals.Stop);
        await ProgressAsync(writing);
        if (fault % 2 == 0)
            await harmed.StartAsync();
        else
            Signals.Send(harmed.ProcessId, Signals.Continue);
        await harmed.IsHealthyAsync();
    }

    private async Task ProgressAsync(Task writing)
    {
        var goal = Volatile.Read(ref _done) + AppendsBetweenFaults;
        var waited = Stopwatch.StartNew();
        while (Volatile.Read(ref _done) < goal)
        {
            Assert.False(writing.IsCompleted, writing.Exception?.ToString() ?? "the writers ended");
            Assert.True(waited.Elapsed < EtcdCluster.Limit, "the writers do not get on");
            await Task.Delay(20, Cancellation);
        }
    }

    private async Task WriteAsync(EtcdCluster etcd, int writer, CancellationToken ending)
    {
        await using var store = new EtcdClusterStore(etcd.Settings(first: writer % 3));
        List<string> seen = [];
        for (var i = 0; !ending.IsCancellationRequested; i++)
        {
            if (await store.ReadAsync(Call, CancellationToken.None) is not StoreRead.Content content)
                continue;
            var record = content.Find("history")!;
            var now = Appends(record.Value);
            // What was there stays there, and what this writer was told is there by now.
            Assert.Equal(seen, now.Take(seen.Count));
            seen = now;
            var append = $"{writer}.{i}";
            var outcome = await store.WriteAsync(
                StoreTransaction.Swap("history", record.Revision, $"{record.Value}{append} "),
                Call,
                CancellationToken.None);
            _outcomes[append] = outcome;
            if (outcome is not WriteOutcome.Done)
                continue;
            seen = [.. seen, append];
            Interlocked.Increment(ref _done);
        }
    }

    private void Check(List<string> history)
    {
        Assert.Equal(history.Count, history.Distinct().Count());
        Assert.All(history, append => Assert.IsNotType<WriteOutcome.Refused>(_outcomes[append]));
        var there = history.ToHashSet();
        Assert.All(
            _outcomes.Where(one => one.Value is WriteOutcome.Done), one => Assert.Contains(one.Key, there));
        // In the order of the revisions that were answered.
        var revisions = history.Select(append => _outcomes[append]).OfType<WriteOutcome.Done>()
            .Select(done => done.Revision.Value).ToList();
        Assert.Equal(revisions.Order(), revisions);
    }

    private static List<string> Appends(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}
