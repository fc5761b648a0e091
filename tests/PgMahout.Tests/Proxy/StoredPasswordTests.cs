using PgMahout.Core.Proxy.Login;
using Xunit;

namespace PgMahout.Tests.Proxy;

public sealed class StoredPasswordTests
{
    private const string Verifier =
        "SCRAM-SHA-256$4096:AAECAwQFBgcICQoLDA0ODw==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        + ":AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    [Fact]
    public void Verifier_is_read_into_its_parts()
    {
        var secret = Assert.IsType<UserSecret.Scram>(StoredPassword.Read(Verifier, canLogIn: true, ended: false));

        Assert.Equal(4096, secret.Iterations);
        Assert.Equal(Enumerable.Range(0, 16).Select(n => (byte)n), secret.Salt);
        Assert.Equal(Enumerable.Repeat((byte)0, 32), secret.StoredKey);
        Assert.Equal(Enumerable.Repeat((byte)1, 32), secret.ServerKey);
    }

    /// <summary>The example of RFC 7677, as PostgreSQL would keep it.</summary>
    [Theory]
    [InlineData("pencil", true)]
    [InlineData("pencils", false)]
    [InlineData("", false)]
    public void Verifier_is_of_one_password(string password, bool isOf)
    {
        const string Stored = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
            + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

        Assert.Equal(isOf, StoredPassword.IsOf(Stored, password));
        Assert.False(StoredPassword.IsOf("md50123456789abcdef0123456789abcdef", password));
        Assert.False(StoredPassword.IsOf(null, password));
    }

    [Fact]
    public void Hash_is_read_without_its_prefix() =>
        Assert.Equal(
            new UserSecret.Md5("0123456789abcdef0123456789abcdef"),
            StoredPassword.Read("md50123456789abcdef0123456789abcdef", canLogIn: true, ended: false));

    [Theory]
    [InlineData(Verifier, false, false, "may not log in")]
    [InlineData(Verifier, true, true, "has ended")]
    [InlineData(null, true, false, "has no password")]
    [InlineData("", true, false, "not known")]
    [InlineData("md50123", true, false, "not known")]
    [InlineData("md5 123456789abcdef0123456789abcdeX", true, false, "not known")]
    [InlineData("SCRAM-SHA-256$0:AA==$AA==:AA==", true, false, "not known")]
    [InlineData("SCRAM-SHA-256$4096:AA==$AA==:AA==", true, false, "not known")]
    [InlineData("SCRAM-SHA-256$4096:AA==$!:!", true, false, "not known")]
    [InlineData("SCRAM-SHA-256$$$", true, false, "not known")]
    public void Everything_else_lets_nobody_in_and_says_why(string? text, bool canLogIn, bool ended, string why) =>
        Assert.Contains(
            why, Assert.IsType<UserSecret.None>(StoredPassword.Read(text, canLogIn, ended)).Why,
            StringComparison.Ordinal);
}
