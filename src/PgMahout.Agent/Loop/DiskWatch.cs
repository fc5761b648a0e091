using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Loop;

/// <summary>
/// Whether the disks of this member take what PostgreSQL writes. Only a leader's are written to: an idle standby may
/// sleep. A write that waits is no trouble while WAL moves: the disk is busy, and not stuck.
/// </summary>
internal sealed class DiskWatch(string dataDirectory) : IDisposable
{
    private readonly DiskProbe _probe = new(dataDirectory);
    private Instant _askedAt;
    private Instant _movedAt;
    private WalPosition? _written;

    /// <param name="leads">The lease is in this member's name.</param>
    public DiskState Look(PostgresState postgres, bool leads, Timing timing)
    {
        var now = BootClock.Now();
        if (postgres is PostgresState.Primary primary && primary.Written != _written)
            (_written, _movedAt) = (primary.Written, now);
        if (now - _askedAt >= timing.RenewEvery)
        {
            _askedAt = now;
            _probe.Ask(writes: leads);
        }
        var seen = _probe.Seen(now);
        return now - _movedAt < seen.Waited ? seen with { Waited = now - _movedAt } : seen;
    }

    public void Dispose() => _probe.Dispose();
}
