using System.Text;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Sqlite;
using Xunit;

namespace PgMahout.Tests.Store;

/// <summary>A store file that is not what it should be is reported, and left as it is.</summary>
public sealed class DamagedStoreTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-store-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string StorePath => Path.Combine(_directory, "cluster.db");

    [Fact]
    public async Task Text_file_is_not_a_store()
    {
        var text = string.Concat(Enumerable.Repeat("not a database\n", 1000));
        await File.WriteAllTextAsync(StorePath, text, Cancellation);

        await IsReportedAndLeftAsItIs("not a SQLite database");
    }

    [Fact]
    public async Task Empty_file_is_not_a_store()
    {
        await File.WriteAllTextAsync(StorePath, "", Cancellation);

        await IsReportedAndLeftAsItIs("empty");
    }

    [Fact]
    public async Task Database_of_another_program_is_not_a_store()
    {
        using (var other = new RawSqlite(StorePath))
            other.Execute("CREATE TABLE records (key TEXT)");

        await IsReportedAndLeftAsItIs("another program");
    }

    [Fact]
    public async Task Store_of_another_schema_version_is_not_touched()
    {
        await CreateWithRecords(1);
        using (var newer = new RawSqlite(StorePath))
            newer.Execute("PRAGMA user_version = 99");

        await IsReportedAndLeftAsItIs("schema version 99");
    }

    [Fact]
    public async Task Store_without_its_tables_is_damaged()
    {
        await CreateWithRecords(1);
        using (var other = new RawSqlite(StorePath))
            other.Execute("DROP TABLE store");

        await IsReportedAndLeftAsItIs("damaged");
    }

    [Fact]
    public async Task Truncated_store_is_damaged()
    {
        await CreateWithRecords(50);
        using (var file = new FileStream(StorePath, FileMode.Open))
            file.SetLength(file.Length / 2);

        await IsReportedAndLeftAsItIs("damaged");
    }

    [Fact]
    public async Task Store_with_overwritten_pages_is_damaged()
    {
        await CreateWithRecords(50);
        using (var file = new FileStream(StorePath, FileMode.Open))
        {
            file.Position = 4096;
            file.Write(Encoding.ASCII.GetBytes(new string('x', 8192)));
        }

        await IsReportedAndLeftAsItIs("damaged");
    }

    [Fact]
    public async Task Directory_is_not_a_store()
    {
        Directory.CreateDirectory(StorePath);

        await using var store = Opened();
        var read = await store.ReadAsync(Limit, Cancellation);

        Assert.Contains("directory", Assert.IsType<StoreRead.Unreachable>(read).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_without_permission_is_unreachable()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "permissions do not bind root");
        await CreateWithRecords(1);
        File.SetUnixFileMode(StorePath, UnixFileMode.None);

        await using var store = Opened();
        var read = await store.ReadAsync(Limit, Cancellation);

        Assert.Contains("this user", Assert.IsType<StoreRead.Unreachable>(read).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_deleted_while_in_use_is_unreachable()
    {
        await using var store = await CreateWithRecords(1, keep: true);
        DeleteStore();

        var outcome = await store.WriteAsync(StoreTransaction.Swap("b", Revision.None, "1"), Limit, Cancellation);
        var read = await store.ReadAsync(Limit, Cancellation);

        Assert.Contains("deleted", Assert.IsType<WriteOutcome.Unknown>(outcome).Reason, StringComparison.Ordinal);
        Assert.Contains("deleted", Assert.IsType<StoreRead.Unreachable>(read).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_of_a_new_cluster_in_the_same_place_is_never_taken_for_the_old_one()
    {
        await using var stale = await CreateWithRecords(1, keep: true);
        DeleteStore();
        await using var fresh = await CreateWithRecords(2, keep: true);

        for (var attempt = 0; attempt < 3; attempt++)
        {
            var outcome = await stale.WriteAsync(StoreTransaction.Swap("b", Revision.None, "1"), Limit, Cancellation);
            Assert.Contains("replaced", Assert.IsType<WriteOutcome.Unknown>(outcome).Reason, StringComparison.Ordinal);
        }

        var content = Assert.IsType<StoreRead.Content>(await fresh.ReadAsync(Limit, Cancellation));
        Assert.Equal(["key0", "key1"], content.Records.Select(record => record.Key));
    }

    [Fact]
    public async Task Older_copy_put_in_place_is_unreachable_to_whom_has_seen_newer_revisions()
    {
        await CreateWithRecords(1);
        var copy = await File.ReadAllBytesAsync(StorePath, Cancellation);
        await using var store = Opened();
        await store.WriteAsync(StoreTransaction.Swap("b", Revision.None, "1"), Limit, Cancellation);
        DeleteStore();
        await File.WriteAllBytesAsync(StorePath, copy, Cancellation);

        Assert.IsType<StoreRead.Unreachable>(await store.ReadAsync(Limit, Cancellation));
        var read = await store.ReadAsync(Limit, Cancellation);

        Assert.Contains("went back", Assert.IsType<StoreRead.Unreachable>(read).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_is_reachable_again_once_it_is_put_back()
    {
        await using var store = await CreateWithRecords(1, keep: true);
        File.Move(StorePath, StorePath + ".away");
        Assert.IsType<StoreRead.Unreachable>(await store.ReadAsync(Limit, Cancellation));

        File.Move(StorePath + ".away", StorePath);

        Assert.IsType<StoreRead.Content>(await store.ReadAsync(Limit, Cancellation));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task IsReportedAndLeftAsItIs(string reason)
    {
        var before = await File.ReadAllBytesAsync(StorePath, Cancellation);
        await using (var store = Opened())
        {
            var read = await store.ReadAsync(Limit, Cancellation);
            var write = await store.WriteAsync(StoreTransaction.Swap("b", Revision.None, "1"), Limit, Cancellation);
            var journal = await store.ReadJournalAsync(1, Limit, Cancellation);

            Assert.Contains(reason, Assert.IsType<StoreRead.Unreachable>(read).Reason, StringComparison.Ordinal);
            Assert.Contains(reason, Assert.IsType<WriteOutcome.Unknown>(write).Reason, StringComparison.Ordinal);
            Assert.Contains(reason, Assert.IsType<JournalRead.Unreachable>(journal).Reason, StringComparison.Ordinal);
        }
        Assert.Equal(before, await File.ReadAllBytesAsync(StorePath, Cancellation));
    }

    private async Task<IClusterStore> CreateWithRecords(int count, bool keep = false)
    {
        var store = Assert.IsType<StoreOpening.Ready>(SqliteClusterStore.Create(StorePath)).Store;
        for (var i = 0; i < count; i++)
        {
            var put = StoreTransaction.Swap($"key{i}", Revision.None, new string('v', 500));
            Assert.IsType<WriteOutcome.Done>(await store.WriteAsync(put, Limit, Cancellation));
        }
        if (!keep)
            await store.DisposeAsync();
        return store;
    }

    /// <summary>As a second process would come to it: creating finds that there is something already.</summary>
    private IClusterStore Opened() => Assert.IsType<StoreOpening.Ready>(SqliteClusterStore.Create(StorePath)).Store;

    private void DeleteStore()
    {
        foreach (var file in SqliteClusterStore.FilesOf(StorePath))
            File.Delete(file);
    }
}
