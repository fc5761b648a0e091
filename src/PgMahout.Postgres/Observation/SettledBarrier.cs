using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Observation;

/// <summary>
/// Finds the point before which every commit lies that was confirmed under an earlier <c>synchronous_standby_names</c>.
/// A process of the server learns of a change a moment after our session does, and may until then confirm by the old
/// rule; what it confirms is already written by then.
/// </summary>
internal sealed class SettledBarrier
{
    public static readonly TimeSpan Spreading = TimeSpan.FromMilliseconds(100);

    private SynchronousSet? _effective;
    private Instant _changedAt;
    private Lsn? _settled;

    /// <summary>Null while the last change is too recent.</summary>
    public Lsn? Observe(SynchronousSet effective, Lsn written, Instant now)
    {
        if (!effective.Equals(_effective))
            (_effective, _changedAt, _settled) = (effective, now, null);
        else if (_settled is null && now - _changedAt >= Spreading)
            _settled = written;
        return _settled;
    }

    /// <summary>Another server, or a change that may come and go between two observations.</summary>
    public void Reset() => _effective = null;
}
