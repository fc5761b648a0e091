using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PgMahout.Store.Etcd;

/// <summary>
/// TLS to etcd. The files are read again when they have changed, so that new certificates need no restart; while they
/// cannot be read, as in the middle of a rotation, those that were read before serve on.
/// </summary>
internal sealed class EtcdTls(EtcdSettings settings)
{
    private readonly Lock _lock = new();
    private Files? _files;

    /// <summary>Throws <see cref="AuthenticationException"/> that says what is wrong with whose certificate.</summary>
    public async Task<Stream> SecureAsync(Stream stream, string host, CancellationToken cancellation)
    {
        var files = Current();
        string? objection = null;
        var tls = new SslStream(stream);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    ClientCertificateContext = files.Own,
                    CertificateChainPolicy = files.Policy(),
                    RemoteCertificateValidationCallback = (_, shown, chain, errors) =>
                        (objection = Objection(shown as X509Certificate2, chain, host, errors)) is null,
                },
                cancellation).ConfigureAwait(false);
            return tls;
        }
        catch (AuthenticationException) when (objection is not null)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw new AuthenticationException(objection);
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static string? Objection(X509Certificate2? shown, X509Chain? chain, string host, SslPolicyErrors errors)
    {
        if (shown is null)
            return "shows no certificate";
        // Names in the subject alone do not count: who signed them may have meant something else by it.
        if (!shown.MatchesHostname(host, allowWildcards: true, allowCommonName: false))
            return $"shows a certificate that is not for {host}: its names (SAN) do not have it";
        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) == 0)
            return null;
        var why = chain?.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct() ?? [];
        return $"shows a certificate that does not count here: {string.Join("; ", why)}";
    }

    private Files Current()
    {
        lock (_lock)
        {
            var stamp = (Stamp(settings.CaFile), Stamp(settings.CertificateFile), Stamp(settings.KeyFile));
            if (_files is { } known && known.Stamp == stamp)
                return known;
            try
            {
                return _files = new Files(stamp, Authorities(), Own());
            }
            catch (Exception unreadable) when (
                unreadable is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
            {
                if (_files is { } earlier)
                    return earlier;
                throw new AuthenticationException(
                    $"was not asked: our certificate files cannot be read ({unreadable.Message})");
            }
        }
    }

    private X509Certificate2Collection? Authorities()
    {
        if (settings.CaFile is null)
            return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(settings.CaFile);
        return authorities.Count > 0
            ? authorities
            : throw new CryptographicException($"{settings.CaFile} holds no certificate");
    }

    private SslStreamCertificateContext? Own()
    {
        if (settings.CertificateFile is null)
            return null;
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(settings.CertificateFile);
        var own = X509Certificate2.CreateFromPemFile(settings.CertificateFile, settings.KeyFile);
        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    private static (DateTime Written, long Length) Stamp(string? path) =>
        path is not null && new FileInfo(path) is { Exists: true } file
            ? (file.LastWriteTimeUtc, file.Length)
            : default;

    /// <param name="Authorities">Null: those of the system.</param>
    private sealed record Files(
        ((DateTime, long), (DateTime, long), (DateTime, long)) Stamp,
        X509Certificate2Collection? Authorities,
        SslStreamCertificateContext? Own)
    {
        public X509ChainPolicy Policy()
        {
            var policy = new X509ChainPolicy
            {
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            if (Authorities is null)
                return policy;
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(Authorities);
            return policy;
        }
    }
}
