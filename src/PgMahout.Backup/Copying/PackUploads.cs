using System.Collections.Concurrent;
using System.Threading.Channels;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Working;
using PgMahout.Core.Backup;
using PgMahout.Postgres;

namespace PgMahout.Backup.Copying;

/// <summary>A pack that is being filled by one thread.</summary>
internal sealed class Pack(int number, string name, byte[] bytes)
{
    public int Number { get; } = number;

    public string Name { get; } = name;

    public List<Chunk> Chunks { get; } = [];

    public int Length { get; private set; }

    public Span<byte> Room => bytes.AsSpan(Length);

    public ReadOnlyMemory<byte> Content => bytes.AsMemory(0, Length);

    internal byte[] Bytes => bytes;

    public void Add(Chunk chunk)
    {
        Chunks.Add(chunk);
        Length += chunk.Stored;
    }
}

/// <summary>
/// Puts packs that are full into the repository while the next ones are being filled. There are so many buffers and no
/// more: whoever wants one waits when the repository is slower than the copying.
/// </summary>
internal sealed class PackUploads : IDisposable
{
    /// <summary>A pack is full when another chunk might not fit.</summary>
    public const int PackBytes = 32 << 20;

    private const int Uploads = 2;
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    private readonly Repository _repository;
    private readonly BackupNames _names;
    private readonly WorkProgress _progress;
    private readonly BlockingCollection<byte[]> _free = [];
    private readonly Channel<Pack> _full = Channel.CreateUnbounded<Pack>();
    private readonly ConcurrentDictionary<int, long> _stored = new();
    private int _number;

    /// <param name="firstNumber">Packs of an earlier run keep theirs.</param>
    public PackUploads(Repository repository, BackupNames names, WorkProgress progress, int firstNumber, int fillers)
    {
        _repository = repository;
        _names = names;
        _progress = progress;
        _number = firstNumber - 1;
        using var codec = repository.NewCodec();
        var length = PackBytes + codec.Bound(BackupManifest.ChunkBytes);
        for (var i = 0; i < fillers + Uploads; i++)
            _free.Add(GC.AllocateUninitializedArray<byte>(length));
    }

    /// <summary>Numbers and bytes of the packs that are in the repository.</summary>
    public IEnumerable<KeyValuePair<int, long>> Stored => _stored;

    /// <summary>Waits for a buffer.</summary>
    public Pack New(CancellationToken cancellation)
    {
        var bytes = _free.Take(cancellation);
        var number = Interlocked.Increment(ref _number);
        return new Pack(number, _names.Pack(number, _repository.Ending), bytes);
    }

    public void Finish(Pack pack)
    {
        if (pack.Length > 0)
            _ = _full.Writer.TryWrite(pack);
        else
            _free.Add(pack.Bytes);
    }

    /// <summary>No more packs come.</summary>
    public void Complete() => _full.Writer.Complete();

    /// <summary>Ends when all packs are stored.</summary>
    /// <exception cref="WorkFailedException">The repository did not take one.</exception>
    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, Uploads).Select(_ => UploadAsync(cancellation)));

    public void Dispose() => _free.Dispose();

    private async Task UploadAsync(CancellationToken cancellation)
    {
        await foreach (var pack in _full.Reader.ReadAllAsync(cancellation))
        {
            await PutAsync(pack, cancellation);
            _stored[pack.Number] = pack.Length;
            _progress.AddStored(pack.Length);
            _free.Add(pack.Bytes, CancellationToken.None);
        }
    }

    /// <summary>On disk, and then its list: whoever finds the list may rely on the pack.</summary>
    private async Task PutAsync(Pack pack, CancellationToken cancellation)
    {
        await RetryAsync(() =>
            _repository.Store.PutAsync(pack.Name, pack.Content, Flushing.Now, cancellation), cancellation);
        var journal = PackJournal.Write(pack.Chunks);
        await RetryAsync(() =>
            _repository.Store.PutAsync(_names.Journal(pack.Number), journal, Flushing.Later, cancellation),
            cancellation);
    }

    /// <summary>A repository may hiccup; one that is full or gone does not recover in seconds.</summary>
    internal static async Task RetryAsync(Func<Task<Outcome>> put, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var outcome = await put();
            if (outcome.Failure is not { } problem)
                return;
            var passing = problem.Code is StoreProblems.UnreachableCode or StoreProblems.TooSlowCode;
            if (!passing || attempt == Pauses.Length)
                throw new WorkFailedException(problem);
            await Task.Delay(Pauses[attempt], cancellation);
        }
    }
}
