using System.Net;
using System.Net.Sockets;
using PgMahout.Core.Protocol;
using PgMahout.InstanceTests.Replication;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>A client that says what it wants to, as it wants to, and reads when it is told to.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        ReceiveTimeout = (int)LoneServer.Limit.TotalMilliseconds,
        SendTimeout = (int)LoneServer.Limit.TotalMilliseconds,
    };

    private readonly byte[] _buffer = new byte[1 << 20];
    private int _start;
    private int _end;

    public RawClient(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>As alice, by her password.</summary>
    public static RawClient LogIn(int port)
    {
        var client = new RawClient(port);
        var scram = new ScramExchange("pencil", Guid.NewGuid().ToString("N"));
        client.Send(new FrontendWriter().Startup([new("user", "alice"), new("database", "postgres")]).Written);
        client.Until((byte)'R');
        client.Send(new FrontendWriter().SaslInitial(ScramExchange.Mechanism, scram.First).Written);
        var first = ((AuthenticationRequest.SaslContinue)AuthenticationRequest.Read(client.Until((byte)'R'))).Message;
        client.Send(new FrontendWriter().SaslResponse(scram.Answer(first)!).Written);
        client.Until((byte)'Z');
        return client;
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[_socket.Send(bytes)..];
    }

    /// <summary>The next message; null at the end.</summary>
    public (byte Type, byte[] Body)? Read()
    {
        while (true)
        {
            var there = _buffer.AsSpan(_start, _end - _start);
            if (MessageHeader.TryRead(there, out var header)
                && there.Length >= MessageHeader.Size + header.BodyLength)
            {
                _start += MessageHeader.Size + header.BodyLength;
                return (header.Type, there.Slice(MessageHeader.Size, header.BodyLength).ToArray());
            }
            if (_start > 0)
                there.CopyTo(_buffer);
            (_start, _end) = (0, there.Length);
            var count = _socket.Receive(_buffer.AsSpan(_end));
            if (count == 0)
                return null;
            _end += count;
        }
    }

    /// <summary>The body of the next message of this type; others before it do not matter, but errors do.</summary>
    public byte[] Until(byte type)
    {
        while (Read() is var (read, body))
        {
            if (read == type)
                return body;
            if (read == (byte)'E')
                throw new InvalidOperationException(ServerError.Read(body).ToString());
        }
        throw new EndOfStreamException();
    }

    /// <summary>The error that comes next, whatever comes before it.</summary>
    public ServerError UntilError() => ServerError.Read(UntilAny((byte)'E'));

    private byte[] UntilAny(byte type)
    {
        while (Read() is var (read, body))
            if (read == type)
                return body;
        throw new EndOfStreamException();
    }

    public void Dispose() => _socket.Dispose();
}
