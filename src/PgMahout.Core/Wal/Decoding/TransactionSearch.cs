using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Decoding;

/// <summary>A transaction's COMMIT or ABORT in WAL.</summary>
/// <param name="At">Where the record begins: recovery that stops before it leaves the transaction out.</param>
/// <param name="End">Behind it: recovery that reaches it has the transaction.</param>
/// <param name="Xid">The top-level one.</param>
public readonly record struct FoundEnd(Lsn At, Lsn End, DateTimeOffset Time, uint Xid, bool Committed);

/// <summary>Finds the ends of transactions in WAL itself, where the index does not keep each.</summary>
public static class TransactionSearch
{
    /// <summary>Where the transaction ended, also as a part of another one; null when it did not.</summary>
    /// <param name="first">The segment that <paramref name="contents"/> begin with.</param>
    /// <param name="contents">Of consecutive segments, the last one of any length.</param>
    public static FoundEnd? EndOf(uint xid, WalSegment first, IEnumerable<ReadOnlyMemory<byte>> contents) =>
        Ends(first, contents, record => IsOf(xid, record)).Cast<FoundEnd?>().FirstOrDefault();

    /// <summary>The first commit in the order of WAL with a later time; null when there is none.</summary>
    /// <inheritdoc cref="EndOf"/>
    public static FoundEnd? FirstCommitAfter(
        DateTimeOffset time, WalSegment first, IEnumerable<ReadOnlyMemory<byte>> contents) =>
        Ends(first, contents, record => TransactionEnd.IsCommit(record) && TransactionEnd.TimeOf(record) > time)
            .Cast<FoundEnd?>().FirstOrDefault();

    /// <summary>The ends of transactions that are wanted, in the order of WAL, up to where no record follows.</summary>
    /// <exception cref="InvalidDataException">A record of such kind cannot be read.</exception>
    public static IEnumerable<FoundEnd> Ends(
        WalSegment first, IEnumerable<ReadOnlyMemory<byte>> contents, Predicate<WalRecord> wanted)
    {
        var reader = new RecordReader(first.Start.Value, first.Size, checksums: false);
        foreach (var content in contents)
        {
            reader.Feed(content);
            while (reader.Read() == ReadResult.Record)
                if (TransactionEnd.Is(reader.Record) && wanted(reader.Record))
                    yield return Found(reader.Record);
            if (reader.Fault is not null)
                yield break;
        }
    }

    /// <summary>Few records name another transaction than that in their header: only those are taken apart.</summary>
    private static bool IsOf(uint xid, WalRecord record)
    {
        if (record.Xid == xid)
            return !TransactionEnd.HasMore(record) || TransactionEnd.Read(record).Xid == xid;
        if (!TransactionEnd.HasMore(record))
            return false;
        var end = TransactionEnd.Read(record);
        return end.Xid == xid || end.Subtransactions.Contains(xid);
    }

    private static FoundEnd Found(WalRecord record)
    {
        var end = TransactionEnd.Read(record);
        return new FoundEnd(new Lsn(record.Start), new Lsn(record.End), end.Time, end.Xid, end.Committed);
    }
}
