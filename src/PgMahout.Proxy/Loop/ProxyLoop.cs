using System.Collections.Immutable;
using System.Security.Cryptography;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Handover;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Proxy.Session;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Handover;
using PgMahout.Proxy.Sessions;
using PgMahout.Proxy.Tls;

namespace PgMahout.Proxy.Loop;

/// <summary>All clients and all servers of one proxy, on one thread: nothing here is locked.</summary>
internal sealed unsafe class ProxyLoop : IDisposable
{
    private const int StreamType = 1;
    private const int TcpLevel = 6;
    private const int NoDelay = 1;
    private const int SocketLevel = 1;
    private const int KeepAlive = 9;
    private const long TickEvery = 100_000_000;

    private readonly Dictionary<(string User, string Database), PoolGroup> _groups = [];
    private readonly Dictionary<int, ClientConnection> _clients = [];
    private readonly IUserDirectory _users;
    private readonly Mailbox _mailbox;
    private bool _wasShort;
    private long _nextTick;

    public ProxyLoop(ProxySettings settings, IUserDirectory users, Mailbox mailbox, bool onlyEpoll)
    {
        Settings = settings;
        _users = users;
        _mailbox = mailbox;
        Now = LibC.BootTime();
        Engine = EngineChoice.Make(Pool, onlyEpoll);
        mailbox.Engine = Engine;
        Orders = new ConsoleOrders(this);
        Router = new Router(this);
    }

    /// <summary>
    /// From now on it goes by these. A certificate that cannot be used changes nothing: the answer says why.
    /// </summary>
    public TlsOpening.Failed? Go(ProxySettings settings)
    {
        var toClients = settings is { CertificateFile: { } certificate, KeyFile: { } key }
            ? TlsContext.Server(certificate, key)
            : null;
        var toServers = TlsContext.ToServers(settings);
        if ((toClients as TlsOpening.Failed ?? toServers as TlsOpening.Failed) is { } failed)
            return failed;
        ClientTls = (toClients as TlsOpening.Opened)?.Context;
        ServerTls = (toServers as TlsOpening.Opened)?.Context;
        Settings = settings;
        Router.Go(settings);
        return null;
    }

    public IEngine Engine { get; }

    public ChunkPool Pool { get; } = new();

    public Outbox Outbox { get; } = new();

    public StatementRegistry Statements { get; } = new();

    public ParameterSets Parameters { get; } = new();

    public ProxyTally Totals { get; } = new();

    /// <summary>Who serves what.</summary>
    public Router Router { get; }

    /// <summary>One passage each way is enough: nothing is read while something is read.</summary>
    public Passage Onward { get; } = new();

    public Passage Back { get; } = new();

    public HashSet<CancelConnection> Cancels { get; } = [];

    public ProxySettings Settings { get; private set; }

    /// <summary>With the certificate that is shown to clients; null when there is none.</summary>
    public TlsContext? ClientTls { get; private set; }

    /// <summary>For connections to servers; null when they are not to be encrypted.</summary>
    public TlsContext? ServerTls { get; private set; }

    public Topology Topology { get; private set; } = Topology.Unknown;

    /// <summary>What was asked for at the console.</summary>
    public ConsoleOrders Orders { get; }

    public long StartedAt { get; } = LibC.BootTime();

    /// <summary>See <see cref="LoginRules"/>.</summary>
    public required ImmutableArray<byte> MockSecret { get; init; }

    /// <summary>So much waits to be sent that only those are read for whom nothing waits.</summary>
    public bool IsShort => Pool.BytesInUse > Settings.MemoryLimit;

    /// <summary>The settings are to be read again.</summary>
    public Action ReloadWanted { get; init; } = () => { };

    /// <summary>On this host's boot clock, in nanoseconds, as of the beginning of this turn.</summary>
    public long Now { get; private set; }

    /// <summary>Who waits longer than this, in nanoseconds, has been held.</summary>
    public long HeldAfter => TickEvery / 2;

    /// <summary>The process that this one's clients go to; null before that.</summary>
    public Heir? Heir { get; private set; }

    /// <summary>From where clients come; null without a process before this one.</summary>
    public Inheritance? Inheritance { get; set; }

    /// <summary>The highest that a client has, by which it may ask for a cancel.</summary>
    public int LastNumber { get; set; } = RandomNumberGenerator.GetInt32(1, 1 << 20);

    public IEnumerable<PoolGroup> Groups => _groups.Values;

    public IReadOnlyDictionary<int, ClientConnection> Clients => _clients;

