using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>Events as bytes: a letter for what it is, where it is, then its fields in their order.</summary>
internal static class EventFormat
{
    public static void Write(IndexWriter writer, WalEvent told)
    {
        writer.Byte(LetterOf(told));
        writer.Lsn(told.At);
        switch (told)
        {
            case WalEvent.FilesLost lost:
                Write(writer, lost);
                break;
            case WalEvent.RowsChanged rows:
                writer.Lsn(rows.Since);
                writer.Time(rows.Time);
                writer.Number(rows.Xid);
                writer.File(rows.File);
                writer.Number((ulong)rows.Deleted);
                writer.Number((ulong)rows.Updated);
                break;
            case WalEvent.Truncated truncated:
                writer.Number(truncated.Xid);
                writer.Number(truncated.Database);
                writer.Each(truncated.Oids, oid => writer.Number(oid));
                break;
            case WalEvent.Message message:
                writer.Number(message.Xid);
                writer.Number(message.Database);
                writer.Text(message.Prefix);
                writer.Text(message.Content);
                break;
            default:
                WriteOfServer(writer, told);
                break;
        }
    }

    public static WalEvent Read(IndexReader reader)
    {
        var letter = reader.Byte();
        var at = reader.Lsn();
        return (char)letter switch
        {
            'L' => ReadLost(reader, at),
            'l' => ReadLost(reader, at) with { Transient = true },
            'R' => new WalEvent.RowsChanged(
                at, reader.Lsn(), reader.Time(), reader.Small(), reader.File(), reader.Long(), reader.Long()),
            'T' => new WalEvent.Truncated(at, reader.Small(), reader.Small(), reader.Each(reader.Small)),
            'M' => new WalEvent.Message(at, reader.Small(), reader.Small(), reader.Text(), reader.Text()),
            'D' => new WalEvent.DatabaseCreated(at, reader.Time(), reader.Small(), reader.Small(), reader.Small()),
            'X' => new WalEvent.DatabaseDropped(
                at, reader.Lsn(), reader.Time(), reader.Small(), reader.Small(), reader.Each(reader.Small)),
            'P' => new WalEvent.RestorePoint(at, reader.Lsn(), reader.Time(), reader.Text()),
            'C' => new WalEvent.Checkpoint(at, reader.Lsn(), reader.Time(), reader.Flag(), reader.Flag()),
            'E' => new WalEvent.EndOfRecovery(
                at, reader.Time(), new TimelineId(reader.Small()), new TimelineId(reader.Small())),
            'F' => new WalEvent.FullPageWritesSet(at, reader.Flag()),
            'W' => new WalEvent.WalLevelMinimal(at),
            _ => throw new InvalidDataException($"an event {letter} in a WAL index"),
        };
    }

    private static byte LetterOf(WalEvent told) => (byte)(told switch
    {
        WalEvent.FilesLost { Transient: true } => 'l',
        WalEvent.FilesLost => 'L',
        WalEvent.RowsChanged => 'R',
        WalEvent.Truncated => 'T',
        WalEvent.Message => 'M',
        WalEvent.DatabaseCreated => 'D',
        WalEvent.DatabaseDropped => 'X',
        WalEvent.RestorePoint => 'P',
        WalEvent.Checkpoint => 'C',
        WalEvent.EndOfRecovery => 'E',
        WalEvent.FullPageWritesSet => 'F',
        WalEvent.WalLevelMinimal => 'W',
        _ => throw new ArgumentOutOfRangeException(nameof(told), told.GetType().Name, "not known to the format"),
    });

    private static WalEvent.FilesLost ReadLost(IndexReader reader, Lsn at) => new(
        at, reader.Lsn(), reader.Time(), reader.Small(), reader.Small(), reader.Each(reader.File),
        reader.Each(reader.File),
        reader.Each(() => new DroppedObject(reader.Small(), reader.Small(), reader.Small())));

    private static void Write(IndexWriter writer, WalEvent.FilesLost lost)
    {
        writer.Lsn(lost.Since);
        writer.Time(lost.Time);
        writer.Number(lost.Xid);
        writer.Number(lost.Database);
        writer.Each(lost.Lost, writer.File);
        writer.Each(lost.Made, writer.File);
        writer.Each(lost.Dropped, dropped =>
        {
            writer.Number(dropped.Kind);
            writer.Number(dropped.Database);
            writer.Number(dropped.Oid);
        });
    }

    private static void WriteOfServer(IndexWriter writer, WalEvent told)
    {
        switch (told)
        {
            case WalEvent.DatabaseCreated created:
                writer.Time(created.Time);
                writer.Number(created.Xid);
                writer.Number(created.Database);
                writer.Number(created.Tablespace);
                break;
            case WalEvent.DatabaseDropped dropped:
                writer.Lsn(dropped.StopBefore);
                writer.Time(dropped.Time);
                writer.Number(dropped.Xid);
                writer.Number(dropped.Database);
                writer.Each(dropped.Tablespaces, tablespace => writer.Number(tablespace));
                break;
            case WalEvent.RestorePoint point:
                writer.Lsn(point.End);
                writer.Time(point.Time);
                writer.Text(point.Name);
                break;
            case WalEvent.Checkpoint checkpoint:
                writer.Lsn(checkpoint.Redo);
                writer.Time(checkpoint.Time);
                writer.Flag(checkpoint.Shutdown);
                writer.Flag(checkpoint.FullPageWrites);
                break;
            case WalEvent.EndOfRecovery ended:
                writer.Time(ended.Time);
                writer.Number(ended.Timeline.Value);
                writer.Number(ended.Before.Value);
                break;
            case WalEvent.FullPageWritesSet set:
                writer.Flag(set.On);
                break;
        }
    }
}
