using PgMahout.Core.Proxy.Routing;
using PgMahout.Core.Vocabulary;
using Xunit;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Proxy;

public sealed class ReignKnowledgeTests
{
    private static readonly Epoch Third = new(3);
    private static readonly Revision Next = new(8);
    private static readonly ReignKnowledge Known = ReignKnowledge.Nothing.Read(HeldBy(A), Current, Second(1), Limits);

    [Fact]
    public void A_record_that_is_read_for_the_first_time_makes_nothing_certain()
    {
        Assert.Equal(A, Known.Holder);
        Assert.Null(Known.PrimaryAt(Second(1)));
        Assert.Null(Known.Told(Word(A, 3, left: 0, serving: true), Second(1)).PrimaryAt(Second(1)));
    }

    [Fact]
    public void Holder_is_believed_for_as_long_as_it_had_left_when_it_was_asked()
    {
        var told = Known.Told(Word(A, 3, left: 2, serving: true), Second(1.5));

        Assert.Equal(A, told.PrimaryAt(Second(3.4)));
        Assert.Null(told.PrimaryAt(Second(3.5)));
        Assert.Contains("not certain", told.WhyNoneAt(Second(3.5)), StringComparison.Ordinal);
    }

    [Fact]
    public void Renewal_counts_from_the_last_read_that_did_not_show_it()
    {
        var serving = Known.Told(Word(A, 3, left: 0.1, serving: true), Second(1));

        var renewed = serving
            .Read(HeldBy(A), Current, Second(2), Limits)
            .Read(HeldBy(A), Next, Second(2.9), Limits);

        Assert.Equal(Second(5), renewed.Until);
    }

    [Fact]
    public void Reads_of_the_same_revision_do_not_make_it_last_longer()
    {
        var serving = Known.Told(Word(A, 3, left: 2, serving: true), Second(1));

        Assert.Equal(Second(3), serving.Read(HeldBy(A), Current, Second(2), Limits).Until);
    }

    [Fact]
    public void Server_that_is_stopping_is_no_primary_at_once_and_silence_changes_nothing()
    {
        var serving = Known.Told(Word(A, 3, left: 2, serving: true), Second(1));

        Assert.Null(serving.Told(Word(A, 3, left: 2, serving: false), Second(1.1)).PrimaryAt(Second(1.2)));
        Assert.Equal(A, serving.Told(Word(A, 3, left: 2, serving: null), Second(1.1)).PrimaryAt(Second(1.2)));
        Assert.Equal(A, serving.Told(Word(A, null, left: 0, serving: null), Second(1.1)).PrimaryAt(Second(1.2)));
    }

    [Fact]
    public void Lease_that_was_given_up_is_not_believed_in_whatever_its_holder_says()
    {
        var serving = Known.Told(Word(A, 3, left: 2, serving: true), Second(1));

        var released = serving
            .Read(HeldBy(A).ReleasedTo(B, null), Next, Second(1.2), Limits)
            .Told(Word(A, 3, left: 2, serving: true), Second(1.3));

        Assert.Null(released.PrimaryAt(Second(1.4)));
        Assert.Contains("handed the lease over", released.WhyNoneAt(Second(1.4)), StringComparison.Ordinal);
    }

    [Fact]
    public void Next_leader_is_primary_when_it_says_so_itself_even_before_the_record_was_read()
    {
        var next = Known.Told(Word(B, 4, left: 2, serving: true), Second(2));

        Assert.Equal(B, next.PrimaryAt(Second(2.1)));
        Assert.Equal(B, next.Read(HeldBy(A), Next, Second(1.9), Limits).PrimaryAt(Second(2.1)));
        Assert.Equal(B, next.Told(Word(A, 3, left: 2, serving: true), Second(2)).PrimaryAt(Second(2.1)));
    }

    [Fact]
    public void New_reign_begins_without_a_primary()
    {
        var serving = Known.Told(Word(A, 3, left: 2, serving: true), Second(1));

        var taken = serving.Read(HeldBy(B) with { Epoch = Third.Next }, Next, Second(4.5), Limits);

        Assert.Null(taken.PrimaryAt(Second(4.6)));
        Assert.Equal(B, taken.Told(Word(B, 4, left: 2, serving: true), Second(4.6)).PrimaryAt(Second(4.7)));
    }

    /// <summary>
    /// Whatever the order of renewals, reads and takeovers: nobody is believed to lead when another may already. The
    /// record is written at moments of the writer's; it is read late, seldom, or not at all for a while.
    /// </summary>
    [Fact]
    public void Nobody_is_believed_longer_than_the_first_moment_at_which_another_could_take_over()
    {
        for (var seed = 0UL; seed < 2000; seed++)
        {
            var random = new Prng(seed);
            var knowledge = ReignKnowledge.Nothing.Told(Word(A, 3, left: 0, serving: true), Second(0));
            var record = (Revision: new Revision(7), At: 0.0);
            var now = 0.0;
            for (var step = 0; step < 40; step++)
            {
                now += random.Between(0, 1.2);
                if (random.Chance(0.5))
                    record = (new Revision(record.Revision.Value + 1), now);
                var (begun, shown) = (now, record);
                // Written while the read is under way, which may show it or not.
                if (random.Chance(0.5))
                    record = (new Revision(record.Revision.Value + 1), now += random.Between(0, 0.3));
                if (random.Chance(0.5))
                    shown = record;
                knowledge = knowledge.Read(HeldBy(A), shown.Revision, Second(begun), Limits);
                Assert.True(
                    knowledge.Until <= Second(shown.At) + Limits.Ttl,
                    $"seed {seed}, step {step}: believed until {knowledge.Until}, written at {Second(shown.At)}");
            }
        }
    }

    private static Instant Second(double second) => Instant.Zero + TimeSpan.FromSeconds(100 + second);

    private static HolderWord Word(MemberName member, long? epoch, double left, bool? serving) =>
        new(member, epoch is { } held ? new Epoch(held) : null, TimeSpan.FromSeconds(left), serving);
}
