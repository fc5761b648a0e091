using System.Runtime.InteropServices;

namespace PgMahout.Backup.Working;

/// <summary>
/// Threads of their own for work that is all processor and disk: the pool stays free for whoever must answer quickly.
/// </summary>
internal static partial class WorkerThreads
{
    private const int LowestPriority = 19;

    /// <summary>
    /// Runs <paramref name="work"/> on so many threads; done when all have ended. The first failure cancels the others,
    /// and is thrown.
    /// </summary>
    /// <param name="polite">With the lowest priority for processor and disk.</param>
    public static async Task RunAsync(
        int count, bool polite, Action<CancellationToken> work, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var threads = Enumerable.Range(0, count).Select(_ => Start(polite, work, stop)).ToArray();
        var all = Task.WhenAll(threads);
        await ((Task)all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        // The one that failed first made the others end as cancelled.
        var failed = threads.FirstOrDefault(thread => thread.IsFaulted);
        await (failed ?? all);
    }

    private static Task Start(bool polite, Action<CancellationToken> work, CancellationTokenSource stop)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                if (polite)
                    _ = SetPriority(0, 0, LowestPriority);
                work(stop.Token);
                ended.SetResult();
            }
            catch (OperationCanceledException e) when (stop.IsCancellationRequested)
            {
                ended.SetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                stop.Cancel();
                ended.SetException(e);
            }
        }) { IsBackground = true, Name = "backup" }.Start();
        return ended.Task;
    }

    /// <summary>To Linux, process 0 is the calling thread.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);
}
