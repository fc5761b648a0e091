using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Proxy.Session;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>One session on a server, for one client after the other.</summary>
internal sealed class ServerConnection(ProxyLoop loop, int descriptor, MemberPool pool, ServerLogin login)
    : ServerChannel(loop, descriptor, pool.Backend)
{
    // A transaction's first bytes, kept until some are sent: a server that was gone by then has done none of it.
    private const int MostReplayed = 16 << 10;

    private static readonly byte[] PositionQuery =
        new FrontendWriter().Query("SELECT pg_catalog.pg_current_wal_insert_lsn()").Written.ToArray();

    private ClientConnection? _asker;
    private long _askedFor;
    private byte[] _replay = [];
    private int _replayed;
    private bool _hasSent;
    private bool _hasHeard;
    private bool _isReady;
    private byte[] _received = [];
    private string? _why;

    public MemberPool Pool { get; } = pool;

    public ServerStream Stream { get; } = new();

    public ClientConnection? Client { get; private set; }

    /// <summary>
    /// For whom it was opened, with the settings that this one began with; null for one that any client may have.
    /// </summary>
    public ClientConnection? Owner { get; private set; }

    /// <summary>Whether this client may have it, as far as it depends on how the session began.</summary>
    public bool Fits(ClientConnection client) => client.KeepsServer
        ? ReferenceEquals(client.Startup, Owner?.Startup ?? SessionParameters.None)
        : Owner is null;

    public int ProcessId { get; private set; }

    public ImmutableArray<byte> SecretKey { get; private set; } = [];

    /// <summary>The settings that its session began with.</summary>
    public SessionParameters Initial { get; private set; } = SessionParameters.None;

    /// <summary>When it was last given back; on this host's boot clock, in nanoseconds.</summary>
    public long IdleSince { get; set; }

    /// <summary>Requests to cancel that may still hit it: it stays with its client until they have arrived.</summary>
    public int CancelsUnderWay { get; set; }

    public bool IsReady => _isReady;

    /// <summary>It is given its client's settings; what the client said waits for that.</summary>
    public bool IsAdjusting { get; private set; }

    /// <summary>It waits in its pool; whatever it says meanwhile, it is there once.</summary>
    public bool IsIdle { get; set; }

    /// <summary>It is closed instead of being given to another client.</summary>
    public bool IsToLeave { get; set; }

    protected override bool WantsMore =>
        Client is null || Client.Output.IsEmpty || (Client.Output.Bytes < HighWater && !Loop.IsShort);

    protected override void Opened(ImmutableArray<byte> certificateHash)
    {
        login.CertificateHash = certificateHash;
        Owner = Pool.Group.NextOwner(Pool);
        var settings = ImmutableSortedDictionary<string, string>.Empty.Add("application_name", "pgmahout");
        Write(login.Startup(Owner is null ? settings : settings.SetItems(Owner.Startup.Values)));
    }

    /// <summary>From now on it works for this client.</summary>
    public void Link(ClientConnection client)
    {
        Client = client;
        _hasSent = _hasHeard = false;
        _replayed = 0;
        IsAdjusting = false;
        Stream.Begin(client.Stream);
        Adjust(client.Parameters);
    }

    private void Adjust(SessionParameters wanted)
    {
        if (ReferenceEquals(wanted, Stream.Parameters))
            return;
        var change = wanted.ChangeFrom(Stream.Parameters, Initial);
        Stream.Parameters = wanted;
        if (change is null)
            return;
        IsAdjusting = true;
        Stream.Expect(new Reply(ReplyKind.Query, ReplyFate.Swallow), NoPassage.Instance);
        Write(new FrontendWriter().Query(change).Written);
    }

    // With other settings than its own nothing of the client's may run.
    private void Adjusted()
    {
        IsAdjusting = false;
        if (Client is not { } client)
            Free();
        else if (Stream.IsSpoilt)
            client.Refuse("22023", "the server does not take the settings of this session", "Nothing was sent to it.");
        else
            client.GoOn();
    }

    /// <summary>Keeps what was received for it, in case that nothing of it can be sent.</summary>
    public void Remember(ReadOnlySpan<byte> bytes)
    {
        if (_hasSent || _replayed < 0)
            return;
        if (_replayed + bytes.Length > MostReplayed)
        {
            _replayed = -1;
            return;
        }
        if (_replay.Length < _replayed + bytes.Length)
            Array.Resize(ref _replay, Math.Max(512, 2 * (_replayed + bytes.Length)));
        bytes.CopyTo(_replay.AsSpan(_replayed));
        _replayed += bytes.Length;
    }

    public override void Sent()
    {
        _hasSent = true;
        base.Sent();
        Client?.Rearm();
    }

    protected override void Heard(Chunk chunk)
    {
        if (!_isReady)
        {
            LogIn(chunk);
            return;
        }
        if (!Pool.IsPrimary && !IsAdjusting && IsRefused(chunk))
        {
            GoElsewhere(chunk);
            return;
        }
        Pool.Group.Traffic.Sent += chunk.Length;
        var passage = Loop.Onward.From(chunk, Client);
        var stop = Stream.Read(chunk.Bytes, passage);
        if (!passage.IsGiven)
            Loop.Pool.Return(chunk);
        if (stop == ServerStop.Doubtful)
            Doubted();
        else if (Stream.IsFree && IsAdjusting)
            Adjusted();
        else if (Stream.IsFree && !IsIdle)
            Free();
        else if (Client is { HasPending: true } client)
            client.GoOn();
    }

    // Only what comes first, and only when the client has been told nothing and all that it asked is still here.
    private bool IsRefused(Chunk chunk)
    {
        var isFirst = !_hasHeard;
        _hasHeard = true;
        return isFirst && _replayed > 0 && !Stream.HasInvented && Client is { WasJudgedToRead: true }
            && RefusedRead.Is(chunk.Bytes);
    }

    private void GoElsewhere(Chunk chunk)
    {
        var (client, all) = (Client!, _replay.AsSpan(0, _replayed).ToArray());
        Stream.Read(chunk.Bytes, NoPassage.Instance);
        Loop.Pool.Return(chunk);
        var free = Stream.IsFree && CancelsUnderWay == 0;
        Stream.Abandon();
        Unlink();
        if (free)
            Pool.GiveBack(this);
        else
            Close();
        client.RetryOnPrimary(all);
    }

    /// <summary>Its client needs it no longer, as far as the transaction goes.</summary>
    public void Free()
    {
        if (CancelsUnderWay > 0)
            return;
        if (Client is { } client)
        {
            if (!client.GivesBack(this))
                return;
            Unlink();
            if (Pool.IsPrimary && client.AsksForPosition is { } number)
                AskForPosition(client, number);
            else
                Pool.GiveBack(this);
            if (client.HasPending)
                client.GoOn();
            return;
        }
        if (_asker is { } asker)
        {
            _asker = null;
            if (Stream.Position is { } position)
                asker.Wrote(_askedFor, position);
        }
        Pool.GiveBack(this);
    }

    // Behind the commit, so that whoever has replayed up to there has what the client wrote.
    private void AskForPosition(ClientConnection client, long number)
    {
        _asker = client;
        _askedFor = number;
        Stream.Expect(new Reply(ReplyKind.Position, ReplyFate.Swallow), NoPassage.Instance);
        Write(PositionQuery);
    }

    private void Unlink()
    {
        Client = null;
        Stream.End();
    }

    /// <summary>The client has gone; what it left under way is ended with the session.</summary>
    public void Abandon()
    {
        // What a session leaves behind is of no use to the next one, and not all of it can be discarded.
        var free = Stream.IsFree && CancelsUnderWay == 0 && Output.IsEmpty && Client is not { KeepsServer: true };
        Unlink();
        if (free)
            Pool.GiveBack(this);
        else
            Leave();
    }

    // A server that is told so does not complain about a lost connection.
    private void Leave()
    {
        if (_isReady && Stream.IsFree && Output.IsEmpty)
        {
            Write(new FrontendWriter().Terminate().Written);
            CloseAfterSending();
        }
        else
        {
            Close();
        }
    }

    private void LogIn(Chunk chunk)
    {
        _received = [.. _received, .. chunk.Bytes];
        Loop.Pool.Return(chunk);
        while (MessageHeader.TryRead(_received, out var header)
            && _received.Length >= MessageHeader.Size + header.BodyLength)
        {
            var whole = MessageHeader.Size + header.BodyLength;
            var step = login.Receive(header.Type, _received.AsSpan(MessageHeader.Size, header.BodyLength));
            _received = _received[whole..];
            switch (step)
            {
                case ServerLoginStep.Send send:
                    Write(send.Bytes.Span);
                    break;
                case ServerLoginStep.Ready ready:
                    Became(ready);
                    return;
                case ServerLoginStep.Failed failed:
                    _why = failed.Message;
                    Refused(failed);
                    Close();
                    return;
            }
        }
    }

    // What the owner wants of its session, nobody else has asked for.
    private void Refused(ServerLoginStep.Failed failed)
    {
        if (Owner is { IsWaiting: true } owner && failed.SqlState[..2] is "22" or "42")
        {
            PoolGroup.Forget(owner);
            owner.Refuse(failed.Error.Span);
        }
        else
        {
            Pool.Refused(failed);
        }
    }

    private void Became(ServerLoginStep.Ready ready)
    {
        _isReady = true;
        ProcessId = ready.ProcessId;
        SecretKey = ready.SecretKey;
        Initial = Loop.Parameters.Of(ready.Parameters);
        if (Owner is null)
            Pool.Group.Welcome(ready.Parameters, Initial);
        else
            Initial = Loop.Parameters.Over(Initial, Owner.Startup);
        Stream.Parameters = Initial;
        Pool.GiveBack(this);
    }

    // What the server says next, success, must not reach the client; what the client is told instead is the truth.
    private void Doubted()
    {
        var client = Client;
        if (client is not null)
            Unlink();
        Close();
        client?.Lose(LostWork.Unknown, "its wait for a synchronous standby was cancelled");
    }

    protected override void Break(string why)
    {
        _why = why;
        Close();
    }

    protected override void Left(int error)
    {
        Pool.Remove(this, _why ?? SystemError.Text(error));
        if (Client is not { } client)
            return;
        // While its settings are made, all that the client said still waits.
        var work = IsAdjusting ? LostWork.Nothing : Stream.Lost();
        // What is on its way may have arrived, whatever has not been heard of it.
        var again = !_hasSent && !State.Sending && _replayed > 0 && !Stream.HasInvented;
        if (again)
            Stream.Abandon();
        Unlink();
        if (again)
            client.Retry(_replay.AsSpan(0, _replayed));
        else if (Stream.IsInMessage && !IsAdjusting)
            client.Close();
        else
            client.Lose(work, $"the connection to {Pool.Backend.Name} was lost");
    }
}
