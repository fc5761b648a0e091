using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>Where records lie.</summary>
public static class RecordSearch
{
    /// <summary>Where the last record begins that is there whole; null when there is none.</summary>
    /// <param name="first">The segment that <paramref name="contents"/> begin with.</param>
    /// <param name="contents">Of consecutive segments, the last one of any length.</param>
    public static Lsn? Last(WalSegment first, IEnumerable<ReadOnlyMemory<byte>> contents)
    {
        var reader = new RecordReader(first.Start.Value, first.Size, checksums: true);
        Lsn? last = null;
        foreach (var content in contents)
        {
            reader.Feed(content);
            while (reader.Read() == ReadResult.Record)
                last = new Lsn(reader.Record.Start);
            if (reader.Fault is not null)
                break;
        }
        return last;
    }
}
