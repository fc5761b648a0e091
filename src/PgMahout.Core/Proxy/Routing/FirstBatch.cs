using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Session;

namespace PgMahout.Core.Proxy.Routing;

/// <summary>
/// What a client between transactions asks for next: whether a standby may have all of it. Whatever was not received
/// whole, or is followed by something else, goes to the primary.
/// </summary>
public static class FirstBatch
{
    /// <param name="received">From the beginning of a message on.</param>
    public static StatementKind Judge(ReadOnlySpan<byte> received, StatementJudge judge, ClientStream client)
    {
        if (!MessageHeader.TryRead(received, out var header))
            return StatementKind.Write;
        var length = MessageHeader.Size + header.BodyLength;
        if (header.Type == (byte)'Q')
            return length == received.Length ? judge.Judge(Text(received[MessageHeader.Size..])) : StatementKind.Write;
        return IsReadBatch(received, judge, client) ? StatementKind.Read : StatementKind.Write;
    }

    /// <summary>In the extended protocol everything up to one Sync, and nothing behind it.</summary>
    private static bool IsReadBatch(ReadOnlySpan<byte> received, StatementJudge judge, ClientStream client)
    {
        var parsed = false;
        while (MessageHeader.TryRead(received, out var header))
        {
            var length = MessageHeader.Size + header.BodyLength;
            if (length > received.Length)
                return false;
            var body = received[MessageHeader.Size..length];
            received = received[length..];
            if (header.Type == (byte)'S')
                return received.IsEmpty;
            parsed |= header.Type == (byte)'P';
            var isRead = header.Type switch
            {
                (byte)'P' => judge.Judge(Text(Behind(body))) == StatementKind.Read,
                (byte)'B' => IsRead(Text(Behind(body)), parsed, judge, client),
                _ => header.Type is (byte)'D' or (byte)'E' or (byte)'C' or (byte)'H',
            };
            if (!isRead)
                return false;
        }
        return false;
    }

    // The unnamed statement is known only if it came with the same batch.
    private static bool IsRead(ReadOnlySpan<byte> name, bool parsed, StatementJudge judge, ClientStream client) =>
        name.IsEmpty
            ? parsed
            : client.Find(name) is { } statement ? statement.KindBy(judge) == StatementKind.Read : parsed;

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> body)
    {
        var end = body.IndexOf((byte)0);
        return end < 0 ? body : body[..end];
    }

    private static ReadOnlySpan<byte> Behind(ReadOnlySpan<byte> body) => body[(body.IndexOf((byte)0) + 1)..];
}
