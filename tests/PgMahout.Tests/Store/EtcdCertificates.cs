using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PgMahout.Store;

namespace PgMahout.Tests.Store;

/// <summary>An authority, and one certificate that serves as server and as client, in PEM files.</summary>
internal sealed class EtcdCertificates : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-etcd-tls-").FullName;

    /// <param name="names">Addresses and names of the servers.</param>
    public EtcdCertificates(params string[] names)
    {
        Issue(names);
    }

    public string Authority => Path.Combine(_directory, "ca.crt");

    public string Certificate => Path.Combine(_directory, "host.crt");

    public string Key => Path.Combine(_directory, "host.key");

    public ImmutableArray<string> Server =>
    [
        "--cert-file", Certificate, "--key-file", Key, "--client-cert-auth", "--trusted-ca-file", Authority,
    ];

    public EtcdSettings Used(EtcdSettings settings) =>
        settings with { CaFile = Authority, CertificateFile = Certificate, KeyFile = Key };

    /// <summary>A new authority and a new certificate in the same files; what was there counts no more.</summary>
    public void Issue(params string[] names)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("O=pgmahout", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        // Server and client: etcd's own gateway calls etcd with the server's certificate.
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var issued = request.Create(root, now.AddDays(-1), now.AddHours(23), RandomNumberGenerator.GetBytes(8));
        Write(Authority, root.ExportCertificatePem());
        Write(Certificate, issued.ExportCertificatePem());
        Write(Key, key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
