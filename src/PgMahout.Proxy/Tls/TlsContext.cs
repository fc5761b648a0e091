using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using PgMahout.Core.Proxy;

namespace PgMahout.Proxy.Tls;

/// <summary>
/// Certificates, keys and rules of TLS, for any number of sessions. New certificates are a new context: sessions of an
/// old one live on, also when that is disposed of.
/// </summary>
public sealed unsafe class TlsContext : IDisposable
{
    /// <summary>What this protocol is called in a handshake (RFC 7301).</summary>
    public const string Protocol = "postgresql";

    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly ContextHandle _handle;
    private readonly bool _server;
    private readonly TlsVerification _verification;

    private TlsContext(ContextHandle handle, bool server, TlsVerification verification)
    {
        _handle = handle;
        _server = server;
        _verification = verification;
    }

    /// <summary>
    /// Of the certificate that clients are shown, for channel binding by tls-server-end-point; empty where its
    /// signature has no hash for that.
    /// </summary>
    public ImmutableArray<byte> CertificateHash { get; private init; } = [];

    private static ReadOnlySpan<byte> ProtocolList => "\npostgresql"u8;

    /// <summary>
    /// For connections of clients, TLS 1.2 or newer. Reads both files, PEM; does no more with them later.
    /// </summary>
    /// <param name="certificateFile">The server's certificate first, then those between it and the root.</param>
    public static TlsOpening Server(string certificateFile, string keyFile)
    {
        if (New(OpenSsl.TLS_server_method, out var handle) is { } failure)
            return failure;
        OpenSsl.SSL_CTX_set_alpn_select_cb(handle, &ChooseProtocol, 0);
        // Nobody types a passphrase for a process in the background.
        OpenSsl.SSL_CTX_set_default_passwd_cb(handle, &NoPassphrase);
        try
        {
            if ((File.GetUnixFileMode(keyFile) & Others) != 0)
                return Refuse(handle, keyFile, "every user of this machine may read it", $"chmod 600 {keyFile}");
            if (OpenSsl.SSL_CTX_use_certificate_chain_file(handle, certificateFile) != 1)
                return Refuse(
                    handle, certificateFile, OpenSsl.TakeErrors(), "name a file with a certificate chain in PEM");
            if (OpenSsl.SSL_CTX_use_PrivateKey_file(handle, keyFile, OpenSsl.FileTypePem) != 1
                || OpenSsl.SSL_CTX_check_private_key(handle) != 1)
                return Refuse(
                    handle, keyFile, OpenSsl.TakeErrors(),
                    $"name a PEM file without passphrase with the key of {certificateFile}");
            return new TlsOpening.Opened(new TlsContext(handle, server: true, TlsVerification.None)
            {
                CertificateHash = ChannelBinding.OfCertificate(File.ReadAllText(certificateFile)),
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refuse(handle, keyFile, e.Message, "let the proxy's user read the certificate and its key");
        }
    }

    /// <summary>As the settings want connections to servers; null when they want none encrypted.</summary>
    public static TlsOpening? ToServers(ProxySettings settings) => settings.ServerTls switch
    {
        ServerTls.Disable => null,
        // What need not be is not missed on a machine that cannot do it.
        ServerTls.Prefer when OpenSsl.Missing is not null => null,
        ServerTls.Prefer or ServerTls.Require => Client(TlsVerification.None, null),
        ServerTls.VerifyAuthority => Client(TlsVerification.Authority, settings.ServerAuthorityFile),
        ServerTls.VerifyFull => Client(TlsVerification.Full, settings.ServerAuthorityFile),
    };

    /// <summary>For connections to servers, TLS 1.2 or newer.</summary>
    /// <param name="authorityFile">Certificates that are believed, PEM; null: those that this system believes.</param>
    public static TlsOpening Client(TlsVerification verification, string? authorityFile)
    {
        if (New(OpenSsl.TLS_client_method, out var handle) is { } failure)
            return failure;
        fixed (byte* list = ProtocolList)
            _ = OpenSsl.SSL_CTX_set_alpn_protos(handle, list, (uint)ProtocolList.Length);
        if (verification == TlsVerification.None)
            return new TlsOpening.Opened(new TlsContext(handle, server: false, verification));
        var loaded = authorityFile is null
            ? OpenSsl.SSL_CTX_set_default_verify_paths(handle)
            : OpenSsl.SSL_CTX_load_verify_file(handle, authorityFile);
        if (loaded != 1)
            return Refuse(
                handle, authorityFile ?? "this system's list of authorities", OpenSsl.TakeErrors(),
                "name a file with the certificates of the servers' authority in PEM");
        OpenSsl.SSL_CTX_set_verify(handle, OpenSsl.VerifyPeer, 0);
        return new TlsOpening.Opened(new TlsContext(handle, server: false, verification));
    }

    /// <summary>A session with a client that has just connected.</summary>
    public TlsSession Accept()
    {
        if (!_server)
            throw new InvalidOperationException("this context is for connections to servers");
        var session = OpenSsl.SSL_new(_handle);
        OpenSsl.SSL_set_accept_state(session);
        return new TlsSession(session);
    }

    /// <summary>A session with a server.</summary>
    /// <param name="host">A name or an address in numbers: what the certificate must name.</param>
    public TlsSession Connect(string host)
    {
        if (_server)
            throw new InvalidOperationException("this context is for connections of clients");
        var session = OpenSsl.SSL_new(_handle);
        OpenSsl.SSL_set_connect_state(session);
        var isAddress = IPAddress.TryParse(host, out _);
        if (!isAddress)
            TellHost(session, host);
        var set = _verification != TlsVerification.Full ? 1
            : isAddress ? OpenSsl.X509_VERIFY_PARAM_set1_ip_asc(OpenSsl.SSL_get0_param(session), host)
            : OpenSsl.SSL_set1_host(session, host);
        if (set == 1)
            return new TlsSession(session);
        session.Dispose();
        throw new ArgumentException($"no certificate can name this host: {OpenSsl.TakeErrors()}", nameof(host));
    }

    public void Dispose() => _handle.Dispose();

    private static TlsOpening.Failed? New(Func<nint> method, out ContextHandle handle)
    {
        handle = null!;
        if (OpenSsl.Missing is { } library)
            return new TlsOpening.Failed(
                "TLS cannot be used", $"there is no {library} on this machine", "install the package libssl3");
        OpenSsl.ERR_clear_error();
        handle = OpenSsl.SSL_CTX_new(method());
        if (handle.IsInvalid)
            return Refuse(handle, "OpenSSL", OpenSsl.TakeErrors(), "see whether its configuration file is sound");
        _ = OpenSsl.SSL_CTX_ctrl(handle, OpenSsl.SetMinimumVersion, OpenSsl.Version12, 0);
        _ = OpenSsl.SSL_CTX_ctrl(handle, OpenSsl.SetMode, OpenSsl.Mode, 0);
        // No client of PostgreSQL comes back to a session: tickets and a cache of them would be for nothing.
        _ = OpenSsl.SSL_CTX_ctrl(handle, OpenSsl.SetSessionCacheMode, 0, 0);
        _ = OpenSsl.SSL_CTX_set_num_tickets(handle, 0);
        _ = OpenSsl.SSL_CTX_set_options(
            handle, OpenSsl.NoTicket | OpenSsl.NoCompression | OpenSsl.NoRenegotiation);
        return null;
    }

    private static TlsOpening.Failed Refuse(ContextHandle handle, string file, string why, string next)
    {
        handle.Dispose();
        return new TlsOpening.Failed($"{file} cannot be used for TLS", why, next);
    }

    private static void TellHost(SessionHandle session, string host)
    {
        var name = Encoding.ASCII.GetBytes(host + "\0");
        fixed (byte* bytes = name)
            _ = OpenSsl.SSL_ctrl(session, OpenSsl.SetHostName, 0, bytes);
    }

    /// <summary>
    /// Of a client's list, names with a byte of length before each; without ours there, no handshake. The library calls
    /// this with one argument more, which this convention lets a callee leave alone.
    /// </summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ChooseProtocol(
        nint session, byte** chosen, byte* chosenLength, byte* offered, uint length)
    {
        var list = new ReadOnlySpan<byte>(offered, (int)length);
        for (var at = 0; at < list.Length; at += 1 + list[at])
        {
            if (at + 1 + list[at] > list.Length)
                break;
            if (!list.Slice(at, 1 + list[at]).SequenceEqual(ProtocolList))
                continue;
            *chosen = offered + at + 1;
            *chosenLength = list[at];
            return OpenSsl.AlpnOk;
        }
        return OpenSsl.AlpnFatal;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int NoPassphrase(byte* into, int size, int writing, void* argument) => 0;
}
