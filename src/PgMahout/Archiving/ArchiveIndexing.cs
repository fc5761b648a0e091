using PgMahout.Backup.Archiving;
using PgMahout.Backup.Indexing;
using PgMahout.Core.Wal;

namespace PgMahout.Archiving;

/// <summary>
/// Keeps the index of one repository's WAL: of each segment as it arrives, and of those that have none.
/// </summary>
internal sealed class ArchiveIndexing(WalArchive archive) : IDisposable
{
    private const int AtOnce = 16;
    private static readonly TimeSpan CatchUpEvery = TimeSpan.FromMinutes(10);

    private readonly IndexKeeper _keeper = new(new IndexArchive(archive.Repository, archive.SystemIdentifier));
    private readonly SemaphoreSlim _turn = new(1);

    public ISegmentSink Sink => new OneAtATime(_keeper, _turn);

    /// <summary>Until it is cancelled: what was archived while nobody indexed is indexed now and then.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _turn.WaitAsync(cancellation);
            try
            {
                var sized = await archive.SegmentSizeAsync(cancellation);
                var problem = sized.TryGet(out var size)
                    ? (await _keeper.CatchUpAsync(size, AtOnce, cancellation)).Failure
                    : sized.Failure;
                if (problem is not null)
                    ArchiverProcess.Say($"the WAL index is not complete: {problem}");
            }
            finally
            {
                _turn.Release();
            }
            await Task.Delay(CatchUpEvery, cancellation);
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>The keeper takes one call at a time.</summary>
    private sealed class OneAtATime(ISegmentSink keeper, SemaphoreSlim turn) : ISegmentSink
    {
        public async ValueTask ArchivedAsync(
            WalSegment segment, ReadOnlyMemory<byte> content, CancellationToken cancellation)
        {
            await turn.WaitAsync(cancellation);
            try
            {
                await keeper.ArchivedAsync(segment, content, cancellation);
            }
            finally
            {
                turn.Release();
            }
        }
    }
}
