using PgMahout.Core.Addressing;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Addressing;

public sealed class AddressPolicyTests
{
    private static readonly Instant Now = new(1_000_000_000_000);
    private static readonly LeaseWord Serves = new(new Epoch(4), true);
    private static readonly HardwareAddress Stranger = new(0x02FC_0000_0001);

    private static Instant In(double seconds) => Now + TimeSpan.FromSeconds(seconds);

    private static AddressView View(
        LeaseWord? word, double? left = 2.7, HeldAddress? held = null, AddressProbe? probe = null) =>
        new(Now, word, left is { } seconds ? In(seconds) : null, held, probe);

    private static AddressProbe Asked(double endedBefore, HardwareAddress? owner = null) =>
        new(In(-endedBefore - 0.2), In(-endedBefore), owner);

    private static HeldAddress Held(double until, int announced = 6) => new(In(until), In(-6), announced);

    private static AddressStep Step(AddressView view) => AddressPolicy.Decide(view).Step;

    private static AddressRule Rule(AddressView view) => AddressPolicy.Decide(view).Rule;

    [Fact]
    public void It_is_taken_once_the_member_leads_its_server_serves_and_nobody_answers()
    {
        Assert.IsType<AddressStep.Probe>(Step(View(Serves)));
        Assert.IsType<AddressStep.Wait>(Step(View(Serves, probe: new AddressProbe(In(-0.1), null, null))));
        Assert.Equal(new AddressStep.Put(2, IsTaken: true), Step(View(Serves, probe: Asked(0))));
    }

    [Fact]
    public void While_the_server_is_promoted_the_neighbours_are_asked_and_nothing_is_taken()
    {
        var promoting = new LeaseWord(new Epoch(4), false);

        Assert.IsType<AddressStep.Probe>(Step(View(promoting)));
        Assert.IsType<AddressStep.Wait>(Step(View(promoting, probe: Asked(0))));
        Assert.Equal(AddressRule.PrepareToTake, Rule(View(promoting, probe: Asked(0))));
    }

    [Fact]
    public void An_answer_of_long_ago_is_asked_for_again() =>
        Assert.IsType<AddressStep.Probe>(Step(View(Serves, probe: Asked(1.5))));

    [Fact]
    public void While_somebody_else_answers_it_is_not_taken_and_asked_for_again_soon()
    {
        Assert.Equal(AddressRule.YieldToDuplicate, Rule(View(Serves, probe: Asked(0.1, Stranger))));
        Assert.IsType<AddressStep.Wait>(Step(View(Serves, probe: Asked(0.1, Stranger))));
        Assert.IsType<AddressStep.Probe>(Step(View(Serves, probe: Asked(0.6, Stranger))));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData(4L, false)]
    public void A_member_that_does_not_lead_and_serve_gives_it_up_at_once(long? epoch, bool? serving)
    {
        var word = new LeaseWord(epoch is { } number ? new Epoch(number) : null, serving);

        var step = Step(View(word, held: Held(1)));

        if (serving is null)
            Assert.IsType<AddressStep.Wait>(step);
        else
            Assert.IsType<AddressStep.Drop>(step);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(-5.0)]
    [InlineData(0.0)]
    [InlineData(0.09)]
    public void Whatever_the_agent_last_said_no_address_outlives_the_deadline(double? left)
    {
        Assert.IsType<AddressStep.Drop>(Step(View(Serves, left, Held(1))));
        Assert.IsType<AddressStep.Wait>(Step(View(Serves, left, probe: Asked(0))));
    }

    [Fact]
    public void Before_the_agent_has_said_anything_what_is_here_stays_and_is_not_prolonged()
    {
        Assert.IsType<AddressStep.Wait>(Step(View(null, held: Held(0.5))));
        Assert.IsType<AddressStep.Wait>(Step(View(new LeaseWord(new Epoch(4), null), held: Held(0.5))));
        Assert.IsType<AddressStep.Wait>(Step(View(null, probe: Asked(0))));
    }

    [Fact]
    public void Each_renewal_of_the_lease_gives_it_a_new_end_once()
    {
        Assert.Equal(new AddressStep.Put(2, IsTaken: false), Step(View(Serves, 2.69, Held(1.2))));
        Assert.IsType<AddressStep.Wait>(Step(View(Serves, 2.65, Held(1.95))));
        // One that somebody gave no end gets one.
        Assert.IsType<AddressStep.Put>(Step(View(Serves, 2.69, Held(1) with { Until = null })));
    }

    [Fact]
    public void The_neighbours_are_told_at_once_again_and_again_and_then_now_and_then()
    {
        var step = Step(View(Serves, held: new HeldAddress(In(2), Now, 0)));
        Assert.IsType<AddressStep.Announce>(step);

        var told = new List<double>();
        for (var tenth = 0; tenth < 400; tenth++)
        {
            var at = tenth / 10.0;
            var held = new HeldAddress(In(at + 2), Now, told.Count);
            if (AddressPolicy.Decide(new AddressView(In(at), Serves, In(at + 2.7), held, null)).Step
                is not AddressStep.Announce)
                continue;
            told.Add(at);
        }

        Assert.Equal([0, 0.1, 0.5, 1, 2, 5, 15, 25, 35], told);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(300)]
    public void Through_a_lease_that_is_renewed_it_stays_and_its_end_is_never_after_the_deadline(int rto)
    {
        var timing = new PgMahout.Core.Cluster.Timing(TimeSpan.FromSeconds(rto));
        var random = new Prng(7);
        HeldAddress? held = null;
        var (renewedAt, now) = (Now, Now);
        while (now - Now < timing.Ttl * 20)
        {
            // A renewal is a little late now and then, and its write takes its time.
            if (now - renewedAt > timing.RenewEvery * (0.9 + random.Below(20) / 100.0))
                renewedAt = now - TimeSpan.FromMilliseconds(random.Below(40));
            var deadline = renewedAt + timing.FenceAfter;
            var step = Step(new AddressView(now, Serves, deadline, held, new AddressProbe(now, now, null)));
            if (step is AddressStep.Put put)
            {
                held = new HeldAddress(now + TimeSpan.FromSeconds(put.Seconds), held?.Since ?? now, 9);
                Assert.True(held.Until + AddressPolicy.KernelDelay <= deadline);
            }
            now += TimeSpan.FromMilliseconds(100);
            Assert.True(held is null || held.Until > now, $"gone after {now - Now}");
        }
        Assert.NotNull(held);
    }

    [Theory]
    [InlineData(2.7, 2)]
    [InlineData(2.31, 2)]
    [InlineData(2.29, 1)]
    [InlineData(1.29, 0)]
    [InlineData(-1, 0)]
    public void A_lifetime_is_whole_seconds_and_what_the_kernel_is_late_less_than_the_lease(double left, int seconds) =>
        Assert.Equal(seconds, AddressPolicy.Lifetime(Now, In(left)));

    [Fact]
    public void With_less_than_the_kernel_can_count_the_next_renewal_is_awaited() =>
        Assert.Equal(AddressRule.AwaitRenewal, Rule(View(Serves, 1.2, probe: Asked(0))));

    [Fact]
    public void Every_rule_is_a_sentence() =>
        Assert.All(Enum.GetValues<AddressRule>(), rule => Assert.True(AddressWords.Of(rule).Length > 10));
}
