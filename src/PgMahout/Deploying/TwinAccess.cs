using System.Security.Cryptography;
using PgMahout.Core.Deployment;
using PgMahout.Errors;

namespace PgMahout.Deploying;

/// <summary>
/// By what the hosts of one cluster are let in by the other one of its pair: a certificate that the other one's
/// authority signed for all of them, kept among that one's secrets.
/// </summary>
internal sealed class TwinAccess
{
    // With a dot in it, no host has this name.
    private const string Name = "region.twin";
    private const string Unit = "operator";

    private readonly string _directory;
    private readonly string _authority;
    private readonly KeyPair _pair;
    private readonly bool _isNew;

    private TwinAccess(string directory, string authority, KeyPair pair, bool isNew) =>
        (_directory, _authority, _pair, _isNew) = (directory, authority, pair, isNew);

    /// <summary>Made where there is none, or too little of it is left. Nothing is written.</summary>
    /// <param name="directory">The secrets of the cluster that is asked.</param>
    /// <param name="signer">Its authority, and who is believed besides while that is replaced.</param>
    /// <exception cref="CryptographicException">The authority is no certificate with its key.</exception>
    public static TwinAccess Of(string directory, (KeyPair Pair, string AlsoTrusted) signer, DateTimeOffset now)
    {
        using var authority = CertificateAuthority.Load(signer.Pair);
        var trusted = authority.Certificate + signer.AlsoTrusted;
        var present = SecretPairs.Read(directory, Name);
        return present is not null && authority.WhyRenew(present, [], now) is null
            ? new TwinAccess(directory, trusted, present, isNew: false)
            : new TwinAccess(directory, trusted, authority.Issue("region", Unit, [], now), isNew: true);
    }

    /// <summary>For hosts of the cluster that asks.</summary>
    /// <param name="asked">The other one.</param>
    public HostGoods GoodsFor(HostBlueprint host, Blueprint asked, HostGoods goods) => goods with
    {
        Twin =
        [
            File(HostPaths.TwinFile, HostDocument.TwinText(asked, host.Name)),
            File($"{HostPaths.TwinCertificates}/ca.crt", _authority),
            File($"{HostPaths.TwinCertificates}/host.crt", _pair.Certificate),
            File($"{HostPaths.TwinCertificates}/host.key", _pair.Key),
        ],
    };

    public Failure? Keep()
    {
        if (!_isNew)
            return null;
        try
        {
            SecretPairs.Write(_directory, Name, _pair);
            return null;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            return new Failure(ErrorCatalogue.SecretsUnusable, $"a certificate cannot be kept in {_directory}")
                .Because(broken.Message)
                .Leaving("no host was changed");
        }
    }

    private static DeployedFile File(string path, string content) => new(path, content, "0600", HostPaths.Account);
}
