using PgMahout.Backup.Working;
using PgMahout.CommandLine;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;

namespace PgMahout.Backups;

/// <summary>How far long work is, on one line of a terminal that is written again and again.</summary>
internal static class ProgressLine
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    public static async Task<T> ShowAsync<T>(Screen screen, WorkProgress progress, Task<T> work)
    {
        if (!screen.IsTerminal || screen.IsJson)
            return await work;
        var started = TimeProvider.System.GetTimestamp();
        while (await Task.WhenAny(work, Task.Delay(Pace)) != work)
            screen.Error.Write($"\r\u001b[K{Text(progress, TimeProvider.System.GetElapsedTime(started))}");
        screen.Error.Write("\r\u001b[K");
        return await work;
    }

    /// <summary><c>copying   1.2 GB of 3.1 GB   38 %   1.4 GB/s   1.3 s left</c>.</summary>
    public static string Text(WorkProgress progress, TimeSpan elapsed)
    {
        var (done, total) = (progress.Done, progress.Total);
        if (total == 0 || done == 0 || elapsed < Pace)
            return progress.Step;
        var rate = done / elapsed.TotalSeconds;
        var left = TimeSpan.FromSeconds(Math.Max(0, total - done) / rate);
        return $"{progress.Step}   {new ByteSize(done)} of {new ByteSize(total)}   {100 * done / total} %   "
            + $"{new ByteSize((long)rate)}/s   {Durations.Text(left)} left";
    }
}
