using System.Collections.Immutable;
using System.Text;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>
/// The counterpart of <see cref="IndexWriter"/>. Throws <see cref="InvalidDataException"/> for what no writer made.
/// </summary>
internal sealed class IndexReader(ReadOnlyMemory<byte> bytes)
{
    private int _at;

    public bool AtEnd => _at == bytes.Length;

    public byte Byte()
    {
        if (AtEnd)
            throw new InvalidDataException("a WAL index ends early");
        return bytes.Span[_at++];
    }

    public bool Flag() => Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw new InvalidDataException($"{other} for yes or no in a WAL index"),
    };

    public ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            if (shift == 63 && next > 1)
                break;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
        throw new InvalidDataException("a number in a WAL index is too long");
    }

    public uint Small()
    {
        var value = Number();
        return value <= uint.MaxValue ? (uint)value : throw new InvalidDataException($"{value} in a WAL index");
    }

    public long Long()
    {
        var value = Number();
        return value <= long.MaxValue ? (long)value : throw new InvalidDataException($"{value} in a WAL index");
    }

    public long Signed()
    {
        var value = Number();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public Lsn Lsn() => new(Number());

    public DateTimeOffset Time() => IndexFormat.TimeOf(Signed());

    public RelationFile File() => new(Small(), Small(), Small());

    public string Text()
    {
        var length = Count();
        var text = Encoding.UTF8.GetString(bytes.Span.Slice(_at, length));
        _at += length;
        return text;
    }

    public ImmutableArray<T> Each<T>(Func<T> read)
    {
        var items = ImmutableArray.CreateBuilder<T>(Count());
        for (var i = items.Capacity; i > 0; i--)
            items.Add(read());
        return items.ToImmutable();
    }

    /// <summary>Nothing takes less than a byte: what is announced must be there.</summary>
    private int Count()
    {
        var count = Number();
        return count <= (ulong)(bytes.Length - _at)
            ? (int)count
            : throw new InvalidDataException($"a WAL index announces {count} of something and ends");
    }
}
