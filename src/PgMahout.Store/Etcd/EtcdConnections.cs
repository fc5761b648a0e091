using System.Net;
using System.Net.Sockets;

namespace PgMahout.Store.Etcd;

/// <summary>How connections to etcd are made and kept.</summary>
internal static class EtcdConnections
{
    /// <summary>Old connections go, so that none outlives the certificate that it was made with for long.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    /// <summary>A peer whose host is gone is noticed after these seconds, also where nothing is being sent.</summary>
    private const int SilentSeconds = 2;
    private const int ProbeSeconds = 1;
    private const int Probes = 2;

    public static HttpMessageInvoker Open(EtcdTls tls) => new(new SocketsHttpHandler
    {
        ConnectCallback = (context, cancellation) => ConnectAsync(tls, context, cancellation),
        ConnectTimeout = ConnectLimit,
        PooledConnectionLifetime = Lifetime,
        // A proxy for the web has no business between the cluster and its store.
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
    });

    private static async ValueTask<Stream> ConnectAsync(
        EtcdTls tls, SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, SilentSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            // Handed back as TLS, the stream is used as it is: the client adds none of its own.
            return context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttps
                ? await tls.SecureAsync(stream, context.DnsEndPoint.Host, cancellation).ConfigureAwait(false)
                : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
