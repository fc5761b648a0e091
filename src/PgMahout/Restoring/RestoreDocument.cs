using PgMahout.Backup.Recovering;
using PgMahout.Core.Backup;
using PgMahout.Output;

namespace PgMahout.Restoring;

/// <summary>The JSON of <c>restore -o json</c>.</summary>
/// <param name="Directory">Null when nothing was restored.</param>
/// <param name="StopLsn">Replay stopped at the first record that begins there; null: at the end of the archive.</param>
/// <param name="Inclusive">The record that begins exactly there was replayed too.</param>
/// <param name="LastCommit">When the last transaction in it was committed, where that is known.</param>
/// <param name="ReachLsn">Up to where the archive has WAL without a hole.</param>
/// <param name="Seconds">Until the restored server took writes.</param>
public sealed record RestoreDocument(
    int Schema,
    string? Directory,
    string Backup,
    uint Timeline,
    string? StopLsn,
    bool Inclusive,
    DateTime? LastCommit,
    string ReachLsn,
    long ReplayBytes,
    long? WrittenBytes,
    long? ReusedBytes,
    double? FilesSeconds,
    double? Seconds)
{
    /// <summary>Of a restore in place: how many transactions were committed behind the point.</summary>
    public long? UndoneCommits { get; init; }

    /// <summary>When the last of them was.</summary>
    public DateTime? UndoneUntil { get; init; }

    internal RestoreDocument With(UndoneCommits? undone) => this with
    {
        UndoneCommits = undone?.Count,
        UndoneUntil = undone?.Last?.UtcDateTime,
    };

    /// <param name="measure">Null: only planned.</param>
    internal static RestoreDocument Of(RestoreOrder order, RestorePlan plan, RestoreMeasure? measure) => new(
        DocumentJson.Schema,
        measure is null ? null : Path.GetFullPath(order.Directory),
        plan.Backup.Id.Text,
        plan.Line.Current.Value,
        plan.Target.Stop?.ToString(),
        plan.Target.Inclusive,
        plan.Target.LastCommit?.UtcDateTime,
        plan.Reach.ToString(),
        plan.Replay.Bytes,
        measure?.Restored.Written.Bytes,
        measure?.Restored.Reused.Bytes,
        measure is null ? null : Math.Round(measure.Files.TotalSeconds, 3),
        measure is null ? null : Math.Round(measure.UntilWritable.TotalSeconds, 3));
}
