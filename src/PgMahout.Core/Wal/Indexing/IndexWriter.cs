using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Wal.Indexing;

/// <summary>Numbers of seven bits a byte, the lowest first: small ones are short.</summary>
internal sealed class IndexWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(64 << 10);

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Number(ulong value)
    {
        var span = _bytes.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
            span[length++] = (byte)(value | 0x80);
        span[length++] = (byte)value;
        _bytes.Advance(length);
    }

    /// <summary>Of either sign; near zero is short.</summary>
    public void Signed(long value) => Number((ulong)((value << 1) ^ (value >> 63)));

    public void Lsn(Lsn lsn) => Number(lsn.Value);

    public void Time(DateTimeOffset time) => Signed((time - IndexFormat.Epoch).Ticks / 10);

    public void File(RelationFile file)
    {
        Number(file.Tablespace);
        Number(file.Database);
        Number(file.Number);
    }

    public void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Number((uint)length);
        Encoding.UTF8.GetBytes(text, _bytes.GetSpan(Math.Max(1, length)));
        _bytes.Advance(length);
    }

    public void Each<T>(IReadOnlyCollection<T> items, Action<T> write)
    {
        Number((uint)items.Count);
        foreach (var item in items)
            write(item);
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
    }
}
