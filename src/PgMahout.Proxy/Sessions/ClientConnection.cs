using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Proxy.Session;
using PgMahout.Core.Vocabulary;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;
using PgMahout.Proxy.Tls;

namespace PgMahout.Proxy.Sessions;

/// <summary>
/// One client: it logs in, and then has a server for each of its transactions, or for as long as it stays.
/// </summary>
/// <param name="readsOnly">It came by the port for reads.</param>
/// <param name="isLocal">It came through a unix socket.</param>
internal sealed partial class ClientConnection(ProxyLoop loop, int descriptor, int number, bool readsOnly, bool isLocal)
    : Channel(loop, descriptor)
{
    // Of answers; more are not asked for before some have come.
    private const int MostOwed = 10_000;
    private const string WishParameter = "pgmahout.route";

    private Entrance? _entrance = new(loop, isLocal);
    private LinkedListNode<ClientConnection>? _place;
    private ByteQueue _pending;
    private AdminSession? _admin;
    private bool _hasRead;
    private bool _wasRefused;
    private long _writes;
    private long _writesKnown;
    private ImmutableArray<byte> _cancelKey = [];

    /// <summary>By which it may ask for a cancel; as the process id of a server would be.</summary>
    public int Number { get; } = number;

    public bool ReadsOnly { get; } = readsOnly;

    /// <summary>Of what it asks for next, as far as it matters where that goes.</summary>
    public StatementKind Kind { get; private set; } = StatementKind.Write;

    /// <summary>What it asks for by itself: the startup parameter pgmahout.route.</summary>
    public RouteWish Wish { get; private set; }

    /// <summary>Where the WAL ended after what it last wrote.</summary>
    public Lsn Written { get; private set; }

    /// <summary>How many transactions it had that may have written, when it is to be asked where they ended.</summary>
    public long? AsksForPosition => Loop.Settings.SplitReads && _writesKnown < _writes ? _writes : null;

    public ClientStream Stream { get; private set; } = null!;

    public PoolGroup? Group { get; private set; }

    public ServerConnection? Server { get; private set; }

    public SessionParameters Parameters { get; private set; } = SessionParameters.None;

    /// <summary>The settings that it began with: a server of its own begins with them too.</summary>
    public SessionParameters Startup { get; private set; } = SessionParameters.None;

    /// <summary>Its place among those who wait for a server; in a list only while it waits.</summary>
    public LinkedListNode<ClientConnection> Place => _place ??= new LinkedListNode<ClientConnection>(this);

    public bool IsWaiting => _place?.List is not null;

    /// <summary>On this host's boot clock, in nanoseconds.</summary>
    public long WaitingSince { get; private set; }

    public long LinkedAt { get; private set; }

    public bool IsLoggedIn => _entrance is null;

    public string User { get; private set; } = "";

    public string Database { get; private set; } = "";

    public ImmutableArray<byte> CancelKey => _cancelKey;

    /// <summary>It has said something that could not be read yet.</summary>
    public bool HasPending => !_pending.IsEmpty;

    /// <summary>As it was when it logged in: its statements were named by that.</summary>
    public bool KeepsServer { get; private set; }

    protected override bool WantsMore =>
        _pending.IsEmpty && (Server is null || Server.Output.IsEmpty)
        || (_pending.Bytes < HighWater && (Server is null || Server.Output.Bytes < HighWater) && !Loop.IsShort);

    public override void Connected(int error) { }

    public override void Stopped()
    {
        if (Loop.Heir is { } heir)
            heir.Offer(this);
        else
            Rearm();
    }

    public override void Sent()
    {
        base.Sent();
        Server?.Rearm();
    }

    protected override void Arrived(Chunk chunk)
    {
        if (_entrance is not null)
        {
            _entrance.Take(chunk, this);
            return;
        }
        if (_admin is not null)
        {
            _admin.Take(chunk);
            return;
        }
        if (Server is { } server && _pending.IsEmpty && MayGoOn(server))
        {
            Forward(chunk, server);
            return;
        }
        _pending.Give(chunk);
        if (Server is null && !IsWaiting && Group?.Reported is not null)
            Begin();
    }

    public void StartTls(TlsSession session, ReadOnlySpan<byte> early) => Encrypt(session, early);

    protected override void HandshakeDone(Encryption encryption) => _entrance?.Secured(encryption, this);

    /// <summary>It is who it says; the answer follows once it is known what servers report.</summary>
    /// <param name="rest">What it has sent already after its login.</param>
    public void Enter(LoginStep.Done done, ReadOnlySpan<byte> rest)
    {
        _entrance = null;
        WaitingSince = Loop.Now;
        KeepsServer = Loop.Settings.Mode == PoolMode.Session;
        Stream = new ClientStream(Loop.Statements, renames: !KeepsServer, Loop.Settings.MessageLimit);
        _cancelKey = Loop.NewKey();
        _pending.Append(rest, Loop.Pool);
        Write(done.Bytes.Span);
        (User, Database) = (done.Request.User, done.Request.Database);
        if (AdminSession.IsConsole(Database))
        {
            _admin = new AdminSession(Loop, this);
            _admin.Begin();
            return;
        }
        var group = Group = Loop.GroupOf(User, Database);
        group.Credential = done.Credential;
        var wish = done.Request.Parameters.GetValueOrDefault(WishParameter, "any");
        Wish = ReadRoute.ParseWish(wish) ?? RouteWish.None;
        Parameters = Startup = Loop.Parameters.Of(done.Request.Parameters.Remove(WishParameter));
        if (group.Reported is null)
            group.Arrive(this);
        else
            Welcomed();
    }

    public void Welcomed()
    {
        var own = Parameters;
        Parameters = Loop.Parameters.Over(Group!.Initial, own);
        var writer = new BackendWriter();
        foreach (var (name, value) in Group.Reported!)
            writer.ParameterStatus(
                name, name == "in_hot_standby" ? Standing : own.Values.GetValueOrDefault(name, value));
        writer.BackendKeyData(Number, _cancelKey.AsSpan());
        writer.ReadyForQuery('I');
        Write(writer.Written);
        Loop.Totals.Logins++;
        if (!_pending.IsEmpty)
            Begin();
    }

    /// <summary>It has said something and has no server.</summary>
    private void Begin()
    {
        if (!Stream.IsInMessage && _pending.Head!.Bytes[0] == (byte)'X')
        {
            Close();
            return;
        }
        WaitingSince = Loop.Now;
        if (Loop.Settings.SplitReads)
            Judge();
        if (Group!.Take(this) is { } server)
            Linked(server);
    }

    // By this libpq's target_session_attrs tells servers apart.
    private string Standing =>
        (ReadsOnly || Group!.WishOf(this) == RouteWish.Standby) && !Loop.Topology.Standbys.IsEmpty ? "on" : "off";

    private void Judge()
    {
        var understood = StatementJudge.Understands(Parameters.Values.GetValueOrDefault("client_encoding", "UTF8"));
        var isWhole = !KeepsServer && !Stream.IsInMessage && _pending.Head!.Next is null;
        Kind = understood && isWhole
            ? FirstBatch.Judge(_pending.Head!.Bytes, Loop.Router.Judge, Stream)
            : StatementKind.Write;
        // Until it is known where that ended, only the primary certainly has it.
        if (_writesKnown < _writes || _wasRefused)
            Kind = StatementKind.Write;
    }

    /// <summary>What it asked for was judged to be a read, and sent to a standby for no other reason.</summary>
    public bool WasJudgedToRead =>
        Kind == StatementKind.Read && Loop.Settings.SplitReads && !ReadsOnly && Group!.WishOf(this) == RouteWish.None;

    /// <summary>A standby could not do it: the primary does all of it.</summary>
    public void RetryOnPrimary(ReadOnlySpan<byte> bytes)
    {
        _wasRefused = true;
        Retry(bytes);
    }

    /// <summary>What it wrote up to that number ended before this. Answers may overtake each other.</summary>
    public void Wrote(long number, Lsn position)
    {
        if (number <= _writesKnown)
            return;
        _writesKnown = number;
        Written = position;
    }

    // What was judged to be a read is all that a standby gets; what comes behind it is judged anew.
    private bool MayGoOn(ServerConnection server) =>
        Loop.MayGoOn(server) && !server.IsAdjusting && server.Stream.Owed < MostOwed
        && (server.Pool.IsPrimary || ReadsOnly || Kind != StatementKind.Read || !_hasRead);

    public void Linked(ServerConnection server)
    {
        Server = server;
        server.Link(this);
        server.Remember(Stream.Held);
        LinkedAt = Loop.Now;
        _hasRead = false;
        Group!.Traffic.WaitTime += Loop.Now - WaitingSince;
        if (Loop.Now - WaitingSince > Loop.HeldAfter)
            Loop.Totals.Held++;
        GoOn();
    }

    /// <summary>Reads what it had to leave.</summary>
    public void GoOn()
    {
        while (Server is { } server && !_pending.IsEmpty && MayGoOn(server))
            Guarded(_pending.Take()!, server);
        if (Server is null && !IsWaiting && !_pending.IsEmpty && !IsClosed)
            Begin();
        Rearm();
    }

    // Not called by the engine, so that nobody else catches it.
    private void Guarded(Chunk chunk, ServerConnection server)
    {
        try
        {
            Forward(chunk, server);
        }
        catch (ProtocolException broken)
        {
            Break(broken.Message);
        }
    }

    private void Forward(Chunk chunk, ServerConnection server)
    {
        var onward = Loop.Onward.From(chunk, server);
        try
        {
            _hasRead = true;
            server.Remember(chunk.Bytes);
            Group!.Traffic.Received += chunk.Length;
            if (Stream.Read(chunk.Bytes, server.Stream, onward, Loop.Back.From(null, this)) == ClientStop.Terminated)
                Close();
        }
        finally
        {
            if (!onward.IsGiven)
                Loop.Pool.Return(chunk);
        }
    }

    /// <summary>The server has nothing more to do for it. False: it keeps the server.</summary>
    public bool GivesBack(ServerConnection server)
    {
        if (!ReferenceEquals(server.Stream.Parameters, Parameters))
            Parameters = server.Stream.Parameters = Loop.Parameters.Same(server.Stream.Parameters);
        if (KeepsServer)
            return false;
        if (server.Pool.IsPrimary && Kind != StatementKind.Read)
            _writes++;
        _wasRefused = false;
        Loop.Totals.Transactions++;
        Group!.Traffic.Transactions++;
        Group.Traffic.TransactionTime += Loop.Now - LinkedAt;
        Server = null;
        return true;
    }

    /// <summary>Its server was lost before any of this was sent: another one can do it.</summary>
    public void Retry(ReadOnlySpan<byte> bytes)
    {
        Server = null;
        Stream.Rewind();
        var later = _pending;
        _pending = default;
        _pending.Append(bytes, Loop.Pool);
        while (later.Take() is { } chunk)
            _pending.Give(chunk);
        if (KeepsServer)
            Lose(LostWork.RolledBack, "the server of this session was lost");
        else
            Begin();
    }

    public void Refuse(string sqlState, string message, string? detail = null) =>
        Refuse(new BackendWriter().ErrorResponse("FATAL", sqlState, message, detail).Written);

    /// <param name="error">A whole ErrorResponse.</param>
    public void Refuse(ReadOnlySpan<byte> error)
    {
        if (IsClosing)
            return;
        // In the middle of a message nothing else can be said.
        if (Server is { Stream.IsInMessage: true })
        {
            Close();
            return;
        }
        Write(error);
        CloseAfterSending();
    }

    protected override void Break(string why) => Refuse("08P01", why);

    protected override void Left(int error)
    {
        PoolGroup.Forget(this);
        Group?.Leave(this);
        _pending.Clear(Loop.Pool);
        var server = Server;
        Server = null;
        Loop.Gone(this);
        server?.Abandon();
        Stream?.Leave();
    }
}
