using System.Buffers.Binary;

namespace PgMahout.Core.Backup;

/// <summary>A SHA-256, as a value: 32 bytes.</summary>
public readonly record struct Digest(ulong A, ulong B, ulong C, ulong D)
{
    public const int Length = 32;

    public static Digest Of(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]));

    public static Digest? Parse(string? text) =>
        text is { Length: 2 * Length } && text.All(char.IsAsciiHexDigit) ? Of(Convert.FromHexString(text)) : null;

    public override string ToString() => $"{A:x16}{B:x16}{C:x16}{D:x16}";
}
