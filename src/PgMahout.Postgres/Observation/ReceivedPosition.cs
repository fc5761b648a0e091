using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Observation;

/// <summary>
/// Where a standby's WAL ends. What it received can be ahead of what it replayed, and on a later timeline; the server
/// tells that timeline only while the receiver is connected, so it is remembered from then.
/// </summary>
internal sealed class ReceivedPosition
{
    private TimelineId? _receiving;

    public WalPosition Observe(ServerAnswer.Standby standby)
    {
        if (standby.Receiver is { Timeline.Value: > 0 } receiver)
            _receiving = receiver.Timeline;
        return standby.Received is { } received && received > standby.Identified.Lsn
            && _receiving is { } timeline && timeline >= standby.Identified.Timeline
            ? new WalPosition(timeline, received)
            : standby.Identified;
    }

    public void Reset() => _receiving = null;
}
