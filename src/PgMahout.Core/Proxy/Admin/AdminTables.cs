using System.Collections.Immutable;
using System.Globalization;

namespace PgMahout.Core.Proxy.Admin;

/// <summary>The answers to SHOW, in the columns of PgBouncer 1.18.</summary>
public static class AdminTables
{
    public static AdminTable For(AdminSubject subject, ProxySnapshot snapshot) => subject switch
    {
        AdminSubject.Help => Help(),
        AdminSubject.Config => Config(snapshot),
        AdminSubject.Databases => Databases(snapshot),
        AdminSubject.Pools => Pools(snapshot),
        AdminSubject.Clients => Peers("C", snapshot.Clients),
        AdminSubject.Servers => Peers("S", snapshot.Servers),
        AdminSubject.Users => Table(
            "name pool_mode", snapshot.Users.Select(user => Row(user.Name, ModeOf(user.Mode)))),
        AdminSubject.Lists => Lists(snapshot),
        AdminSubject.Memory => Table(
            "name size:i used:i free:i memtotal:i",
            snapshot.Memory.Select(one => Row(one.Name, one.Size, one.Used, one.Free, one.Total))),
        AdminSubject.Stats => Stats(snapshot),
        AdminSubject.StatsTotals => Traffic(snapshot, traffic => traffic.Total),
        AdminSubject.StatsAverages => Traffic(snapshot, traffic => traffic.Average),
        AdminSubject.Version => Table("version", [Row($"pgmahout {snapshot.Version}")]),
    };

    private static AdminTable Help() => Table(
        "command meaning",
        [
            Row("SHOW " + AdminGrammar.SubjectWords.Replace(", ", "|", StringComparison.Ordinal), "state and counts"),
            Row("PAUSE [database]", "let what runs end, begin nothing new"),
            Row("RESUME [database]", "go on after PAUSE or KILL"),
            Row("KILL [database]", "cut clients and servers at once, hold until RESUME"),
            Row("RECONNECT [database]", "replace connections to servers as they become free"),
            Row("RELOAD", "take up changed settings"),
            Row("SHUTDOWN [WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS]", "end the proxy"),
        ]);

    private static AdminTable Config(ProxySnapshot snapshot) => Table(
        "key value default changeable",
        snapshot.Settings.Select(one => Row(one.Key, one.Value, one.Default, one.Changeable ? "yes" : "no")));

    private static AdminTable Databases(ProxySnapshot snapshot) => Table(
        "name host port:i database force_user pool_size:i min_pool_size:i reserve_pool:i pool_mode max_connections:i "
            + "current_connections:i paused:i disabled:i",
        snapshot.Databases.Select(one => Row(
            one.Name, one.Host, one.Port, one.Database, one.ForceUser, one.PoolSize, one.MinPoolSize, one.ReservePool,
            ModeOf(one.Mode), one.MaxConnections, one.CurrentConnections, one.Paused, one.Disabled)));

    private static AdminTable Pools(ProxySnapshot snapshot) => Table(
        "database user cl_active:i cl_waiting:i cl_active_cancel_req:i cl_waiting_cancel_req:i sv_active:i "
            + "sv_active_cancel:i sv_being_canceled:i sv_idle:i sv_used:i sv_tested:i sv_login:i maxwait:i "
            + "maxwait_us:i pool_mode",
        snapshot.Pools.Select(pool => Row(
            pool.Database, pool.User, pool.ClientsActive, pool.ClientsWaiting, pool.CancelsActive, pool.CancelsWaiting,
            pool.ServersActive, pool.ServersCarryingCancels, pool.ServersBeingCanceled, pool.ServersIdle,
            pool.ServersUsed, pool.ServersTested, pool.ServersLogin,
            Seconds(pool.LongestWait), Rest(pool.LongestWait), ModeOf(pool.Mode))));

