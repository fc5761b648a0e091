using System.Diagnostics;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Sqlite;
using Xunit;

namespace PgMahout.Tests.Store;

public sealed class SqliteClusterStoreTests : ClusterStoreContract
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-store-").FullName;

    private string StorePath => Path.Combine(_directory, "cluster.db");

    protected override IClusterStore NewClient() => Create(StorePath);

    protected override void CleanUp() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Opening_a_path_where_nothing_is_gives_missing()
    {
        var opening = SqliteClusterStore.Open(StorePath);

        Assert.Contains(StorePath, Assert.IsType<StoreOpening.Missing>(opening).Reason, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public void Creating_in_a_directory_that_does_not_exist_fails_with_the_reason()
    {
        var opening = SqliteClusterStore.Create(Path.Combine(_directory, "none", "cluster.db"));

        var reason = Assert.IsType<StoreOpening.Failed>(opening).Reason;
        Assert.Contains("could not be created", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Creating_what_exists_opens_it()
    {
        var first = Connect();
        await Put(first, "a", Revision.None, "1");

        var again = await Read(Connect());

        Assert.Equal("1", again.Find("a")?.Value);
    }

    [Fact]
    public async Task Of_many_that_create_at_once_all_get_the_same_store()
    {
        using var all = new Barrier(8);
        var clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                all.SignalAndWait();
                return Connect();
            },
            TaskCreationOptions.LongRunning)));

        foreach (var (client, i) in clients.Select((client, i) => (client, i)))
            await Put(client, $"{i}", Revision.None, "here");

        Assert.Equal(8, (await Read(clients[0])).Records.Length);
        Assert.Equal(SqliteClusterStore.FilesOf(StorePath).Intersect(Files()).Order(), Files());
    }

    [Fact]
    public async Task Every_file_of_the_store_is_for_its_owner_only()
    {
        await Put(Connect(), "a", Revision.None, "1");

        Assert.All(Files(), file =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Content_and_revisions_outlive_all_processes()
    {
        var revision = Revision.None;
        await using (var store = Create(StorePath))
            revision = await Put(store, "a", Revision.None, "1");

        await using var later = Create(StorePath);

        Assert.Equal(revision, (await Read(later)).Find("a")?.Revision);
        Assert.True(await Put(later, "b", Revision.None, "1") > revision);
    }

    [Fact]
    public async Task Read_that_finds_nothing_new_gives_the_same_content_again()
    {
        var (reader, writer) = (Connect(), Connect());
        var first = await Read(reader);

        Assert.Same(first, await Read(reader));
        await Put(writer, "a", Revision.None, "1");

        Assert.NotSame(first, await Read(reader));
    }

    [Fact]
    public async Task Write_to_a_locked_store_is_unknown_within_the_limit_and_reads_go_on()
    {
        var store = Connect();
        await Put(store, "a", Revision.None, "1");
        using var other = new RawSqlite(StorePath).Execute("BEGIN IMMEDIATE").Execute("DELETE FROM records");
        var clock = Stopwatch.StartNew();

        var outcome = await store.WriteAsync(StoreTransaction.Swap("b", Revision.None, "1"), Short, Cancellation);

        Assert.Contains("locked", Assert.IsType<WriteOutcome.Unknown>(outcome).Reason, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < Limit / 2, $"took {clock.Elapsed}");
        Assert.Equal("1", (await Read(store)).Find("a")?.Value);
    }

    [Fact]
    public async Task Writer_that_vanishes_in_mid_transaction_leaves_nothing_and_holds_up_nobody()
    {
        var store = Connect();
        var revision = await Put(store, "a", Revision.None, "1");
        using (new RawSqlite(StorePath).Execute("BEGIN IMMEDIATE").Execute("DELETE FROM records"))
            Assert.IsType<WriteOutcome.Unknown>(
                await store.WriteAsync(StoreTransaction.Swap("a", revision, "2"), Short, Cancellation));

        // The write whose outcome is unknown may still come about once the other one's lock is gone: reading settles
        // it.
        var settled = Assert.IsType<StoreRecord>((await Read(store)).Find("a"));
        await Put(store, "a", settled.Revision, "3");

        Assert.Equal("3", (await Read(store)).Find("a")?.Value);
    }

    [Fact]
    public async Task Call_behind_one_that_hangs_ends_at_its_own_limit_and_is_never_done()
    {
        var store = Connect();
        await Read(store);
        var other = new RawSqlite(StorePath).Execute("BEGIN IMMEDIATE");
        var hanging = store.WriteAsync(StoreTransaction.Swap("a", Revision.None, "1"), Limit, Cancellation);

        var second = await store.WriteAsync(StoreTransaction.Swap("b", Revision.None, "1"), Short, Cancellation);
        var read = await store.ReadAsync(Short, Cancellation);
        other.Dispose();

        Assert.IsType<WriteOutcome.Unknown>(second);
        Assert.IsType<StoreRead.Unreachable>(read);
        Assert.IsType<WriteOutcome.Done>(await hanging);
        Assert.Null((await Read(store)).Find("b"));
    }

    [Fact]
    public async Task Changes_are_heard_of_long_before_the_next_poll()
    {
        const int Changes = 6;
        var (writer, reader) = (Connect(), Connect());
        await Read(reader);
        var called = new SemaphoreSlim(0);
        using var watch = reader.Watch(() => called.Release());
        var clock = Stopwatch.StartNew();

        var revision = Revision.None;
        for (var i = 0; i < Changes; i++)
        {
            revision = await Put(writer, "a", revision, $"{i}");
            Assert.True(await called.WaitAsync(Limit, Cancellation));
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(Changes) / 2, $"{Changes} changes took {clock.Elapsed}");
    }

    [Fact]
    public async Task Change_by_a_program_that_gives_no_signal_is_heard_of_by_the_poll()
    {
        var reader = Connect();
        await Read(reader);
        var called = new SemaphoreSlim(0);
        using var watch = reader.Watch(() => called.Release());

        using (var other = new RawSqlite(StorePath))
            other.Execute("UPDATE store SET revision = revision + 1, changed = revision + 1");

        Assert.True(await called.WaitAsync(Limit, Cancellation));
    }

    private static IClusterStore Create(string path) =>
        Assert.IsType<StoreOpening.Ready>(SqliteClusterStore.Create(path)).Store;

    private IEnumerable<string> Files() => Directory.GetFileSystemEntries(_directory).Order();
}
