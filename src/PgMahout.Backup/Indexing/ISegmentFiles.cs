using PgMahout.Core.Wal;
using PgMahout.Postgres;

namespace PgMahout.Backup.Indexing;

/// <summary>Where whole segments of WAL are read: an archive, or a directory of plain files.</summary>
public interface ISegmentFiles
{
    /// <summary>
    /// The content of a segment, of its full size; null when it is not there, or not whole. A plain file is always of
    /// full size: what is behind the end of WAL in it is old.
    /// </summary>
    Task<Outcome<byte[]?>> ReadAsync(WalSegment segment, CancellationToken cancellation);
}
