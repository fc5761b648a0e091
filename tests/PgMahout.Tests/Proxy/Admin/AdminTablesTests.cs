using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Admin;
using Xunit;

namespace PgMahout.Tests.Proxy.Admin;

public sealed class AdminTablesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static readonly ProxySnapshot Snapshot = new()
    {
        At = Noon,
        Version = "0.1.0",
        FreeClients = 9,
        LoginClients = 1,
        Pools =
        [
            new PoolSnapshot("app", "ann", PoolMode.Transaction, TimeSpan.FromSeconds(1.25))
            {
                ClientsActive = 1, ClientsWaiting = 2, CancelsActive = 3, CancelsWaiting = 4, ServersActive = 5,
                ServersCarryingCancels = 6, ServersBeingCanceled = 7, ServersIdle = 8, ServersUsed = 9,
                ServersTested = 10, ServersLogin = 11,
            },
        ],
        Clients =
        [
            new PeerSnapshot(255, "ann", "app", "active", Noon)
            {
                Link = 16, Address = "127.0.0.1", Port = 4000, LocalAddress = "127.0.0.1", LocalPort = 6432,
                RequestedAt = Noon + TimeSpan.FromSeconds(2), Wait = TimeSpan.FromMilliseconds(1.5), CloseNeeded = true,
                Tls = "TLSv1.3/x", ApplicationName = "psql",
            },
        ],
        Servers = [new PeerSnapshot(16, "ann", "app", "idle", Noon) { Address = "unix", Port = 5432, RemotePid = 77 }],
        Databases =
            [new DatabaseSnapshot("app", "/run", 5432, "app") { PoolSize = 20, ReservePool = 5, Paused = true }],
        Users = [new UserSnapshot("ann", null), new UserSnapshot("bob", PoolMode.Session)],
        Traffic =
        [
            new TrafficSnapshot(
                "app",
                new TrafficCounts(10, 20, 30, 40)
                {
                    TransactionTime = TimeSpan.FromSeconds(5), StatementTime = TimeSpan.FromSeconds(6),
                    WaitTime = TimeSpan.FromMicroseconds(7),
                },
                new TrafficCounts(1, 2, 3, 4) { TransactionTime = TimeSpan.FromMicroseconds(8) }),
        ],
        Settings = [new SettingSnapshot("pool_size", "20", "10", true)],
        Memory = [new MemorySnapshot("buffers", 8192, 3, 1)],
    };

    private static string Lines(AdminSubject subject)
    {
        var table = AdminTables.For(subject, Snapshot);
        Assert.All(table.Rows, row => Assert.Equal(table.Columns.Length, row.Length));
        return string.Join(
            '\n',
            table.Rows.Select(row => string.Join(',', row.Select(value => value ?? "-")))
                .Prepend(string.Join(',', table.Columns.Select(column => column.Name))));
    }

    // The headers are what PgBouncer 1.18 itself answers.
    [Theory]
    [InlineData(
        AdminSubject.Pools,
        "database,user,cl_active,cl_waiting,cl_active_cancel_req,cl_waiting_cancel_req,sv_active,sv_active_cancel,"
            + "sv_being_canceled,sv_idle,sv_used,sv_tested,sv_login,maxwait,maxwait_us,pool_mode",
        "app,ann,1,2,3,4,5,6,7,8,9,10,11,1,250000,transaction")]
    [InlineData(
        AdminSubject.Clients,
        "type,user,database,state,addr,port,local_addr,local_port,connect_time,request_time,wait,wait_us,close_needed,"
            + "ptr,link,remote_pid,tls,application_name",
        "C,ann,app,active,127.0.0.1,4000,127.0.0.1,6432,2026-11-23 12:00:00 UTC,2026-11-23 12:00:02 UTC,0,1500,1,"
            + "0xff,0x10,-,TLSv1.3/x,psql")]
    [InlineData(
        AdminSubject.Servers,
        "type,user,database,state,addr,port,local_addr,local_port,connect_time,request_time,wait,wait_us,close_needed,"
            + "ptr,link,remote_pid,tls,application_name",
        "S,ann,app,idle,unix,5432,,0,2026-11-23 12:00:00 UTC,-,0,0,0,0x10,,77,,")]
    [InlineData(
        AdminSubject.Databases,
        "name,host,port,database,force_user,pool_size,min_pool_size,reserve_pool,pool_mode,max_connections,"
            + "current_connections,paused,disabled",
        "app,/run,5432,app,-,20,0,5,-,0,0,1,0")]
    [InlineData(
        AdminSubject.Stats,
        "database,total_xact_count,total_query_count,total_received,total_sent,total_xact_time,total_query_time,"
            + "total_wait_time,avg_xact_count,avg_query_count,avg_recv,avg_sent,avg_xact_time,avg_query_time,"
            + "avg_wait_time",
        "app,10,20,30,40,5000000,6000000,7,1,2,3,4,8,0,0")]
    [InlineData(
        AdminSubject.StatsTotals,
        "database,xact_count,query_count,bytes_received,bytes_sent,xact_time,query_time,wait_time",
        "app,10,20,30,40,5000000,6000000,7")]
    [InlineData(
        AdminSubject.StatsAverages,
        "database,xact_count,query_count,bytes_received,bytes_sent,xact_time,query_time,wait_time",
        "app,1,2,3,4,8,0,0")]
    [InlineData(AdminSubject.Users, "name,pool_mode", "ann,-\nbob,session")]
    [InlineData(AdminSubject.Config, "key,value,default,changeable", "pool_size,20,10,yes")]
    [InlineData(AdminSubject.Memory, "name,size,used,free,memtotal", "buffers,8192,3,1,32768")]
    [InlineData(AdminSubject.Version, "version", "pgmahout 0.1.0")]
    [InlineData(
        AdminSubject.Lists,
        "list,items",
        "databases,1\nusers,2\npools,1\nfree_clients,9\nused_clients,1\nlogin_clients,1\nfree_servers,17\n"
            + "used_servers,1\ndns_names,0\ndns_zones,0\ndns_queries,0\ndns_pending,0")]
    public void Columns_are_those_of_PgBouncer_and_values_are_in_their_places(
        AdminSubject subject, string header, string rows) => Assert.Equal($"{header}\n{rows}", Lines(subject));

    [Fact]
    public void Help_names_every_subject()
    {
        var help = Lines(AdminSubject.Help);

        foreach (var word in new[] { "POOLS", "STATS_AVERAGES", "MEM", "PAUSE", "RECONNECT", "SHUTDOWN" })
            Assert.Contains(word, help, StringComparison.Ordinal);
    }

    [Fact]
    public void Types_are_those_that_drivers_expect()
    {
        var columns = AdminTables.For(AdminSubject.Stats, Snapshot).Columns;

        Assert.Equal((25, (short)-1), (columns[0].TypeOid, columns[0].TypeLength));
        Assert.Equal((1700, (short)-1), (columns[1].TypeOid, columns[1].TypeLength));
        var pools = AdminTables.For(AdminSubject.Pools, Snapshot).Columns;
        Assert.Equal((23, (short)4), (pools[2].TypeOid, pools[2].TypeLength));
    }
}
