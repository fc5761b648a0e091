using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PgMahout.HostTests.Harness;

/// <summary>Signs the certificates of one cluster's hosts, and of whoever looks after them.</summary>
internal sealed class HostAuthority : IDisposable
{
    private static readonly DateTimeOffset Begins = TimeProvider.System.GetUtcNow().AddDays(-2);
    private static readonly DateTimeOffset Ends = Begins.AddDays(30);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public HostAuthority()
    {
        var request = new CertificateRequest("CN=lab", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _certificate = request.CreateSelfSigned(Begins, Ends);
    }

    public string Certificate => _certificate.ExportCertificatePem() + "\n";

    /// <summary>For both ends of a connection: etcd's gateway is a client of its own server.</summary>
    public (string Certificate, string Key) Sign(string name, string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}, OU=host", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Parse(address));
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var signed = request.Create(_certificate, Begins, Ends, RandomNumberGenerator.GetBytes(8));
        return (signed.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }
}