    public void Turn()
    {
        Engine.Turn(Heir is { IsBusy: true } ? 1 : IsAnyoneWaiting() ? 20 : 250, Outbox);
        Now = LibC.BootTime();
        _mailbox.Read();
        if (Now >= _nextTick)
            Tick();
        else if (Heir is { IsBusy: true })
            Heir.Sweep();
        Outbox.Flush(Engine);
    }

    private bool IsAnyoneWaiting()
    {
        foreach (var group in _groups.Values)
            if (group.Waiting > 0)
                return true;
        return false;
    }

    private void Tick()
    {
        _nextTick = Now + TickEvery;
        Orders.TellPaused();
        Heir?.Sweep();
        if (_wasShort && !IsShort)
            RearmAll();
        _wasShort = IsShort;
        foreach (var group in _groups.Values)
            group.Housekeep();
        foreach (var client in _clients.Values.Where(client => !client.IsLoggedIn).ToArray())
            if (Now - client.Since > Settings.LoginLimit.Ticks * 100)
                client.Refuse("08006", "the login took too long");
        // Who does not read what it is told is left without it.
        foreach (var client in _clients.Values.Where(client => client.ClosingSince > 0).ToArray())
            if (Now - client.ClosingSince > Settings.LoginLimit.Ticks * 100)
                client.Close();
        foreach (var cancel in Cancels.ToArray())
            if (Now - cancel.Since > Settings.ConnectLimit.Ticks * 100)
                cancel.Close();
    }

    /// <summary>From now on this is what is known of the cluster.</summary>
    public void Follow(Topology topology)
    {
        var before = Topology;
        Topology = topology;
        var newReign = topology.Epoch != before.Epoch
            || (topology.Primary is { } now && before.Primary is { } then && now != then);
        foreach (var group in _groups.Values)
        {
            group.Follow(topology, newReign);
            group.Serve();
        }
        if (before.PrimaryUntil.Nanoseconds <= Now)
            GoOn();
    }

    /// <summary>The lease was renewed late: who was in the middle of something reads on.</summary>
    private void GoOn()
    {
        foreach (var client in _clients.Values.Where(client => client.Server is not null).ToArray())
            client.GoOn();
    }

    private void RearmAll()
    {
        foreach (var client in _clients.Values.ToArray())
        {
            client.Rearm();
            client.Server?.Rearm();
        }
    }

    /// <summary>A place has become free: not in the middle of whatever made it so.</summary>
    public void ServeSoon() => _mailbox.Post(Serve);

    public void Serve()
    {
        foreach (var group in _groups.Values)
            group.Serve();
    }

    /// <summary>Whether something new may begin on a server of this pool.</summary>
    public bool MayBegin(MemberPool? pool)
    {
        if (pool is null || pool.IsOver || Orders.IsPausedFor(pool.Group.Database))
            return false;
        return pool.IsPrimary
            ? Topology.Primary == pool.Backend && !Topology.Draining && Now < Topology.PrimaryUntil.Nanoseconds
            : Topology.Standbys.Any(standby => standby.Backend == pool.Backend);
    }

    /// <summary>Whether more may be sent of what has begun: not beyond the end of the primary's lease.</summary>
    public bool MayGoOn(ServerConnection server) =>
        !server.Pool.IsPrimary || Now < Topology.PrimaryUntil.Nanoseconds;

    public string WhyNoServer(PoolGroup group) =>
        Orders.IsPausedFor(group.Database) ? "the proxy is paused"
        : Topology.Primary is null || Topology.Draining ? Topology.Why
        : Now >= Topology.PrimaryUntil.Nanoseconds ? "the primary's lease has run out as far as is known here"
        : group.LastFailure.Length > 0 ? group.LastFailure
        : $"all {Settings.PoolSize} servers of this user and database are busy";

    public void Accept(int descriptor, bool readsOnly, bool isLocal)
    {
        if (!isLocal)
            Quicken(descriptor);
        do
            LastNumber = (LastNumber + 1) & int.MaxValue;
        while (_clients.ContainsKey(LastNumber));
        var client = new ClientConnection(this, descriptor, LastNumber, readsOnly, isLocal);
        Engine.Add(client);
        if (_clients.Count >= Settings.MaxClients)
        {
            client.Refuse("53300", $"the proxy has {Settings.MaxClients} clients already");
            return;
        }
        _clients.Add(client.Number, client);
        client.Rearm();
    }

    /// <summary>From now on clients move over to this process whenever they can.</summary>
    public void Bequeath(Heir heir)
    {
        Heir = heir;
        _nextTick = 0;
    }

