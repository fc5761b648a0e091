using PgMahout.Backup.Archiving;
using PgMahout.Backup.Catalog;
using PgMahout.Backup.Copying;
using PgMahout.Backup.Framing;
using PgMahout.Backup.Repositories;
using PgMahout.Backup.Restoring;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.InstanceTests.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>File systems that are really full or really read-only: nothing is lost, and it goes on by itself.</summary>
public sealed class FullDiskTests
{
    /// <summary>Cannot be compressed.</summary>
    private const string Noise = """
        INSERT INTO t SELECT string_agg(sha512((i * 1000 + j)::text::bytea), ''::bytea)
        FROM generate_series(1, 8000) i, generate_series(1, 32) j GROUP BY i
        """;

    [Theory]
    [InlineData(StoreProblems.FullCode)]
    [InlineData(StoreProblems.ReadOnlyCode)]
    public async Task The_archiver_lets_the_primary_write_and_goes_on_when_it_can(string problem)
    {
        using var disk = SmallFileSystem.Mount(30);
        await using var server = await LoneServer.StartAsync(15);
        await server.ExecuteAsync("CREATE TABLE t (noise bytea)");
        await using var store = Open(disk);
        await using var run = await ArchiveRun.StartAsync(server.Target, elsewhere: store);
        var begin = (await run.UntilAsync(status => status.State == ArchiveState.Streaming)).Confirmed;

        if (problem == StoreProblems.ReadOnlyCode)
            disk.Allow(writing: false);
        for (var i = 0; i < 4; i++)
            await server.ExecuteAsync(Noise);
        var failing = await run.UntilAsync(status => status.State == ArchiveState.RepositoryFailing);
        Assert.Equal(problem, failing.Problem!.Code);
        var end = await server.FlushedAsync();
        Assert.True(failing.Confirmed < end);

        disk.Allow(writing: true);
        disk.Resize(300);
        await run.ReachesAsync(end);
        await run.UntilAsync(now => now is { Problem: null, State: ArchiveState.Streaming });
        var wal = Path.Combine(server.DataDirectory, "pg_wal");
        Assert.True(await run.SameAsFilesAsync(wal, TimelineId.First, begin, end) >= 4);
    }

    [Theory]
    [InlineData(StoreProblems.FullCode)]
    [InlineData(StoreProblems.ReadOnlyCode)]
    public async Task A_backup_fails_whole_and_the_same_one_is_finished_when_it_can(string problem)
    {
        using var disk = SmallFileSystem.Mount(20);
        await using var lab = await BackupLab.StartAsync(15);
        await lab.Server.ExecuteAsync("CREATE TABLE t (noise bytea)");
        await lab.Server.ExecuteAsync(Noise);
        await using var store = Open(disk);
        var repository = TestMember.Done(await Repository.OpenAsync(
            store, new RepositoryOwner("lab", lab.SystemIdentifier, false),
            Compression.Of(CompressionKind.Lz4, null), null, default));
        var request = lab.Request() with { Repository = repository };
        var catalog = new BackupCatalog(repository, lab.SystemIdentifier);
        if (problem == StoreProblems.ReadOnlyCode)
            disk.Allow(writing: false);

        var outcome = await new BackupRun(request, TimeProvider.System).RunAsync(default);
        Assert.Equal(problem, outcome.Failure?.Code);
        Assert.Empty(TestMember.Done(await catalog.HeadsAsync(default)));

        disk.Allow(writing: true);
        disk.Resize(300);
        var done = TestMember.Done(await new BackupRun(request, TimeProvider.System).RunAsync(default));
        TestMember.Done(await new RestoreRun(
            lab.RestoreRequest(done.Head.Id, "restored") with { Repository = repository }, TimeProvider.System)
            .RunAsync(default));
        var server = await lab.RecoverAsync("restored");
        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
    }

    [Fact]
    public async Task A_restore_onto_a_disk_that_is_too_small_starts_no_server_and_goes_on_when_it_has_room()
    {
        using var disk = SmallFileSystem.Mount(30);
        await using var lab = await BackupLab.StartAsync(15);
        await lab.Server.ExecuteAsync("CREATE TABLE t (noise bytea)");
        await lab.Server.ExecuteAsync(Noise);
        var backup = await lab.BackupAsync();
        var directory = Path.Combine(disk.Directory, "restored");
        var request = lab.RestoreRequest(backup.Head.Id, "unused") with { Directory = directory };

        var outcome = await new RestoreRun(request, TimeProvider.System).RunAsync(default);
        Assert.Equal("restore-write", outcome.Failure?.Code);
        Assert.Contains("space", $"{outcome.Failure}", StringComparison.OrdinalIgnoreCase);
        Assert.False(File.Exists(Path.Combine(directory, DataPath.Control)));

        disk.Resize(400);
        TestMember.Done(await new RestoreRun(request, TimeProvider.System).RunAsync(default));
        var server = await lab.RecoverAsync(directory);
        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
        await server.DisposeAsync();
    }

    private static DirectoryStore Open(SmallFileSystem disk)
    {
        var place = Path.Combine(disk.Directory, "repository");
        Directory.CreateDirectory(place);
        return TestMember.Done(DirectoryStore.Open(place, LabServer.Limit, TimeProvider.System));
    }
}
