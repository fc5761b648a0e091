using Microsoft.Win32.SafeHandles;
using PgMahout.Backup.Reading;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Postgres;
using PgMahout.Postgres.Processes;

namespace PgMahout.Backup.Restoring;

/// <summary>Writes chunks to where they belong; one for each thread.</summary>
internal sealed class RestoreSink(ChunkDecoder decoder, RestoreTree tree, Throttle throttle, WorkProgress progress)
    : IChunkSink
{
    /// <summary>A stretch of zeros of at least this length stays a hole.</summary>
    private const int Hole = 64 << 10;

    /// <summary>Of a stretch of at least this length the kernel is told to begin writing at once.</summary>
    private const int Long = 256 << 10;
    private const uint BeginWriting = 2;

    public void Take(PackRead read, ChunkUse use, ReadOnlySpan<byte> stored)
    {
        var plain = WorkFailedException.Require(decoder.Decode(read.Name, use.Chunk, stored)).Span;
        foreach (var landing in use.Landings)
        {
            throttle.Pass(landing.Length, CancellationToken.None);
            Write(landing, plain.Slice(landing.Inside, landing.Length));
            progress.Add(landing.Length);
        }
    }

    public void Failed(PackRead read, Problem problem) => throw new WorkFailedException(problem);

    public void Dispose() => decoder.Dispose();

    private void Write(Landing landing, ReadOnlySpan<byte> bytes)
    {
        using var file = File.OpenHandle(
            tree.PlaceOf(landing.File), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (tree.IsFresh(landing.File))
            WriteAround(file, bytes, landing.At);
        else
            RandomAccess.Write(file, bytes, landing.At);
        // Left to itself the kernel waits until memory is full of it, and the flush at the end waits for all.
        if (bytes.Length >= Long)
            _ = LibC.SyncFileRange(file, landing.At, bytes.Length, BeginWriting);
    }

    /// <summary>Stretches of zeros are left out.</summary>
    private static void WriteAround(SafeFileHandle file, ReadOnlySpan<byte> bytes, long at)
    {
        for (var from = 0; from < bytes.Length;)
        {
            var to = from;
            while (to < bytes.Length && !IsZero(Step(bytes, to)))
                to += Hole;
            to = Math.Min(to, bytes.Length);
            if (to > from)
                RandomAccess.Write(file, bytes[from..to], at + from);
            from = to + Hole;
        }
    }

    private static ReadOnlySpan<byte> Step(ReadOnlySpan<byte> bytes, int at) =>
        bytes[at..Math.Min(at + Hole, bytes.Length)];

    private static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;
}
