using System.Diagnostics;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Etcd;
using PgMahout.Tests.Store;
using Xunit;

namespace PgMahout.InstanceTests.Store;

/// <summary>Calls on a store as an agent makes them: with a limit that is a fraction of a lease.</summary>
internal static class StoreUnderFaults
{
    /// <summary>Of one call, for a ttl of 3 s.</summary>
    public static readonly TimeSpan Call = TimeSpan.FromMilliseconds(500);

    /// <summary>Enough for everything that must not fail, also on a busy machine.</summary>
    public static readonly TimeSpan Patient = TimeSpan.FromSeconds(4);

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Three members, and the test is skipped where there is no etcd.</summary>
    public static Task<EtcdCluster> ThreeAsync() => StartAsync(3);

    public static Task<EtcdCluster> StartAsync(int members)
    {
        Assert.SkipWhen(EtcdCluster.Missing is not null, EtcdCluster.Missing ?? "");
        return EtcdCluster.StartAsync(members);
    }

    public static async Task<int> LeaderIndexAsync(this EtcdCluster etcd) =>
        etcd.Members.IndexOf(await etcd.LeaderAsync());

    /// <summary>A store that prefers this member, and has been answered by it.</summary>
    public static async Task<EtcdClusterStore> PreferAsync(this EtcdCluster etcd, int member)
    {
        var store = new EtcdClusterStore(etcd.Settings(first: member));
        await store.MustReadAsync();
        return store;
    }

    public static async Task<StoreRead.Content> MustReadAsync(this IClusterStore store) =>
        Assert.IsType<StoreRead.Content>(await store.ReadAsync(Patient, Cancellation));

    public static async Task<string> MustNotReadAsync(this IClusterStore store) =>
        Assert.IsType<StoreRead.Unreachable>(await store.ReadAsync(Patient, Cancellation)).Reason;

    public static async Task<Revision> MustPutAsync(
        this IClusterStore store, Revision expected, string? value, string key = "leadership") =>
        Assert.IsType<WriteOutcome.Done>(
            await store.WriteAsync(StoreTransaction.Swap(key, expected, value), Patient, Cancellation)).Revision;

    /// <summary>Reads again and again, as an agent does, until it is answered.</summary>
    public static async Task<StoreRead.Content> ReadInTheEndAsync(this IClusterStore store)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var read = await store.ReadAsync(Call, Cancellation);
            if (read is StoreRead.Content content)
                return content;
            Assert.True(waited.Elapsed < EtcdCluster.Limit, ((StoreRead.Unreachable)read).Reason);
        }
    }

    /// <summary>Ends within about its limit, whatever it ends with.</summary>
    public static async Task<T> WithinAsync<T>(TimeSpan limit, Func<TimeSpan, Task<T>> call)
    {
        var took = Stopwatch.StartNew();
        var answer = await call(limit);
        Assert.True(took.Elapsed < limit + TimeSpan.FromSeconds(1), $"took {took.Elapsed} with a limit of {limit}");
        return answer;
    }
}
