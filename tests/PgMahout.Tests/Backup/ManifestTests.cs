using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class ManifestTests
{
    [Fact]
    public void A_manifest_that_was_written_is_read()
    {
        var manifest = Example();

        var read = ManifestText.Parse(Write(manifest))!;

        Assert.Equal(manifest.Id, read.Id);
        Assert.Equal(manifest.Parent, read.Parent);
        Assert.Equal(manifest.Ending, read.Ending);
        Assert.Equal(manifest.Packs, read.Packs);
        Assert.Equal(manifest.Tablespaces, read.Tablespaces);
        Assert.Equal(manifest.Directories, read.Directories);
        Assert.Equal(manifest.Chunks, read.Chunks);
        Assert.Equal(manifest.BadPages, read.BadPages);
        Assert.Equal(
            manifest.Files.Select(file => file with { Pieces = [] }),
            read.Files.Select(file => file with { Pieces = [] }));
        Assert.Equal(manifest.Files.SelectMany(file => file.Pieces), read.Files.SelectMany(file => file.Pieces));
    }

    [Fact]
    public void Whatever_is_cut_off_is_no_manifest()
    {
        var text = Write(Example());

        for (var length = 0; length < text.Length - 2; length++)
            Assert.Null(ManifestText.Parse(text.AsMemory(0, length)));
    }

    [Theory]
    [InlineData("\"base/5/1\"", "\"../etc/x\"")]
    [InlineData("\"base/5/1\"", "\"/etc/x\"")]
    [InlineData("[0,8192,0,0]", "[0,8192,7,0]")]
    [InlineData("[0,8192,0,0]", "[8192,8192,0,0]")]
    [InlineData("[0,8192,0,0]", "[0,8192,0,9000]")]
    [InlineData("[0,8192,0,0]", "[0,8192,0]")]
    [InlineData("[1,0,100,16384", "[2,0,100,16384")]
    [InlineData("[1,0,100,16384", "[1,9999,100,16384")]
    [InlineData("\"format\":1", "\"format\":2")]
    public void A_manifest_that_contradicts_itself_or_leads_elsewhere_is_refused(string part, string instead)
    {
        var text = Encoding.UTF8.GetString(Write(Example()));
        Assert.Contains(part, text, StringComparison.Ordinal);

        Assert.Null(ManifestText.Parse(Encoding.UTF8.GetBytes(text.Replace(part, instead, StringComparison.Ordinal))));
    }

    [Fact]
    public void A_terabyte_has_a_manifest_of_bearable_size()
    {
        const int Files = 1024;
        const int Each = 512;
        var chunks = Enumerable.Range(0, Files * Each)
            .Select(i => new Chunk(
                i / 60, i % 60 * 500_000, 500_000, BackupManifest.ChunkBytes, new Digest((ulong)i, 1, 2, 3)))
            .ToImmutableArray();
        var manifest = Example() with
        {
            Parent = null,
            Packs = Enumerable.Range(0, chunks[^1].Pack + 1).ToImmutableSortedDictionary(i => i, _ => 30_000_000L),
            Chunks = chunks,
            Files =
            [
                .. Enumerable.Range(0, Files).Select(file => new BackedFile(
                    $"base/5/16384.{file:D4}", 1L << 30, 1, 0x180, false,
                    [.. Enumerable.Range(0, Each).Select(i => new Piece(
                        (long)i * BackupManifest.ChunkBytes, BackupManifest.ChunkBytes, file * Each + i, 0))])),
            ],
        };

        var text = Write(manifest);

        Assert.InRange(text.Length, 1, 100 << 20);
        Assert.Equal(1L << 40, ManifestText.Parse(text)!.Files.Sum(file => file.Size));
    }

    [Fact]
    public void A_head_that_was_changed_in_any_way_is_refused()
    {
        var head = new StoredHead(
            new BackupHead(
                new BackupId("20261122-173501-4f2a"), BackupKind.Incremental, new BackupId("p"), ulong.MaxValue - 3,
                new TimelineId(7), new Lsn(0x300000028), new Lsn(0x300000100),
                new DateTimeOffset(2026, 11, 22, 17, 35, 1, 123, TimeSpan.Zero), DateTimeOffset.UnixEpoch, 150018,
                new ByteSize(5), new ByteSize(3), "a \"b\""),
            new Digest(1, 2, 3, 4), 99, 2);
        var text = HeadText.Write(head);

        Assert.Equal(head, HeadText.Parse(text));
        for (var at = 0; at < text.Length; at++)
        {
            text[at] ^= 1;
            Assert.Null(HeadText.Parse(text));
            text[at] ^= 1;
        }
    }

    internal static byte[] Write(BackupManifest manifest)
    {
        var buffer = new ArrayBufferWriter<byte>();
        ManifestText.Write(manifest, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static BackupManifest Example() => new(
        new BackupId("b"),
        new BackupId("a"),
        ".zst.aes",
        ImmutableSortedDictionary<int, long>.Empty.Add(1, 300).Add(9, 10),
        [new BackedTablespace(16385, "/srv/fast \"disk\"")],
        [new BackedDirectory("base", 0x1C0), new BackedDirectory("base/5", 0x1E8)],
        [new Chunk(1, 0, 100, 16384, new Digest(ulong.MaxValue, 2, 3, 4)), new Chunk(9, 0, 10, 0, default)],
        [
            new BackedFile("base/5/1", 8192, 638_000_000_000_000_000, 0x180, false, [new Piece(0, 8192, 0, 0)]),
            new BackedFile("base/5/2", 81920, 5, 0x1A0, true, [new Piece(8192, 8192, 0, 8192)]),
            new BackedFile("ümläut", 0, 0, 0x180, false, []),
        ],
        [new BadPage("base/5/1", 3)]);
}