    /// <summary>A client of the process before this one, between two transactions.</summary>
    public void Adopt(MovedClient moved, int descriptor)
    {
        // The two processes need not have the same engine.
        var flags = LibC.Control(descriptor, LibC.GetFlags, 0) & ~LibC.NonBlocking;
        _ = LibC.Control(descriptor, LibC.SetFlags, flags | (Engine.SocketFlags & LibC.NonBlocking));
        var client = new ClientConnection(this, descriptor, moved);
        Engine.Add(client);
        _clients.Add(client.Number, client);
        client.Rearm();
    }

    /// <summary>It does not go, after all.</summary>
    public void Keep(ClientConnection client) => _clients.Add(client.Number, client);

    public void Gone(ClientConnection client) => _clients.Remove(client.Number);

    public PoolGroup GroupOf(string user, string database)
    {
        if (!_groups.TryGetValue((user, database), out var group))
            _groups[(user, database)] = group = new PoolGroup(this, user, database)
            {
                Rule = Router.Rules.For(user, database),
            };
        return group;
    }

    public ClientLogin NewClientLogin(bool isLocal)
    {
        Span<byte> random = stackalloc byte[ClientLogin.RandomBytes];
        RandomNumberGenerator.Fill(random);
        var rule = isLocal ? TlsRule.None
            : Settings.RequireTls ? TlsRule.Required
            : ClientTls is null ? TlsRule.None
            : TlsRule.Offered;
        return new ClientLogin(new LoginRules(rule, Settings.Mode, MockSecret), random);
    }

    public ServerLogin NewServerLogin(PoolGroup group, ServerCredential credential)
    {
        Span<byte> nonce = stackalloc byte[ServerLogin.NonceBytes];
        RandomNumberGenerator.Fill(nonce);
        return new ServerLogin(group.User, group.Database, credential, nonce);
    }

    public ImmutableArray<byte> NewKey() => [.. RandomNumberGenerator.GetBytes(sizeof(int))];

    public void Ask(string user, Action<UserSecret?> answered) =>
        _users.Find(user, fresh: false, secret => _mailbox.Post(() => answered(secret)));

    /// <summary>What is remembered of its secret did not fit; perhaps that has just been changed.</summary>
    public void AskAnew(string user) => _users.Find(user, fresh: true, _ => { });

    public void Cancel(int number, ImmutableArray<byte> key)
    {
        if (!_clients.TryGetValue(number, out var client)
            || !CryptographicOperations.FixedTimeEquals(key.AsSpan(), client.CancelKey.AsSpan()))
        {
            Inheritance?.Cancel(new HandoverMessage.Cancel(number, key));
            return;
        }
        if (client.IsWaiting)
            client.Cancelled();
        else if (client.Server is { } server && !server.Stream.IsFree)
            Cancel(server);
    }

    private void Cancel(ServerConnection server)
    {
        var descriptor = OpenSocket(server.Pool.Backend.Address);
        if (descriptor < 0)
            return;
        var cancel = new CancelConnection(this, descriptor, server);
        server.CancelsUnderWay++;
        Cancels.Add(cancel);
        Engine.Add(cancel);
        Engine.Connect(cancel, server.Pool.Backend.Address);
    }

    /// <summary>-1 when the system has none left.</summary>
    public int OpenSocket(ServerAddress address)
    {
        var descriptor = LibC.Socket(SocketName.Family(address), StreamType | Engine.SocketFlags, 0);
        if (descriptor >= 0 && address is ServerAddress.Tcp)
            Quicken(descriptor);
        return descriptor;
    }

    // Small messages leave at once, and a host that has gone is noticed.
    private static void Quicken(int descriptor)
    {
        var one = 1;
        _ = LibC.SetOption(descriptor, TcpLevel, NoDelay, &one, sizeof(int));
        _ = LibC.SetOption(descriptor, SocketLevel, KeepAlive, &one, sizeof(int));
    }

    public void Dispose()
    {
        // They are told why, as far as that can be sent at once.
        foreach (var client in _clients.Values.ToArray())
            client.Dismiss("the proxy stops");
        Outbox.Flush(Engine);
        Engine.Turn(0, Outbox);
        foreach (var client in _clients.Values.ToArray())
            client.Close();
        foreach (var pool in _groups.Values.SelectMany(group => group.Pools).ToArray())
            pool.End("the proxy stops");
        _mailbox.Engine = null;
        Engine.Dispose();
        Pool.Dispose();
    }
}
