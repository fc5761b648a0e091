using PgMahout.Core.Protocol;
using Xunit;

namespace PgMahout.Tests.Protocol;

public sealed class PasswordVerifierTests
{
    // RFC 7677's example: user, pencil, 4096 rounds.
    private const string Scram =
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    [Theory]
    [InlineData(Scram, "pencil", true)]
    [InlineData(Scram, "Pencil", false)]
    [InlineData("md5a3556571e93b0d20722ba62be61e8c2d", "x", false)]
    [InlineData("SCRAM-SHA-256$4096:?$x:y", "pencil", false)]
    [InlineData("", "", false)]
    public void A_verifier_knows_its_password(string verifier, string password, bool isIt) =>
        Assert.Equal(isIt, PasswordVerifier.IsOf(verifier, password, "postgres"));

    [Fact]
    public void An_old_one_depends_on_the_role()
    {
        // md5('secret' || 'postgres')
        const string Verifier = "md553f48b7c4b76a86ce72276c5755f217d";

        Assert.True(PasswordVerifier.IsOld(Verifier));
        Assert.True(PasswordVerifier.IsOf(Verifier, "secret", "postgres"));
        Assert.False(PasswordVerifier.IsOf(Verifier, "secret", "other"));
    }
}
