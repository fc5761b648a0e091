using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PgMahout.Tests.Proxy.Tls;

/// <summary>An authority and its certificate for a host, as PEM files in a directory that goes with them.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-tls-").FullName;

    public TestCertificates(string host = "db.example", HashAlgorithmName? hash = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, hash ?? HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(root, now.AddDays(-1), now.AddHours(23), [1, 2, 3, 4]);
        Raw = issued.RawData;
        Write("root.crt", root.ExportCertificatePem());
        Write("server.crt", issued.ExportCertificatePem() + "\n" + root.ExportCertificatePem());
        Write("server.key", key.ExportPkcs8PrivateKeyPem());
        Write("locked.key", key.ExportEncryptedPkcs8PrivateKeyPem(
            "secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
    }

    /// <summary>The server's certificate as it stands on the wire.</summary>
    public byte[] Raw { get; }

    public string Authority => Path.Combine(_directory, "root.crt");

    public string Chain => Path.Combine(_directory, "server.crt");

    public string Key => Path.Combine(_directory, "server.key");

    public string LockedKey => Path.Combine(_directory, "locked.key");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Write(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