    private static AdminTable Peers(string type, ImmutableArray<PeerSnapshot> peers) => Table(
        "type user database state addr port:i local_addr local_port:i connect_time request_time wait:i wait_us:i "
            + "close_needed:i ptr link remote_pid:i tls application_name",
        peers.Select(peer => Row(
            type, peer.User, peer.Database, peer.State, peer.Address, peer.Port, peer.LocalAddress, peer.LocalPort,
            Time(peer.ConnectedAt), Time(peer.RequestedAt), Seconds(peer.Wait), Rest(peer.Wait), peer.CloseNeeded,
            Pointer(peer.Id), Pointer(peer.Link), peer.RemotePid, peer.Tls, peer.ApplicationName)));

    private static AdminTable Lists(ProxySnapshot snapshot) => Table(
        "list items:i",
        [
            Row("databases", snapshot.Databases.Length),
            Row("users", snapshot.Users.Length),
            Row("pools", snapshot.Pools.Length),
            Row("free_clients", snapshot.FreeClients),
            Row("used_clients", snapshot.Clients.Length),
            Row("login_clients", snapshot.LoginClients),
            Row("free_servers", snapshot.Pools.Sum(pool => pool.ServersIdle + pool.ServersUsed)),
            Row("used_servers", snapshot.Servers.Length),
            Row("dns_names", 0),
            Row("dns_zones", 0),
            Row("dns_queries", 0),
            Row("dns_pending", 0),
        ]);

    private static AdminTable Stats(ProxySnapshot snapshot) => Table(
        "database total_xact_count:n total_query_count:n total_received:n total_sent:n total_xact_time:n "
            + "total_query_time:n total_wait_time:n avg_xact_count:n avg_query_count:n avg_recv:n avg_sent:n "
            + "avg_xact_time:n avg_query_time:n avg_wait_time:n",
        snapshot.Traffic.Select(one => Row([one.Database, .. Counts(one.Total), .. Counts(one.Average)])));

    private static AdminTable Traffic(ProxySnapshot snapshot, Func<TrafficSnapshot, TrafficCounts> counts) => Table(
        "database xact_count:n query_count:n bytes_received:n bytes_sent:n xact_time:n query_time:n wait_time:n",
        snapshot.Traffic.Select(one => Row([one.Database, .. Counts(counts(one))])));

    private static object?[] Counts(TrafficCounts counts) =>
    [
        counts.Transactions, counts.Statements, counts.BytesReceived, counts.BytesSent,
        Microseconds(counts.TransactionTime), Microseconds(counts.StatementTime), Microseconds(counts.WaitTime),
    ];

    /// <param name="columns">Names with a colon and the first letter of a type that is not text; n is numeric.</param>
    private static AdminTable Table(string columns, IEnumerable<ImmutableArray<string?>> rows) =>
        new([.. columns.Split(' ').Select(Column)], [.. rows]);

    private static AdminColumn Column(string text) => text.Split(':') switch
    {
        [var name] => new AdminColumn(name, AdminType.Text),
        [var name, "i"] => new AdminColumn(name, AdminType.Int4),
        [var name, "n"] => new AdminColumn(name, AdminType.Numeric),
        _ => throw new InvalidOperationException($"no column: {text}"),
    };

    private static ImmutableArray<string?> Row(params object?[] values) =>
        [.. values.Select(Value)];

    private static string? Value(object? value) => value switch
    {
        null => null,
        true => "1",
        false => "0",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private static string? ModeOf(PoolMode? mode) => mode switch
    {
        PoolMode.Session => "session",
        PoolMode.Transaction => "transaction",
        null => null,
    };

    private static string? Time(DateTimeOffset? time) =>
        time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Pointer(long? id) => id is { } known ? $"0x{known:x}" : "";
    private static long Seconds(TimeSpan time) => Microseconds(time) / 1_000_000;
    private static long Rest(TimeSpan time) => Microseconds(time) % 1_000_000;
    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
