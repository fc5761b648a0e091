using System.Collections.Immutable;
using PgMahout.HostTests.Chaos.Checking;
using Xunit;

namespace PgMahout.Tests.Chaos;

/// <summary>The judge of runs on whole hosts finds what is planted, and nothing where nothing is wrong.</summary>
public sealed class HistoryCheckerTests
{
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_history_that_keeps_its_promises_is_in_order()
    {
        ImmutableArray<Operation> history =
        [
            Insert(1, Answer.Confirmed), Insert(2, Answer.Unknown), Insert(3, Answer.Unknown),
            Insert(4, Answer.Refused),
            Append(1, (0, 1), [1]), Append(2, (0.5, 2), [1, 2]), Append(3, (3, 4), [1, 2, 9, 3]),
            Append(9, (2, 20), []) with { Answer = Answer.Unknown },
            Read((2.5, 3), [1, 2]), Read((4.5, 5), [1, 2, 9, 3]), ReadStandby((11, 12), [1]),
        ];

        Assert.Empty(HistoryChecker.Check(history, Final([1, 2], [1, 2, 9, 3]), Lag));
    }

    [Fact]
    public void A_lost_row_is_found() =>
        Finds(Breach.Lost, [Insert(1, Answer.Confirmed)], Final([], []));

    [Fact]
    public void A_row_that_was_refused_and_is_there_is_found() =>
        Finds(Breach.Happened, [Insert(1, Answer.Refused)], Final([1], []));

    [Fact]
    public void A_row_that_nobody_asked_for_is_found() =>
        Finds(Breach.Invented, [Insert(1, Answer.Confirmed)], Final([1, 2], []));

    [Fact]
    public void A_lost_append_is_found() =>
        Finds(Breach.Lost, [Append(1, (0, 1), [1]), Append(2, (2, 3), [1, 2])], Final([], [1]));

    [Fact]
    public void An_append_that_was_refused_and_is_there_is_found() => Finds(
        Breach.Happened, [Append(1, (0, 1), []) with { Answer = Answer.Refused, Seen = [] }], Final([], [1]));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    public void A_value_that_is_there_twice_or_from_nowhere_is_found(long first, long second) => Finds(
        Breach.Invented, [Append(1, (0, 1), [1])], Final([], [first, second]));

    [Fact]
    public void A_list_that_nobody_asked_for_is_found() => Finds(Breach.Invented, [], Final([], [1]));

    // Both were confirmed, at the same time, and neither saw the other: each primary had a list of its own.
    [Fact]
    public void Two_primaries_are_found_even_when_one_of_them_wins() => Finds(
        Breach.Fork, [Append(1, (0, 1), [1]), Append(2, (2, 5), [1, 2]), Append(3, (2, 5), [1, 3])],
        Final([], [1, 2, 3]));

    [Fact]
    public void A_confirmed_append_that_does_not_see_one_confirmed_before_is_found() => Finds(
        Breach.Fork, [Append(1, (0, 1), [1]), Append(2, (2, 3), [2])], Final([], [2, 1]));

    [Fact]
    public void A_read_of_another_primarys_confirmed_append_is_found() => Finds(
        Breach.Fork, [Append(1, (0, 1), [1]), Append(2, (0, 9), [1, 2]), Read((2, 3), [2])], Final([], [1, 2]));

    [Fact]
    public void A_read_that_is_too_old_is_found() =>
        Finds(Breach.Stale, [Append(1, (0, 1), [1]), Read((2, 3), [])], Final([], [1]));

    [Theory]
    [InlineData(10.5, false)]
    [InlineData(11.5, true)]
    public void A_standbys_read_may_be_so_old_and_not_older(double sent, bool isStale)
    {
        var found = HistoryChecker.Check(
            [Append(1, (0, 1), [1]), ReadStandby((sent, 30), [])], Final([], [1]), Lag);

        Assert.Equal(isStale ? [Breach.Stale] : [], found.Select(one => one.Breach));
    }

    [Fact]
    public void A_read_of_what_was_never_confirmed_and_is_gone_is_found() => Finds(
        Breach.Dirty,
        [Append(1, (0, 1), [1]), Append(2, (1, 9), []) with { Answer = Answer.Unknown }, Read((2, 3), [1, 2])],
        Final([], [1]));

    [Fact]
    public void A_history_is_the_same_when_it_was_written_and_read()
    {
        ImmutableArray<Operation> history =
            [Append(2, (0.5, 2), [1, 2]), Insert(4, Answer.Refused) with { Said = "FATAL 57P01", Via = "db1" }];

        var read = JsonLines.Read<Operation>(history.Select(JsonLines.Line));

        Assert.Equal(history.Select(JsonLines.Line), read.Select(JsonLines.Line));
        Assert.Equal(history[1] with { Seen = [] }, read[1] with { Seen = [] });
    }

    private static void Finds(Breach breach, ImmutableArray<Operation> history, FinalState final) =>
        Assert.Contains(HistoryChecker.Check(history, final, Lag), one => one.Breach == breach);

    private static Operation Insert(long id, Answer answer) => new(Work.Insert, 0, id, At(0), At(1), answer, []);

    private static Operation Append(long value, (double Sent, double Answered) at, ImmutableArray<long> seen) =>
        new(Work.Append, 7, value, At(at.Sent), At(at.Answered), Answer.Confirmed, seen);

    private static Operation Read((double Sent, double Answered) at, ImmutableArray<long> seen) =>
        new(Work.Read, 7, 0, At(at.Sent), At(at.Answered), Answer.Confirmed, seen);

    private static Operation ReadStandby((double Sent, double Answered) at, ImmutableArray<long> seen) =>
        Read(at, seen) with { Work = Work.ReadStandby };

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static FinalState Final(ImmutableArray<long> rows, ImmutableArray<long> list) => new(
        [.. rows],
        list.IsEmpty
            ? ImmutableDictionary<long, ImmutableArray<long>>.Empty
            : ImmutableDictionary<long, ImmutableArray<long>>.Empty.Add(7, list));
}
