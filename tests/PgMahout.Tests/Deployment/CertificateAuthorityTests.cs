using System.Security.Cryptography.X509Certificates;
using PgMahout.Core.Deployment;
using PgMahout.Deploying;
using Xunit;

namespace PgMahout.Tests.Deployment;

public sealed class CertificateAuthorityTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static readonly Blueprint Two = new(
        "orders",
        [
            new HostBlueprint("db1", "10.0.0.1", HostRole.Data, null, 100),
            new HostBlueprint("db2", "fd00::2", HostRole.Data, null, 100),
        ]);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private OperatorSecrets Look(Blueprint blueprint, DateTimeOffset now, string? asked = null)
    {
        var look = OperatorSecrets.Look(_directory, blueprint, name => name == asked, now);
        Assert.True(look.TryGet(out var found, out _));
        return found;
    }

    [Fact]
    public void A_hosts_certificate_is_for_its_name_its_address_and_loopback_and_signed_by_the_authority()
    {
        using var authority = CertificateAuthority.Load(CertificateAuthority.Create("orders", Now));
        var pair = authority.Issue("db_1", "host", ["10.0.0.1"], Now);

        using var certificate = X509Certificate2.CreateFromPem(pair.Certificate, pair.Key);
        Assert.True(certificate.MatchesHostname("10.0.0.1"));
        Assert.True(certificate.MatchesHostname("127.0.0.1"));
        Assert.True(certificate.MatchesHostname("::1"));
        Assert.False(certificate.MatchesHostname("10.0.0.2"));
        Assert.Contains("OU=host", certificate.Subject);
        Assert.Null(authority.WhyRenew(pair, ["10.0.0.1"], Now));
    }

    [Fact]
    public void A_certificate_is_made_anew_long_before_it_ends_for_another_address_and_of_another_authority()
    {
        using var authority = CertificateAuthority.Load(CertificateAuthority.Create("orders", Now));
        using var other = CertificateAuthority.Load(CertificateAuthority.Create("orders", Now));
        var pair = authority.Issue("db1", "host", ["10.0.0.1"], Now);

        Assert.StartsWith("it ends on", authority.WhyRenew(pair, ["10.0.0.1"], Now + TimeSpan.FromDays(250)));
        Assert.Equal("the host has another address", authority.WhyRenew(pair, ["10.0.0.9"], Now));
        Assert.Equal("another authority signed it", other.WhyRenew(pair, ["10.0.0.1"], Now));
        Assert.StartsWith("it cannot be read", authority.WhyRenew(new KeyPair("", ""), ["10.0.0.1"], Now));
    }

    [Fact]
    public void Hosts_that_may_lead_get_a_certificate_that_has_the_virtual_address_too()
    {
        var before = Look(Two, Now);
        Assert.True(before.Keep([]).TryGet(out _, out _));
        var shared = Two with
        {
            VirtualAddress = VirtualAddress.Parse("10.0.0.100/24", "eth0"),
            Hosts = Two.Hosts.Add(new HostBlueprint("w1", "10.0.0.3", HostRole.Witness, null, 0)),
        };

        var after = Look(shared, Now);

        Assert.Equal(
            [
                "a certificate for db1 (the host has another address)",
                "a certificate for db2 (the host has another address)", "a certificate for w1",
            ],
            after.News);
        using var leading = X509Certificate2.CreateFromPem(after.Hosts["db1"].Certificate);
        using var witness = X509Certificate2.CreateFromPem(after.Hosts["w1"].Certificate);
        Assert.True(leading.MatchesHostname("10.0.0.100"));
        Assert.False(witness.MatchesHostname("10.0.0.100"));
    }

    [Fact]
    public void Nothing_is_written_until_it_is_kept_and_then_it_stays_the_same()
    {
        var first = Look(Two, Now);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory));

        Assert.True(first.Keep(["10.0.0.1"]).TryGet(out var passwords, out _));
        var second = Look(Two, Now);

        Assert.Empty(second.News);
        Assert.Equal(first.AuthorityCertificate, second.AuthorityCertificate);
        Assert.Equal(first.Hosts["db2"], second.Hosts["db2"]);
        Assert.True(second.Keep([]).TryGet(out var again, out _));
        Assert.Equal(passwords, again);
    }

    [Fact]
    public void Secrets_are_for_their_owner_alone()
    {
        Assert.True(Look(Two, Now).Keep([]).TryGet(out _, out _));

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead
            | UnixFileMode.OtherWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Assert.All(
            Directory.EnumerateFileSystemEntries(_directory).Append(_directory),
            path => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & Others));
    }

    [Fact]
    public void Only_what_is_asked_for_is_made_anew()
    {
        Assert.True(Look(Two, Now).Keep([]).TryGet(out _, out _));

        Assert.Equal(["a certificate for db1 (as asked)"], Look(Two, Now, asked: "db1").News);
    }
}
