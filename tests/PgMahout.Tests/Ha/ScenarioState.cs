using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using static PgMahout.Tests.Cluster.Example;

namespace PgMahout.Tests.Ha;

/// <summary>Reads what a scenario says of a PostgreSQL instance.</summary>
internal static class ScenarioState
{
    public static PostgresState Read(Words words, Instant now, MemberName owner) => words.Next() switch
    {
        "empty" => new PostgresState.Uninitialized(),
        "foreign" => new PostgresState.Foreign("another version"),
        "stopped" => Stopped(words, clean: true),
        "crashed" => Stopped(words, clean: false),
        "starting" => new PostgresState.Starting(Since(words)),
        "standby" => Standby(words, now, owner),
        "primary" => Primary(words, now, owner),
        "unresponsive" => new PostgresState.Unresponsive(Since(words), words.Skip("primary")),
        var unknown => throw new FormatException($"PostgreSQL is never '{unknown}'"),
    };

    private static Instant Since(Words words)
    {
        words.Expect("since");
        return words.Moment();
    }

    /// <summary>For example <c>crashed standby end 1:0/500 orphans 2</c>.</summary>
    private static PostgresState.Stopped Stopped(Words words, bool clean)
    {
        var wasStandby = words.Skip("standby");
        WalPosition? end = words.Skip("end") ? words.Position() : null;
        return new PostgresState.Stopped(
            Identity, new TimelineId(1), clean, wasStandby, end, words.Skip("orphans") ? words.Number() : 0);
    }

    /// <summary>For example <c>standby 1:0/500 of a</c>, or <c>of a lost 12.5</c>: last streamed then.</summary>
    private static PostgresState.Standby Standby(Words words, Instant now, MemberName owner)
    {
        var received = words.Position();
        MemberName? upstream = words.Skip("of") ? words.Name() : null;
        var lost = words.Skip("lost");
        return new PostgresState.Standby(
            Identity, received, received.Lsn, upstream, upstream is not null && !lost, lost ? words.Moment() : now,
            AnyOneOf([.. Others(owner)]), []);
    }

    /// <summary>For example <c>primary 2:0/900 after 1:0/500 waiting any 1 of b c settled followed b c</c>.</summary>
    private static PostgresState.Primary Primary(Words words, Instant now, MemberName owner)
    {
        var written = words.Position();
        var history = words.History(written.Timeline);
        var waiting = words.Skip("waiting") ? words.Set() : SynchronousSet.Nobody;
        Lsn? settled = words.Skip("settled") ? written.Lsn : null;
        words.Skip("followed");
        var links = words.Names().Select(name => new StandbyLink(name, written.Lsn, written.Lsn, true, now));
        return new PostgresState.Primary(Identity, written, history, [.. links], waiting, settled, [.. Slots(owner)]);
    }

    private static IEnumerable<Slot> Slots(MemberName owner) =>
        Others(owner).Select(name => new Slot(name.SlotName, Lsn.Zero, false));

    private static IEnumerable<MemberName> Others(MemberName owner) => new[] { A, B, C }.Where(name => name != owner);
}
