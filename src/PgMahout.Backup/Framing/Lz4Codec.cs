using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PgMahout.Backup.Framing;

/// <summary>One-shot lz4 frames with their length. Confined to one thread.</summary>
internal sealed unsafe partial class Lz4Codec : IDisposable
{
    private const uint Version = 100;
    private const int LargestBlocks = 7;
    private const int Independent = 1;

    private readonly int _level;
    private readonly bool _summed;
    private readonly Decompressor _decompressor;

    /// <param name="summed">With a checksum of the content at the end of each frame.</param>
    public Lz4Codec(int level, bool summed)
    {
        (_level, _summed) = (level, summed);
        Check(CreateDecompressor(out _decompressor, Version));
    }

    /// <summary>LZ4F_preferences_t; blocks of 4 MB, so that a chunk is one block and needs no copies.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Preferences
    {
        public int BlockSize;
        public int BlockMode;
        public int ContentChecksum;
        public int FrameType;
        public ulong ContentSize;
        public uint Dictionary;
        public int BlockChecksum;
        public int Level;
        public uint AutoFlush;
        public uint FavorDecoding;
        public fixed uint Reserved[3];
    }

    public static int Bound(int plain)
    {
        var preferences = Asked(0, plain, summed: true);
        return checked((int)FrameBound((nuint)plain, &preferences));
    }

    public int Compress(ReadOnlySpan<byte> plain, Span<byte> frame)
    {
        var preferences = Asked(_level, plain.Length, _summed);
        fixed (byte* from = plain)
        fixed (byte* to = frame)
            return (int)Check(CompressFrame(to, (nuint)frame.Length, from, (nuint)plain.Length, &preferences));
    }

    /// <summary>The length of the plain bytes; null, and why, when the frame is not whole and sound.</summary>
    public int? Decompress(ReadOnlySpan<byte> frame, Span<byte> plain, out string complaint)
    {
        // A null address would mean something else to the library than no bytes.
        byte nothing = 0;
        fixed (byte* from = frame)
        fixed (byte* room = plain)
            return Decompress(from, frame.Length, room == null ? &nothing : room, plain.Length, out complaint);
    }

    public void Dispose() => _decompressor.Dispose();

    private int? Decompress(byte* from, int length, byte* to, int room, out string complaint)
    {
        var (read, written) = (0, 0);
        nuint hint = 1;
        while (hint != 0)
        {
            var (source, target) = ((nuint)(length - read), (nuint)(room - written));
            hint = Decompress(_decompressor, to + written, &target, from + read, &source, null);
            complaint = IsError(hint) != 0 ? NameOf(hint) : "it ends too early, or holds more than it should";
            if (IsError(hint) != 0 || (hint != 0 && source == 0 && target == 0))
            {
                Reset(_decompressor);
                return null;
            }
            read += (int)source;
            written += (int)target;
        }
        complaint = read == length ? "" : "there are bytes behind its end";
        return read == length ? written : null;
    }

    private static Preferences Asked(int level, int plain, bool summed) => new()
    {
        BlockSize = LargestBlocks,
        BlockMode = Independent,
        ContentChecksum = summed ? 1 : 0,
        ContentSize = (ulong)plain,
        Level = level,
    };

    private static nuint Check(nuint result) =>
        IsError(result) == 0 ? result : throw new InvalidOperationException("liblz4: " + NameOf(result));

    private static string NameOf(nuint result) => Marshal.PtrToStringUTF8(ErrorName(result)) ?? "unknown error";

    private sealed class Decompressor() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle() => FreeDecompressor(handle) == 0;
    }

    [LibraryImport(CodecLibraries.Lz4, EntryPoint = "LZ4F_createDecompressionContext")]
    private static partial nuint CreateDecompressor(out Decompressor context, uint version);

    [LibraryImport(CodecLibraries.Lz4, EntryPoint = "LZ4F_freeDecompressionContext")]
    private static partial nuint FreeDecompressor(nint context);

    [LibraryImport(CodecLibraries.Lz4, EntryPoint = "LZ4F_resetDecompressionContext")]
    private static partial void Reset(Decompressor context);

    [LibraryImport(CodecLibraries.Lz4, EntryPoint = "LZ4F_compressFrameBound")]
    private static partial nuint FrameBound(nuint length, Preferences* preferences);

    [LibraryImport(CodecLibraries.Lz4, EntryPoint = "LZ4F_compressFrame")]
    private static partial nuint CompressFrame(
        byte* to, nuint room, byte* from, nuint length, Preferences* preferences);

    [LibraryImport(CodecLibraries.Lz4, EntryPoint = "LZ4F_decompress")]
    private static partial nuint Decompress(
        Decompressor context, byte* to, nuint* room, byte* from, nuint* length, void* options);

    [LibraryImport(CodecLibraries.Lz4, EntryPoint = "LZ4F_isError")]
    private static partial uint IsError(nuint result);

    [LibraryImport(CodecLibraries.Lz4, EntryPoint = "LZ4F_getErrorName")]
    private static partial nint ErrorName(nuint result);
}
