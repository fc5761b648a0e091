using System.Collections.Concurrent;

namespace PgMahout.Undo.Returning;

/// <summary>Several workers at the same time.</summary>
internal static class Crew
{
    /// <summary>Workers that take from one heap, ended as those of <see cref="TogetherAsync"/>.</summary>
    /// <param name="work">Takes one item after the other until there is none.</param>
    public static async Task RunAsync<T>(
        int workers, IReadOnlyCollection<T> items, Func<Func<T?>, CancellationToken, Task> work,
        CancellationToken cancellation)
        where T : class
    {
        var heap = new ConcurrentQueue<T>(items);
        await TogetherAsync(
            Enumerable.Repeat<Func<CancellationToken, Task>>(
                token => work(() => heap.TryDequeue(out var item) ? item : null, token),
                Math.Min(workers, items.Count)),
            cancellation);
    }

    /// <summary>Done when all have ended. The first failure cancels the others, and is thrown.</summary>
    public static async Task TogetherAsync(
        IEnumerable<Func<CancellationToken, Task>> works, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = works.Select(work => Task.Run(() => work(stop.Token), stop.Token)).ToList();
        Exception? first = null;
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            if (ended.IsCompletedSuccessfully)
                continue;
            first ??= ended.Exception?.InnerException;
            await stop.CancelAsync();
        }
        cancellation.ThrowIfCancellationRequested();
        if (first is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
    }
}
