using System.Collections.Immutable;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Proxy.Session;
using PgMahout.Core.Vocabulary;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>All sessions of one user in one database, on whatever member, and who waits for one.</summary>
internal sealed class PoolGroup(ProxyLoop loop, string user, string database)
{
    private readonly LinkedList<ClientConnection> _writers = new();
    private readonly LinkedList<ClientConnection> _readers = new();
    private readonly Dictionary<MemberName, MemberPool> _standbys = [];
    private readonly List<ClientConnection> _arriving = [];
    private ImmutableSortedDictionary<string, string>? _welcome;

    public string User { get; } = user;

    public string Database { get; } = database;

    public PoolMode Mode => loop.Settings.Mode;

    /// <summary>Where its clients' transactions go, unless they say otherwise.</summary>
    public RouteWish Rule { get; set; }

    /// <summary>What counts for this client: its own word, or the rule.</summary>
    public RouteWish WishOf(ClientConnection client) => client.Wish == RouteWish.None ? Rule : client.Wish;

    public Traffic Traffic { get; } = new();

    /// <summary>In nanoseconds; of those who wait now.</summary>
    public long LongestWait => Math.Max(WaitOf(_writers), WaitOf(_readers));

    private long WaitOf(LinkedList<ClientConnection> queue) =>
        queue.First is { } first ? loop.Now - first.Value.WaitingSince : 0;

    /// <summary>From the last login of a client; with it the servers are logged in to.</summary>
    public ServerCredential? Credential { get; set; }

    public MemberPool? Primary { get; private set; }

    public IEnumerable<MemberPool> Standbys => _standbys.Values;

    public IEnumerable<MemberPool> Pools => Primary is null ? _standbys.Values : _standbys.Values.Prepend(Primary);

    public int Waiting => _writers.Count + _readers.Count;

    /// <summary>Why the last server was not to be had; for who has waited in vain.</summary>
    public string LastFailure { get; set; } = "";

    /// <summary>What servers report when a session begins; null until one has.</summary>
    public ImmutableSortedDictionary<string, string>? Reported => _welcome;

    public SessionParameters Initial { get; private set; } = SessionParameters.None;

    /// <summary>
    /// The first of those who wait for a session of their own that nobody is about to get; null when there is none.
    /// </summary>
    public ClientConnection? NextOwner(MemberPool pool)
    {
        foreach (var client in pool.IsPrimary ? _writers : _readers)
            if (client.KeepsServer && !pool.Servers.Any(server => server.Owner == client))
                return client;
        return null;
    }

    public ServerLogin NewLogin(ServerCredential credential) => loop.NewServerLogin(this, credential);

    /// <summary>The pool of who leads now; null while nobody is known to.</summary>
    public MemberPool? PrimaryNow()
    {
        if (loop.Topology.Primary is not { } backend)
            return null;
        return Primary is { IsOver: false } ? Primary : Primary = new MemberPool(loop, this, backend, isPrimary: true);
    }

    public MemberPool Standby(Backend backend)
    {
        if (_standbys.TryGetValue(backend.Name, out var pool) && pool.Backend == backend)
            return pool;
        pool?.End("the member has another address");
        return _standbys[backend.Name] = new MemberPool(loop, this, backend, isPrimary: false);
    }

    /// <summary>A server for this client: at once if one is idle, otherwise when its turn comes.</summary>
    public ServerConnection? Take(ClientConnection client)
    {
        var pool = loop.Router.Choose(client, this);
        var queue = pool is { IsPrimary: false } || WishOf(client) == RouteWish.Standby ? _readers : _writers;
        if (pool is not null && loop.MayBegin(pool) && queue.Count == 0 && pool.TakeIdle(client) is { } server)
            return server;
        queue.AddLast(client.Place);
        // One that is about to stop is not asked: it would have to refuse each login before it can end.
        if (loop.MayBegin(pool))
            pool!.Grow(queue.Count, reserve: false);
        return null;
    }

    /// <summary>The first of those who wait for such a pool; a standby must have replayed what they wrote.</summary>
    public ClientConnection? NextWaiting(MemberPool pool, ServerConnection server)
    {
        var queue = pool.IsPrimary ? _writers : _readers;
        for (var place = queue.First; place is not null; place = place.Next)
        {
            if (!server.Fits(place.Value) || !loop.Router.Has(pool, place.Value.Written))
                continue;
            Forget(place.Value);
            return place.Value;
        }
        return null;
    }

