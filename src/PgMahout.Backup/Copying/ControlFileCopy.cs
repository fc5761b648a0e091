using System.Buffers.Binary;
using System.Numerics;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres;
using PgMahout.Postgres.Observation;

namespace PgMahout.Backup.Copying;

/// <summary>
/// Reads pg_control while the server may be writing it: the file's own CRC tells a half written one, which is then read
/// again.
/// </summary>
internal static class ControlFileCopy
{
    private const int Attempts = 1000;
    private const int LeastContent = 200;
    private const int MostContent = 512;

    public static ulong? SystemIdentifierOf(string dataDirectory) =>
        ControlFile.Read(dataDirectory)?.SystemIdentifier;

    public static TimelineId? TimelineOf(string dataDirectory) => ControlFile.Read(dataDirectory)?.Timeline;

    /// <exception cref="WorkFailedException">It was never whole.</exception>
    public static byte[] Read(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, DataPath.Control);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            using var file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[BackupManifest.BlockSize];
            if (PageReading.Fill(file, bytes, 0) == bytes.Length && IsWhole(bytes))
                return bytes;
            Thread.Yield();
        }
        throw new WorkFailedException(new Problem(
            "backup-read", $"{path} was never whole", $"its CRC was wrong {Attempts} times", "no backup was made",
            "look at the disk of the data directory (dmesg)"));
    }

    /// <summary>
    /// Where the CRC stands differs by version: it is right behind what it is the CRC of, wherever that ends.
    /// </summary>
    public static bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        for (var at = 0; at < MostContent; at += sizeof(uint))
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
            if (at >= LeastContent && ~crc == word)
                return true;
            crc = BitOperations.Crc32C(crc, word);
        }
        return false;
    }
}
