using System.Net.Sockets;
using PgMahout.Proxy.Tls;
using Xunit;

namespace PgMahout.InstanceTests.Proxy;

/// <summary>A socket with what was received from it, in clear or out of TLS.</summary>
internal sealed class ProxiedClient(Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[16 << 10];
    private byte[] _received = [];
    private TlsSession? _tls;

    public ReadOnlySpan<byte> Received => _received;

    public void Take(int count) => _received = _received[count..];

    /// <summary>More of it, or false at its end.</summary>
    public bool Receive()
    {
        var length = socket.Receive(_buffer);
        if (length == 0)
            return false;
        if (_tls is null)
            _received = [.. _received, .. _buffer.AsSpan(0, length)];
        else
            Decrypt(length);
        return _tls is null or { State: TlsState.Open };
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (_tls is null)
        {
            for (var sent = 0; sent < bytes.Length;)
                sent += socket.Send(bytes[sent..]);
            return;
        }
        while (!bytes.IsEmpty && _tls.State == TlsState.Open)
        {
            bytes = bytes[_tls.Write(bytes)..];
            Flush();
        }
    }

    public void StartTls(TlsSession session)
    {
        _tls = session;
        Assert.Equal(_received.Length, session.Feed(_received));
        _received = [];
        while (session.Advance() == TlsState.Handshaking)
        {
            Flush();
            var length = socket.Receive(_buffer);
            if (length == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            session.Feed(_buffer.AsSpan(0, length));
        }
        Flush();
        Decrypt(0);
    }

    /// <summary>Until one of the two ends.</summary>
    public void Relay(ProxiedClient other)
    {
        do
        {
            other.Send(Received);
            Take(Received.Length);
            Send(other.Received);
            other.Take(other.Received.Length);
        }
        while (ReceiveEither(other));
    }

    public void Dispose() => _tls?.Dispose();

    private bool ReceiveEither(ProxiedClient other)
    {
        var readable = new List<Socket> { socket, other.Socket };
        System.Net.Sockets.Socket.Select(readable, null, null, TimeSpan.FromSeconds(30));
        return readable.Count > 0
            && (!readable.Contains(socket) || Receive())
            && (!readable.Contains(other.Socket) || other.Receive());
    }

    private Socket Socket => socket;

    private void Decrypt(int length)
    {
        Assert.Equal(length, _tls!.Feed(_buffer.AsSpan(0, length)));
        var plain = new byte[16 << 10];
        while (_tls.Read(plain) is var read && read > 0)
            _received = [.. _received, .. plain.AsSpan(0, read)];
        Flush();
    }

    private void Flush()
    {
        var cipher = new byte[16 << 10];
        while (_tls!.TakeOutput(cipher) is var length && length > 0)
            for (var sent = 0; sent < length;)
                sent += socket.Send(cipher.AsSpan(sent, length - sent));
    }
}
