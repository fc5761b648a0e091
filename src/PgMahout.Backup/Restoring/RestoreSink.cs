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

    private (int Number, SafeFileHandle Handle)? _open;

    public void Take(PackRead read, ChunkUse use, ReadOnlySpan<byte> stored)
    {
        var plain = WorkFailedException.Require(decoder.Decode(read.Name, use.Chunk, stored)).Span;
        var begun = 0;
        for (var i = 0; i < use.Landings.Length; i++)
        {
            var landing = use.Landings[i];
            throttle.Pass(landing.Length, CancellationToken.None);
            Write(landing, plain.Slice(landing.Inside, landing.Length));
            progress.Add(landing.Length);
            if (i + 1 < use.Landings.Length && use.Landings[i + 1].File == landing.File)
                continue;
            BeginWritingOut(use.Landings[begun], landing);
            begun = i + 1;
        }
    }

    public void Failed(PackRead read, Problem problem) => throw new WorkFailedException(problem);

    public void Dispose()
    {
        _open?.Handle.Dispose();
        decoder.Dispose();
    }

    private void Write(Landing landing, ReadOnlySpan<byte> bytes)
    {
        var file = Open(landing.File);
        if (tree.IsFresh(landing.File))
            WriteAround(file, bytes, landing.At);
        else
            RandomAccess.Write(file, bytes, landing.At);
    }

    /// <summary>
    /// Left to itself the kernel waits until memory is full, and the flush at the end waits for all. What lies between
    /// the two was written before, from newer backups: so it goes to disk in one piece.
    /// </summary>
    private void BeginWritingOut(Landing first, Landing last)
    {
        var length = last.At + last.Length - first.At;
        if (length is >= Long and <= BackupManifest.ChunkBytes)
            _ = LibC.SyncFileRange(Open(last.File), first.At, length, BeginWriting);
    }

    /// <summary>Pieces of one file follow each other: it stays open until one of another comes.</summary>
    private SafeFileHandle Open(int number)
    {
        if (_open is { } open && open.Number == number)
            return open.Handle;
        _open?.Handle.Dispose();
        _open = null;
        var handle = File.OpenHandle(
            tree.PlaceOf(number), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _open = (number, handle);
        return handle;
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
