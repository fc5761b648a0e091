using PgMahout.Backup.Archiving;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Replication;
using PgMahout.Postgres.Wal;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>The archive has no gap across promotions, whether the archiver was there or not.</summary>
public sealed class PromotionArchiveTests
{
    private static readonly TimeSpan Limit = TestMember.Limit;

    [Theory]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Timelines_that_follow_each_other_are_archived_to_their_last_byte(int major)
    {
        await using var server = await LoneServer.StartAsync(major);
        await server.ExecuteAsync("CREATE TABLE t (i int, x text)");
        await using var run = await ArchiveRun.StartAsync(server.Target);
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;
        for (var i = 0; i < 4; i++)
        {
            await server.ExecuteAsync("INSERT INTO t SELECT i, repeat('y', 500) FROM generate_series(1, 30000) i");
            // Every other time nobody is there to see it.
            if (i % 2 == 1)
                await run.KillAsync();
            await server.BeginTimelineAsync();
            await server.ExecuteAsync("INSERT INTO t VALUES (1, 'first of its timeline')");
            if (i % 2 == 1)
                run.Start(server.Target);
            await run.ReachesAsync(await server.FlushedAsync());
        }

        await HasHistoryAsync(run, Path.Combine(server.DataDirectory, "pg_wal"), begin, await server.FlushedAsync());
        Assert.Equal(5u, run.Status.Timeline!.Value.Value);
    }

    [Fact]
    public async Task Ten_promotions_of_a_standby_leave_no_gap()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        var (primary, standby) = (cluster.A, cluster.B);
        await primary.ExecuteAsync("CREATE TABLE t (i int, x text)");
        await using var run = await ArchiveRun.StartAsync(ReplicationTarget.Local(primary.Instance.Settings));
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;

        for (var i = 0; i < 10; i++)
        {
            await primary.ExecuteAsync(
                $"INSERT INTO t SELECT i, repeat('{i}', 500) FROM generate_series(1, 20000) i");
            using (var connection = TestMember.Done(ReplicationConnection.Open(
                ReplicationTarget.Local(standby.Instance.Settings), Limit, default)))
                TestMember.Done(connection.CreateSlot(ArchiveRun.Slot, Limit));
            // Planned and unplanned in turn; in the second case what the standby lacks is lost, as a failover has it.
            if (i % 2 == 0)
                await primary.ExecuteAsync("SELECT pg_switch_wal()");
            TestMember.Done(await primary.Instance.FenceAsync(Limit));
            TestMember.Done(await standby.Instance.PromoteAsync(new TimelineId((uint)i + 2), Limit, default));
            run.Follow(ReplicationTarget.Local(standby.Instance.Settings));
            await standby.ExecuteAsync("INSERT INTO t VALUES (1, 'first of its timeline')");
            var reached = Lsn.Parse((await standby.QueryAsync<string>("SELECT pg_current_wal_flush_lsn()::text"))!);
            await run.UntilAsync(status => status.Confirmed >= reached && status.Timeline!.Value.Value == i + 2);
            TestMember.Done(await primary.Instance.RewindAsync(standby.Name, Limit, default));
            await primary.StartStandbyAsync(standby.Name);
            await primary.StreamsAsync();
            (primary, standby) = (standby, primary);
        }

        var end = Lsn.Parse((await primary.QueryAsync<string>("SELECT pg_current_wal_flush_lsn()::text"))!);
        await run.ReachesAsync(end);
        await HasHistoryAsync(run, Path.Combine(primary.Instance.Settings.DataDirectory, "pg_wal"), begin, end);
        Assert.Null(run.Status.Gap);
    }

    /// <summary>
    /// Along the history of the last timeline everything is there, up to each switch to the byte, and equals the files
    /// that the last primary still has.
    /// </summary>
    private static async Task HasHistoryAsync(ArchiveRun run, string directory, Lsn begin, Lsn end)
    {
        var map = TestMember.Done(await run.Archive.MapAsync(default));
        var line = map.Newest!;
        Assert.True(map.ReachedFrom(begin, line) >= end, $"{map.ReachedFrom(begin, line)} of {end}");
        foreach (var ancestor in line.Ancestors)
        {
            var whole = map.Stretches.Where(stretch => stretch.Timeline == ancestor.Timeline).Max(one => one.To);
            Assert.True(whole >= ancestor.EndedAt, $"{ancestor}: only to {whole}");
        }
        var buffer = new byte[WalSegment.DefaultSize];
        var compared = 0;
        foreach (var file in Directory.GetFiles(directory))
        {
            if (!WalSegment.TryParse(Path.GetFileName(file), WalSegment.DefaultSize, out var segment)
                || segment.End <= begin || segment.Start >= (line.LeftAt(segment.Timeline) ?? end))
                continue;
            var prefix = TestMember.Done(await run.Archive.ReadAsync(segment, buffer, default));
            var left = Lsn.Min(segment.End, line.LeftAt(segment.Timeline) ?? end);
            var counted = (int)(left.Value - segment.Start.Value);
            Assert.True(prefix.Length >= counted, $"{segment}: {prefix} of {counted}");
            var bytes = await File.ReadAllBytesAsync(file);
            Assert.True(buffer.AsSpan(0, counted).SequenceEqual(bytes.AsSpan(0, counted)), $"{segment} differs");
            compared++;
        }
        Assert.True(compared >= 4, $"only {compared} compared");
        foreach (var timeline in line.Ancestors.Skip(1).Select(one => one.Timeline).Append(line.Current))
        {
            var history = TestMember.Done(await run.Archive.ReadHistoryAsync(timeline, default));
            Assert.Equal(line.Ancestors.Count(one => one.Timeline < timeline),
                HistoryFile.Parse(System.Text.Encoding.UTF8.GetString(history), timeline)!.Ancestors.Length);
        }
    }
}
