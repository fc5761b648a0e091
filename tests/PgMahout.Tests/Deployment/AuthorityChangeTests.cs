using System.Security.Cryptography.X509Certificates;
using PgMahout.Core.Deployment;
using PgMahout.Deploying;
using Xunit;

namespace PgMahout.Tests.Deployment;

/// <summary>What hosts get while one authority takes the place of another.</summary>
public sealed class AuthorityChangeTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static readonly Blueprint Two = new(
        "orders",
        [
            new HostBlueprint("db1", "10.0.0.1", HostRole.Data, null, 100),
            new HostBlueprint("db2", "10.0.0.2", HostRole.Data, null, 100),
        ]);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgm-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Each_stage_believes_whoever_signs_in_it_and_in_the_next()
    {
        var before = Kept();
        AuthorityChange.Begin(_directory, "orders", Now);

        var both = Kept();
        Assert.Equal(AuthorityStage.NewSigns, AuthorityChange.Advance(_directory));
        var signed = Kept();
        Assert.Equal(AuthorityStage.OldDropped, AuthorityChange.Advance(_directory));
        var dropped = Kept();
        Assert.Equal(AuthorityStage.Settled, AuthorityChange.Advance(_directory));
        var after = Kept();

        Assert.Equal(before.Hosts["db1"], both.Hosts["db1"]);
        Assert.NotEqual(both.Hosts["db1"], signed.Hosts["db1"]);
        Assert.Equal(
            new[] { "db1", "db2" }.Select(host => $"a certificate for {host} (another authority signed it)"),
            signed.News);
        Assert.Equal([1, 2, 2, 1, 1], new[] { before, both, signed, dropped, after }.Select(Believed));
        Assert.Equal(after.AuthorityCertificate, dropped.AuthorityCertificate);
        Assert.NotEqual(before.AuthorityCertificate, after.AuthorityCertificate);
        Assert.NotEqual(both.AuthorityCertificate, signed.AuthorityCertificate);
        Assert.Equal(signed.Hosts["db2"], after.Hosts["db2"]);
        // While hosts go from one stage to the next, some are in each: they believe each other.
        foreach (var (one, other) in new[] { (before, both), (both, signed), (signed, dropped), (dropped, after) })
        {
            Assert.True(Believes(one, other.Hosts["db1"]), "the earlier does not believe the later");
            Assert.True(Believes(other, one.Hosts["db2"]), "the later does not believe the earlier");
        }
        Assert.False(Believes(dropped, both.Hosts["db1"]));
        Assert.Empty(Directory.GetFiles(_directory, "ca.next*").Concat(Directory.GetFiles(_directory, "ca.change")));
    }

    [Fact]
    public void What_broke_off_is_gone_on_with_and_nobody_is_left_without_an_authority()
    {
        Kept();
        // Interrupted before the stage was written: nothing has begun.
        SecretPairs.Write(_directory, "ca.next", CertificateAuthority.Create("orders", Now));
        Assert.Equal(AuthorityStage.Settled, AuthorityChange.Read(_directory).Stage);

        AuthorityChange.Begin(_directory, "orders", Now);
        AuthorityChange.Advance(_directory);
        AuthorityChange.Advance(_directory);
        var dropped = Kept();
        // Interrupted while the present pair was replaced.
        SecretPairs.Delete(_directory, "ca");
        Assert.Equal(AuthorityStage.OldDropped, AuthorityChange.Read(_directory).Stage);
        Assert.Equal(dropped.AuthorityCertificate, Kept().AuthorityCertificate);
        Assert.Equal(AuthorityStage.Settled, AuthorityChange.Advance(_directory));

        Assert.Equal(dropped.AuthorityCertificate, Kept().AuthorityCertificate);
        Assert.Empty(Kept().News);
    }

    [Theory]
    [InlineData("both-trusted")]
    [InlineData("new-signs")]
    [InlineData("nonsense")]
    public void Stage_that_does_not_fit_what_is_there_is_refused(string word)
    {
        Kept();
        File.WriteAllText(Path.Combine(_directory, "ca.change"), word + "\n");

        Assert.Throws<InvalidDataException>(() => AuthorityChange.Read(_directory));
        Assert.False(OperatorSecrets.Look(_directory, Two, _ => false, Now).TryGet(out _, out var failure));
        Assert.Contains(failure!.Facts, fact => fact.Text.Contains("ca.change", StringComparison.Ordinal));
    }

    private OperatorSecrets Kept()
    {
        Assert.True(OperatorSecrets.Look(_directory, Two, _ => false, Now).TryGet(out var secrets, out _));
        Assert.True(secrets.Keep([]).TryGet(out _, out _));
        return secrets;
    }

    private static X509Certificate2Collection AuthoritiesOf(OperatorSecrets secrets)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(secrets.AuthorityCertificate);
        return authorities;
    }

    private static int Believed(OperatorSecrets secrets) => AuthoritiesOf(secrets).Count;

    private static bool Believes(OperatorSecrets secrets, KeyPair shown)
    {
        using var certificate = X509Certificate2.CreateFromPem(shown.Certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(AuthoritiesOf(secrets));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Now.LocalDateTime;
        return chain.Build(certificate);
    }
}
