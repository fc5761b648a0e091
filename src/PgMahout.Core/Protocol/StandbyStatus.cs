using System.Buffers.Binary;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Protocol;

/// <summary>What a receiver of WAL tells the sender.</summary>
/// <param name="Written">Behind the last byte that was received.</param>
/// <param name="Flushed">Behind the last byte that is durable: the server may remove what is before it.</param>
/// <param name="SentAt">In microseconds since 2000-01-01 UTC.</param>
/// <param name="ReplyWanted">The server shall show at once that it lives.</param>
public readonly record struct StandbyStatus(Lsn Written, Lsn Flushed, long SentAt, bool ReplyWanted)
{
    public const int Size = 34;

    public void Write(Span<byte> into)
    {
        into[0] = (byte)'r';
        BinaryPrimitives.WriteUInt64BigEndian(into[1..], Written.Value);
        BinaryPrimitives.WriteUInt64BigEndian(into[9..], Flushed.Value);
        // Nothing is replayed here. PostgreSQL takes zero as "not told".
        BinaryPrimitives.WriteUInt64BigEndian(into[17..], 0);
        BinaryPrimitives.WriteInt64BigEndian(into[25..], SentAt);
        into[33] = ReplyWanted ? (byte)1 : (byte)0;
    }
}
