using PgMahout.Postgres;

namespace PgMahout.Backup.Archiving;

/// <summary>The one place where an archiver's state is written, by any of its threads.</summary>
internal sealed class ArchiveBoard(TimeProvider time)
{
    private readonly Lock _lock = new();
    private volatile ArchiveStatus _status = ArchiveStatus.AtStart;

    public ArchiveStatus Status => _status;

    public void Change(Func<ArchiveStatus, ArchiveStatus> change)
    {
        lock (_lock)
            _status = change(_status);
    }

    public void State(ArchiveState state) => Change(status => status with { State = state });

    /// <summary>The same problem again keeps the moment at which it began.</summary>
    public void Failed(ArchiveState state, Problem problem) => Change(status => status with
    {
        State = state,
        Problem = problem,
        Since = status.Problem?.Code == problem.Code ? status.Since : time.GetUtcNow(),
    });

    public void Well() => Change(status => status with { Problem = null, Since = null });
}
