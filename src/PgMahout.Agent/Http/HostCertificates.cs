using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PgMahout.Agent.Http;

/// <summary>
/// Who this host is, and whom it believes: the files <c>host.crt</c>, <c>host.key</c> and <c>ca.crt</c> (PEM; the last
/// may hold several authorities). They are read again when they change, so that certificates are renewed without a
/// restart of anything. Any thread.
/// </summary>
internal sealed class HostCertificates
{
    private static readonly ConcurrentDictionary<string, HostCertificates> Known = new(StringComparer.Ordinal);

    private readonly string _directory;
    private readonly Lock _gate = new();
    private (DateTime, DateTime, DateTime) _written;
    private Loaded? _loaded;

    private HostCertificates(string directory) => _directory = directory;

    /// <summary>One for a directory in a process: they are read once for everybody who uses them.</summary>
    public static HostCertificates In(string directory) =>
        Known.GetOrAdd(directory, static path => new HostCertificates(path));

    /// <exception cref="InvalidDataException">The files cannot be used; says which and why.</exception>
    public SslServerAuthenticationOptions ForServer()
    {
        var loaded = Read();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = loaded.Context,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = loaded.Policy(),
            RemoteCertificateValidationCallback = IsSound,
        };
    }

    /// <param name="host">The name or address that was asked for: the other's certificate must have it.</param>
    /// <exception cref="InvalidDataException">The files cannot be used; says which and why.</exception>
    public SslClientAuthenticationOptions ForClient(string host)
    {
        var loaded = Read();
        return new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ClientCertificateContext = loaded.Context,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = loaded.Policy(),
            RemoteCertificateValidationCallback = IsSound,
        };
    }

    private static bool IsSound(object? sender, X509Certificate? peer, X509Chain? chain, SslPolicyErrors errors) =>
        peer is not null && errors == SslPolicyErrors.None;

    private Loaded Read()
    {
        lock (_gate)
        {
            var (own, key, authority) = (PathOf("host.crt"), PathOf("host.key"), PathOf("ca.crt"));
            var written = (
                File.GetLastWriteTimeUtc(own), File.GetLastWriteTimeUtc(key), File.GetLastWriteTimeUtc(authority));
            if (_loaded is { } known && written == _written)
                return known;
            try
            {
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPemFile(authority);
                var certificate = X509Certificate2.CreateFromPemFile(own, key);
                _loaded = new Loaded(
                    SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
                    authorities);
                _written = written;
                return _loaded;
            }
            catch (Exception broken) when (broken is CryptographicException or IOException
                or UnauthorizedAccessException)
            {
                // While they are being replaced they may not fit each other: what was good stays in use.
                return _loaded ?? throw new InvalidDataException(
                    $"the certificates in {_directory} cannot be used: {broken.Message}");
            }
        }
    }

    private string PathOf(string file) => Path.Combine(_directory, file);

    private sealed record Loaded(SslStreamCertificateContext Context, X509Certificate2Collection Authorities)
    {
        // A policy is used up by the handshake that it is given to.
        public X509ChainPolicy Policy()
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.AddRange(Authorities);
            return policy;
        }
    }
}
