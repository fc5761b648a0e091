using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using Xunit;

namespace PgMahout.Tests.Store;

/// <summary>Every promise of <see cref="IClusterStore"/>; each driver's test class inherits them all.</summary>
public abstract partial class ClusterStoreContract : IAsyncDisposable
{
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly List<IClusterStore> _connected = [];

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Another client of this test's own store, which is empty at the beginning.</summary>
    protected abstract IClusterStore NewClient();

    [Fact]
    public async Task New_store_has_no_records()
    {
        var store = Connect();

        var content = await Read(store);

        Assert.Empty(content.Records);
    }

    [Fact]
    public async Task Written_record_is_read_with_the_revision_that_was_answered()
    {
        var store = Connect();

        var revision = await Put(store, "leadership", Revision.None, "{\"holder\":\"m1\"}");

        var content = await Read(store);
        Assert.Equal([new StoreRecord("leadership", "{\"holder\":\"m1\"}", revision)], content.Records);
        Assert.True(revision > Revision.None);
    }

    [Fact]
    public async Task Answered_write_is_seen_by_every_other_client_at_once()
    {
        var (writer, reader) = (Connect(), Connect());
        var revision = Revision.None;

        for (var i = 0; i < 50; i++)
        {
            revision = await Put(writer, "a", revision, $"{i}");

            Assert.Equal(new StoreRecord("a", $"{i}", revision), (await Read(reader)).Find("a"));
        }
    }

    [Fact]
    public async Task Records_are_sorted_by_key()
    {
        var store = Connect();
        foreach (var key in new[] { "spec", "Zebra", "identity", "leadership" })
            await Put(store, key, Revision.None, key);

        var content = await Read(store);

        Assert.Equal(["Zebra", "identity", "leadership", "spec"], content.Records.Select(record => record.Key));
    }

    [Fact]
    public async Task Any_text_is_kept_as_it_is()
    {
        var store = Connect();
        var text = "quote ' \" back\\slash 코끼리 🐘 \n\t " + new string('x', 100_000);

        await Put(store, "name'; --", Revision.None, text);

        Assert.Equal(text, (await Read(store)).Find("name'; --")?.Value);
    }

    [Fact]
    public async Task Swap_that_expects_another_revision_is_refused_and_changes_nothing()
    {
        var store = Connect();
        var first = await Put(store, "a", Revision.None, "1");
        var second = await Put(store, "a", first, "2");

        var outcome = await store.WriteAsync(StoreTransaction.Swap("a", first, "3"), Limit, Cancellation);

        var refused = Assert.IsType<WriteOutcome.Refused>(outcome);
        Assert.Contains("'a'", refused.Why, StringComparison.Ordinal);
        Assert.Equal(new StoreRecord("a", "2", second), (await Read(store)).Find("a"));
    }

    [Fact]
    public async Task Create_is_refused_when_the_record_exists()
    {
        var store = Connect();
        await Put(store, "a", Revision.None, "1");

        var outcome = await store.WriteAsync(StoreTransaction.Swap("a", Revision.None, "2"), Limit, Cancellation);

        Assert.IsType<WriteOutcome.Refused>(outcome);
    }

    [Fact]
    public async Task Change_is_refused_when_the_record_does_not_exist()
    {
        var store = Connect();

        var outcome = await store.WriteAsync(StoreTransaction.Swap("a", new Revision(1), "2"), Limit, Cancellation);

        Assert.IsType<WriteOutcome.Refused>(outcome);
        Assert.Empty((await Read(store)).Records);
    }

    [Fact]
    public async Task Transaction_with_one_unmet_condition_puts_nothing()
    {
        var store = Connect();
        var revision = await Put(store, "a", Revision.None, "1");
        var transaction = new StoreTransaction(
            [new StoreCondition("a", revision), new StoreCondition("b", revision)],
            [new StorePut("a", "2"), new StorePut("c", "2")]);

        var outcome = await store.WriteAsync(transaction, Limit, Cancellation);

        Assert.IsType<WriteOutcome.Refused>(outcome);
        Assert.Equal([new StoreRecord("a", "1", revision)], (await Read(store)).Records);
    }

    [Fact]
    public async Task All_puts_of_a_transaction_get_one_revision()
    {
        var store = Connect();
        var transaction = new StoreTransaction(
            [new StoreCondition("a", Revision.None)],
            [new StorePut("a", "1"), new StorePut("b", "2")]);

        var outcome = await store.WriteAsync(transaction, Limit, Cancellation);

        var revision = Assert.IsType<WriteOutcome.Done>(outcome).Revision;
        Assert.All((await Read(store)).Records, record => Assert.Equal(revision, record.Revision));
    }

