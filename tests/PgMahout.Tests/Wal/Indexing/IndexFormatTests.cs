using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.Core.Wal.Indexing;
using Xunit;

namespace PgMahout.Tests.Wal.Indexing;

public sealed class IndexFormatTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly RelationFile File = new(1663, 5, 16400);

    [Fact]
    public void An_index_is_read_as_it_was_written()
    {
        var index = Sample();

        var read = IndexFormat.Read(IndexFormat.Write(index), out var why);

        Assert.Null(why);
        Assert.Equal(IndexFormat.Write(index), IndexFormat.Write(read!));
        Assert.Equal(index.Commits, read!.Commits);
        Assert.Equal(index.Carried, read.Carried);
        Assert.Equal(index.Managers.AsEnumerable(), read.Managers.AsEnumerable());
        Assert.Equal(index.Relations.AsEnumerable(), read.Relations.AsEnumerable());
        Assert.Equal(
            index.Events.Select(told => told.GetType().Name), read.Events.Select(told => told.GetType().Name));
        Assert.Equal(index.Changed.Forks.AsEnumerable(), read.Changed.Forks.AsEnumerable());
    }

    [Fact]
    public void A_cut_index_is_never_read()
    {
        var whole = IndexFormat.Write(Sample());

        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(IndexFormat.Read(whole.AsMemory(0, length), out var why));
            Assert.NotNull(why);
        }
    }

    [Fact]
    public void A_changed_bit_is_always_seen()
    {
        var whole = IndexFormat.Write(Sample());

        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var garbled = whole.ToArray();
            garbled[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.Null(IndexFormat.Read(garbled, out var why));
            Assert.NotNull(why);
        }
    }

    [Fact]
    public void What_no_writer_made_is_refused_in_words_even_under_a_right_checksum()
    {
        var whole = IndexFormat.Write(Sample());
        var prng = new Prng(4711);
        var refused = 0;

        for (var round = 0; round < 20_000; round++)
        {
            var garbled = whole.ToArray();
            for (var changes = prng.Below(3); changes >= 0; changes--)
                garbled[5 + prng.Below(garbled.Length - 9)] = (byte)prng.Below(256);
            BitConverter.TryWriteBytes(garbled.AsSpan(garbled.Length - 4), Crc32C.Of(garbled.AsSpan()[..^4]));
            refused += IndexFormat.Read(garbled, out _) is null ? 1 : 0;
        }

        Assert.InRange(refused, 1000, 20_000);
    }

    [Fact]
    public void Another_version_is_named()
    {
        var other = IndexFormat.Write(Sample());
        other[4] = 99;

        Assert.Null(IndexFormat.Read(other, out var why));

        Assert.Contains("version 99", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Merged_segments_add_up()
    {
        var index = Sample();

        var merged = WalIndex.Merge([index, index with { Segment = index.Segment.Next }]);

        Assert.Equal((index.Segment.Start, index.Segment.Next.End), (merged.From, merged.To));
        Assert.Equal(6, merged.Commits);
        Assert.Equal(new WalShare(20, 2000, 1000), Assert.Single(merged.Managers).Value);
        Assert.Equal(index.Events.Length * 2, merged.Events.Length);
        Assert.Equal(Noon + TimeSpan.FromMicroseconds(7), merged.Latest);
    }

    private static SegmentIndex Sample()
    {
        var segment = new WalSegment(TimelineId.First, 7, WalSegment.DefaultSize);
        var at = new Lsn(segment.Start.Value + 40);
        var changed = new ChangedBlocksBuilder();
        foreach (var block in new uint[] { 1, 2, 3, 99, 100_000, uint.MaxValue - 1 })
            changed.Add(new RelationFork(File, Fork.Main), block);
        changed.Shrink(new RelationFork(File with { Number = 16500 }, Fork.Main), 12);
        changed.Create(File with { Number = 16501 });
        changed.Touch(new TouchedDatabase(1663, 9));
        return new SegmentIndex(
            segment, 17, at,
            new CommitTable(
                3, 1,
                [
                    new(at, Noon), new(new Lsn(at.Value + 80), Noon - TimeSpan.FromSeconds(3)),
                    new(new Lsn(at.Value + 8000), Noon + TimeSpan.FromMicroseconds(7)),
                ],
                true),
            700, 712,
            [
                new WalEvent.FilesLost(at, at, Noon, 701, 5, [File], [], [new DroppedObject(2, 5, 16400)]),
                new WalEvent.FilesLost(at, at, Noon, 701, 5, [File], [File], []) { Transient = true },
                new WalEvent.RowsChanged(at, at, Noon, 702, File, 500, 3),
                new WalEvent.Truncated(at, 703, 5, [16400, 16401]),
                new WalEvent.DatabaseCreated(at, Noon, 704, 9, 1663),
                new WalEvent.DatabaseDropped(at, at, Noon, 705, 9, [1663, 1700]),
                new WalEvent.RestorePoint(at, at, Noon, "vor dem Umbau – ü"),
                new WalEvent.Checkpoint(at, at, Noon, true, true),
                new WalEvent.EndOfRecovery(at, Noon, new TimelineId(2), TimelineId.First),
                new WalEvent.FullPageWritesSet(at, false),
                new WalEvent.WalLevelMinimal(at),
                new WalEvent.Message(at, 706, 5, "pgmahout.drop", "{}"),
            ],
            [KeyValuePair.Create((byte)10, new WalShare(10, 1000, 500))],
            [KeyValuePair.Create(File, new WalShare(10, 1000, 500))],
            changed.Build(),
            true,
            new CarriedState(
                true,
                [
                    new OpenTransaction(
                        710, at, "prepared", [File], [new RowCount(File, 1, 2)],
                        [new PendingDatabase(false, at, at, 9, [1663])]),
                    new OpenTransaction(711, at, null, [], [], []),
                ],
                [new InvalidatedDatabase(9, at)]));
    }
}
