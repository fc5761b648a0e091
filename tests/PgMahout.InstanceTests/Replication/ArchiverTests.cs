using System.Diagnostics;
using PgMahout.Backup.Archiving;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Tests.Backup;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>The archiver on one real server: what it stores is what the server wrote, whatever happens to it.</summary>
public sealed class ArchiverTests
{
    internal const string Insert = "INSERT INTO t SELECT i, repeat('y', 500) FROM generate_series(1, 60000) i";

    public static TheoryData<int> Versions => LoneServer.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Segments_and_the_part_behind_them_are_what_the_server_wrote(int major)
    {
        await using var server = await WritingServerAsync(major);
        await using var run = await ArchiveRun.StartAsync(server.Target);
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;
        await server.ExecuteAsync(Insert);
        await server.ExecuteAsync(Insert);
        var end = await server.FlushedAsync();

        var status = await run.ReachesAsync(end);

        Assert.True(await SameAsync(run, server, begin, end) >= 4);
        Assert.Null(status.Problem);
        await SlotReachesAsync(server, end);
        lock (run.Sunk)
        {
            Assert.Equal(run.Sunk.OrderBy(segment => segment.Number), run.Sunk);
            Assert.Equal(run.Sunk.Distinct().Count(), run.Sunk.Count);
        }
        // Of whole segments no parts are left.
        var last = WalSegment.At(new WalPosition(TimelineId.First, end), WalSegment.DefaultSize).Name;
        Assert.All(
            run.Store.Names.Where(name => name.Contains(".part/", StringComparison.Ordinal)),
            part => Assert.Contains(last, part, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_single_small_change_is_confirmed_at_once()
    {
        await using var server = await WritingServerAsync(15);
        await using var run = await ArchiveRun.StartAsync(server.Target);
        await run.ReachesAsync(await server.FlushedAsync());

        for (var i = 0; i < 5; i++)
        {
            await server.ExecuteAsync("INSERT INTO t VALUES (1, 'x')");
            var flushed = await server.FlushedAsync();
            var watch = Stopwatch.StartNew();
            await run.ReachesAsync(flushed);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}");
        }
    }

    [Fact]
    public async Task A_shutdown_of_the_server_waits_for_no_timer_of_the_archiver()
    {
        await using var server = await WritingServerAsync(15);
        await using var run = await ArchiveRun.StartAsync(
            server.Target, settings => settings with { FlushAfter = TimeSpan.FromMinutes(10) });
        await run.UntilAsync(status => status.State == ArchiveState.Streaming);
        await server.ExecuteAsync("INSERT INTO t VALUES (1, 'x')");
        var before = await server.FlushedAsync();

        await server.StopCleanlyAsync().WaitAsync(LoneServer.Limit);

        // The server may be gone before the archiver has noted what it has just told it.
        await run.UntilAsync(status => status.Confirmed > before);
        await server.StartAsync();
        await run.ReachesAsync(await server.FlushedAsync());
    }

    [Fact]
    public async Task A_killed_archiver_is_followed_by_one_that_goes_on()
    {
        await using var server = await WritingServerAsync(15);
        await using var run = await ArchiveRun.StartAsync(server.Target);
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;
        var writing = WriteAsync(server, 12);

        for (var i = 0; i < 10; i++)
        {
            var at = run.Status.Confirmed;
            await run.UntilAsync(status => status.Confirmed > at || writing.IsCompleted);
            await run.KillAsync();
            run.Start(server.Target);
        }
        await writing;
        var end = await server.FlushedAsync();
        await run.ReachesAsync(end);

        Assert.True(await SameAsync(run, server, begin, end) >= 10);
    }

    [Fact]
    public async Task A_lost_connection_is_made_anew()
    {
        await using var server = await WritingServerAsync(15);
        await using var run = await ArchiveRun.StartAsync(server.Target);
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;
        var writing = WriteAsync(server, 8);

        for (var i = 0; !writing.IsCompleted; i++)
        {
            await server.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_replication");
            var at = run.Status.Confirmed;
            await run.UntilAsync(status => status.Confirmed > at || writing.IsCompleted);
        }
        await writing;
        var end = await server.FlushedAsync();
        await run.ReachesAsync(end);

        await SameAsync(run, server, begin, end);
    }

    [Theory]
    [InlineData(StoreMood.Fails)]
    [InlineData(StoreMood.DoesButFails)]
    [InlineData(StoreMood.Hangs)]
    public async Task A_repository_that_takes_nothing_costs_no_WAL_and_lets_the_primary_go(StoreMood mood)
    {
        await using var server = await WritingServerAsync(15);
        await using var run = await ArchiveRun.StartAsync(
            server.Target, settings => settings with { Patience = TimeSpan.FromMilliseconds(300) });
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;
        run.Store.Be(mood);
        await server.ExecuteAsync(Insert);

        var failing = await run.UntilAsync(status => status.State == ArchiveState.RepositoryFailing);
        Assert.NotNull(failing.Problem);
        while (await server.QueryAsync<bool>("SELECT active FROM pg_replication_slots"))
            await Task.Delay(5);
        // Nothing holds the server up, and what was not confirmed is kept for the archiver.
        Assert.True(Lsn.Parse((await server.QueryAsync<string>("SELECT restart_lsn::text FROM pg_replication_slots"))!)
            < await server.FlushedAsync());
        await server.StopCleanlyAsync().WaitAsync(LoneServer.Limit);
        await server.StartAsync();
        await server.ExecuteAsync(Insert);

        run.Store.Be(StoreMood.Works);
        var end = await server.FlushedAsync();
        var status = await run.ReachesAsync(end);
        await SameAsync(run, server, begin, end);
        await run.UntilAsync(now => now is { Problem: null, State: ArchiveState.Streaming });
    }

    [Fact]
    public async Task A_repository_that_fails_now_and_then_loses_nothing()
    {
        await using var server = await WritingServerAsync(15);
        await using var run = await ArchiveRun.StartAsync(server.Target);
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;
        var puts = 0;
        run.Store.Be(_ => (Interlocked.Increment(ref puts) % 5) switch
        {
            1 => StoreMood.Fails,
            3 => StoreMood.DoesButFails,
            _ => StoreMood.Works,
        });

        await WriteAsync(server, 8);
        var end = await server.FlushedAsync();
        await run.ReachesAsync(end);

        await SameAsync(run, server, begin, end);
    }

    [Fact]
    public async Task WAL_that_is_gone_from_the_server_is_written_down_as_a_gap()
    {
        await using var server = await WritingServerAsync(15, ("wal_keep_size", "0"), ("max_wal_size", "64MB"));
        await using var run = await ArchiveRun.StartAsync(server.Target);
        await run.ReachesAsync(await server.FlushedAsync());
        await run.KillAsync();
        var lost = run.Status.Confirmed;
        await server.ExecuteAsync($"SELECT pg_drop_replication_slot('{ArchiveRun.Slot}')");
        await WriteAsync(server, 6);
        await server.ExecuteAsync("CHECKPOINT");
        await server.ExecuteAsync("SELECT pg_switch_wal()");
        await server.ExecuteAsync("CHECKPOINT");

        run.Start(server.Target);
        await run.UntilAsync(status => status.Gap is not null);
        await server.ExecuteAsync(Insert);
        var end = await server.FlushedAsync();
        var status = await run.ReachesAsync(end);

        Assert.Equal(lost, status.Gap!.Gap.From.Lsn);
        await SameAsync(run, server, status.Gap.Gap.To.Lsn, end);
        var map = TestMember.Done(await run.Archive.MapAsync(default));
        Assert.Equal([lost, end], map.Stretches.Select(stretch => Lsn.Min(stretch.To, end)));
        // The next one knows.
        await run.KillAsync();
        run.Start(server.Target);
        await server.ExecuteAsync(Insert);
        Assert.Null((await run.ReachesAsync(await server.FlushedAsync())).Gap);
    }

    [Theory]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(18)]
    public async Task A_slot_that_the_server_gave_up_is_made_anew(int major)
    {
        await using var server = await WritingServerAsync(
            major, ("wal_keep_size", "0"), ("max_wal_size", "64MB"), ("max_slot_wal_keep_size", "16MB"));
        await using var run = await ArchiveRun.StartAsync(server.Target);
        await run.ReachesAsync(await server.FlushedAsync());
        await run.KillAsync();
        await WriteAsync(server, 6);
        await server.ExecuteAsync("CHECKPOINT");
        await server.ExecuteAsync("SELECT pg_switch_wal()");
        await server.ExecuteAsync("CHECKPOINT");
        Assert.Equal("lost", await server.QueryAsync<string>("SELECT wal_status FROM pg_replication_slots"));

        run.Start(server.Target);
        await run.UntilAsync(status => status.Gap is not null);
        await server.ExecuteAsync(Insert);
        await run.ReachesAsync(await server.FlushedAsync());

        Assert.NotEqual("lost", await server.QueryAsync<string>("SELECT wal_status FROM pg_replication_slots"));
    }

    [Fact]
    public async Task A_repository_that_is_only_slow_keeps_its_connection_and_little_memory()
    {
        await using var server = await WritingServerAsync(15, ("wal_sender_timeout", "1s"));
        await using var run = await ArchiveRun.StartAsync(
            server.Target, settings => settings with { Patience = TimeSpan.FromMinutes(1) });
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;
        var backend = await server.QueryAsync<int>("SELECT active_pid FROM pg_replication_slots");
        run.Store.Be(StoreMood.Hangs);
        await WriteAsync(server, 5);
        var end = await server.FlushedAsync();
        var watch = Stopwatch.StartNew();

        // Far longer than the server waits for a sign of life, and more WAL than there are buffers.
        while (watch.Elapsed < TimeSpan.FromSeconds(4))
        {
            Assert.Equal(backend, await server.QueryAsync<int>("SELECT active_pid FROM pg_replication_slots"));
            await Task.Delay(50);
        }
        Assert.True(run.Status.Received < new Lsn(begin.Value + (5ul << 24)), $"{run.Status}");
        Assert.True(run.Status.Lag > TimeSpan.FromSeconds(2), $"{run.Status}");
        run.Store.Be(StoreMood.Works);
        await run.ReachesAsync(end);

        await SameAsync(run, server, begin, end);
    }

    [Fact]
    public async Task Another_cluster_is_refused_and_nothing_of_it_is_stored()
    {
        await using var server = await WritingServerAsync(15);
        await using var other = await WritingServerAsync(15);
        await using var run = await ArchiveRun.StartAsync(server.Target);
        await run.ReachesAsync(await server.FlushedAsync());
        var names = run.Store.Names.ToList();

        run.Follow(other.Target);

        var status = await run.UntilAsync(status => status.State == ArchiveState.Refused);
        Assert.Equal("archive-other-system", status.Problem!.Code);
        Assert.Equal(0, await other.QueryAsync<long>("SELECT count(*) FROM pg_replication_slots"));
        Assert.Equal(names, run.Store.Names);
        run.Follow(null);
        await run.UntilAsync(now => now.State == ArchiveState.NoPrimary);
        run.Follow(server.Target);
        await run.UntilAsync(now => now is { State: ArchiveState.Streaming, Problem: null });
    }

    internal static async Task<LoneServer> WritingServerAsync(int major, params (string, string)[] settings)
    {
        var server = await LoneServer.StartAsync(major, settings);
        await server.ExecuteAsync("CREATE TABLE t (i int, x text)");
        return server;
    }

    internal static async Task WriteAsync(LoneServer server, int times)
    {
        for (var i = 0; i < times; i++)
            await server.ExecuteAsync(Insert);
    }

    private static Task<int> SameAsync(ArchiveRun run, LoneServer server, Lsn from, Lsn to) =>
        run.SameAsFilesAsync(Path.Combine(server.DataDirectory, "pg_wal"), TimelineId.First, from, to);

    private static async Task SlotReachesAsync(LoneServer server, Lsn lsn)
    {
        while (await server.QueryAsync<string>("SELECT restart_lsn::text FROM pg_replication_slots") is { } restart
            && Lsn.Parse(restart) < lsn)
            await Task.Delay(5);
    }
}
