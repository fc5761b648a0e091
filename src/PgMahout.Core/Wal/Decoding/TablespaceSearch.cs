using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>A CREATE TABLESPACE in WAL: its replay makes and fills that very directory.</summary>
/// <param name="At">Where the record begins.</param>
/// <param name="Location">Empty for one that lies in the data directory itself.</param>
public readonly record struct MadeTablespace(Lsn At, uint Oid, string Location);

/// <summary>Finds in WAL itself which tablespaces were made: the index only counts records of their kind.</summary>
public static class TablespaceSearch
{
    private const byte Create = 0x00;

    /// <summary>In the order of WAL, up to where no record follows.</summary>
    /// <param name="first">The segment that <paramref name="contents"/> begin with.</param>
    /// <param name="contents">Of consecutive segments, the last one of any length.</param>
    /// <exception cref="InvalidDataException">A record of such kind cannot be read.</exception>
    public static IEnumerable<MadeTablespace> In(WalSegment first, IEnumerable<ReadOnlyMemory<byte>> contents)
    {
        var reader = new RecordReader(first.Start.Value, first.Size, checksums: false);
        foreach (var content in contents)
        {
            reader.Feed(content);
            while (reader.Read() == ReadResult.Record)
                if (reader.Record is { Manager: Rmgr.Tablespace, Operation: Create })
                    yield return Made(reader.Record);
            if (reader.Fault is not null)
                yield break;
        }
    }

    private static MadeTablespace Made(WalRecord record)
    {
        var part = new PartReader(record.Main);
        return new MadeTablespace(new Lsn(record.Start), part.UInt32(), part.TextToZero());
    }
}
