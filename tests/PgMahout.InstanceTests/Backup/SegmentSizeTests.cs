using PgMahout.Backup.Copying;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Recovering;
using PgMahout.Backup.Restoring;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.InstanceTests.Replication;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>Clusters whose segments of WAL are not of 16 MB, from archiving to the last record of a recovery.</summary>
public sealed class SegmentSizeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(64)]
    public async Task Any_point_restores_whatever_size_segments_have(int megabytes)
    {
        await using var lab = await BackupLab.StartAsync(15, initialize: [$"--wal-segsize={megabytes}"]);
        await lab.Server.ExecuteAsync("CREATE TABLE t (id bigint, text text)");
        await using var run = await ArchiveRun.StartAsync(
            new ReplicationTarget(lab.SocketsOfServer, 5432, InstanceSettings.Superuser, null));
        await run.ReachesAsync(await FlushedAsync(lab));
        var backup = TestMember.Done(await new BackupRun(
            lab.Request() with
            {
                Repository = run.Archive.Repository,
                WaitForWal = async (position, _) =>
                {
                    await run.ReachesAsync(position.Lsn);
                    return Outcome.Success;
                },
            },
            TimeProvider.System).RunAsync(default));
        await lab.Server.ExecuteAsync("INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 9000) i");
        var point = await FlushedAsync(lab);
        await lab.Server.ExecuteAsync("INSERT INTO t VALUES (0, 'the last one')");
        var end = await FlushedAsync(lab);
        await run.ReachesAsync(end);

        var map = TestMember.Done(await run.Archive.MapAsync(default));
        Assert.Equal((uint)megabytes << 20, map.SegmentSize);
        Assert.Equal(9000, await RestoredAsync(lab, run, (backup.Head, map), point));
        // There is no record at the very end: replay must still get there.
        Assert.Equal(9001, await RestoredAsync(lab, run, (backup.Head, map), end));

        // What is undone by going back there is one commit, in WAL that has no index.
        var undone = TestMember.Done(
            await new UndoneSearch(run.Archive).FindAsync(PlanOf(backup.Head, map, point), map, default));
        Assert.Equal(1, undone.Count);
        foreach (var segment in run.Sunk.Take(2))
            Assert.NotNull(TestMember.Done(
                await new IndexArchive(run.Archive.Repository, run.Archive.SystemIdentifier)
                    .ReadOrMakeAsync(segment, default)));
        Assert.NotEmpty(run.Sunk);
    }

    private static async Task<long> RestoredAsync(
        BackupLab lab, ArchiveRun run, (BackupHead Backup, ArchiveMap Map) from, Lsn point)
    {
        var plan = PlanOf(from.Backup, from.Map, point);
        var name = $"at-{point.Value:X}";
        var request = lab.RestoreRequest(from.Backup.Id, name) with { Repository = run.Archive.Repository };
        TestMember.Done(await new RestoreRun(request, TimeProvider.System).RunAsync(default));
        var spool = new WalSpool(run.Archive, lab.Path($"{name}-wal"), lab.Account);
        TestMember.Done(await spool.FillAsync(plan, from.Map, 2, default));
        var recovery = new RestoreRecovery(
            (lab.Binaries, lab.Account), (request.Directory, lab.Path($"{name}-run")), spool.RestoreCommand,
            RestoreRecovery.WhileItReplays, _ => { });
        await using var server = TestMember.Done(await recovery.RunAsync(plan, default));
        await using var connection = server.Connect("postgres");
        await connection.OpenAsync();
        await using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM t";
        return (long)(await count.ExecuteScalarAsync())!;
    }

    private static RestorePlan PlanOf(BackupHead backup, ArchiveMap map, Lsn point) =>
        Assert.IsType<RestoreAnswer.Possible>(RestorePlanning.For(
            [backup], map, map.Newest!, new ResolvedTarget(point, false, null))).Plan;

    private static async Task<Lsn> FlushedAsync(BackupLab lab) =>
        Lsn.Parse((await lab.Server.QueryAsync<string>("SELECT pg_current_wal_flush_lsn()::text"))!);
}
