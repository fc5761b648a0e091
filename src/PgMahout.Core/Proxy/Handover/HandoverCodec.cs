using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy.Login;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Proxy.Handover;

/// <summary>
/// Messages of a handover as bytes. Each begins with the version of this form: processes of other versions refuse each
/// other, and then the former one goes on as before.
/// </summary>
public static class HandoverCodec
{
    private const byte Version = 1;

    public static byte[] Encode(HandoverMessage message)
    {
        var to = new MessageBuffer();
        to.Byte(Version);
        switch (message)
        {
            case HandoverMessage.Sockets sockets:
                to.Byte((byte)'S');
                to.Int32(sockets.LastNumber);
                Flag(to, sockets.Paused);
                to.Int32(sockets.Names.Length);
                foreach (var name in sockets.Names)
                    to.Text(name);
                break;
            case HandoverMessage.Listening:
                to.Byte((byte)'L');
                break;
            case HandoverMessage.Client client:
                to.Byte((byte)'C');
                Write(to, client.Moved);
                break;
            case HandoverMessage.Taken taken:
                to.Byte((byte)'T');
                to.Int32(taken.Number);
                Flag(to, taken.Accepted);
                break;
            case HandoverMessage.Cancel cancel:
                to.Byte((byte)'X');
                to.Int32(cancel.Number);
                Bytes(to, cancel.Key);
                break;
        }
        return to.Written.ToArray();
    }

    /// <exception cref="ProtocolException">It is not one, or one of another version.</exception>
    public static HandoverMessage Decode(ReadOnlySpan<byte> bytes)
    {
        var from = new MessageReader(bytes);
        if (from.Byte() is var version && version != Version)
            throw new ProtocolException($"a handover of version {version}; this is version {Version}");
        HandoverMessage message = (char)from.Byte() switch
        {
            'S' => ReadSockets(ref from),
            'L' => new HandoverMessage.Listening(),
            'C' => new HandoverMessage.Client(ReadClient(ref from)),
            'T' => new HandoverMessage.Taken(from.Int32(), Flag(ref from)),
            'X' => new HandoverMessage.Cancel(from.Int32(), Bytes(ref from)),
            var kind => throw new ProtocolException($"a handover has no message '{kind}'"),
        };
        return from.Rest.IsEmpty ? message : throw new ProtocolException("a message of a handover is too long");
    }

    private static HandoverMessage.Sockets ReadSockets(ref MessageReader from)
    {
        var (last, paused) = (from.Int32(), Flag(ref from));
        var names = ImmutableArray.CreateBuilder<string>();
        for (var left = from.Int32(); left > 0; left--)
            names.Add(from.Text());
        return new HandoverMessage.Sockets(names.ToImmutable(), last, paused);
    }

    private static void Write(MessageBuffer to, MovedClient moved)
    {
        to.Int32(moved.Number);
        Bytes(to, moved.CancelKey);
        to.Int64(moved.Since);
        to.Text(moved.User);
        to.Text(moved.Database);
        Write(to, moved.Credential);
        Flag(to, moved.ReadsOnly);
        to.Byte((byte)moved.Wish);
        Pairs(to, moved.Parameters);
        Pairs(to, moved.Reported);
        to.Int64((long)moved.Written.Value);
        Flag(to, moved.WritesUnknown);
        to.Int32(moved.Prepared.Length);
        foreach (var (name, definition) in moved.Prepared)
        {
            Bytes(to, name);
            Bytes(to, definition);
        }
        Bytes(to, moved.Unnamed);
    }

    private static MovedClient ReadClient(ref MessageReader from)
    {
        var client = new MovedClient(from.Int32(), Bytes(ref from), from.Int64())
        {
            User = from.Text(),
            Database = from.Text(),
            Credential = ReadCredential(ref from),
            ReadsOnly = Flag(ref from),
            Wish = (RouteWish)from.Byte(),
            Parameters = Pairs(ref from),
            Reported = Pairs(ref from),
            Written = new Lsn(from.UInt64()),
            WritesUnknown = Flag(ref from),
        };
        if (client.Wish > RouteWish.PreferStandby)
            throw new ProtocolException($"there is no wish {client.Wish}");
        var prepared = ImmutableArray.CreateBuilder<(ImmutableArray<byte>, ImmutableArray<byte>)>();
        for (var left = from.Int32(); left > 0; left--)
            prepared.Add((Bytes(ref from), Bytes(ref from)));
        return client with { Prepared = prepared.ToImmutable(), Unnamed = Bytes(ref from) };
    }

    private static void Write(MessageBuffer to, ServerCredential credential)
    {
        switch (credential)
        {
            case ServerCredential.ScramKeys keys:
                to.Byte((byte)'S');
                Bytes(to, keys.ClientKey);
                Bytes(to, keys.ServerKey);
                Bytes(to, keys.Salt);
                to.Int32(keys.Iterations);
                break;
            case ServerCredential.Md5 md5:
                to.Byte((byte)'M');
                to.Text(md5.Hash);
                break;
            case ServerCredential.None:
                to.Byte((byte)'N');
                break;
        }
    }

    private static ServerCredential ReadCredential(ref MessageReader from) => (char)from.Byte() switch
    {
        'S' => new ServerCredential.ScramKeys(Bytes(ref from), Bytes(ref from), Bytes(ref from), from.Int32()),
        'M' => new ServerCredential.Md5(from.Text()),
        'N' => new ServerCredential.None(),
        var kind => throw new ProtocolException($"there is no credential '{kind}'"),
    };

    private static void Flag(MessageBuffer to, bool set) => to.Byte(set ? (byte)1 : (byte)0);

    private static bool Flag(ref MessageReader from) => from.Byte() == 1;

    private static void Bytes(MessageBuffer to, ImmutableArray<byte> bytes)
    {
        to.Int32(bytes.Length);
        to.Raw(bytes.AsSpan());
    }

    private static ImmutableArray<byte> Bytes(ref MessageReader from) => [.. from.Take(from.Int32())];

    private static void Pairs(MessageBuffer to, ImmutableSortedDictionary<string, string> pairs)
    {
        to.Int32(pairs.Count);
        foreach (var (name, value) in pairs)
        {
            to.Text(name);
            to.Text(value);
        }
    }

    private static ImmutableSortedDictionary<string, string> Pairs(ref MessageReader from)
    {
        var pairs = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var left = from.Int32(); left > 0; left--)
            pairs[from.Text()] = from.Text();
        return pairs.ToImmutable();
    }
}