    [Fact]
    public async Task Transaction_may_depend_on_a_record_that_it_does_not_put()
    {
        var store = Connect();
        var leadership = await Put(store, "leadership", Revision.None, "m1");
        var stale = new StoreTransaction(
            [new StoreCondition("leadership", leadership)], [new StorePut("identity", "1")]);
        await Put(store, "leadership", leadership, "m2");

        var outcome = await store.WriteAsync(stale, Limit, Cancellation);

        Assert.IsType<WriteOutcome.Refused>(outcome);
        Assert.Null((await Read(store)).Find("identity"));
    }

    [Fact]
    public async Task Transaction_that_puts_one_key_twice_is_an_error()
    {
        var store = Connect();
        var transaction = new StoreTransaction([], [new StorePut("a", "1"), new StorePut("a", "2")]);

        await Assert.ThrowsAsync<InvalidOperationException>(() => store.WriteAsync(transaction, Limit, Cancellation));
    }

    [Fact]
    public async Task Deleted_record_is_gone_and_can_be_created_again_at_a_later_revision()
    {
        var store = Connect();
        var created = await Put(store, "a", Revision.None, "1");
        var deleted = await Put(store, "a", created, null);

        Assert.Null((await Read(store)).Find("a"));
        var again = await Put(store, "a", Revision.None, "2");

        Assert.True(created < deleted && deleted < again);
    }

    [Fact]
    public async Task Revision_of_a_deleted_record_never_matches_its_successor()
    {
        var store = Connect();
        var first = await Put(store, "a", Revision.None, "1");
        await Put(store, "a", first, null);
        await Put(store, "a", Revision.None, "1");

        var outcome = await store.WriteAsync(StoreTransaction.Swap("a", first, "2"), Limit, Cancellation);

        Assert.IsType<WriteOutcome.Refused>(outcome);
    }

    [Fact]
    public async Task Revisions_grow_over_all_keys_and_other_records_keep_theirs()
    {
        var store = Connect();

        var a = await Put(store, "a", Revision.None, "1");
        var b = await Put(store, "b", Revision.None, "1");

        Assert.True(b > a);
        Assert.Equal(a, (await Read(store)).Find("a")?.Revision);
    }

    [Fact]
    public async Task Concurrent_increments_by_many_clients_lose_no_update()
    {
        const int Clients = 6;
        const int Each = 20;
        await Put(Connect(), "counter", Revision.None, "0");

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(() => Increment(Connect(), Each))));

        Assert.Equal($"{Clients * Each}", (await Read(Connect())).Find("counter")?.Value);
    }

    [Fact]
    public async Task Of_many_clients_that_take_the_same_revision_exactly_one_wins()
    {
        var start = await Put(Connect(), "leadership", Revision.None, "nobody");
        var clients = Enumerable.Range(0, 8).Select(_ => Connect()).ToList();

        var outcomes = await Task.WhenAll(clients.Select((client, i) =>
            client.WriteAsync(StoreTransaction.Swap("leadership", start, $"m{i}"), Limit, Cancellation)));

        var winner = Assert.Single(Enumerable.Range(0, 8), i => outcomes[i] is WriteOutcome.Done);
        Assert.Equal(7, outcomes.Count(outcome => outcome is WriteOutcome.Refused));
        Assert.Equal($"m{winner}", (await Read(Connect())).Find("leadership")?.Value);
    }

    [Fact]
    public async Task Cancelled_call_ends_by_throwing()
    {
        var store = Connect();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.ReadAsync(Limit, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => store.WriteAsync(StoreTransaction.Swap("a", Revision.None, "1"), Limit, cancelled.Token));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _connected)
            await store.DisposeAsync();
        CleanUp();
        GC.SuppressFinalize(this);
    }

    protected virtual void CleanUp() { }

    protected IClusterStore Connect()
    {
        lock (_connected)
        {
            var store = NewClient();
            _connected.Add(store);
            return store;
        }
    }

    protected static async Task<StoreRead.Content> Read(IClusterStore store) =>
        Assert.IsType<StoreRead.Content>(await store.ReadAsync(Limit, Cancellation));

    protected static async Task<Revision> Put(IClusterStore store, string key, Revision expected, string? value)
    {
        var outcome = await store.WriteAsync(StoreTransaction.Swap(key, expected, value), Limit, Cancellation);
        return Assert.IsType<WriteOutcome.Done>(outcome).Revision;
    }

    private static async Task Increment(IClusterStore store, int times)
    {
        for (var done = 0; done < times;)
        {
            var record = (await Read(store)).Find("counter")!;
            var next = $"{int.Parse(record.Value, null) + 1}";
            var swap = StoreTransaction.Swap("counter", record.Revision, next);
            if (await store.WriteAsync(swap, Limit, Cancellation) is WriteOutcome.Done)
                done++;
        }
    }
}
