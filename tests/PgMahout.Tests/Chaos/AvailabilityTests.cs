using System.Collections.Immutable;
using PgMahout.HostTests.Chaos.Checking;
using Xunit;

namespace PgMahout.Tests.Chaos;

public sealed class AvailabilityTests
{
    [Fact]
    public void Gaps_belong_to_the_faults_that_began_them()
    {
        // A write every 100 ms for 30 s, but for 10 to 13 and 20 to 21.
        var times = Enumerable.Range(0, 301).Select(i => TimeSpan.FromSeconds(i / 10.0))
            .Where(at => at.TotalSeconds is <= 10 or >= 13 and <= 20 or >= 21);
        ImmutableArray<(string, TimeSpan)> faults =
        [
            ("Kill", TimeSpan.FromSeconds(2)), ("PowerLoss", TimeSpan.FromSeconds(10.05)),
            ("PowerLoss", TimeSpan.FromSeconds(20.05)),
        ];

        var seen = Availability.Of(times, faults);

        Assert.Equal(26 / 30.0, seen.Share, 3);
        Assert.Equal(
            [new Cost("Kill", 1, TimeSpan.Zero, TimeSpan.Zero),
                new Cost("PowerLoss", 2, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3))],
            seen.Costs);
        Assert.Equal("| PowerLoss | 2 | 2.00 s | 3.00 s |", seen.Table().ElementAt(3));
    }

    [Fact]
    public void Nothing_confirmed_is_no_availability() =>
        Assert.Equal(0, Availability.Of([], [("Kill", TimeSpan.Zero)]).Share);
}
