using PgMahout.Backup.Archiving;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres;
using PgMahout.Tests.Backup;
using Xunit;

namespace PgMahout.Tests.Archiving;

/// <summary>What archive_command and restore_command bring in and out.</summary>
public sealed class WalFilesTests : IDisposable
{
    private const uint Size = 1 << 20;
    private const string Segment = "000000010000000000000005";
    private const string History = "00000002.history";

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-test-").FullName;
    private readonly UnreliableStore _store = new();
    private readonly EncryptionKey _key = new(new byte[EncryptionKey.Length]);

    public static TheoryData<CompressionKind, bool> Forms { get; } = new()
    {
        { CompressionKind.None, false }, { CompressionKind.Lz4, true }, { CompressionKind.Zstd, false },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_file_comes_out_as_it_went_in(CompressionKind kind, bool encrypted)
    {
        var archive = await ArchiveAsync(kind, encrypted);
        (string, int)[] files =
        [
            (Segment, (int)Size), (History, 50), ($"{Segment}.00000028.backup", 300), ($"{Segment}.partial", (int)Size),
        ];
        foreach (var (name, length) in files)
        {
            var path = Made(name, length, 1);

            Assert.Null((await new WalPush(archive).RunAsync(path, name, default)).Failure);
            Assert.Null((await new WalPush(archive).RunAsync(path, name, default)).Failure);

            var (found, bytes) = await GetAsync(archive, name);
            Assert.True(found, name);
            Assert.Equal(File.ReadAllBytes(path), bytes);
        }
        Assert.Contains(_store.Names, name => name.EndsWith(archive.Repository.Ending, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_file_of_the_same_name_is_refused_and_the_first_stays()
    {
        var archive = await ArchiveAsync();
        foreach (var (name, length) in ((string, int)[])[(Segment, (int)Size), (History, 50)])
        {
            var first = Made(name, length, 1);
            await new WalPush(archive).RunAsync(first, name, default);

            var second = await new WalPush(archive).RunAsync(Made(name + "2", length, 2), name, default);

            Assert.Equal("archive-conflict", second.Failure?.Code);
            Assert.Equal(File.ReadAllBytes(first), (await GetAsync(archive, name)).Bytes);
        }
    }

    [Fact]
    public async Task A_segment_is_found_however_it_was_compressed_when_it_came()
    {
        var before = await ArchiveAsync(CompressionKind.Zstd);
        await new WalPush(before).RunAsync(Made(Segment, (int)Size, 1), Segment, default);

        Assert.True((await GetAsync(await ArchiveAsync(CompressionKind.None), Segment)).Found);
    }

    [Theory]
    [InlineData("00000001000000000000000")]
    [InlineData("postgresql.conf")]
    [InlineData("00000001000000000000000500000000")]
    [InlineData("0000000100000000000000FF/../x.backup")]
    public async Task What_is_no_file_of_WAL_is_refused(string name)
    {
        var archive = await ArchiveAsync();

        var pushed = await new WalPush(archive).RunAsync(Made("x", 10, 1), name, default);
        var got = await new WalGet(archive, Size).RunAsync(name, InDirectory("y"), default);

        Assert.Equal("archive-no-wal-file", pushed.Failure?.Code);
        Assert.Equal("archive-no-wal-file", got.Failure?.Code);
    }

    [Fact]
    public async Task Parts_make_the_longest_beginning_and_the_rest_is_zeros()
    {
        var archive = await ArchiveAsync();
        var bytes = File.ReadAllBytes(Made("all", (int)Size, 3));
        await PartAsync(archive, bytes, 0, 1000);
        await PartAsync(archive, bytes, 900, 2500);
        await PartAsync(archive, bytes, 3000, 4000);

        var (found, got) = await GetAsync(archive, Segment);

        Assert.True(found);
        Assert.Equal(bytes[..2500].Concat(new byte[Size - 2500]), got);
    }

    [Fact]
    public async Task Nothing_and_a_part_without_a_beginning_are_not_there()
    {
        var archive = await ArchiveAsync();
        Assert.False((await GetAsync(archive, Segment)).Found);
        Assert.False((await GetAsync(archive, History)).Found);

        await PartAsync(archive, new byte[Size], 100, 200);
        Assert.False((await GetAsync(archive, Segment)).Found);
    }

    [Fact]
    public async Task Bytes_that_went_bad_are_never_handed_out()
    {
        var archive = await ArchiveAsync(CompressionKind.Zstd);
        await new WalPush(archive).RunAsync(Made(Segment, (int)Size, 1), Segment, default);
        _store.Damage(_store.Names.Single(name => name.Contains(Segment, StringComparison.Ordinal)));

        var got = await new WalGet(archive, Size).RunAsync(Segment, InDirectory("out"), default);

        Assert.Equal(FrameCodec.DamagedCode, got.Failure?.Code);
        Assert.False(File.Exists(InDirectory("out")));
    }

    [Fact]
    public async Task The_survey_finds_ends_holes_and_leftovers()
    {
        var archive = await ArchiveAsync();
        foreach (var number in (ulong[])[3, 4, 6, 7])
        {
            var name = new WalSegment(TimelineId.First, number, Size).Name;
            await new WalPush(archive).RunAsync(Made(name, (int)Size, (byte)number), name, default);
        }
        await PartAsync(archive, new byte[Size], 0, 77);
        var four = new WalSegment(TimelineId.First, 4, Size);
        using (var writer = new FrameWriter(archive.Repository))
            await writer.PutAsync(archive.Names.Part(four, 0), new byte[10], default);
        await archive.PutHistoryAsync(new TimelineId(2), "1\t0/500010\tx\n"u8.ToArray(), default);

        var survey = Value(await archive.SurveyAsync(Size, default));

        var archived = survey.Archived(4);
        Assert.Equal(new Lsn(5 * (ulong)Size + 77), archived.Find(TimelineId.First)!.End);
        Assert.Equal(new TimelineId(2), archived.Newest);
        Assert.Equal(new Lsn(0x500010), archived.Find(new TimelineId(2))!.History!.Ancestors.Single().EndedAt);
        Assert.Contains("000000010000000000000004.part/", Assert.Single(survey.Superseded), StringComparison.Ordinal);
        Assert.Equal(new Lsn(6 * (ulong)Size), survey.NextAfter(new(TimelineId.First, new Lsn(5 * (ulong)Size + 77))));
        Assert.Equal(
            [(3ul << 20, (5ul << 20) + 77), (6ul << 20, 8ul << 20)],
            survey.Map().Stretches.Select(stretch => (stretch.From.Value, stretch.To.Value)));
    }

    [Fact]
    public async Task An_archiver_goes_on_before_a_part_whose_writer_died_in_the_middle()
    {
        var archive = await ArchiveAsync();
        var bytes = File.ReadAllBytes(Made("all", (int)Size, 3));
        await PartAsync(archive, bytes, 0, 1000);
        await PartAsync(archive, bytes, 1000, 2500);

        // What a store shows that begins an object before it has it.
        var empty = archive.Names.Part(new WalSegment(TimelineId.First, 5, Size), 2500) + archive.Repository.Ending;
        await archive.Repository.Store.PutAsync(empty, ReadOnlyMemory<byte>.Empty, Flushing.Now, default);
        Assert.Equal(2500, Assert.Single(Value(await archive.SurveyAsync(Size, default)).Partial).Length);

        await PartAsync(archive, bytes, 2500, 4000);
        _store.CutOff(empty);
        var survey = Value(await archive.SurveyAsync(Size, default));
        Assert.Equal(new Lsn(5 * (ulong)Size + 2500), survey.Archived(4).Find(TimelineId.First)!.End);
        Assert.Equal(empty, Assert.Single(survey.Damaged).Object);

        // It stores again what comes there, under the same name.
        await PartAsync(archive, bytes, 2500, 4000);
        Assert.Equal(4000, Assert.Single(Value(await archive.SurveyAsync(Size, default)).Partial).Length);
    }

    [Theory]
    [InlineData(CompressionKind.None, true)]
    [InlineData(CompressionKind.Lz4, false)]
    [InlineData(CompressionKind.Zstd, false)]
    [InlineData(CompressionKind.Zstd, true)]
    public async Task What_was_cut_off_behind_the_end_of_its_timeline_is_in_nobodys_way(
        CompressionKind kind, bool encrypted)
    {
        var archive = await ArchiveAsync(kind, encrypted);
        var bytes = File.ReadAllBytes(Made("all", (int)Size, 3));
        await PartAsync(archive, bytes, 0, 1000);
        await PartAsync(archive, bytes, 1000, 4000);
        var cut = archive.Names.Part(new WalSegment(TimelineId.First, 5, Size), 1000) + archive.Repository.Ending;
        _store.CutOff(cut);
        var second = new WalSegment(new TimelineId(2), 5, Size).Name;
        await archive.PutHistoryAsync(new TimelineId(2), "1\t0/500320\tx\n"u8.ToArray(), default);
        await new WalPush(archive).RunAsync(Made(second, (int)Size, 3), second, default);

        var map = Value(await archive.MapAsync(default));

        var (begin, damagedAt) = (new Lsn(5ul * Size), new Lsn((5ul * Size) + 1000));
        var line = map.Newest!;
        Assert.Equal((new TimelineId(2), new Lsn(6ul * Size)), (line.Current, map.ReachedFrom(begin, line)));
        Assert.Null(map.DamagedAt(map.ReachedFrom(begin, line), line));
        Assert.Equal([second], map.Files(begin, new Lsn(6ul * Size), line).Select(file => file.Name));

        // Along the timeline that was left it is the end, and said to be none.
        var left = map.HistoryOf(TimelineId.First)!;
        Assert.Equal(damagedAt, map.ReachedFrom(begin, left));
        Assert.Equal(new DamagedWal(new(TimelineId.First, damagedAt), cut), map.DamagedAt(damagedAt, left));
    }

    [Fact]
    public async Task What_is_in_front_of_damage_is_read_by_who_knows_of_it_and_by_nobody_else()
    {
        var archive = await ArchiveAsync(CompressionKind.Zstd);
        Assert.Null((await archive.PutSegmentSizeAsync(Size, default)).Failure);
        Assert.True(WalSegment.TryParse(Segment, Size, out var segment));
        var bytes = File.ReadAllBytes(Made("all", (int)Size, 3));
        await PartAsync(archive, bytes, 0, 1000);
        var before = Value(await archive.MapAsync(default));
        await PartAsync(archive, bytes, 1000, 4000);
        var whole = Value(await archive.MapAsync(default));
        _store.CutOff(archive.Names.Part(segment, 1000) + archive.Repository.Ending);
        var into = new byte[Size];

        Assert.Equal(FrameCodec.DamagedCode, (await archive.ReadAsync(segment, into, default)).Failure?.Code);
        Assert.Equal(FrameCodec.DamagedCode, (await archive.ReadAsync(segment, whole, into, default)).Failure?.Code);
        Assert.Equal(1000, Value(await archive.ReadAsync(segment, before, into, default)).Length);
        Assert.Equal(bytes[..1000].Concat(new byte[Size - 1000]), into);
        await Assert.ThrowsAnyAsync<Exception>(() => GetAsync(archive, Segment));
    }

    [Fact]
    public async Task Damage_that_others_cover_is_none_of_the_bytes_that_are_read()
    {
        var archive = await ArchiveAsync(CompressionKind.Zstd);
        Assert.Null((await archive.PutSegmentSizeAsync(Size, default)).Failure);
        Assert.True(WalSegment.TryParse(Segment, Size, out var segment));
        var bytes = File.ReadAllBytes(Made("all", (int)Size, 3));
        await PartAsync(archive, bytes, 1000, 3000);
        _store.Damage(archive.Names.Part(segment, 1000) + archive.Repository.Ending);
        await PartAsync(archive, bytes, 0, 4000);
        var into = new byte[Size];

        var map = Value(await archive.MapAsync(default));

        Assert.Equal(new Lsn((5ul * Size) + 4000), map.EndIn(segment));
        Assert.Equal(4000, Value(await archive.ReadAsync(segment, map, into, default)).Length);
        Assert.Equal(bytes[..4000].Concat(new byte[Size - 4000]), into);
    }

    [Fact]
    public async Task A_gap_is_read_as_it_was_written()
    {
        var archive = await ArchiveAsync();
        var gap = new GapRecord(
            new WalGap(new(TimelineId.First, new Lsn(0x100000077)), new(new TimelineId(2), new Lsn(0x200000000))),
            "removed \"by\" the server", DateTimeOffset.UnixEpoch);

        await archive.PutGapAsync(gap, default);

        Assert.Equal(gap, Assert.Single(Value(await archive.SurveyAsync(Size, default)).Gaps));
        Assert.Contains(
            _store.Names, name => name.EndsWith("wal/00000001/gaps/0000000100000077.json", StringComparison.Ordinal));
        Assert.Null(GapRecord.Decode("{}"u8.ToArray()));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task<WalArchive> ArchiveAsync(CompressionKind kind = CompressionKind.Lz4, bool encrypted = false)
    {
        var owner = new RepositoryOwner("test", 7, false);
        var compression = Compression.Of(kind, null);
        return new WalArchive(
            Value(await Repository.OpenAsync(_store, owner, compression, encrypted ? _key : null, default)), 7);
    }

    private static async Task PartAsync(WalArchive archive, byte[] bytes, int from, int to)
    {
        Assert.True(WalSegment.TryParse(Segment, Size, out var segment));
        using var writer = new FrameWriter(archive.Repository);
        var put = await writer.PutAsync(archive.Names.Part(segment, from), bytes.AsMemory(from..to), default);
        Assert.Null(put.Failure);
    }

    private async Task<(bool Found, byte[] Bytes)> GetAsync(WalArchive archive, string name)
    {
        var path = InDirectory("got");
        File.Delete(path);
        var found = Value(await new WalGet(archive, Size).RunAsync(name, path, default));
        Assert.Equal(found, File.Exists(path));
        return (found, found ? await File.ReadAllBytesAsync(path) : []);
    }

    private string Made(string name, int length, byte seed)
    {
        var path = InDirectory(name);
        File.WriteAllBytes(path, [.. Enumerable.Range(0, length).Select(i => (byte)(i * seed + i / 300))]);
        return path;
    }

    private string InDirectory(string name) => Path.Combine(_directory, name);

    private static T Value<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.TryGet(out var value), outcome.Failure?.ToString());
        return value;
    }
}
