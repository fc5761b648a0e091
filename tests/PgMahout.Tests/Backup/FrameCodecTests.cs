using System.Diagnostics;
using System.Text;
using PgMahout.Backup.Framing;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Backup;

public sealed class FrameCodecTests
{
    private static readonly byte[] Place = Encoding.ASCII.GetBytes("0000/backup/x/pack/000001@0");

    public static TheoryData<CompressionKind, bool> Ways { get; } = new(
        from kind in Enum.GetValues<CompressionKind>()
        from encrypted in new[] { false, true }
        select (kind, encrypted));

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_was_encoded_is_decoded(CompressionKind kind, bool encrypted)
    {
        using var codec = Codec(kind, encrypted);
        foreach (var length in (int[])[0, 1, 17, 8192, 100_000, 2 << 20])
            foreach (var plain in (byte[][])[new byte[length], Noise(length, 5), Text(length)])
            {
                var stored = Encode(codec, plain, Place);
                var back = new byte[length];

                Assert.True(codec.Decode(stored, back, Place).TryGet(out var decoded));
                Assert.Equal(length, decoded);
                Assert.True(plain.AsSpan().SequenceEqual(back));
            }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_changed_byte_is_found_wherever_it_is(CompressionKind kind, bool encrypted)
    {
        if (kind == CompressionKind.None && !encrypted)
            return;
        using var codec = Codec(kind, encrypted);
        var plain = Text(3000);
        var stored = Encode(codec, plain, Place);
        var back = new byte[plain.Length];

        for (var at = 0; at < stored.Length; at++)
        {
            var damaged = stored.ToArray();
            damaged[at] ^= 0x10;
            var sound = codec.Decode(damaged, back, Place).TryGet(out var length)
                && length == plain.Length && plain.AsSpan().SequenceEqual(back);
            // A frame has a few bits that carry nothing, such as the largest size of its blocks.
            Assert.True(!sound || at < 16, $"byte {at} was changed and nobody saw it");
            Assert.False(
                codec.Decode(damaged, back, Place).TryGet(out length)
                && !plain.AsSpan().SequenceEqual(back.AsSpan(0, length)), $"byte {at} gave other bytes");
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_was_cut_off_or_does_not_fit_is_refused(CompressionKind kind, bool encrypted)
    {
        if (kind == CompressionKind.None && !encrypted)
            return;
        using var codec = Codec(kind, encrypted);
        var stored = Encode(codec, Text(5000), Place);

        for (var length = 0; length < stored.Length; length++)
            Assert.Equal(
                FrameCodec.DamagedCode, codec.Decode(stored.AsSpan(0, length), new byte[5000], Place).Failure?.Code);
        Assert.NotNull(codec.Decode([.. stored, 0], new byte[5000], Place).Failure);
        Assert.NotNull(codec.Decode(stored, new byte[4999], Place).Failure);
        Assert.True(codec.Decode(stored, new byte[5000], Place).TryGet(out _));
    }

    [Theory]
    [InlineData(CompressionKind.Zstd)]
    [InlineData(CompressionKind.Lz4)]
    public void A_frame_without_a_checksum_is_that_much_shorter_and_opens_alike(CompressionKind kind)
    {
        const int Checksum = 4;
        using var codec = Codec(kind, encrypted: false);
        using var bare = new FrameCodec(Compression.Of(kind, null), null, summed: false);
        var plain = Text(3000);
        var stored = Encode(bare, plain, Place);
        var back = new byte[plain.Length];

        Assert.Equal(Encode(codec, plain, Place).Length - Checksum, stored.Length);
        Assert.True(codec.Decode(stored, back, Place).TryGet(out var length));
        Assert.Equal(plain, back[..length]);
    }

    [Fact]
    public void An_encrypted_frame_opens_only_at_its_place_and_with_its_key()
    {
        using var codec = Codec(CompressionKind.Lz4, encrypted: true);
        using var other = new FrameCodec(Compression.Of(CompressionKind.Lz4, null), new EncryptionKey(Noise(32, 9)));
        var stored = Encode(codec, Text(1000), Place);

        Assert.NotNull(codec.Decode(stored, new byte[1000], "elsewhere"u8).Failure);
        Assert.NotNull(other.Decode(stored, new byte[1000], Place).Failure);
        Assert.NotEqual(stored, Encode(codec, Text(1000), Place));
    }

    [Fact]
    public void The_name_of_an_object_tells_how_it_is_stored()
    {
        foreach (var kind in Enum.GetValues<CompressionKind>())
            foreach (var encrypted in (bool[])[false, true])
                Assert.Equal(
                    (kind, encrypted, "a/b.part"),
                    Compression.OfName("a/b.part" + Compression.Of(kind, null).Ending(encrypted)));
    }

    [Theory]
    [InlineData(CompressionKind.Zstd, "zstd")]
    [InlineData(CompressionKind.Lz4, "lz4")]
    public async Task The_usual_program_opens_what_is_not_encrypted(CompressionKind kind, string program)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/" + program), $"there is no {program} here");
        using var codec = Codec(kind, encrypted: false);
        var path = Path.GetTempFileName();
        var token = TestContext.Current.CancellationToken;
        byte[] frames = [.. Encode(codec, Text(900), Place), .. Encode(codec, Text(70), Place)];
        await File.WriteAllBytesAsync(path, frames, token);

        var command = new ProcessStartInfo(program, ["-d", "-c", path]) { RedirectStandardOutput = true };
        using var process = Process.Start(command)!;
        var printed = await process.StandardOutput.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);
        File.Delete(path);

        Assert.Equal(Encoding.ASCII.GetString([.. Text(900), .. Text(70)]), printed);
    }

    internal static byte[] Encode(FrameCodec codec, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> place)
    {
        var room = new byte[codec.Bound(plain.Length)];
        return room[..codec.Encode(plain, room, place)];
    }

    internal static byte[] Noise(int length, ulong seed)
    {
        var prng = new Prng(seed);
        var bytes = new byte[length];
        foreach (ref var b in bytes.AsSpan())
            b = (byte)prng.Next();
        return bytes;
    }

    internal static byte[] Text(int length)
    {
        var words = Enumerable.Range(0, length / 4 + 1).Select(i => $"{i % 1000,3} ");
        return Encoding.ASCII.GetBytes(string.Concat(words))[..length];
    }

    private static FrameCodec Codec(CompressionKind kind, bool encrypted) =>
        new(Compression.Of(kind, null), encrypted ? new EncryptionKey(Noise(32, 8)) : null);
}
