using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>The sessions of one user in one database on one member, in one reign if that is the primary.</summary>
internal sealed class MemberPool(ProxyLoop loop, PoolGroup group, Backend backend, bool isPrimary)
{
    // A server that could not be connected to is left alone for a moment.
    private const long AfterFailure = 200_000_000;

    private readonly Stack<ServerConnection> _idle = new();
    private readonly List<ServerConnection> _all = [];
    private long _notBefore;

    public PoolGroup Group { get; } = group;

    public Backend Backend { get; } = backend;

    public bool IsPrimary { get; } = isPrimary;

    /// <summary>Its reign is over: what is still connected leaves.</summary>
    public bool IsOver { get; private set; }

    public IReadOnlyList<ServerConnection> Servers => _all;

    public int Idle => _idle.Count;

    /// <summary>Sessions that log in, or are reset.</summary>
    public int Coming => _all.Count(server => !server.IsReady);

    public ServerConnection? TakeIdle()
    {
        while (_idle.TryPop(out var server))
        {
            server.IsIdle = false;
            if (!server.IsClosed)
                return server;
        }
        return null;
    }

    /// <summary>One that this client can have.</summary>
    public ServerConnection? TakeIdle(ClientConnection client)
    {
        if (TakeIdle() is not { } server)
            return null;
        if (server.Fits(client))
            return server;
        // It has nothing in common with who comes now; it would be in the way of one that has.
        server.Close();
        return null;
    }

    /// <summary>Another session, if there may be one.</summary>
    public void Grow(int wanted, bool reserve)
    {
        var most = loop.Settings.PoolSize + (reserve ? loop.Settings.ReserveSize : 0);
        if (_all.Count >= most)
            return;
        var coming = Coming;
        while (_all.Count < most && coming < wanted && loop.Now >= _notBefore && Group.Credential is { } credential)
        {
            if (!Open(credential))
                return;
            coming++;
        }
    }

    private bool Open(ServerCredential credential)
    {
        var descriptor = loop.OpenSocket(Backend.Address);
        if (descriptor < 0)
        {
            _notBefore = loop.Now + AfterFailure;
            return false;
        }
        var server = new ServerConnection(loop, descriptor, this, Group.NewLogin(credential));
        _all.Add(server);
        loop.Engine.Add(server);
        loop.Engine.Connect(server, Backend.Address);
        return true;
    }

    /// <summary>It has nothing to do: it goes to who waits, or waits itself.</summary>
    public void GiveBack(ServerConnection server)
    {
        if (server.IsClosed || server.IsIdle)
            return;
        var isOld = loop.Now - server.Since > loop.Settings.ServerLifetime.Ticks * 100;
        if (IsOver || server.IsToLeave || server.Stream.IsSpoilt || isOld)
        {
            server.Close();
            return;
        }
        server.IdleSince = loop.Now;
        if (loop.MayBegin(this) && Group.NextWaiting(this, server) is { } client)
        {
            client.Linked(server);
            return;
        }
        if (server.Owner is not null)
        {
            // Whose it would have been has gone.
            server.Close();
            return;
        }
        server.IsIdle = true;
        _idle.Push(server);
    }

    public void Remove(ServerConnection server, string why)
    {
        _all.Remove(server);
        if (server.IsReady)
        {
            if (Group.Waiting > 0 && !IsOver && server.Owner is not null)
                loop.ServeSoon();
            return;
        }
        _notBefore = loop.Now + AfterFailure;
        Group.LastFailure = why;
    }

    /// <summary>The server does not let this user in: whoever waits would wait in vain.</summary>
    public void Refused(ServerLoginStep.Failed failed) => Group.Refused(failed, IsPrimary);

    /// <summary>Another reign has begun, or the member is gone.</summary>
    public void End(string why)
    {
        IsOver = true;
        foreach (var server in _all.ToArray())
            server.Close();
        Group.LastFailure = why;
    }

    /// <summary>Servers are replaced by new ones as they become free.</summary>
    public void Reconnect()
    {
        foreach (var server in _all)
            server.IsToLeave = true;
        while (TakeIdle() is { } idle)
            idle.Close();
    }

    public void Housekeep()
    {
        var now = loop.Now;
        foreach (var server in _all.ToArray())
        {
            var isIdle = server.IsReady && server.Client is null && server.Stream.IsFree;
            if (!server.IsReady && now - server.Since > loop.Settings.ConnectLimit.Ticks * 100)
                server.Close(TimedOut);
            else if (isIdle && now - server.IdleSince > loop.Settings.ServerIdleLimit.Ticks * 100)
                server.Close();
        }
    }

    private const int TimedOut = 110;
}
