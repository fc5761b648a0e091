using PgMahout.Core.Wal;

namespace PgMahout.Backup.Archiving;

/// <summary>Is given each whole segment once the repository has it for sure.</summary>
public interface ISegmentSink
{
    /// <summary>
    /// Called one at a time, in order, off the path on which WAL is received; after a restart of the archiver it may
    /// be given some again. While it works, memory is held: one that is slower than the stream slows the stream down.
    /// </summary>
    /// <param name="content">All bytes of the segment; valid until the returned task is done.</param>
    ValueTask ArchivedAsync(WalSegment segment, ReadOnlyMemory<byte> content, CancellationToken cancellation);
}
