using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Protocol;

/// <summary>What a walsender sends inside CopyData: a stretch of WAL, or a sign of life.</summary>
public readonly ref struct WalMessage
{
    private const byte XLogData = (byte)'w';
    private const byte KeepAlive = (byte)'k';

    private WalMessage(Lsn start, Lsn serverEnd, long serverTime)
    {
        Start = start;
        ServerEnd = serverEnd;
        ServerTime = serverTime;
    }

    public bool IsData { get; private init; }

    /// <summary>Of the first byte of <see cref="Data"/>.</summary>
    public Lsn Start { get; }

    /// <summary>How far the server has WAL that it would send.</summary>
    public Lsn ServerEnd { get; }

    /// <summary>By the server's clock, in microseconds since 2000-01-01 UTC.</summary>
    public long ServerTime { get; }

    /// <summary>Empty for a sign of life.</summary>
    public ReadOnlySpan<byte> Data { get; private init; }

    /// <summary>The server gives the connection up unless it hears something soon.</summary>
    public bool ReplyAsked { get; private init; }

    /// <exception cref="ProtocolException">It is neither.</exception>
    public static WalMessage Read(ReadOnlySpan<byte> copyData)
    {
        var reader = new MessageReader(copyData);
        switch (reader.Byte())
        {
            case XLogData:
                var start = new Lsn(reader.UInt64());
                var end = new Lsn(reader.UInt64());
                return new WalMessage(start, end, reader.Int64()) { IsData = true, Data = reader.Rest };
            case KeepAlive:
                var reached = new Lsn(reader.UInt64());
                return new WalMessage(reached, reached, reader.Int64()) { ReplyAsked = reader.Byte() != 0 };
            default:
                throw new ProtocolException($"a replication message of unknown type {copyData[0]}");
        }
    }
}