    public static void Forget(ClientConnection client)
    {
        if (client.IsWaiting)
            client.Place.List!.Remove(client.Place);
    }

    /// <summary>Clients that have logged in and need to know what servers report.</summary>
    public void Arrive(ClientConnection client)
    {
        _arriving.Add(client);
        (loop.MayBegin(PrimaryNow()) ? Primary : loop.Router.AnyStandby(this))?.Grow(_arriving.Count, reserve: false);
    }

    public void Leave(ClientConnection client) => _arriving.Remove(client);

    public void Welcome(ImmutableSortedDictionary<string, string> reported, SessionParameters initial)
    {
        _welcome = reported;
        Initial = initial;
        foreach (var client in _arriving.ToArray())
            client.Welcomed();
        _arriving.Clear();
    }

    public void Refused(ServerLoginStep.Failed failed, bool primary)
    {
        LastFailure = failed.Message;
        // A server that is not up yet is waited for; one that says no to this user or database is not.
        if (failed.SqlState.StartsWith("57P", StringComparison.Ordinal) || failed.SqlState == "53300")
            return;
        Credential = failed.SqlState.StartsWith("28", StringComparison.Ordinal) ? null : Credential;
        foreach (var client in _arriving.ToArray())
            client.Refuse(failed.Error.Span);
        _arriving.Clear();
        while ((primary ? _writers : _readers).First is { } first)
        {
            Forget(first.Value);
            first.Value.Refuse(failed.Error.Span);
        }
    }

    /// <summary>Another reign, or other standbys: what does not belong to it any more ends.</summary>
    public void Follow(Topology topology, bool newReign)
    {
        if (newReign && Primary is { } former)
        {
            Primary = null;
            former.End("another primary leads");
        }
        foreach (var (name, pool) in _standbys.ToArray())
            if (pool.Servers.Count == 0 && topology.Standbys.All(standby => standby.Backend.Name != name))
                _standbys.Remove(name);
    }

    /// <summary>Gives servers to who waits, and asks for more of them.</summary>
    public void Serve()
    {
        if (PrimaryNow() is { } primary && loop.MayBegin(primary))
            Serve(primary, _writers, _arriving.Count);
        if (_readers.Count == 0)
            return;
        foreach (var standby in _standbys.Values.Where(pool => loop.MayBegin(pool)))
            Serve(standby, _readers, 0);
        if (loop.Topology.Standbys.IsEmpty)
            MoveReaders();
    }

    private void Serve(MemberPool pool, LinkedList<ClientConnection> queue, int more)
    {
        while (queue.Count > 0 && pool.TakeIdle() is { } server)
        {
            if (NextWaiting(pool, server) is { } client)
            {
                client.Linked(server);
                continue;
            }
            if (!queue.First!.Value.KeepsServer)
            {
                pool.GiveBack(server);
                break;
            }
            // It only takes the place of one that began as they did.
            server.Close();
        }
        if (queue.Count + more == 0)
            return;
        var reserve = queue.First is { } first
            && loop.Now - first.Value.WaitingSince > loop.Settings.ReserveAfter.Ticks * 100;
        pool.Grow(queue.Count + more, reserve);
    }

    // No standby is fit any more: the primary can serve reads too.
    private void MoveReaders()
    {
        foreach (var client in _readers.Where(client => WishOf(client) != RouteWish.Standby).ToArray())
        {
            Forget(client);
            _writers.AddLast(client.Place);
        }
    }

    public void Housekeep()
    {
        foreach (var pool in Pools.ToArray())
            pool.Housekeep();
        foreach (var queue in (ReadOnlySpan<LinkedList<ClientConnection>>)[_writers, _readers])
            while (queue.First is { } first && loop.Now - first.Value.WaitingSince > loop.Settings.Hold.Ticks * 100)
                first.Value.GiveUp();
        foreach (var client in _arriving.ToArray())
            if (loop.Now - client.WaitingSince > loop.Settings.Hold.Ticks * 100)
                client.GiveUp();
        Serve();
    }
}
