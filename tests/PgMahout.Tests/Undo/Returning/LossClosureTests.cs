using PgMahout.Core.Undo.Returning;
using Xunit;

namespace PgMahout.Tests.Undo.Returning;

public sealed class LossClosureTests
{
    private static readonly ObjectAddress Orders = new(SystemCatalog.Relation, 1);
    private static readonly ObjectAddress Customers = new(SystemCatalog.Relation, 2);
    private static readonly ObjectAddress View = new(SystemCatalog.Relation, 3);
    private static readonly ObjectAddress ViewRule = new(SystemCatalog.Rule, 4);
    private static readonly ObjectAddress Index = new(SystemCatalog.Relation, 5);
    private static readonly ObjectAddress Mood = new(SystemCatalog.Type, 6);
    private static readonly ObjectAddress Key = new(SystemCatalog.Constraint, 7);

    private static readonly Dependency[] Edges =
    [
        new(ViewRule, Orders, 'n'), new(ViewRule, Customers, 'n'), new(ViewRule, View, 'i'), new(View, ViewRule, 'n'),
        new(Index, Orders, 'a'), new(Orders, Mood, 'n'), new(Key, Orders, 'a'), new(Key, Customers, 'n'),
    ];

    [Fact]
    public void What_went_with_a_table_and_what_it_needs_comes_with_it()
    {
        var members = Closed(new LossClosure([Orders], copies: false), [Orders, View, ViewRule, Index, Mood, Key]);

        Assert.Equal(new HashSet<ObjectAddress> { Orders, View, ViewRule, Index, Mood, Key }, members.Members);
        Assert.Empty(members.Blocked);
    }

    [Fact]
    public void What_is_still_there_does_not_come()
    {
        var closure = Closed(new LossClosure([Orders], copies: false), [Orders, Index]);

        Assert.Equal(new HashSet<ObjectAddress> { Orders, Index }, closure.Members);
    }

    [Fact]
    public void What_needs_a_lost_table_that_nobody_asked_for_is_blocked()
    {
        var closure = Closed(
            new LossClosure([Orders], copies: false), [Orders, Customers, View, ViewRule, Index, Mood, Key]);

        Assert.Equal(new HashSet<ObjectAddress> { Orders, Index, Mood }, closure.Members);
        Assert.Equal(new HashSet<ObjectAddress> { View, ViewRule, Key }, closure.Blocked);
        Assert.Equal([Customers], closure.Missing);
    }

    [Fact]
    public void A_copy_takes_its_parts_only()
    {
        var closure = Closed(new LossClosure([Orders], copies: true), []);

        Assert.Equal(new HashSet<ObjectAddress> { Orders, Index, Key }, closure.Members);
    }

    [Fact]
    public void Names_of_a_copys_parts_are_new_and_short_enough()
    {
        var parts = new[] { "orders_pkey", "odd", "orders_" + new string('x', 60) }
            .Select(name => new LostThing(Index, "index", "s", name, name, true));

        var names = CopyNames.Choose(("orders", "orders_then"), parts, new HashSet<string> { "orders_then_pkey" })
            .Select(chosen => chosen.Name).ToList();

        Assert.Equal(["orders_then_pkey_1", "orders_then_odd"], names.Take(2));
        Assert.True(names[2].Length <= 63);
    }

    private static LossClosure Closed(LossClosure closure, HashSet<ObjectAddress> lost)
    {
        while (!closure.Frontier.IsEmpty)
        {
            var frontier = closure.Frontier;
            closure.Learn(
                Edges.Where(edge => frontier.Contains(edge.Object) || frontier.Contains(edge.On)), lost,
                lost.Intersect([Orders, Customers]).ToHashSet());
        }
        return closure;
    }
}
