using System.Diagnostics;
using PgMahout.InstanceTests.Replication;
using PgMahout.Proxy.Handover;
using Xunit;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>How one data plane takes another one's place, in one process: the sockets between them are real.</summary>
internal static class ProxyPair
{
    private static readonly TimeSpan Limit = LoneServer.Limit;

    /// <param name="between">Done when both listen.</param>
    /// <returns>The successor, which listens; the other one has retired.</returns>
    public static async Task<RunningProxy> SucceedAsync(
        this RunningProxy before, bool onlyEpoll, Func<Task>? between = null)
    {
        using var succession = new Succession(before.HandoverPath);
        // Any descriptor does in the place of the lock's.
        using var keepsake = File.OpenHandle("/dev/null");
        var waiting = Task.Run(() => succession.Await(
            before.Proxy, (int)keepsake.DangerousGetHandle(), paused: false, Limit));
        var found = Predecessor.Find(before.HandoverPath, Limit, out var why);
        Assert.True(found is not null, why);
        using var lent = new Microsoft.Win32.SafeHandles.SafeFileHandle(found.Keepsake, ownsHandle: true);
        var after = before.Follow(onlyEpoll, found);
        await after.Proxy.Listens.WaitAsync(Limit);
        Assert.True(after.Proxy.Succeed(found));
        Assert.Null(await waiting);
        if (between is not null)
            await between();
        before.Proxy.Retire(succession);
        return after;
    }

    /// <summary>It has no clients any more, and ends by itself.</summary>
    public static async Task EndedAsync(this RunningProxy proxy)
    {
        var watch = Stopwatch.StartNew();
        while (!proxy.HasEnded)
        {
            Assert.True(watch.Elapsed < Limit, $"it has clients still: {proxy.Report}");
            await Task.Delay(5);
        }
    }
}
