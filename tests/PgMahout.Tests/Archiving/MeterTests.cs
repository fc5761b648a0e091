using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Archiving;

public sealed class MeterTests
{
    [Fact]
    public void Only_what_has_nothing_missing_before_it_is_confirmed()
    {
        var prefix = new StoredPrefix(new Lsn(10));

        Assert.False(prefix.Add(new Lsn(30), new Lsn(40)));
        Assert.False(prefix.Add(new Lsn(20), new Lsn(30)));
        Assert.Equal(10ul, prefix.End.Value);
        Assert.True(prefix.Add(new Lsn(0), new Lsn(20)));
        Assert.Equal(40ul, prefix.End.Value);
        Assert.False(prefix.Add(new Lsn(0), new Lsn(40)));
        Assert.True(prefix.Add(new Lsn(35), new Lsn(41)));
    }

    [Fact]
    public void Any_order_of_storing_ends_at_the_same_point()
    {
        var random = new Prng(3);
        for (var round = 0; round < 200; round++)
        {
            var prefix = new StoredPrefix(Lsn.Zero);
            var stored = new HashSet<int>();
            foreach (var i in Enumerable.Range(0, 12).OrderBy(_ => random.Next()).ToList())
            {
                stored.Add(i);
                prefix.Add(new Lsn((ulong)i * 10), new Lsn((ulong)i * 10 + 10));
                var expected = Enumerable.Range(0, 13).First(n => !stored.Contains(n)) * 10;
                Assert.Equal((ulong)expected, prefix.End.Value);
            }
        }
    }

    [Fact]
    public void Lag_is_how_long_ago_the_server_had_no_more_than_is_confirmed()
    {
        var meter = new LagMeter();
        meter.Look(Second(1), new Lsn(100));
        meter.Look(Second(2), new Lsn(200));
        meter.Look(Second(3), new Lsn(200));

        Assert.Equal(TimeSpan.FromSeconds(4), meter.Lag(Second(5), new Lsn(99)));
        Assert.Equal(TimeSpan.FromSeconds(3), meter.Lag(Second(5), new Lsn(100)));
        Assert.Equal(TimeSpan.Zero, meter.Lag(Second(6), new Lsn(200)));
    }

    [Fact]
    public void Lag_of_hours_needs_no_more_memory_and_is_still_right()
    {
        var meter = new LagMeter();
        for (var i = 1; i <= 10_000; i++)
            meter.Look(Second(i), new Lsn((ulong)i));

        Assert.Equal(TimeSpan.FromSeconds(9_999), meter.Lag(Second(10_000), Lsn.Zero));
        Assert.InRange(meter.Lag(Second(10_000), new Lsn(9_000)), TimeSpan.Zero, TimeSpan.FromSeconds(1_000));
    }

    [Fact]
    public void A_rate_settles_at_what_comes()
    {
        var meter = new RateMeter();
        for (var i = 0; i < 100; i++)
            meter.Of(Second(i), new Lsn((ulong)i * 1000));

        Assert.InRange(meter.Of(Second(100), new Lsn(100_000)).Bytes, 990, 1000);
        Assert.Equal(0, new RateMeter().Of(Second(1), new Lsn(5)).Bytes);
    }

    private static Instant Second(int seconds) => new(seconds * 1_000_000_000L);
}
