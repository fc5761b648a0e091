using PgMahout.Core.Protocol;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>The replication client against real servers of every version.</summary>
public sealed class WalStreamTests
{
    private static readonly TimeSpan Limit = LoneServer.Limit;

    public static TheoryData<int> Versions => LoneServer.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task What_is_streamed_while_the_server_writes_is_what_it_has_in_its_files(int major)
    {
        await using var server = await LoneServer.StartAsync(major);
        using var connection = server.Connect();
        var system = TestMember.Done(connection.IdentifySystem(Limit));
        var from = WalSegment.At(new WalPosition(system.Timeline, system.FlushedTo), WalSegment.DefaultSize).Start;
        var stream = Streaming(connection, null, new WalPosition(system.Timeline, from));

        var writing = Task.Run(async () =>
        {
            await server.ExecuteAsync("CREATE TABLE t AS SELECT i, repeat('x', 500) FROM generate_series(1, 40000) i");
            await server.ExecuteAsync("SELECT pg_switch_wal()");
            await server.ExecuteAsync("INSERT INTO t SELECT i, repeat('y', 500) FROM generate_series(1, 40000) i");
            return await server.FlushedAsync();
        });
        var received = new ReceivedWal();
        Assert.Equal(StreamStep.Message, received.Receive(stream, system.Timeline, new Lsn(from.Value + (32 << 20))));
        Assert.Equal(StreamStep.Message, received.Receive(stream, system.Timeline, await writing));

        Assert.True(received.Segments.Count() >= 3);
        received.SameAs(Path.Combine(server.DataDirectory, "pg_wal"));
        Assert.Equal(major, connection.Major);
        Assert.False(connection.IsStandby);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Several_switches_of_the_timeline_are_crossed_on_one_connection(int major)
    {
        await using var server = await LoneServer.StartAsync(major);
        Lsn begin;
        using (var before = server.Connect())
            begin = TestMember.Done(before.IdentifySystem(Limit)).FlushedTo;
        for (var i = 0; i < 3; i++)
        {
            await server.ExecuteAsync($"CREATE TABLE t{i} AS SELECT generate_series(1, 20000) i");
            await server.BeginTimelineAsync();
        }
        await server.ExecuteAsync("CREATE TABLE last AS SELECT generate_series(1, 20000) i");
        using var connection = server.Connect();
        var system = TestMember.Done(connection.IdentifySystem(Limit));
        var at = new WalPosition(TimelineId.First, begin);
        var switches = 0;

        var received = new ReceivedWal();
        while (at.Timeline != system.Timeline)
        {
            var start = WalSegment.At(at, WalSegment.DefaultSize).Start;
            var stream = Streaming(connection, null, at with { Lsn = start });
            Assert.Equal(StreamStep.Ended, received.Receive(stream, at.Timeline, new Lsn(ulong.MaxValue)));
            var next = TestMember.Done(stream.Finish(Limit));
            // Asked for nothing more than the point of the switch, the server answers at once.
            var again = TestMember.Done(connection.StartStreaming(null, at with { Lsn = next.Lsn }, Limit, Limit));
            Assert.Equal(next, Assert.IsType<StreamStart.Switched>(again).Next);
            var history = TestMember.Done(connection.TimelineHistory(next.Timeline, Limit));
            Assert.Equal(File.ReadAllBytes(server.WalFile(history.Name)), history.Content.ToArray());
            at = next;
            switches++;
        }
        var last = Streaming(connection, null, at with { Lsn = WalSegment.At(at, WalSegment.DefaultSize).Start });
        Assert.Equal(StreamStep.Message, received.Receive(last, at.Timeline, await server.FlushedAsync()));

        Assert.Equal(3, switches);
        Assert.Equal(4u, at.Timeline.Value);
        Assert.Contains(received.Segments, segment => segment.Timeline.Value == 4);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_slot_is_made_once_read_used_by_one_and_dropped(int major)
    {
        await using var server = await LoneServer.StartAsync(major);
        using var connection = server.Connect();
        using var other = server.Connect();

        Assert.True(TestMember.Done(connection.CreateSlot("archive_one", Limit)));
        Assert.False(TestMember.Done(connection.CreateSlot("archive_one", Limit)));
        if (major >= 15)
        {
            Assert.NotNull(TestMember.Done(connection.ReadSlot("archive_one", Limit))?.RestartLsn);
            Assert.Null(TestMember.Done(connection.ReadSlot("archive_two", Limit)));
        }
        var system = TestMember.Done(connection.IdentifySystem(Limit));
        var at = new WalPosition(system.Timeline, system.FlushedTo);
        var stream = Streaming(connection, "archive_one", at);
        var second = other.StartStreaming("archive_one", at, Limit, Limit);
        Assert.Equal(ReplicationProblems.SlotInUseCode, second.Failure?.Code);
        Assert.Equal(SqlState.ObjectInUse, other.Refusal?.SqlState);
        Assert.NotNull(other.DropSlot("archive_one", Limit).Failure);

        await server.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 1000) i");
        var flushed = await server.FlushedAsync();
        new ReceivedWal().Receive(stream, at.Timeline, flushed);
        while (await server.QueryAsync<string>("SELECT restart_lsn::text FROM pg_replication_slots") is { } restart
            && Lsn.Parse(restart) < flushed)
            await Task.Delay(5);
        stream.Abort();
        while (await server.QueryAsync<bool>("SELECT active FROM pg_replication_slots"))
            await Task.Delay(5);
        TestMember.Done(other.DropSlot("archive_one", Limit));
        TestMember.Done(other.DropSlot("archive_one", Limit));
    }

    [Fact]
    public async Task A_receiver_that_confirms_does_not_hold_up_the_shutdown_of_the_server()
    {
        await using var server = await LoneServer.StartAsync(15);
        using var connection = server.Connect();
        var system = TestMember.Done(connection.IdentifySystem(Limit));
        TestMember.Done(connection.CreateSlot("archive", Limit));
        var stream = Streaming(connection, "archive", new WalPosition(system.Timeline, system.FlushedTo));
        await server.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 1000) i");

        var receiving = Task.Run(() =>
            new ReceivedWal().Receive(stream, system.Timeline, new Lsn(ulong.MaxValue)));
        await server.StopCleanlyAsync().WaitAsync(Limit);

        Assert.Equal(StreamStep.Failed, await receiving.WaitAsync(Limit));
        Assert.Equal("replication-lost", stream.Failure?.Code);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up()
    {
        await using var server = await LoneServer.StartAsync(15, ("wal_sender_timeout", "0"));
        using var connection = server.Connect();
        var system = TestMember.Done(connection.IdentifySystem(Limit));
        var at = new WalPosition(system.Timeline, system.FlushedTo);
        var start = TestMember.Done(connection.StartStreaming(null, at, Limit, TimeSpan.FromMilliseconds(200)));
        var stream = Assert.IsType<StreamStart.Streaming>(start).Stream;

        var step = StreamStep.Message;
        var receiving = Task.Run(() =>
        {
            while (step == StreamStep.Message)
                step = stream.Next(out _);
        });
        await receiving.WaitAsync(Limit);

        Assert.Equal("replication-lost", stream.Failure?.Code);
    }

    [Fact]
    public async Task WAL_that_is_gone_and_nobody_there_are_told_apart()
    {
        await using var server = await LoneServer.StartAsync(15);
        using var connection = server.Connect();
        var system = TestMember.Done(connection.IdentifySystem(Limit));
        var stream = Streaming(connection, null, new WalPosition(system.Timeline, Lsn.Zero with { Value = 1 << 20 }));

        Assert.Equal(StreamStep.Failed, stream.Next(out _));
        Assert.Equal(SqlState.UndefinedFile, connection.Refusal?.SqlState);
        var nobody = ReplicationConnection.Open(server.Target with { Port = 1 }, Limit, default);
        Assert.Equal("replication-lost", nobody.Failure?.Code);
    }

    private static WalStream Streaming(ReplicationConnection connection, string? slot, WalPosition from) =>
        Assert.IsType<StreamStart.Streaming>(
            TestMember.Done(connection.StartStreaming(slot, from, Limit, Limit))).Stream;
}
