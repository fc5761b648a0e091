using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Reading;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Verifying;

/// <summary>What is wrong with one object.</summary>
/// <param name="Object">Its name.</param>
public sealed record DamagedObject(string Object, string Why);

/// <param name="Objects">How many were read.</param>
/// <param name="Bytes">Stored bytes that were read.</param>
public sealed record Verification(int Objects, long Bytes, ImmutableArray<DamagedObject> Damaged);

/// <summary>
/// Reads every byte of backups or of archived WAL as a restore would, and compares it with its checksums. What is
/// damaged is listed, and the rest is read all the same.
/// </summary>
public sealed class VerifyRun(Repository repository, ulong systemIdentifier, int workers)
{
    private readonly ConcurrentDictionary<string, string> _damaged = new();

    private Repository Repository => repository;

    public WorkProgress Progress { get; } = new();

    /// <summary>One backup, without those that it builds on.</summary>
    public async Task<Outcome<Verification>> BackupAsync(BackupId id, CancellationToken cancellation)
    {
        var loaded = await new BackupCatalog(repository, systemIdentifier).LoadAsync(id, cancellation);
        if (!loaded.TryGet(out var backup))
            return loaded.Failure!.Code is FrameCodec.DamagedCode or IObjectStore.Missing
                ? Found([new DamagedObject(loaded.Failure.What, loaded.Failure.Why)], 1)
                : new Outcome<Verification>.Failed(loaded.Failure);
        var names = new BackupNames(systemIdentifier, id);
        var uses = backup.Manifest.Chunks
            .Select(chunk => new ChunkUse(0, chunk, []))
            .OrderBy(use => use.Chunk.Pack).ThenBy(use => use.Chunk.Offset)
            .ToList();
        Progress.Expect(uses.Sum(use => (long)use.Chunk.Plain));
        Progress.Enter("reading");
        var reads = PackRead.Group(uses, use => names.Pack(use.Chunk.Pack, backup.Manifest.Ending));
        try
        {
            await new ChunkPipeline(repository.Store, Progress).RunAsync(
                reads, uses.Select(use => use.Chunk.Stored).DefaultIfEmpty().Max(), new WorkerCount(workers, true),
                () => new Sink(this), cancellation);
        }
        catch (WorkFailedException e)
        {
            return new Outcome<Verification>.Failed(e.Problem);
        }
        return Found(Damaged(), backup.Manifest.Packs.Count + 2);
    }

    /// <summary>Every archived segment, and every part of one.</summary>
    /// <param name="segmentSize">In bytes.</param>
    public async Task<Outcome<Verification>> WalAsync(uint segmentSize, CancellationToken cancellation)
    {
        var listed = await repository.Store.ListAsync(
            Repositories.Repository.PrefixOf(systemIdentifier) + "wal/", cancellation);
        if (!listed.TryGet(out var entries))
            return new Outcome<Verification>.Failed(listed.Failure!);
        Progress.Expect(entries.Sum(entry => entry.Length));
        Progress.Enter("reading");
        using var decoding = new WholeObjects(repository, segmentSize);
        foreach (var entry in entries.Where(entry => IsFramed(entry.Name)))
        {
            var problem = await decoding.CheckAsync(entry, cancellation);
            // What was expired since the listing is no damage.
            if (problem is { Code: FrameCodec.DamagedCode })
                _damaged[entry.Name] = problem.Why;
            else if (problem is not null and not { Code: IObjectStore.Missing })
                return new Outcome<Verification>.Failed(problem);
            Progress.Add(entry.Length);
            Progress.AddStored(entry.Length);
        }
        return Found(Damaged(), entries.Length);
    }

    private static bool IsFramed(string name) =>
        !name.EndsWith(".json", StringComparison.Ordinal) && !name.EndsWith(".history", StringComparison.Ordinal);

    private Outcome<Verification> Found(ImmutableArray<DamagedObject> damaged, int objects) =>
        new Outcome<Verification>.Done(new Verification(objects, Progress.Stored, damaged));

    private ImmutableArray<DamagedObject> Damaged() =>
    [
        .. _damaged.OrderBy(found => found.Key, StringComparer.Ordinal)
            .Select(found => new DamagedObject(found.Key, found.Value)),
    ];

    private sealed class Sink(VerifyRun run) : IChunkSink
    {
        private readonly ChunkDecoder _decoder = new(run.Repository);

        public void Take(PackRead read, ChunkUse use, ReadOnlySpan<byte> stored)
        {
            if (_decoder.Decode(read.Name, use.Chunk, stored).Failure is { } problem)
                run._damaged.TryAdd(read.Name, problem.Why);
            run.Progress.Add(use.Chunk.Plain);
        }

        public void Failed(PackRead read, Problem problem)
        {
            if (problem.Code != IObjectStore.Missing)
                throw new WorkFailedException(problem);
            run._damaged.TryAdd(read.Name, "it is missing");
        }

        public void Dispose() => _decoder.Dispose();
    }

    /// <summary>Objects that are one frame.</summary>
    private sealed class WholeObjects(Repository repository, uint segmentSize) : IDisposable
    {
        private readonly Dictionary<string, FrameCodec> _codecs = [];
        private readonly byte[] _plain = new byte[segmentSize];

        public async Task<Problem?> CheckAsync(ObjectEntry entry, CancellationToken cancellation)
        {
            var stored = new byte[entry.Length];
            var read = await repository.Store.ReadAsync(entry.Name, 0, stored, cancellation);
            if (!read.TryGet(out var length))
                return read.Failure;
            var bare = Compression.OfName(entry.Name).Bare;
            var ending = entry.Name[bare.Length..];
            if (!_codecs.TryGetValue(ending, out var codec))
                _codecs[ending] = codec = repository.CodecFor(entry.Name);
            var place = Encoding.ASCII.GetBytes(entry.Name);
            return codec.Decode(stored.AsSpan(0, length), _plain, place).Failure;
        }

        public void Dispose()
        {
            foreach (var codec in _codecs.Values)
                codec.Dispose();
        }
    }
}
