using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Etcd;
using Xunit;

namespace PgMahout.Tests.Store;

/// <summary>A single member of etcd for all tests of a class.</summary>
public sealed class EtcdServer : IAsyncLifetime
{
    private EtcdCluster? _cluster;
    private int _prefixes;

    internal EtcdMember Member => _cluster!.Members[0];

    public async ValueTask InitializeAsync() =>
        _cluster = EtcdCluster.Missing is null ? await EtcdCluster.StartAsync(1) : null;

    public ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Under a prefix that nothing else uses.</summary>
    public EtcdSettings Settings()
    {
        Assert.SkipWhen(EtcdCluster.Missing is not null, EtcdCluster.Missing ?? "");
        return _cluster!.Settings($"/pgmahout/test{Interlocked.Increment(ref _prefixes)}/");
    }
}

public sealed class EtcdClusterStoreTests(EtcdServer server) : ClusterStoreContract, IClassFixture<EtcdServer>
{
    private readonly EtcdSettings _settings = server.Settings();

    protected override IClusterStore NewClient() =>
        Assert.IsType<StoreOpening.Ready>(Stores.Open(new StoreAddress.Etcd(_settings))).Store;

    [Fact]
    public async Task Read_that_finds_nothing_new_gives_the_same_content_again()
    {
        var (reader, writer) = (Connect(), Connect());
        var revision = await Put(writer, "a", Revision.None, "1");
        var first = await Read(reader);

        Assert.Same(first, await Read(reader));
        await Put(writer, "a", revision, "2");

        Assert.NotSame(first, await Read(reader));
    }

    [Fact]
    public async Task Reader_that_asks_only_for_changes_sees_every_kind_of_them()
    {
        var (reader, writer) = (Connect(), Connect());
        var a = await Put(writer, "a", Revision.None, "1");
        var b = await Put(writer, "b", Revision.None, "1");
        await Read(reader);

        // The number of records stays the same: one is gone and another is there.
        await writer.WriteAsync(
            new StoreTransaction([new StoreCondition("a", a)], [new StorePut("a", null), new StorePut("c", "1")]),
            Limit,
            Cancellation);
        Assert.Equal(["b", "c"], Keys(await Read(reader)));

        await Put(writer, "b", b, null);
        Assert.Equal(["c"], Keys(await Read(reader)));

        // Gone and there again between two reads.
        var c = (await Read(reader)).Find("c")!.Revision;
        await Put(writer, "c", c, null);
        var again = await Put(writer, "c", Revision.None, "2");
        Assert.Equal([new StoreRecord("c", "2", again)], (await Read(reader)).Records);
    }

    [Fact]
    public async Task Clusters_with_other_prefixes_see_nothing_of_each_other()
    {
        var mine = Connect();
        await using var theirs = new EtcdClusterStore(server.Settings());
        await Put(mine, "a", Revision.None, "1");

        Assert.Empty((await Read(theirs)).Records);
        await Put(theirs, "a", Revision.None, "2");

        Assert.Equal("1", (await Read(mine)).Find("a")?.Value);
    }

    [Fact]
    public async Task Of_many_writers_of_the_journal_each_gets_a_number_of_its_own()
    {
        const int Writers = 6;
        const int Each = 20;

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var store = Connect();
            for (var i = 0; i < Each; i++)
                await Append(store, $"{writer}/{i}");
        })));

        var entries = await Journal(Connect(), int.MaxValue);
        Assert.Equal(Enumerable.Range(1, Writers * Each).Select(i => (long)i), entries.Select(entry => entry.Sequence));
        Assert.Equal(Writers * Each, entries.DistinctBy(entry => entry.Text).Count());
    }

    [Fact]
    public async Task Second_watcher_hears_of_what_the_first_was_told_before_it_came()
    {
        var (reader, writer) = (Connect(), Connect());
        await Read(reader);
        var first = new SemaphoreSlim(0);
        using var early = reader.Watch(() => first.Release());
        await Put(writer, "a", Revision.None, "1");
        Assert.True(await first.WaitAsync(Limit, Cancellation));
        var second = new SemaphoreSlim(0);

        using var late = reader.Watch(() => second.Release());

        Assert.True(await second.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task Settings_that_contradict_themselves_are_refused_with_the_reason()
    {
        var settings = new EtcdSettings([new Uri("http://db1:2379")], "/pgmahout/orders/");

        Refused(settings with { Endpoints = [] }, "name no etcd endpoint");
        Refused(settings with { Endpoints = [new Uri("db1:2379")] }, "db1:2379");
        Refused(settings with { Prefix = "orders" }, "'orders'");
        Refused(settings with { KeyFile = "/host.key" }, "without its");
        Refused(settings with { User = "orders" }, "password file");
        Refused(settings with { User = "orders", PasswordFile = "/password" }, "in clear");

        await using var store =
            Assert.IsType<StoreOpening.Ready>(Stores.Open(new StoreAddress.Etcd(settings))).Store;
    }

    private static void Refused(EtcdSettings settings, string why) => Assert.Contains(
        why,
        Assert.IsType<StoreOpening.Failed>(Stores.Open(new StoreAddress.Etcd(settings))).Reason,
        StringComparison.Ordinal);

    private static IEnumerable<string> Keys(StoreRead.Content content) => content.Records.Select(record => record.Key);
}
