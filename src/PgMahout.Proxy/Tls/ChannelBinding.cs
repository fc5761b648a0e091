using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PgMahout.Proxy.Tls;

/// <summary>tls-server-end-point (RFC 5929): a certificate, hashed as its signature hashes it.</summary>
internal static class ChannelBinding
{
    /// <summary>Of the first certificate in PEM; empty where it is not defined.</summary>
    public static ImmutableArray<byte> OfCertificate(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return Of(certificate);
    }

    /// <summary>Of a certificate in DER; empty where it is not defined.</summary>
    public static ImmutableArray<byte> OfCertificate(ReadOnlySpan<byte> der)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        return Of(certificate);
    }

    private static ImmutableArray<byte> Of(X509Certificate2 certificate)
    {
        var hash = certificate.SignatureAlgorithm.Value switch
        {
            // md5, sha1 and sha256: the weak ones are replaced by SHA-256.
            "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11"
                or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2" => SHA256.HashData(certificate.RawDataMemory.Span),
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(certificate.RawDataMemory.Span),
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(certificate.RawDataMemory.Span),
            _ => [],
        };
        return [.. hash];
    }
}
