using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Backup;

/// <summary>What a page of 8 kB says of itself.</summary>
public static class PageChecks
{
    private const int Lanes = 32;
    private const int Rows = BackupManifest.BlockSize / (4 * Lanes);
    private const int ChecksumOffset = 8;
    private const int UpperOffset = 14;
    private const uint Prime = 16777619;

    // The lower half of the word that holds the checksum; it counts as zero.
    private const uint WithoutChecksum = 0xFFFF0000;

    /// <summary>Where the seed of each of the 32 sums begins; arbitrary numbers that PostgreSQL fixed in 9.3.</summary>
    private static readonly uint[] Seeds =
    [
        0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
        0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
        0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
        0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756,
    ];

    /// <summary>The end of the last WAL record that changed it.</summary>
    public static Lsn ChangedAt(ReadOnlySpan<byte> page) => new(
        ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(page) << 32)
        | BinaryPrimitives.ReadUInt32LittleEndian(page[4..]));

    /// <summary>Nothing was ever put on it; it has no checksum.</summary>
    public static bool IsNew(ReadOnlySpan<byte> page) =>
        BinaryPrimitives.ReadUInt16LittleEndian(page[UpperOffset..]) == 0;

    /// <summary>Whether it holds the checksum of its content at this place.</summary>
    /// <param name="block">Number within the fork, over all its segments.</param>
    public static bool IsSound(ReadOnlySpan<byte> page, uint block) =>
        Checksum(page, block) == BinaryPrimitives.ReadUInt16LittleEndian(page[ChecksumOffset..]);

    /// <summary>As PostgreSQL computes it: 32 FNV-1a sums beside each other, folded into 16 bits.</summary>
    // Wide vectors are not compiled ahead of time, and as first compiled they take a multiple: a backup is soon over.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort Checksum(ReadOnlySpan<byte> page, uint block)
    {
        ref var words = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, uint>(page));
        ref var seeds = ref Seeds[0];
        var s0 = Vector256.LoadUnsafe(ref seeds, 0);
        var s1 = Vector256.LoadUnsafe(ref seeds, 8);
        var s2 = Vector256.LoadUnsafe(ref seeds, 16);
        var s3 = Vector256.LoadUnsafe(ref seeds, 24);
        var mask = Vector256.Create(~0u).WithElement(ChecksumOffset / 4, WithoutChecksum);
        for (nuint row = 0; row < Rows; row++)
        {
            var at = row * Lanes;
            s0 = Mix(s0, Vector256.LoadUnsafe(ref words, at) & mask);
            s1 = Mix(s1, Vector256.LoadUnsafe(ref words, at + 8));
            s2 = Mix(s2, Vector256.LoadUnsafe(ref words, at + 16));
            s3 = Mix(s3, Vector256.LoadUnsafe(ref words, at + 24));
            mask = Vector256<uint>.AllBitsSet;
        }
        for (var round = 0; round < 2; round++)
        {
            s0 = Mix(s0, Vector256<uint>.Zero);
            s1 = Mix(s1, Vector256<uint>.Zero);
            s2 = Mix(s2, Vector256<uint>.Zero);
            s3 = Mix(s3, Vector256<uint>.Zero);
        }
        var folded = s0 ^ s1 ^ s2 ^ s3;
        uint sum = 0;
        for (var lane = 0; lane < Vector256<uint>.Count; lane++)
            sum ^= folded.GetElement(lane);
        return (ushort)((sum ^ block) % 65535 + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Mix(Vector256<uint> sum, Vector256<uint> words)
    {
        var mixed = sum ^ words;
        return (mixed * Prime) ^ (mixed >>> 17);
    }
}
