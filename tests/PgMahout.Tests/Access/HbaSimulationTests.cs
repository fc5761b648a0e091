using System.Collections.Immutable;
using PgMahout.Core.Access;
using Xunit;

namespace PgMahout.Tests.Access;

public sealed class HbaSimulationTests
{
    private static readonly Surroundings Here = Surroundings.Unknown with
    {
        OwnAddresses = [IpAddress.Parse("172.23.13.11")!.Value],
        OwnNetworks = [Rules.Network("172.23.13.0/24")],
    };

    [Fact]
    public void The_first_line_that_fits_decides()
    {
        var file = Rules.Of(
            "host all all 172.23.13.5/32 reject", "host all all 172.23.13.0/24 md5", "host all all all trust");

        Assert.Equal(1, Ask(file, "172.23.13.5").Rule?.Line);
        Assert.Equal(2, Ask(file, "172.23.13.6").Rule?.Line);
        Assert.Equal(3, Ask(file, "172.23.14.6").Rule?.Line);
    }

    [Fact]
    public void Who_no_line_is_for_is_rejected()
    {
        var answer = Ask(Rules.Of("host replication all all trust", "local all all trust"), "10.0.0.1");

        Assert.Null(answer.Rule);
        Assert.False(answer.IsAdmitted);
    }

    [Fact]
    public void Replication_is_no_database_and_all_does_not_mean_it()
    {
        var attempt = LoginAttempt.Tcp(null, "repl", Rules.Network("172.23.13.14"));

        var all = HbaSimulation.Ask(Rules.Of("host all all all trust"), attempt, Here);
        var named = HbaSimulation.Ask(Rules.Of("host replication repl 172.23.13.0/24 md5"), attempt, Here);

        Assert.Equal(ClientNeed.Impossible, all.Need);
        Assert.Equal(ClientNeed.Password, named.Need);
    }

    [Fact]
    public void Network_is_answered_in_the_parts_that_differ()
    {
        var file = Rules.Of(
            "host all all 172.23.13.5/32 reject", "host all all 172.23.13.128/25 trust", "host all all samenet md5");
        var attempt = LoginAttempt.Tcp("db", "ann", Rules.Network("172.23.12.0/23"));

        var spans = HbaSimulation.AskNetwork(file, attempt, Here);

        Assert.Equal(
            ["172.23.12.0/24 Impossible", "172.23.13.0 to 172.23.13.4 Password", "172.23.13.5 Impossible",
                "172.23.13.6 to 172.23.13.127 Password", "172.23.13.128/25 Nothing"],
            spans.Select(span => $"{span} {span.Answer.Need}"));
    }

    [Fact]
    public void Every_address_of_a_network_gets_the_answer_it_would_get_alone()
    {
        var file = Rules.Of(
            "host all all 10.0.0.3 255.255.255.67 reject", "host all all 10.0.0.16/28 md5",
            "host all all 10.0.0.20/30 trust", "host all all 10.0.0.0/26 ident");
        var attempt = LoginAttempt.Tcp("db", "ann", Rules.Network("10.0.0.0/24"));

        var spans = HbaSimulation.AskNetwork(file, attempt, Here);

        foreach (var last in Enumerable.Range(0, 256))
        {
            var address = Rules.Network($"10.0.0.{last}");
            var alone = HbaSimulation.Ask(file, attempt with { From = address }, Here);
            var span = Assert.Single(
                spans, span => span.First <= address.First && address.First <= span.Last);
            Assert.Equal(alone, span.Answer);
        }
    }

    [Fact]
    public void What_cannot_be_looked_up_makes_an_answer_uncertain()
    {
        var file = Rules.Of(
            "host all all app.example.net reject", "host all +staff all trust", "host all all all md5");

        var unknown = Ask(file, "10.0.0.1");
        var known = HbaSimulation.Ask(
            file,
            LoginAttempt.Tcp("db", "ann", Rules.Network("10.0.0.1")) with { MemberOf = [] },
            Here with
            {
                Names = ImmutableSortedDictionary<string, ImmutableArray<IpAddress>>.Empty
                    .Add("app.example.net", [IpAddress.Parse("10.0.0.2")!.Value]),
            });

        Assert.Equal((3, "1,2"), (unknown.Rule?.Line, string.Join(',', unknown.Unsure)));
        Assert.True(known.IsCertain);
    }

    [Theory]
    [InlineData("hostssl", false, false)]
    [InlineData("hostssl", true, true)]
    [InlineData("hostnossl", true, false)]
    [InlineData("hostnossl", false, true)]
    [InlineData("hostnogssenc", true, true)]
    [InlineData("hostgssenc", true, false)]
    public void Type_looks_at_the_encryption(string type, bool tls, bool admitted)
    {
        var file = Rules.Of($"{type} all all all trust");

        var answer = HbaSimulation.Ask(file, LoginAttempt.Tcp("db", "ann", Rules.Network("10.0.0.1"), tls), Here);

        Assert.Equal(admitted, answer.IsAdmitted);
    }

    [Fact]
    public void Members_of_a_role_are_those_that_are_named_and_the_role_itself()
    {
        var file = Rules.Of("local samerole +staff trust");

        Assert.True(HbaSimulation.Ask(file, LoginAttempt.Local("staff", "staff"), Here).IsAdmitted);
        Assert.True(HbaSimulation
            .Ask(file, LoginAttempt.Local("staff", "ann") with { MemberOf = ["staff"] }, Here).IsAdmitted);
        Assert.False(HbaSimulation
            .Ask(file, LoginAttempt.Local("staff", "ann") with { MemberOf = ["other"] }, Here).IsAdmitted);
    }

    private static HbaAnswer Ask(HbaFile file, string from) =>
        HbaSimulation.Ask(file, LoginAttempt.Tcp("db", "ann", Rules.Network(from)), Here);
}
