using System.Diagnostics;
using PgMahout.Backup.Archiving;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Files;
using PgMahout.Postgres.Replication;
using Xunit;
using static PgMahout.InstanceTests.Replication.ArchiverTests;

namespace PgMahout.InstanceTests.Replication;

/// <summary>Several archivers, as on several hosts, and the one slot that only one of them has.</summary>
public sealed class ArchiverTurnTests
{
    [Fact]
    public async Task Of_two_archivers_one_waits_until_the_other_is_gone()
    {
        await using var server = await WritingServerAsync(15);
        await using var first = await ArchiveRun.StartAsync(server.Target);
        await first.UntilAsync(status => status.State == ArchiveState.Streaming);

        await using var second = await ArchiveRun.StartAsync(server.Target);
        var waiting = await second.UntilAsync(status => status.Problem is not null);
        Assert.Equal(ReplicationProblems.SlotInUseCode, waiting.Problem!.Code);
        await first.KillAsync();

        await second.UntilAsync(status => status is { State: ArchiveState.Streaming, Problem: null });
    }

    [Fact]
    public async Task One_that_waits_for_the_other_writes_nothing_more_into_the_servers_log()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        var settings = cluster.A.Instance.Settings;
        await using var first = await ArchiveRun.StartAsync(ReplicationTarget.Local(settings));
        await first.UntilAsync(status => status.State == ArchiveState.Streaming);
        await using var second = await ArchiveRun.StartAsync(ReplicationTarget.Local(settings));
        await second.UntilAsync(status => status.Problem?.Code == ReplicationProblems.SlotInUseCode);
        while (!Lines().Any(line => line.Contains("is active for PID", StringComparison.Ordinal)))
            await Task.Delay(5);
        var before = Lines();

        // What each renewal of a lease does.
        for (var i = 0; i < 30; i++)
        {
            second.Archiver!.Wake();
            await Task.Delay(100);
        }

        Assert.Equal(ReplicationProblems.SlotInUseCode, second.Status.Problem?.Code);
        Assert.Equal(before, Lines());
        Assert.DoesNotContain(before, line => line.Contains("already exists", StringComparison.Ordinal));
        await first.KillAsync();
        await second.UntilAsync(status => status is { State: ArchiveState.Streaming, Problem: null });

        string[] Lines() =>
            [.. Directory.EnumerateFiles(MemberPaths.Logs(settings)).SelectMany(File.ReadLines)
                .Where(line => line.Contains(ArchiveRun.Slot, StringComparison.Ordinal))];
    }

    [Fact]
    public async Task A_server_that_stands_still_is_not_waited_for_by_whoever_asks_about_its_slot()
    {
        await using var server = await WritingServerAsync(15);
        await using var run = await ArchiveRun.StartAsync(server.Target);
        await run.UntilAsync(status => status.State == ArchiveState.Streaming);
        await using var watch = new SlotWatch(ArchiveRun.Slot, () => ArchiveRun.Login(server.Target));
        Assert.True(await watch.IsTakenAsync(default));
        var processes = (await server.QueryAsync<int[]>("""
            SELECT array_agg(pid) || split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int
              FROM pg_stat_activity WHERE pid <> pg_backend_pid()
            """))!;

        foreach (var process in processes)
            Signals.Send(process, Signals.Stop);
        var begun = Stopwatch.StartNew();
        try
        {
            Assert.False(await watch.IsTakenAsync(default));
            Assert.True(begun.Elapsed < TimeSpan.FromSeconds(4), $"{begun.Elapsed}");
        }
        finally
        {
            foreach (var process in processes)
                Signals.Send(process, Signals.Continue);
        }
        while (!await watch.IsTakenAsync(default))
            Assert.True(begun.Elapsed < LoneServer.Limit, "the server goes on");
    }

    [Fact]
    public async Task One_that_waited_long_finds_no_gap_where_the_other_has_archived()
    {
        await using var server = await WritingServerAsync(15, ("wal_keep_size", "0"), ("max_wal_size", "64MB"));
        await using var first = await ArchiveRun.StartAsync(server.Target);
        await first.ReachesAsync(await server.FlushedAsync());
        await using var second = await ArchiveRun.StartAsync(server.Target, elsewhere: first.Store);
        await second.UntilAsync(status => status.Problem?.Code == ReplicationProblems.SlotInUseCode);
        var known = await server.FlushedAsync();
        await WriteAsync(server, 6);
        await first.ReachesAsync(await server.FlushedAsync());
        await server.ExecuteAsync("CHECKPOINT");
        await server.ExecuteAsync("SELECT pg_switch_wal()");
        await server.ExecuteAsync("CHECKPOINT");
        Assert.True(await server.QueryAsync<bool>(
            $"SELECT min(name) > pg_walfile_name('{known}') FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{{24}}$'"));

        await first.KillAsync();
        await server.ExecuteAsync(Insert);
        await second.ReachesAsync(await server.FlushedAsync());

        Assert.Null(second.Status.Gap);
        var survey = TestMember.Done(await second.Archive.SurveyAsync(WalSegment.DefaultSize, default));
        Assert.Empty(survey.Gaps);
    }
}
