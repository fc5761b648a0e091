namespace PgMahout.Simulation.World;

/// <summary>
/// A WAL sender and the receiver at its other end. Each side notices by itself that the other is gone: at once when the
/// kernel of a living host says so, else when nothing was heard for the replication timeout.
/// </summary>
internal sealed class WalLink
{
    private readonly SimWorld _world;
    private readonly int _upstreamLife;
    private readonly int _downstreamLife;
    private readonly long _caughtUpAt;
    private WalTimeline? _sentTimeline;
    private long _sent = -1;
    private bool _inFlight;
    private bool _owesReply;
    private long _heardUpstream;
    private long _heardDownstream;

    public WalLink(SimWorld world, SimPostgres upstream, SimPostgres downstream)
    {
        _world = world;
        Upstream = upstream;
        Downstream = downstream;
        _upstreamLife = upstream.Server.Life;
        _downstreamLife = downstream.Server.Life;
        _caughtUpAt = upstream.Flushed;
        _heardUpstream = _heardDownstream = world.Now;
        Watch();
    }

    public SimPostgres Upstream { get; }
    public SimPostgres Downstream { get; }

    /// <summary>The upstream still has this sender.</summary>
    public bool Sending { get; private set; } = true;

    /// <summary>The downstream still has this receiver.</summary>
    public bool Receiving { get; private set; } = true;

    public bool CaughtUp { get; private set; }

    /// <summary>What the upstream knows to be on the downstream's disk.</summary>
    public long Confirmed { get; private set; }

    /// <summary>
    /// Sends what is flushed upstream and was not sent. One message is under way at a time; the next takes all there is
    /// by then.
    /// </summary>
    public void Pump()
    {
        if (!Sending || _inFlight || Upstream.Server.Frozen || (_sent == Upstream.Flushed
            && _sentTimeline == Upstream.Wal))
            return;
        if (!_world.Network.Reaches(Upstream.Host.Index, Downstream.Host.Index))
            return;
        _inFlight = true;
        _sent = Upstream.Flushed;
        _sentTimeline = Upstream.Wal!;
        var (timeline, end) = (_sentTimeline, _sent);
        _world.After(_world.Network.Latency() + Downstream.FlushDelay(), Downstream.Server, () =>
            Deliver(timeline, end));
    }

    private void Deliver(WalTimeline timeline, long end)
    {
        if (Receiving && Downstream.Receiver == this && Downstream.Host.StuckSince is not null)
        {
            _world.After(50_000_000, Downstream.Server, () => Deliver(timeline, end));
            return;
        }
        _inFlight = false;
        if (!Receiving || Downstream.Receiver != this)
            return;
        if (Downstream.Host.DiskFull)
        {
            Downstream.Panic("no space left for WAL");
            return;
        }
        if (!Downstream.Append(timeline, end))
        {
            CloseDownstream();
            return;
        }
        Reply();
        Pump();
    }

    private void Reply()
    {
        _owesReply = !_world.Network.Reaches(Downstream.Host.Index, Upstream.Host.Index);
        if (_owesReply)
            return;
        var end = Downstream.Flushed;
        _world.After(_world.Network.Latency(), Upstream.Server, () => Confirm(end));
    }

    private void Confirm(long end)
    {
        if (!Sending || Upstream.Server.Life != _upstreamLife)
            return;
        Confirmed = Math.Max(Confirmed, end);
        CaughtUp |= Confirmed >= _caughtUpAt;
        Upstream.Heard(this);
    }

    /// <summary>The receiver process is stopped, or its server is gone while its host lives.</summary>
    public void CloseDownstream()
    {
        if (!Receiving)
            return;
        Receiving = false;
        Downstream.ReceiverClosed(this);
        TellOtherSide(Downstream.Host, Upstream.Host, CloseUpstreamQuietly);
    }

    /// <summary>The sender process is stopped, or its server is gone while its host lives.</summary>
    public void CloseUpstream()
    {
        if (!Sending)
            return;
        CloseUpstreamQuietly();
        TellOtherSide(Upstream.Host, Downstream.Host, CloseDownstreamQuietly);
    }

    private void TellOtherSide(SimHost from, SimHost to, Action close)
    {
        if (!from.Up || !_world.Network.Reaches(from.Index, to.Index))
            return;
        var server = to == Upstream.Host ? Upstream.Server : Downstream.Server;
        if (server.Alive)
            _world.After(_world.Network.Latency(), server, close);
    }

    private void CloseUpstreamQuietly()
    {
        Sending = false;
        Upstream.SenderClosed(this);
    }

    private void CloseDownstreamQuietly()
    {
        if (!Receiving)
            return;
        Receiving = false;
        Downstream.ReceiverClosed(this);
    }

    /// <summary>Keepalives, retransmission and the timeouts of both sides, looked at in steps.</summary>
    private void Watch()
    {
        var step = Math.Min(250_000_000, SimWorld.Nanoseconds(_world.Spec.Timing.Ttl) / 4);
        _world.After(step, null, () =>
        {
            if (Sending && Upstream.Server.Life != _upstreamLife)
                CloseUpstreamQuietly();
            if (Receiving && Downstream.Server.Life != _downstreamLife)
                Receiving = false;
            if (!Sending && !Receiving)
                return;
            Listen();
            Watch();
        });
    }

    private void Listen()
    {
        var upstreamTalks = Sending && Upstream.Server.Active;
        var downstreamTalks = Receiving && Downstream.Server.Active;
        if (upstreamTalks && _world.Network.Reaches(Upstream.Host.Index, Downstream.Host.Index))
            _heardUpstream = _world.Now;
        if (downstreamTalks && _world.Network.Reaches(Downstream.Host.Index, Upstream.Host.Index))
            _heardDownstream = _world.Now;
        var timeout = SimWorld.Nanoseconds(_world.Spec.Timing.Ttl);
        if (upstreamTalks && _world.Now - _heardDownstream > timeout)
            CloseUpstream();
        if (downstreamTalks && _world.Now - _heardUpstream > timeout)
            CloseDownstream();
        if (downstreamTalks && _owesReply)
            Reply();
        Pump();
    }
}
