using PgMahout.Core.Proxy;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Records;
using Xunit;

namespace PgMahout.Tests.Store;

public sealed class ProxyRecordTests
{
    private static readonly ProxySettings Unusual = new()
    {
        ListenHost = "0.0.0.0",
        WritePort = 7000,
        ReadPort = 0,
        SocketDirectory = "/run/pg",
        Mode = PoolMode.Session,
        PoolSize = 3,
        ReserveSize = 0,
        ReserveAfter = TimeSpan.FromSeconds(2),
        MaxClients = 7,
        Hold = TimeSpan.FromMilliseconds(1500),
        LoginLimit = TimeSpan.FromSeconds(4),
        ConnectLimit = TimeSpan.FromSeconds(6),
        ServerIdleLimit = TimeSpan.FromSeconds(8),
        ServerLifetime = TimeSpan.FromSeconds(9),
        LagLimit = TimeSpan.FromSeconds(11),
        SplitReads = true,
        Routes = "reports=standby",
        ReadingNames = "app.total*",
        WritingNames = "audit_*",
        MessageLimit = 1024,
        MemoryLimit = 4096,
        CertificateFile = "/etc/c.pem",
        KeyFile = "/etc/k.pem",
        RequireTls = true,
        ServerTls = ServerTls.VerifyFull,
        ServerAuthorityFile = "/etc/root.pem",
    };

    private const string WithoutReadPort =
        """{"schema":1,"writePort":6000,"mode":"session","splitReads":false,"requireTls":false}""";

    private const string WithoutPools =
        """{"schema":1,"writePort":6000,"readPort":0,"mode":"session","splitReads":false,"requireTls":false}""";

    [Fact]
    public void Every_setting_of_a_proxy_comes_back_as_it_was_written() =>
        Assert.Equal(Unusual, Read(ClusterRecords.ChangeProxy(Revision.None, Unusual).Puts.Single().Value!));

    [Fact]
    public void A_cluster_that_never_had_a_proxy_has_none() =>
        Assert.Null(Assert.IsType<RecordsRead.Decoded>(
            ClusterRecords.Decode(new StoreRead.Content([]), ClusterRecords.None)).Records.Proxy);

    [Fact]
    public void What_a_record_does_not_say_has_its_default()
    {
        Assert.Equal(new ProxySettings().PoolSize, Read(WithoutPools).PoolSize);
        Assert.IsType<RecordsRead.Unreadable>(Decode(WithoutReadPort));
    }

    private static ProxySettings Read(string record) =>
        Assert.IsType<RecordsRead.Decoded>(Decode(record)).Records.Proxy!.Value;

    private static RecordsRead Decode(string record) => ClusterRecords.Decode(
        new StoreRead.Content([new StoreRecord(ClusterRecords.ProxyKey, record, new Revision(1))]),
        ClusterRecords.None);
}
