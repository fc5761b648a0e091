using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace PgMahout.Agent.Http;

/// <summary>Listens on TCP for peers that prove who they are by a certificate of the same authority.</summary>
internal static class TlsListener
{
    private const int Waiting = 128;
    private const int InternetLevel = 0;
    private const int Internet6Level = 41;
    private const int FreeBind = 15;
    private const int FreeBind6 = 78;

    /// <param name="address">One of this host; it need not be there yet.</param>
    /// <param name="serverFor">What a peer is served by: what it may ask follows from its certificate.</param>
    /// <exception cref="SocketException">The address cannot be used.</exception>
    public static Listener Open(
        IPEndPoint address, HostCertificates certificates, Func<X509Certificate2, HttpServer> serverFor)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            // An agent that is started anew while a cable is unplugged must still care for its server.
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.SetRawSocketOption(Internet6Level, FreeBind6, BitConverter.GetBytes(1));
            else
                socket.SetRawSocketOption(InternetLevel, FreeBind, BitConverter.GetBytes(1));
            socket.Bind(address);
            socket.Listen(Waiting);
            return new Listener(socket, new Door(certificates, serverFor));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class Door(HostCertificates certificates, Func<X509Certificate2, HttpServer> serverFor) : IDoorkeeper
    {
        private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(3);

        public int Connections => 256;

        public async Task ServeAsync(Stream stream, CancellationToken cancellation)
        {
            var secured = new SslStream(stream);
            if (await AdmitAsync(secured, cancellation) is { } peer)
                await serverFor(peer).ServeAsync(secured, cancellation);
            else
                await secured.DisposeAsync();
        }

        /// <summary>Whoever has not said who they are is told nothing.</summary>
        public async Task TurnAwayAsync(Stream stream, CancellationToken cancellation) => await stream.DisposeAsync();

        private async Task<X509Certificate2?> AdmitAsync(SslStream stream, CancellationToken cancellation)
        {
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            bounded.CancelAfter(HandshakeLimit);
            try
            {
                await stream.AuthenticateAsServerAsync(certificates.ForServer(), bounded.Token);
                return stream.RemoteCertificate as X509Certificate2;
            }
            catch (Exception refused) when (refused is AuthenticationException or IOException
                or OperationCanceledException or ObjectDisposedException or InvalidDataException)
            {
                return null;
            }
        }
    }
}
