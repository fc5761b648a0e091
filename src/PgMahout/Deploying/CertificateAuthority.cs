using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PgMahout.Deploying;

/// <summary>A certificate and its key, both as PEM.</summary>
internal sealed record KeyPair(string Certificate, string Key)
{
    public override string ToString() => nameof(KeyPair);
}

/// <summary>
/// The authority of one cluster: its key stays with the operator. It signs one certificate for each host, good for what
/// a host is: a server and a client, towards agents, etcd and whoever connects.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    /// <summary>A host's certificate is made anew when less than a third of this is left.</summary>
    public static readonly TimeSpan HostLifetime = TimeSpan.FromDays(365);

    private static readonly TimeSpan OwnLifetime = TimeSpan.FromDays(3650);

    // Clocks of hosts differ a little from the operator's.
    private static readonly TimeSpan Earlier = TimeSpan.FromMinutes(5);

    private static readonly OidCollection ServerAndClient =
        [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")];

    private readonly X509Certificate2 _own;

    private CertificateAuthority(X509Certificate2 own) => _own = own;

    public string Certificate => _own.ExportCertificatePem() + "\n";

    /// <param name="now">The present time, as are all of this name here.</param>
    public static KeyPair Create(string cluster, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=pgmahout authority of {cluster}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(now - Earlier, now + OwnLifetime);
        return Pair(certificate, key);
    }

    /// <exception cref="CryptographicException">The files are no certificate with its key.</exception>
    public static CertificateAuthority Load(KeyPair pair) =>
        new(X509Certificate2.CreateFromPem(pair.Certificate, pair.Key));

    /// <param name="unit">
    /// What its bearer is, which decides what it may ask for: <c>host</c> or <c>operator</c>.
    /// </param>
    /// <param name="addresses">In numbers; none for a bearer that nobody connects to.</param>
    public KeyPair Issue(string name, string unit, ImmutableArray<string> addresses, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}, OU={unit}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(ServerAndClient, false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_own, true, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddDnsName("localhost");
        foreach (var one in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
            names.AddIpAddress(one);
        foreach (var address in addresses)
            names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        var serial = RandomNumberGenerator.GetBytes(16);
        // A serial number is positive, and says so in its first bit.
        serial[0] &= 0x7f;
        var end = now + HostLifetime;
        using var certificate = request.Create(
            _own, now - Earlier, end < _own.NotAfter ? end : _own.NotAfter, serial);
        return Pair(certificate, key);
    }

    /// <summary>Why a host's certificate must be made anew; null: it need not.</summary>
    public string? WhyRenew(KeyPair pair, ImmutableArray<string> addresses, DateTimeOffset now)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pair.Certificate, pair.Key);
            if (now + HostLifetime / 3 > certificate.NotAfter)
                return $"it ends on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}";
            if (addresses.Any(address => !certificate.MatchesHostname(address)))
                return "the host has another address";
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(_own);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.VerificationTime = now.LocalDateTime;
            return chain.Build(certificate) ? null : "another authority signed it";
        }
        catch (CryptographicException broken)
        {
            return $"it cannot be read: {broken.Message}";
        }
    }

    public void Dispose() => _own.Dispose();

    private static KeyPair Pair(X509Certificate2 certificate, ECDsa key) =>
        new(certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
}
