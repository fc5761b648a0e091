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
    double? Seconds);
