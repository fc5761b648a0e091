using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Admin;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Sessions;

namespace PgMahout.Proxy.Loop;

/// <summary>What the loop is doing, for the console. Made on request: it may allocate.</summary>
internal static class SnapshotMaker
{
    public static ProxySnapshot Make(ProxyLoop loop)
    {
        var clients = loop.Clients.Values.Where(client => client.IsLoggedIn).ToList();
        return new ProxySnapshot
        {
            At = TimeProvider.System.GetUtcNow(),
            Version = $"pgmahout {typeof(SnapshotMaker).Assembly.GetName().Version?.ToString(3)} ({loop.Engine.Name})",
            Pools = [.. loop.Groups.SelectMany(group => group.Pools.Select(pool => PoolOf(loop, pool, clients)))],
            Clients = [.. clients.Select(client => ClientOf(loop, client))],
            Servers = [.. loop.Groups.SelectMany(group => group.Pools)
                .SelectMany(pool => pool.Servers).Select(server => ServerOf(loop, server))],
            Databases = [.. loop.Groups.Select(group => group.Database).Distinct()
                .Select(name => DatabaseOf(loop, name))],
            Users = [.. loop.Groups.Select(group => group.User).Distinct()
                .Select(name => new UserSnapshot(name, null))],
            Traffic = [.. loop.Groups.GroupBy(group => group.Database).Select(group => TrafficOf(loop, group))],
            Settings = [.. SettingsOf(loop.Settings)],
            Memory = [new MemorySnapshot(
                "chunk", Chunk.Size, loop.Pool.InUse, loop.Pool.BytesHeld / Chunk.Size - loop.Pool.InUse)],
            FreeClients = loop.Settings.MaxClients - loop.Clients.Count,
            LoginClients = loop.Clients.Count - clients.Count,
        };
    }

    private static PoolSnapshot PoolOf(ProxyLoop loop, MemberPool pool, List<ClientConnection> clients)
    {
        var group = pool.Group;
        var waiting = pool.IsPrimary ? group.Waiting : 0;
        return new PoolSnapshot(group.Database, group.User, group.Mode, Span(pool.IsPrimary ? group.LongestWait : 0))
        {
            ClientsActive = clients.Count(client => client.Group == group && !client.IsWaiting),
            ClientsWaiting = waiting,
            CancelsActive = loop.Cancels.Count(cancel => cancel.Target.Pool == pool),
            ServersActive = pool.Servers.Count(server => server.Client is not null),
            ServersBeingCanceled = pool.Servers.Count(server => server.CancelsUnderWay > 0),
            ServersIdle = pool.Idle,
            ServersLogin = pool.Coming,
        };
    }

    private static PeerSnapshot ClientOf(ProxyLoop loop, ClientConnection client)
    {
        var waits = client.IsWaiting;
        return new PeerSnapshot(
            client.Number, client.User, client.Database, waits ? "waiting" : "active", At(loop, client.Since))
        {
            Address = PeerName.Of(client.Descriptor, out var port),
            Port = port,
            Link = client.Server?.ProcessId,
            Wait = waits ? Span(loop.Now - client.WaitingSince) : TimeSpan.Zero,
            RequestedAt = client.Server is null ? null : At(loop, client.LinkedAt),
            Tls = client.IsEncrypted ? "TLS" : "",
            ApplicationName = client.Parameters.Values.GetValueOrDefault("application_name", ""),
        };
    }

    private static PeerSnapshot ServerOf(ProxyLoop loop, ServerConnection server)
    {
        var state = !server.IsReady ? "login" : server.Client is null ? "idle" : "active";
        var (host, port) = AddressOf(server.Pool.Backend.Address);
        return new PeerSnapshot(
            server.ProcessId, server.Pool.Group.User, server.Pool.Group.Database, state, At(loop, server.Since))
        {
            Address = host,
            Port = port,
            Link = server.Client?.Number,
            RemotePid = server.ProcessId == 0 ? null : server.ProcessId,
            CloseNeeded = server.IsToLeave,
        };
    }

    private static DatabaseSnapshot DatabaseOf(ProxyLoop loop, string name)
    {
        var (host, port) = loop.Topology.Primary is { } primary ? AddressOf(primary.Address) : ("", 0);
        return new DatabaseSnapshot(name, host, port, name)
        {
            PoolSize = loop.Settings.PoolSize,
            ReservePool = loop.Settings.ReserveSize,
            Mode = loop.Settings.Mode,
            Paused = loop.Orders.IsPausedFor(name),
            CurrentConnections = loop.Groups.Where(group => group.Database == name)
                .Sum(group => group.Pools.Sum(pool => pool.Servers.Count)),
        };
    }

    private static TrafficSnapshot TrafficOf(ProxyLoop loop, IGrouping<string, PoolGroup> groups)
    {
        var seconds = Math.Max(1, (loop.Now - loop.StartedAt) / 1_000_000_000);
        var transactions = groups.Sum(group => group.Traffic.Transactions);
        var received = groups.Sum(group => group.Traffic.Received);
        var sent = groups.Sum(group => group.Traffic.Sent);
        var busy = Span(groups.Sum(group => group.Traffic.TransactionTime));
        var waited = Span(groups.Sum(group => group.Traffic.WaitTime));
        var each = Math.Max(1, transactions);
        return new TrafficSnapshot(
            groups.Key,
            new TrafficCounts(transactions, transactions, received, sent)
            {
                TransactionTime = busy, StatementTime = busy, WaitTime = waited,
            },
            new TrafficCounts(transactions / seconds, transactions / seconds, received / seconds, sent / seconds)
            {
                TransactionTime = busy / each, StatementTime = busy / each, WaitTime = waited / each,
            });
    }

    private static IEnumerable<SettingSnapshot> SettingsOf(ProxySettings settings)
    {
        var usual = new ProxySettings();
        foreach (var property in typeof(ProxySettings).GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.CanWrite)
                yield return new SettingSnapshot(
                    property.Name, Text(property.GetValue(settings)), Text(property.GetValue(usual)),
                    property.Name is not (nameof(settings.ListenHost) or nameof(settings.WritePort)
                        or nameof(settings.ReadPort) or nameof(settings.SocketDirectory)));
    }

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static (string Host, int Port) AddressOf(ServerAddress address) =>
        address is ServerAddress.Tcp tcp ? (tcp.Host, tcp.Port) : (address.ToString() ?? "", 0);

    private static DateTimeOffset At(ProxyLoop loop, long moment) =>
        TimeProvider.System.GetUtcNow() - Span(loop.Now - moment);

    private static TimeSpan Span(long nanoseconds) => TimeSpan.FromTicks(nanoseconds / 100);
}
