using System.Security.Cryptography;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Copying;

/// <summary>One thread that copies: reads, checks, hashes, compresses, and fills packs.</summary>
internal sealed class CopyWorker : IDisposable
{
    private const int Block = BackupManifest.BlockSize;

    private readonly CopyJob _job;
    private readonly FrameCodec _codec;
    private readonly bool _encrypted;
    private readonly CancellationToken _cancellation;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BackupManifest.ChunkBytes, pinned: true);
    private readonly List<CopiedPiece> _copied = [];
    private readonly List<CopiedPiece> _unit = [];
    private Pack _pack;

    private CopyWorker(CopyJob job, FrameCodec codec, bool encrypted, CancellationToken cancellation)
    {
        _job = job;
        _codec = codec;
        _encrypted = encrypted;
        _cancellation = cancellation;
        _pack = job.Packs.New(cancellation);
    }

    /// <summary>Copies units until none is left.</summary>
    public static void Run(CopyJob job, Repositories.Repository repository, CancellationToken cancellation)
    {
        using var worker = new CopyWorker(job, repository.NewChunkCodec(), repository.Key is not null, cancellation);
        while (job.TryNext(out var unit))
        {
            cancellation.ThrowIfCancellationRequested();
            worker.Copy(unit);
        }
        job.Packs.Finish(worker._pack);
        job.Copied.Add(worker._copied);
    }

    /// <summary>Bytes that are no file of the data directory, such as the backup's label: one more chunk.</summary>
    public static Chunk Store(
        CopyJob job, Repositories.Repository repository, ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        using var worker = new CopyWorker(job, repository.NewChunkCodec(), repository.Key is not null, cancellation);
        bytes.CopyTo(worker._buffer);
        var chunk = worker.Store(bytes.Length);
        job.Packs.Finish(worker._pack);
        return chunk;
    }

    public void Dispose() => _codec.Dispose();

    private void Copy(CopyUnit unit)
    {
        _job.Throttle.Pass(unit.Length, _cancellation);
        _unit.Clear();
        var length = 0;
        foreach (var extent in unit.Extents)
            length += Read(extent, length);
        if (length > 0)
        {
            var chunk = Store(length);
            foreach (var piece in _unit)
                _copied.Add(piece with { Chunk = chunk });
        }
        _job.Progress.Add(unit.Length);
    }

    /// <summary>Reads a stretch behind what is in the buffer; how much of it is to be kept.</summary>
    private int Read(Extent extent, int inside)
    {
        var file = _job.Order.Files[extent.File];
        var into = _buffer.AsSpan(inside, extent.Length);
        try
        {
            using var handle = File.OpenHandle(
                Path.Combine(_job.Order.DataDirectory, file.Path), share: FileShare.ReadWrite | FileShare.Delete);
            var read = PageReading.Fill(handle, into, extent.At);
            if (DataPath.Relation(file.Path) is { } relation)
            {
                // Cut down meanwhile: replay does it again, and needs the file as long as it was.
                into[read..].Clear();
                if (_job.Order.CheckedBefore is { } before)
                    PageReading.Check(
                        handle, into[..read], extent.At, new RelationPages(relation, before),
                        block => _job.Bad(extent.File, block));
                return Keep(extent, into, inside);
            }
            if (read < extent.Length)
                _job.Shrunk(extent.File, extent.At + read);
            return Add(extent.File, extent.At, read, inside);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            _job.Vanished(extent.File);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WorkFailedException(new Problem(
                "backup-read", $"reading {file.Path} failed", e.Message, "no backup was made",
                "look at the disk of the data directory (dmesg) and who owns the file; another member may be sound"));
        }
    }

    /// <summary>Of pages that are read to see whether they changed, only those that did, moved together.</summary>
    private int Keep(Extent extent, Span<byte> pages, int inside)
    {
        if (_job.Order.Takings[extent.File] is not Taking.ChangedSince since)
            return Add(extent.File, extent.At, extent.Length, inside);
        var kept = 0;
        for (var from = 0; from < pages.Length;)
        {
            var to = from;
            while (to < pages.Length && IsTaken(pages.Slice(to, Block), (extent.At + to) / Block, since))
                to += Block;
            if (to > from)
            {
                pages[from..to].CopyTo(pages[kept..]);
                kept += Add(extent.File, extent.At + from, to - from, inside + kept);
            }
            from = to + Block;
        }
        return kept;
    }

    private bool IsTaken(ReadOnlySpan<byte> page, long block, Taking.ChangedSince since) =>
        block >= since.ParentBlocks || PageChecks.IsNew(page)
        || PageChecks.ChangedAt(page) >= _job.Order.ChangedSince!.Value;

    private int Add(int file, long at, int length, int inside)
    {
        if (length > 0)
            _unit.Add(new CopiedPiece(file, at, length, default, inside));
        return length;
    }

    /// <summary>The beginning of the buffer as a chunk: one that is stored, or a new frame in the pack.</summary>
    private Chunk Store(int length)
    {
        var plain = _buffer.AsSpan(0, length);
        Span<byte> hash = stackalloc byte[Digest.Length];
        SHA256.HashData(plain, hash);
        var digest = Digest.Of(hash);
        if (_job.IsStored(digest, length, out var known))
            return known;
        if (_pack.Length >= PackUploads.PackBytes)
        {
            _job.Packs.Finish(_pack);
            _pack = _job.Packs.New(_cancellation);
        }
        var place = _encrypted ? BackupNames.Place(_pack.Name, _pack.Length) : [];
        var offset = _pack.Length;
        var stored = _codec.Encode(plain, _pack.Room, place);
        var chunk = new Chunk(_pack.Number, offset, stored, length, digest);
        _pack.Add(chunk);
        return chunk;
    }
}
