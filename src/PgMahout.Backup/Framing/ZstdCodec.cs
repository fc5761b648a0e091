using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PgMahout.Backup.Framing;

/// <summary>One-shot zstd frames with their length. Confined to one thread.</summary>
internal sealed unsafe partial class ZstdCodec : IDisposable
{
    private const int CompressionLevel = 100;
    private const int ChecksumFlag = 201;

    private readonly Compressor _compressor;
    private readonly Decompressor _decompressor;

    /// <param name="summed">With a checksum of the content at the end of each frame.</param>
    public ZstdCodec(int level, bool summed)
    {
        _compressor = CreateCompressor();
        _decompressor = CreateDecompressor();
        Check(SetParameter(_compressor, CompressionLevel, level));
        Check(SetParameter(_compressor, ChecksumFlag, summed ? 1 : 0));
    }

    public static int Bound(int plain) => checked((int)CompressBound((nuint)plain));

    public int Compress(ReadOnlySpan<byte> plain, Span<byte> frame)
    {
        fixed (byte* from = plain)
        fixed (byte* to = frame)
            return (int)Check(Compress2(_compressor, to, (nuint)frame.Length, from, (nuint)plain.Length));
    }

    /// <summary>The length of the plain bytes; null, and why, when the frame is not whole and sound.</summary>
    public int? Decompress(ReadOnlySpan<byte> frame, Span<byte> plain, out string complaint)
    {
        fixed (byte* from = frame)
        fixed (byte* to = plain)
        {
            var result = Decompress(_decompressor, to, (nuint)plain.Length, from, (nuint)frame.Length);
            complaint = IsError(result) != 0 ? NameOf(result) : "";
            return complaint == "" ? (int)result : null;
        }
    }

    public void Dispose()
    {
        _compressor.Dispose();
        _decompressor.Dispose();
    }

    private static nuint Check(nuint result) =>
        IsError(result) == 0 ? result : throw new InvalidOperationException("libzstd: " + NameOf(result));

    private static string NameOf(nuint result) => Marshal.PtrToStringUTF8(ErrorName(result)) ?? "unknown error";

    private sealed class Compressor() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle() => FreeCompressor(handle) == 0;
    }

    private sealed class Decompressor() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle() => FreeDecompressor(handle) == 0;
    }

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_createCCtx")]
    private static partial Compressor CreateCompressor();

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_createDCtx")]
    private static partial Decompressor CreateDecompressor();

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_freeCCtx")]
    private static partial nuint FreeCompressor(nint context);

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_freeDCtx")]
    private static partial nuint FreeDecompressor(nint context);

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_CCtx_setParameter")]
    private static partial nuint SetParameter(Compressor context, int parameter, int value);

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_compressBound")]
    private static partial nuint CompressBound(nuint length);

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_compress2")]
    private static partial nuint Compress2(Compressor context, byte* to, nuint room, byte* from, nuint length);

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_decompressDCtx")]
    private static partial nuint Decompress(Decompressor context, byte* to, nuint room, byte* from, nuint length);

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint result);

    [LibraryImport(CodecLibraries.Zstd, EntryPoint = "ZSTD_getErrorName")]
    private static partial nint ErrorName(nuint result);
}
