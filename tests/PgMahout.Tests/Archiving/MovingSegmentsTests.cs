using PgMahout.Backup.Archiving;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Tests.Backup;
using Xunit;

namespace PgMahout.Tests.Archiving;

/// <summary>What was durable when somebody looks is seen, whatever an archiver moves at that moment.</summary>
public sealed class MovingSegmentsTests : IAsyncLifetime
{
    private const uint Size = 1 << 20;

    private readonly UnreliableStore _objects = new();
    private readonly MovingStore _store;
    private Repository _repository = null!;
    private WalArchive _archive = null!;

    public MovingSegmentsTests() => _store = new MovingStore(_objects);

    public static TheoryData<CompressionKind> Forms { get; } = new(CompressionKind.None, CompressionKind.Zstd);

    public async ValueTask InitializeAsync() => await OpenAsync(CompressionKind.Zstd);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_segment_that_becomes_whole_where_the_listing_has_passed_is_found()
    {
        await WholeAsync(5);
        await PartAsync(6, 0, 1000);
        // The whole one sorts before the directory of its parts.
        _store.WhileListing(name => !IsPart(name), () => CompleteAsync(6));

        Assert.Equal(Address(7), End(await SurveyAsync()));
    }

    [Fact]
    public async Task The_very_first_segment_is_found_too()
    {
        await PartAsync(3, 0, 1000);
        _store.WhileListing(name => !IsPart(name), () => CompleteAsync(3));

        Assert.Equal(Address(4), End(await SurveyAsync()));
    }

    [Fact]
    public async Task A_segment_in_front_of_one_that_was_stored_earlier_is_found()
    {
        await WholeAsync(5);
        await PartAsync(6, 0, 1000);
        await WholeAsync(7);
        _store.WhileListing(name => !IsPart(name), () => CompleteAsync(6));

        Assert.Equal(Address(8), End(await SurveyAsync()));
    }

    [Fact]
    public async Task Several_that_follow_each_other_while_it_is_listed_are_found()
    {
        await WholeAsync(5);
        await PartAsync(6, 0, 1000);
        _store.WhileListing(name => !IsPart(name), async () =>
        {
            await CompleteAsync(6);
            await WholeAsync(7);
            await WholeAsync(8);
        });

        Assert.Equal(Address(9), End(await SurveyAsync()));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Parts_that_are_written_as_one_meanwhile_are_read_as_far_as_they_reached(CompressionKind kind)
    {
        await OpenAsync(kind);
        await PartAsync(6, 0, 1000);
        await PartAsync(6, 1000, 500);
        await PartAsync(6, 1500, 500);
        // What was seen of them: the first as it was, of the others nothing.
        _store.WhileListing(_ => true, () => Task.CompletedTask);
        _store.WhileListing(name => name.Contains("00000000", StringComparison.Ordinal) || !IsPart(name), async () =>
        {
            await PartAsync(6, 0, 2000);
            await RemovePartsAsync(6, but: 0);
        });

        var survey = await SurveyAsync();

        Assert.Equal((Segment(6), 2000), Assert.Single(survey.Partial));
    }

    [Fact]
    public async Task Parts_that_are_gone_when_they_are_read_are_looked_for_in_the_whole_segment()
    {
        await WholeAsync(5);
        await PartAsync(6, 0, 1000);
        _store.WhileListing(_ => true, () => CompleteAsync(6));
        var into = new byte[Size];

        var read = await _archive.ReadAsync(Segment(6), into, default);

        Assert.True(read.TryGet(out var prefix) && prefix is { IsWhole: true, Length: (int)Size }, $"{read.Failure}");
        Assert.Equal(Bytes(6), into);
    }

    [Fact]
    public async Task A_part_that_is_damaged_is_told_and_not_looked_at_for_ever()
    {
        await PartAsync(6, 0, 1000);
        _objects.Damage(_objects.Names.Single(IsPart));

        var survey = await _archive.SurveyAsync(Size, default);

        Assert.True(survey.TryGet(out var found), $"{survey.Failure}");
        Assert.Equal(
            (new WalPosition(TimelineId.First, Address(6)), _objects.Names.Single(IsPart)),
            Assert.Single(found.Damaged.Select(damaged => (damaged.At, damaged.Object))));
        Assert.Equal(
            FrameCodec.DamagedCode, (await _archive.ReadAsync(Segment(6), new byte[Size], default)).Failure?.Code);
    }

    private async Task OpenAsync(CompressionKind kind)
    {
        await _objects.DeleteAsync([.. _objects.Names], default);
        var opened = await Repository.OpenAsync(
            _store, new RepositoryOwner("test", 42, false), Compression.Of(kind, null), null, default);
        Assert.True(opened.TryGet(out var repository), $"{opened.Failure}");
        _repository = repository;
        _archive = new WalArchive(repository, 42);
    }

    private static bool IsPart(string name) => name.Contains(".part/", StringComparison.Ordinal);

    private static WalSegment Segment(ulong number) => new(TimelineId.First, number, Size);

    private static Lsn Address(ulong number) => Segment(number).Start;

    private static Lsn End(WalSurvey survey) => Assert.Single(survey.Map().Stretches).To;

    private static byte[] Bytes(ulong number) =>
        [.. Enumerable.Range(0, (int)Size).Select(i => (byte)(i + (int)number))];

    private async Task<WalSurvey> SurveyAsync()
    {
        var survey = await _archive.SurveyAsync(Size, default);
        Assert.True(survey.TryGet(out var found), $"{survey.Failure}");
        return found;
    }

    private async Task WholeAsync(ulong number)
    {
        using var writer = new FrameWriter(_repository);
        Assert.Null((await writer.PutAsync(_archive.Names.Whole(Segment(number)), Bytes(number), default)).Failure);
    }

    private async Task PartAsync(ulong number, int from, int length)
    {
        using var writer = new FrameWriter(_repository);
        var name = _archive.Names.Part(Segment(number), from);
        Assert.Null((await writer.PutAsync(name, Bytes(number).AsMemory(from, length), default)).Failure);
    }

    private async Task CompleteAsync(ulong number)
    {
        await WholeAsync(number);
        await RemovePartsAsync(number, but: null);
    }

    private async Task RemovePartsAsync(ulong number, int? but)
    {
        var kept = but is { } offset ? _archive.Names.Part(Segment(number), offset) + _repository.Ending : "";
        var prefix = _archive.Names.Parts(Segment(number));
        await _objects.DeleteAsync(
            [.. _objects.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && name != kept)],
            default);
    }
}
