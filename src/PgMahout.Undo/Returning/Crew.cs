using System.Collections.Concurrent;

namespace PgMahout.Undo.Returning;

/// <summary>Several workers that take from one heap.</summary>
internal static class Crew
{
    /// <summary>Done when all have ended. The first failure cancels the others, and is thrown.</summary>
    /// <param name="work">Takes one item after the other until there is none.</param>
    public static async Task RunAsync<T>(
        int workers, IReadOnlyCollection<T> items, Func<Func<T?>, CancellationToken, Task> work,
        CancellationToken cancellation)
        where T : class
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var heap = new ConcurrentQueue<T>(items);
        var running = Enumerable.Range(0, Math.Min(workers, items.Count))
            .Select(
                _ => Task.Run(() => work(() => heap.TryDequeue(out var item) ? item : null, stop.Token), stop.Token))
            .ToList();
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
