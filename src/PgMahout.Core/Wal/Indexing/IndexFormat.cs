using System.Buffers.Binary;
using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal.Decoding;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>
/// A segment's index as bytes: four letters, a version, the parts, and a checksum over all of it. A time is in
/// microseconds since 2000; what is sorted is written as differences.
/// </summary>
public static class IndexFormat
{
    private const byte Version = 1;
    private const int ChecksumLength = 4;
    private const int HeaderLength = 5;

    internal static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static ReadOnlySpan<byte> Letters => "pmwi"u8;

    public static byte[] Write(SegmentIndex index)
    {
        var writer = new IndexWriter();
        foreach (var letter in Letters)
            writer.Byte(letter);
        writer.Byte(Version);
        writer.Number(index.Segment.Timeline.Value);
        writer.Number(index.Segment.Size);
        writer.Number(index.Segment.Number);
        writer.Number((uint)index.Major);
        writer.Number(index.FirstRecord.Value - index.Segment.Start.Value);
        writer.Number(index.FirstXid);
        writer.Number(index.LastXid);
        Commits(writer, index);
        writer.Each(index.Events, told => EventFormat.Write(writer, told));
        writer.Each(index.Managers, share =>
        {
            writer.Byte(share.Key);
            Share(writer, share.Value);
        });
        Relations(writer, index.Relations);
        ChangedFormat.Write(writer, index.Changed);
        writer.Flag(index.BlocksKnown);
        Carried(writer, index.Carried);
        writer.UInt32(Crc32C.Of(writer.Written));
        return writer.Written.ToArray();
    }

    /// <summary>Null, and why, for bytes that are not a whole index of a known version.</summary>
    public static SegmentIndex? Read(ReadOnlyMemory<byte> bytes, out string? why)
    {
        why = Unreadable(bytes.Span);
        if (why is not null)
            return null;
        try
        {
            var reader = new IndexReader(bytes[HeaderLength..^ChecksumLength]);
            var index = Read(reader);
            why = reader.AtEnd ? null : "there is more in it than an index";
            return reader.AtEnd ? index : null;
        }
        catch (InvalidDataException e)
        {
            why = e.Message;
            return null;
        }
    }

    internal static DateTimeOffset TimeOf(long microseconds) =>
        microseconds is > -62_000_000_000_000_000 and < 250_000_000_000_000_000
            ? Epoch.AddTicks(microseconds * 10)
            : throw new InvalidDataException($"a time of {microseconds} µs in a WAL index");

