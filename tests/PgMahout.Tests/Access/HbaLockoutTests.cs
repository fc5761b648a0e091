using PgMahout.Core.Access;
using Xunit;

namespace PgMahout.Tests.Access;

public sealed class HbaLockoutTests
{
    private static readonly ProtectedLogin Replication = new(
        LoginAttempt.Tcp(null, "pgmahout_replication", Rules.Network("10.0.0.2")), IsOwn: true, HasPassword: true);

    private static readonly ProtectedLogin Application = new(
        LoginAttempt.Tcp("shop", "app", Rules.Network("10.0.0.9")), IsOwn: false, HasPassword: false);

    private static readonly HbaFile Before =
        Rules.Of("host replication all 10.0.0.0/24 scram-sha-256", "host all all 10.0.0.0/24 trust");

    [Fact]
    public void Change_that_leaves_everybody_in_locks_nobody_out() =>
        Assert.Empty(Find(Rules.Of("host replication,all all 10.0.0.0/8 trust")));

    [Fact]
    public void Rejected_login_is_named_with_the_rule()
    {
        var found = Find(Rules.Of("host shop app all reject", "host replication,all all all scram-sha-256"));

        var rejected = Assert.IsType<HbaLockout.Rejected>(Assert.Single(found));
        Assert.Equal((Application, 1), (rejected.Login, rejected.By?.Line));
    }

    [Fact]
    public void The_clusters_own_login_is_missed_even_where_it_was_rejected_before()
    {
        var without = Rules.Of("host all all 10.0.0.0/24 trust");

        var found = HbaLockout.Find(without, without, [Replication, Application], Surroundings.Unknown);

        Assert.True(Assert.IsType<HbaLockout.Rejected>(Assert.Single(found)).Login.IsOwn);
    }

    [Fact]
    public void Role_without_a_password_cannot_be_asked_for_one()
    {
        var found = Find(Rules.Of("host replication,all all all scram-sha-256"));

        var demands = Assert.IsType<HbaLockout.Demands>(Assert.Single(found));
        Assert.Equal((ClientNeed.Nothing, ClientNeed.Password), (demands.Before, demands.Now));
        Assert.Contains("the role's password", HbaWords.Of(demands), StringComparison.Ordinal);
    }

    [Fact]
    public void Role_with_a_password_can_be_asked_for_it() =>
        Assert.Empty(HbaLockout.Find(
            Before, Rules.Of("host replication,all all all scram-sha-256"),
            [Replication, Application with { HasPassword = true }], Surroundings.Unknown));

    [Fact]
    public void Doubt_is_said_as_doubt()
    {
        var found = Find(Rules.Of(
            "host replication all all scram-sha-256", "host shop app app.example.net trust"));

        Assert.Equal([2], Assert.IsType<HbaLockout.Unclear>(Assert.Single(found)).Lines);
    }

    private static IReadOnlyList<HbaLockout> Find(HbaFile after) =>
        HbaLockout.Find(Before, after, [Replication, Application], Surroundings.Unknown);
}
