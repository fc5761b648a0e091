using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Status;

namespace PgMahout.Starting;

/// <summary>Waits for a cluster to be as it should be, telling what changes meanwhile.</summary>
public sealed class Readiness(StatusObserver observer, Screen screen)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The first healthy status within <paramref name="limit"/>; otherwise a failure that says what is missing.
    /// </summary>
    public async Task<Attempt<ClusterStatus>> WaitAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        ClusterStatus? before = null;
        while (true)
        {
            var now = await observer.ObserveAsync(cancellation);
            foreach (var line in Changes.Between(before, now))
                screen.Note("      " + line);
            before = now;
            if (now.State == ClusterState.Healthy)
                return now;
            if (time.GetElapsedTime(started) >= limit)
                return NotInTime(now, limit);
            await Task.Delay(Pace, cancellation);
        }
    }

    private static Failure NotInTime(ClusterStatus status, TimeSpan limit) =>
        new Failure(ErrorCatalogue.NotHealthyInTime,
                $"the cluster is {Words.Of(status.State)}, not healthy, after {CommandLine.Durations.Text(limit)}")
            .Because(status.Notices.IsEmpty
                ? "no member says why"
                : string.Join("\n", status.Notices.Select(notice => $"{notice.Code} {notice.Text}")))
            .Leaving("its members run on and go on trying")
            .Try("pgmahout status -w", "pgmahout logs");
}