    private static string? Unreadable(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength + ChecksumLength || !bytes.StartsWith(Letters))
            return "it is not a WAL index";
        if (bytes[Letters.Length] != Version)
            return $"it is a WAL index of version {bytes[Letters.Length]}; known is {Version}";
        return Crc32C.Of(bytes[..^ChecksumLength]) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumLength..])
            ? null
            : "its checksum does not match";
    }

    private static SegmentIndex Read(IndexReader reader)
    {
        var timeline = new TimelineId(reader.Small());
        var size = reader.Small();
        if (size is < 1 << 20 or > 1 << 30 || (size & (size - 1)) != 0)
            throw new InvalidDataException($"segments of {size} bytes in a WAL index");
        var segment = new WalSegment(timeline, reader.Number(), size);
        var major = (int)reader.Small();
        var first = new Lsn(segment.Start.Value + reader.Number());
        var (firstXid, lastXid) = (reader.Small(), reader.Small());
        return new SegmentIndex(
            segment, major, first, ReadCommits(reader, segment), firstXid, lastXid,
            reader.Each(() => EventFormat.Read(reader)),
            reader.Each(() => KeyValuePair.Create(reader.Byte(), ReadShare(reader))),
            ReadRelations(reader),
            ChangedFormat.Read(reader),
            reader.Flag(),
            ReadCarried(reader));
    }

    private static void Commits(IndexWriter writer, SegmentIndex index)
    {
        var commits = index.Commits;
        writer.Number((ulong)commits.Commits);
        writer.Number((ulong)commits.Aborts);
        writer.Flag(commits.Every);
        var (at, time) = (index.Segment.Start.Value, Epoch);
        writer.Each(commits.Marks, mark =>
        {
            // Records begin at multiples of 8.
            writer.Number((mark.At.Value - at) / 8);
            writer.Signed((mark.Time - time).Ticks / 10);
            (at, time) = (mark.At.Value, mark.Time);
        });
    }

    private static CommitTable ReadCommits(IndexReader reader, WalSegment segment)
    {
        var (commits, aborts, every) = (reader.Long(), reader.Long(), reader.Flag());
        var (at, time) = (segment.Start.Value, 0L);
        var marks = reader.Each(() =>
        {
            at += reader.Number() * 8;
            time += reader.Signed();
            return new CommitMark(new Lsn(at), TimeOf(time));
        });
        return new CommitTable(commits, aborts, marks, every);
    }

    private static void Relations(IndexWriter writer, ImmutableArray<KeyValuePair<RelationFile, WalShare>> relations)
    {
        var last = default(RelationFile);
        writer.Each(relations, relation =>
        {
            FileAfter(writer, last, relation.Key);
            Share(writer, relation.Value);
            last = relation.Key;
        });
    }

    private static ImmutableArray<KeyValuePair<RelationFile, WalShare>> ReadRelations(IndexReader reader)
    {
        var last = default(RelationFile);
        return reader.Each(() =>
        {
            last = ReadFileAfter(reader, last);
            return KeyValuePair.Create(last, ReadShare(reader));
        });
    }

    /// <summary>Of files in order, mostly only the number differs.</summary>
    internal static void FileAfter(IndexWriter writer, RelationFile last, RelationFile file)
    {
        var same = file.Tablespace == last.Tablespace && file.Database == last.Database && file.Number >= last.Number;
        writer.Number(same ? (ulong)(file.Number - last.Number) + 1 : 0);
        if (!same)
            writer.File(file);
    }

    internal static RelationFile ReadFileAfter(IndexReader reader, RelationFile last)
    {
        var step = reader.Number();
        if (step == 0)
            return reader.File();
        var number = last.Number + (step - 1);
        return number <= uint.MaxValue
            ? last with { Number = (uint)number }
            : throw new InvalidDataException($"file {number} in a WAL index");
    }

    private static void Share(IndexWriter writer, WalShare share)
    {
        writer.Number((ulong)share.Records);
        writer.Number((ulong)share.Bytes);
        writer.Number((ulong)share.ImageBytes);
    }

    private static WalShare ReadShare(IndexReader reader) => new(reader.Long(), reader.Long(), reader.Long());

    private static void Carried(IndexWriter writer, CarriedState carried)
    {
        writer.Flag(carried.Complete);
        writer.Each(carried.Open, open =>
        {
            writer.Number(open.Xid);
            writer.Lsn(open.Since);
            writer.Flag(open.Gid is not null);
            writer.Text(open.Gid ?? "");
            writer.Each(open.Made, writer.File);
            writer.Each(open.Rows, row =>
            {
                writer.File(row.File);
                writer.Number((ulong)row.Deleted);
                writer.Number((ulong)row.Updated);
            });
            writer.Each(open.Databases, pending =>
            {
                writer.Flag(pending.Created);
                writer.Lsn(pending.At);
                writer.Lsn(pending.StopBefore);
                writer.Number(pending.Database);
                writer.Each(pending.Tablespaces, tablespace => writer.Number(tablespace));
            });
        });
        writer.Each(carried.Invalidated, invalidated =>
        {
            writer.Number(invalidated.Database);
            writer.Lsn(invalidated.At);
        });
    }

    private static CarriedState ReadCarried(IndexReader reader) => new(
        reader.Flag(),
        reader.Each(() =>
        {
            var (xid, since, prepared, gid) = (reader.Small(), reader.Lsn(), reader.Flag(), reader.Text());
            return new OpenTransaction(
                xid, since, prepared ? gid : null,
                reader.Each(reader.File),
                reader.Each(() => new RowCount(reader.File(), reader.Long(), reader.Long())),
                reader.Each(() => new PendingDatabase(
                    reader.Flag(), reader.Lsn(), reader.Lsn(), reader.Small(), reader.Each(reader.Small))));
        }),
        reader.Each(() => new InvalidatedDatabase(reader.Small(), reader.Lsn())));
}
