using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PgMahout.Core.Protocol;

namespace PgMahout.Postgres.Replication;

/// <summary>
/// The bytes of one connection. Every call blocks, for a thread of its own: so a stream of many megabytes a second
/// costs one system call for each stretch and no switch between threads. One thread may receive while another sends.
/// </summary>
internal sealed class Transport : IDisposable
{
    private readonly Socket _socket;
    private SslStream? _tls;

    private Transport(Socket socket) => _socket = socket;

    public static Transport Connect(ReplicationTarget target, TimeSpan limit, CancellationToken cancellation)
    {
        if (target.IsUnix)
            return Connect(new UnixDomainSocketEndPoint(target.SocketPath), limit, cancellation);
        var addresses = Dns.GetHostAddresses(target.Host);
        for (var i = 0; ; i++)
        {
            try
            {
                return Connect(new IPEndPoint(addresses[i], target.Port), limit, cancellation);
            }
            catch (SocketException) when (i < addresses.Length - 1)
            {
                // The next address may be the one the server listens on.
            }
        }
    }

    private static Transport Connect(EndPoint address, TimeSpan limit, CancellationToken cancellation)
    {
        var isUnix = address is UnixDomainSocketEndPoint;
        var socket = new Socket(
            address.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        var transport = new Transport(socket);
        try
        {
            using var bound = transport.Within(limit, cancellation);
            if (!isUnix)
                socket.NoDelay = true;
            socket.Connect(address);
            return transport;
        }
        catch
        {
            transport.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Closes the connection when the time is over: what the server would say later could no longer be told from the
    /// answer to something else.
    /// </summary>
    public IDisposable Within(TimeSpan limit, CancellationToken cancellation) => new Bound(this, limit, cancellation);

    /// <summary>How long a single receive or send may block from now on.</summary>
    public void SetSilence(TimeSpan longest)
    {
        _socket.ReceiveTimeout = (int)longest.TotalMilliseconds;
        _socket.SendTimeout = (int)longest.TotalMilliseconds;
    }

    /// <summary>Fills some of it, at least one byte.</summary>
    public int Receive(Span<byte> into)
    {
        var count = _tls?.Read(into) ?? _socket.Receive(into);
        return count > 0 ? count : throw new IOException("the server closed the connection");
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (_tls is not null)
        {
            _tls.Write(bytes);
            return;
        }
        while (bytes.Length > 0)
            bytes = bytes[_socket.Send(bytes)..];
    }

    /// <summary>Asks for TLS, and encrypts everything from then on where the server and the mode agree to.</summary>
    public void Secure(ReplicationTarget target)
    {
        if (target.IsUnix || target.Tls == TlsMode.Disable)
            return;
        Send(new FrontendWriter().SslRequest().Written);
        // One byte and no more: what came with it in clear must not be taken for something that came encrypted.
        Span<byte> answer = stackalloc byte[1];
        Receive(answer);
        if (answer[0] == (byte)'S')
            Encrypt(target);
        else if (target.Tls != TlsMode.Prefer)
            throw new AuthenticationException("the server does not offer TLS");
    }

    public void Dispose()
    {
        // The socket first: a TLS stream would say goodbye, and block on a peer that is gone.
        _socket.Dispose();
        _tls?.Dispose();
    }

    [SuppressMessage("Security", "CA5359", Justification = "What libpq's prefer and require mean: encrypted only.")]
    private void Encrypt(ReplicationTarget target)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = target.Host };
        if (target.Tls is TlsMode.Prefer or TlsMode.Require)
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        else if (target.Tls == TlsMode.VerifyCa)
            options.RemoteCertificateValidationCallback =
                (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == 0;
        if (target.RootCertificates is { } path)
            options.CertificateChainPolicy = TrustingOnly(path);
        _tls = new SslStream(new NetworkStream(_socket, ownsSocket: false));
        _tls.AuthenticateAsClient(options);
    }

    private static X509ChainPolicy TrustingOnly(string path)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(path);
        return policy;
    }

    private sealed class Bound : IDisposable
    {
        private readonly CancellationTokenSource _source;
        private readonly CancellationTokenRegistration _registration;

        public Bound(Transport transport, TimeSpan limit, CancellationToken cancellation)
        {
            _source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _registration = _source.Token.Register(transport.Dispose);
            _source.CancelAfter(limit);
        }

        public void Dispose()
        {
            _registration.Dispose();
            _source.Dispose();
        }
    }
}
