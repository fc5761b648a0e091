using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>
/// Takes whole segments in order and makes the index of each. A segment is finished when the records that begin in it
/// are whole: at once, or when the next one came. For one thread.
/// </summary>
public sealed class SegmentIndexer
{
    public const int DefaultThreshold = 256;

    private readonly RecordReader _reader;
    private readonly RecordCollector _collector;
    private readonly Queue<WalSegment> _unfinished = [];

    /// <param name="first">The first segment that will come.</param>
    /// <param name="carried">From the index of the one before it.</param>
    /// <param name="checksums">Whether the checksum of each record is compared.</param>
    /// <param name="threshold">
    /// From so many rows of one relation on a transaction's deletes and updates are told.
    /// </param>
    public SegmentIndexer(
        WalSegment first, CarriedState carried, bool checksums, int threshold = DefaultThreshold)
    {
        _reader = new RecordReader(first.Start.Value, first.Size, checksums);
        _collector = new RecordCollector(threshold);
        _collector.Restore(carried);
        Next = first;
    }

    /// <summary>
    /// Which segment it waits for. One of a later timeline does as well: it begins with what its parent had there.
    /// </summary>
    public WalSegment Next { get; private set; }

    /// <summary>Up to here all records are indexed.</summary>
    public Lsn At => _reader.At;

    /// <summary>Why no more segments can be taken; null while they can.</summary>
    public string? Fault { get; private set; }

    /// <summary>
    /// The segments that this one finished, in order. The content must stay as it is until this returns. With less than
    /// a whole segment, the rest must follow in the same way.
    /// </summary>
    public ImmutableArray<SegmentIndex> Add(WalSegment segment, ReadOnlyMemory<byte> content)
    {
        if (segment.Number != Next.Number || segment.Timeline < Next.Timeline || segment.Size != Next.Size
            || content.Length != segment.Size)
            throw new ArgumentException($"{segment} of {content.Length} bytes is not what follows: {Next}");
        Next = segment.Next;
        _unfinished.Enqueue(segment);
        var finished = ImmutableArray.CreateBuilder<SegmentIndex>();
        _reader.Feed(content);
        try
        {
            while (_reader.Read() is var result && result == ReadResult.Record)
                Collect(_reader.Record, finished);
        }
        catch (InvalidDataException e)
        {
            Fault = $"{e.Message}, at {new Lsn(_reader.Record.Start)}";
            return finished.ToImmutable();
        }
        FinishUpTo(_reader.At.Value, finished);
        Fault = _reader.Fault;
        return finished.ToImmutable();
    }

    /// <summary>What is known of the next segment so far, where it will never be whole.</summary>
    public SegmentIndex? Rest() => _unfinished.TryDequeue(out var segment) ? Finish(segment) : null;

    private void Collect(WalRecord record, ImmutableArray<SegmentIndex>.Builder finished)
    {
        FinishUpTo(record.Start, finished);
        _collector.Add(record);
    }

    private void FinishUpTo(ulong at, ImmutableArray<SegmentIndex>.Builder finished)
    {
        while (_unfinished.TryPeek(out var segment) && segment.End.Value <= at)
            finished.Add(Finish(_unfinished.Dequeue()));
    }

    private SegmentIndex Finish(WalSegment segment) => _collector.Finish(segment, _reader.Format?.Major ?? 0);
}
