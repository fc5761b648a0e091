using PgMahout.Backup.Catalog;
using PgMahout.Backup.Copying;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Restoring;
using PgMahout.Core.Backup;
using PgMahout.Postgres;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>Whatever breaks off at whatever step leaves all or nothing, and goes on when it is begun again.</summary>
public sealed class BrokenOffTests
{
    private const string Table = """
        CREATE TABLE t AS SELECT i AS id, md5(i::text) || md5((-i)::text) AS text FROM generate_series(1, 60000) i
        """;

    [Fact]
    public async Task A_backup_that_breaks_off_at_any_call_is_none_and_is_finished_by_a_later_run()
    {
        await using var lab = await BackupLab.StartAsync(15, Compression.Of(CompressionKind.Lz4, null));
        await lab.Server.ExecuteAsync(Table);
        var catalog = new BackupCatalog(lab.Repository, lab.SystemIdentifier);

        for (var calls = 0; ; calls++)
        {
            var (store, repository) = await DyingAsync(lab, calls);
            var request = lab.Request() with { Repository = repository };
            var outcome = await new BackupRun(request, TimeProvider.System).RunAsync(default);
            var heads = TestMember.Done(await catalog.HeadsAsync(default));
            if (!store.IsDead)
                break;

            // Also when the call that failed was the tidying up behind the finished backup.
            Assert.Equal(outcome.Failure is null, heads.Any(head => head.Head.Id == request.Id));
            if (outcome.Failure is null)
                continue;
            Assert.Equal(StoreProblems.VanishedCode, outcome.Failure.Code);
            var again = TestMember.Done(await new BackupRun(
                request with { Repository = lab.Repository }, TimeProvider.System).RunAsync(default));
            Assert.Equal(request.Id, again.Head.Id);
            Assert.Empty(TestMember.Done(await catalog.UnfinishedAsync(default)));
        }

        var last = TestMember.Done(await catalog.HeadsAsync(default))[^1];
        await lab.RestoreAsync(last.Head.Id, "restored");
        var server = await lab.RecoverAsync("restored");
        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
    }

    [Fact]
    public async Task A_later_run_does_not_store_again_what_an_earlier_one_stored()
    {
        await using var lab = await BackupLab.StartAsync(15, Compression.None);
        await lab.Server.ExecuteAsync(Table);
        await lab.Server.ExecuteAsync("CHECKPOINT");
        var request = lab.Request();
        var broken = request with
        {
            WaitForWal = (_, _) => Task.FromResult<Outcome>(
                new Outcome.Failed(StoreProblems.Unreachable("the archive", "it is a test"))),
        };

        var first = new BackupRun(broken, TimeProvider.System);
        Assert.NotNull((await first.RunAsync(default)).Failure);
        var second = new BackupRun(request, TimeProvider.System);
        TestMember.Done(await second.RunAsync(default));

        Assert.True(second.Progress.Stored * 3 < first.Progress.Stored, $"{second.Progress.Stored} again");
        await lab.RestoreAsync(request.Id, "restored");
        var server = await lab.RecoverAsync("restored");
        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
    }

    [Fact]
    public async Task A_restore_that_breaks_off_at_any_call_starts_no_server_and_goes_on()
    {
        await using var lab = await BackupLab.StartAsync(15);
        await lab.Server.ExecuteAsync(Table);
        var full = await lab.BackupAsync();
        await lab.Server.ExecuteAsync("UPDATE t SET text = 'x' WHERE id % 500 = 0");
        var backup = await lab.BackupAsync(full.Head.Id);
        var request = lab.RestoreRequest(backup.Head.Id, "restored");

        for (var calls = 0; ; calls++)
        {
            var (_, repository) = await DyingAsync(lab, calls);
            var outcome = await new RestoreRun(request with { Repository = repository }, TimeProvider.System)
                .RunAsync(default);
            if (outcome.Failure is null)
                break;
            Assert.False(File.Exists(Path.Combine(request.Directory, "global", "pg_control")));
        }

        var server = await lab.RecoverAsync("restored");
        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
        Assert.False(File.Exists(Path.Combine(request.Directory, DataPath.RestoreMark)));
    }

    [Fact]
    public async Task A_deletion_that_breaks_off_is_finished_by_the_sweep()
    {
        await using var lab = await BackupLab.StartAsync(15);
        var catalog = new BackupCatalog(lab.Repository, lab.SystemIdentifier);

        for (var calls = 0; ; calls++)
        {
            var backup = await lab.BackupAsync();
            var (_, repository) = await DyingAsync(lab, calls);
            var outcome = await new BackupCatalog(repository, lab.SystemIdentifier)
                .DeleteAsync(backup.Head.Id, default);
            if (outcome is Outcome.Done)
                break;
            // Either it is still whole, or nobody sees it any more.
            if (TestMember.Done(await catalog.HeadsAsync(default)) is [var head])
                TestMember.Done(await catalog.LoadAsync(head.Head.Id, default));
            TestMember.Done(await catalog.SweepAsync(DateTimeOffset.MinValue, default));
            TestMember.Done(await catalog.DeleteAsync(backup.Head.Id, default));
            Assert.Empty(TestMember.Done(await catalog.UnfinishedAsync(default)));
        }

        Assert.False(Directory.Exists(Path.Combine(lab.StoreDirectory, $"{lab.SystemIdentifier:x16}")));
    }

    [Fact]
    public async Task A_server_that_dies_during_the_copying_ends_the_backup()
    {
        await using var lab = await BackupLab.StartAsync(15);
        await lab.Server.ExecuteAsync(Table);
        var catalog = new BackupCatalog(lab.Repository, lab.SystemIdentifier);
        // So slow that the server is gone long before it is done.
        var request = lab.Request() with { Throttle = Core.Vocabulary.ByteSize.Megabytes(2) };
        var run = new BackupRun(request, TimeProvider.System);

        var running = run.RunAsync(default);
        while (run.Progress.Done == 0)
            await Task.Delay(10);
        await lab.Server.KillAsync();
        var outcome = await running.WaitAsync(LabServer.Limit);

        Assert.Equal("backup-server", outcome.Failure?.Code);
        Assert.Empty(TestMember.Done(await catalog.HeadsAsync(default)));
        TestMember.Done(await catalog.SweepAsync(DateTimeOffset.MaxValue, default));
        Assert.Empty(TestMember.Done(await catalog.UnfinishedAsync(default)));
    }

    [Fact]
    public async Task A_cancelled_backup_ends_at_once_and_leaves_none()
    {
        await using var lab = await BackupLab.StartAsync(15);
        using var cancel = new CancellationTokenSource();
        var run = new BackupRun(
            lab.Request() with { Throttle = Core.Vocabulary.ByteSize.Megabytes(1) }, TimeProvider.System);

        var running = run.RunAsync(cancel.Token);
        while (run.Progress.Done == 0)
            await Task.Delay(10);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Empty(TestMember.Done(
            await new BackupCatalog(lab.Repository, lab.SystemIdentifier).HeadsAsync(default)));
    }

    private static async Task<(FaultyStore Store, Repository Repository)> DyingAsync(BackupLab lab, int calls)
    {
        const int Opening = 3;
        var store = new FaultyStore(lab.Repository.Store, calls + Opening);
        var repository = TestMember.Done(await Repository.OpenAsync(
            store, new RepositoryOwner("lab", lab.SystemIdentifier, false), lab.Repository.Compression, null, default));
        return (store, repository);
    }
}
