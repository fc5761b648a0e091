using System.Globalization;
using System.Text;

namespace PgMahout.Store.Etcd;

/// <summary>Where things lie in etcd: records under <c>records/</c>, the journal under <c>journal/</c>.</summary>
internal sealed class EtcdKeys(string prefix)
{
    private const int SequenceDigits = 19;

    private readonly int _recordsLength = Encoding.UTF8.GetByteCount(prefix + "records/");
    private readonly int _journalLength = Encoding.UTF8.GetByteCount(prefix + "journal/");

    public byte[] Records { get; } = Encoding.UTF8.GetBytes(prefix + "records/");

    // The key after every key with that prefix: a slash is followed by a zero.
    public byte[] RecordsEnd { get; } = Encoding.UTF8.GetBytes(prefix + "records0");

    public byte[] Journal { get; } = Encoding.UTF8.GetBytes(prefix + "journal/");

    public byte[] JournalEnd { get; } = Encoding.UTF8.GetBytes(prefix + "journal0");

    public byte[] Record(string key) => Encoding.UTF8.GetBytes(prefix + "records/" + key);

    /// <summary>In the order of the sequence numbers, because they all have the same number of digits.</summary>
    public byte[] Entry(long sequence) => Encoding.UTF8.GetBytes(
        prefix + "journal/" + sequence.ToString(CultureInfo.InvariantCulture).PadLeft(SequenceDigits, '0'));

    public string RecordOf(EtcdKeyValue pair) => Encoding.UTF8.GetString(pair.Key.AsSpan(_recordsLength));

    /// <summary>Null for a key that none of us has written.</summary>
    public long? SequenceOf(EtcdKeyValue pair) => long.TryParse(
        pair.Key.AsSpan(_journalLength), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
        ? sequence
        : null;
}
