using System.Buffers.Binary;
using System.Numerics;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>The checksum of WAL records, and of their index.</summary>
public static class Crc32C
{
    /// <summary>It covers what follows the fixed header first, then the header up to the checksum itself.</summary>
    public static bool IsValid(ReadOnlySpan<byte> record)
    {
        var crc = Add(uint.MaxValue, record[WalRecord.HeaderLength..]);
        crc = Add(crc, record[..WalRecord.CrcAt]);
        return ~crc == BinaryPrimitives.ReadUInt32LittleEndian(record[WalRecord.CrcAt..]);
    }

    /// <summary>The checksum of a record whose bytes stand in two places.</summary>
    /// <param name="head">The fixed header, and what follows it there.</param>
    public static uint OfRecord(ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        var crc = Add(Add(uint.MaxValue, head[WalRecord.HeaderLength..]), rest);
        return ~Add(crc, head[..WalRecord.CrcAt]);
    }

    public static uint Of(ReadOnlySpan<byte> bytes) => ~Add(uint.MaxValue, bytes);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
