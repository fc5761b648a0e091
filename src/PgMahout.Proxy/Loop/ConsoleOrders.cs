using PgMahout.Proxy.Sessions;

namespace PgMahout.Proxy.Loop;

/// <summary>Databases that were paused, and who waits for it.</summary>
internal sealed class ConsoleOrders(ProxyLoop loop)
{
    private readonly HashSet<string> _paused = [];
    private bool _allPaused;

    /// <summary>Those at the console who wait until nothing runs any more.</summary>
    public List<AdminSession> Pausing { get; } = [];

    public bool IsPausedFor(string database) => _allPaused || _paused.Contains(database);

    /// <param name="database">Null: all of them.</param>
    public void Pause(string? database)
    {
        if (database is null)
            _allPaused = true;
        else
            _paused.Add(database);
    }

    public void Resume(string? database)
    {
        if (database is null)
            _paused.Clear();
        else
            _paused.Remove(database);
        _allPaused &= database is not null;
        loop.Serve();
    }

    /// <summary>Cuts the clients and servers of a database, and holds new ones until it is resumed.</summary>
    public void Kill(string? database, ClientConnection asker)
    {
        Pause(database);
        foreach (var client in loop.Clients.Values.Where(client => client != asker && Concerns(client)).ToArray())
            client.Dismiss("the database was killed at the proxy's console");
        Reconnect(database);

        bool Concerns(ClientConnection client) =>
            client.Group is not null && (database is null || client.Database == database);
    }

    public void Reconnect(string? database)
    {
        foreach (var group in loop.Groups.Where(group => database is null || group.Database == database))
            foreach (var pool in group.Pools.ToArray())
                pool.Reconnect();
    }

    /// <summary>Answers those who wait for a pause, once it is there.</summary>
    public void TellPaused()
    {
        if (Pausing.Count == 0)
            return;
        var busy = loop.Groups.Any(group => IsPausedFor(group.Database)
            && group.Pools.Any(pool => pool.Servers.Any(server => server.Client is not null && !server.Stream.IsFree)));
        if (busy)
            return;
        foreach (var session in Pausing)
            session.Paused();
        Pausing.Clear();
    }
}
