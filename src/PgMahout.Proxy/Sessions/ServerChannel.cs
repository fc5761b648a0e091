using System.Collections.Immutable;
using PgMahout.Core.Protocol;
using PgMahout.Core.Proxy;
using PgMahout.Core.Proxy.Routing;
using PgMahout.Proxy.Engine;
using PgMahout.Proxy.Loop;

namespace PgMahout.Proxy.Sessions;

/// <summary>A connection to a server, encrypted where that is wanted before it says what it came for.</summary>
internal abstract class ServerChannel(ProxyLoop loop, int descriptor, Backend backend) : Channel(loop, descriptor)
{
    private bool _hasAsked;

    /// <summary>It can be spoken to from now on.</summary>
    /// <param name="certificateHash">For channel binding; empty without TLS.</param>
    protected abstract void Opened(ImmutableArray<byte> certificateHash);

    /// <summary>Received once it is open; the chunk is the channel's.</summary>
    protected abstract void Heard(Chunk chunk);

    public sealed override void Connected(int error)
    {
        if (error != 0)
        {
            Break($"{backend.Address}: {SystemError.Text(error)}");
            return;
        }
        if (Loop.ServerTls is not null && backend.Address is ServerAddress.Tcp)
        {
            _hasAsked = true;
            Write(new FrontendWriter().SslRequest().Written);
        }
        else
        {
            Opened([]);
        }
        Rearm();
    }

    protected sealed override void Arrived(Chunk chunk)
    {
        if (_hasAsked)
            Answered(chunk);
        else
            Heard(chunk);
    }

    // Exactly one byte: what comes with it was not encrypted, and might have been put there by somebody else.
    private void Answered(Chunk chunk)
    {
        _hasAsked = false;
        var answer = chunk.Length == 1 ? chunk.Bytes[0] : (byte)0;
        Loop.Pool.Return(chunk);
        if (answer == (byte)'S' && Loop.ServerTls is { } tls)
            Encrypt(tls.Connect(backend.Host ?? ((ServerAddress.Tcp)backend.Address).Host), []);
        else if (answer == (byte)'N' && Loop.Settings.ServerTls == ServerTls.Prefer)
            Opened([]);
        else
            Break(answer == (byte)'N'
                ? $"{backend.Name} offers no TLS, and without it nothing is sent there"
                : $"{backend.Name} did not answer the request for TLS as a server does");
    }

    protected sealed override void HandshakeDone(Encryption encryption)
    {
        if (encryption.IsOpen)
            Opened(encryption.PeerHash);
        else
            Break($"no TLS with {backend.Name}: {encryption.Failure ?? "it ended the handshake"}");
    }
}
