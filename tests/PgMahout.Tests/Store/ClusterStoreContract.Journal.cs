using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using Xunit;

namespace PgMahout.Tests.Store;

// What a store promises of the journal.
public abstract partial class ClusterStoreContract
{
    [Fact]
    public async Task Journal_entry_is_read_back_whole_with_a_sequence_number_of_the_store()
    {
        var store = Connect();
        var entry = new JournalEntry(
            77,
            new DateTimeOffset(2026, 3, 1, 12, 30, 15, 123, TimeSpan.FromHours(9)),
            new MemberName("m2"),
            JournalKind.Failover,
            new Epoch(4),
            new TimelineId(3_000_000_000),
            "m2 was promoted: m1 died.",
            "{\"candidates\":[]}");

        Assert.IsType<WriteOutcome.Done>(await store.AppendAsync(entry, Limit, Cancellation));

        Assert.Equal([entry with { Sequence = 1 }], await Journal(store, 10));
    }

    [Fact]
    public async Task Journal_entry_may_be_about_the_whole_cluster()
    {
        var store = Connect();

        await Append(store, "created");

        var entry = Assert.Single(await Journal(store, 10));
        Assert.Null(entry.Member);
        Assert.Null(entry.Timeline);
        Assert.Null(entry.Details);
    }

    [Fact]
    public async Task Journal_gives_the_newest_entries_oldest_first()
    {
        var (writer, reader) = (Connect(), Connect());
        for (var i = 1; i <= 5; i++)
            await Append(writer, $"entry {i}");

        var newest = await Journal(reader, 3);

        Assert.Equal(["entry 3", "entry 4", "entry 5"], newest.Select(entry => entry.Text));
        Assert.Equal([3, 4, 5], newest.Select(entry => entry.Sequence));
        Assert.Empty(await Journal(reader, 0));
    }

    [Fact]
    public async Task Journal_keeps_the_newest_entries_up_to_its_bound()
    {
        var store = Connect();
        const int Beyond = 3;
        for (var i = 0; i < IClusterStore.JournalBound + Beyond; i++)
            await Append(store, $"entry {i}");

        var all = await Journal(store, int.MaxValue);

        Assert.Equal(IClusterStore.JournalBound, all.Count);
        Assert.Equal(Beyond + 1, all[0].Sequence);
        Assert.Equal(IClusterStore.JournalBound + Beyond, all[^1].Sequence);
    }

    private protected static async Task Append(IClusterStore store, string text)
    {
        var entry = new JournalEntry(
            0, DateTimeOffset.UnixEpoch, null, JournalKind.Decision, Epoch.Zero, null, text, null);
        Assert.IsType<WriteOutcome.Done>(await store.AppendAsync(entry, Limit, Cancellation));
    }

    private protected static async Task<IReadOnlyList<JournalEntry>> Journal(IClusterStore store, int count) =>
        Assert.IsType<JournalRead.Content>(await store.ReadJournalAsync(count, Limit, Cancellation)).Entries;
}
