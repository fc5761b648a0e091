using System.Collections.Immutable;
using PgMahout.Backup.Copying;
using PgMahout.Backup.Restoring;
using PgMahout.Core.Backup;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>Tablespaces, standbys, and directories that must not be written to.</summary>
public sealed class PlacesTests
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public async Task A_tablespace_is_restored_to_another_place()
    {
        await using var lab = await BackupLab.StartAsync(15);
        lab.Account.CreateDirectory(lab.Path("space"), Mode);
        await lab.Server.ExecuteAsync($"CREATE TABLESPACE fast LOCATION '{lab.Path("space")}'");
        await lab.Server.ExecuteAsync("CREATE TABLE t TABLESPACE fast AS SELECT generate_series(1, 9000) AS id");
        var oid = (await lab.Server.QueryAsync<uint>("SELECT oid FROM pg_tablespace WHERE spcname = 'fast'"));
        var full = await lab.BackupAsync();
        await lab.Server.ExecuteAsync("INSERT INTO t VALUES (-1)");
        var backup = await lab.BackupAsync(full.Head.Id);
        var request = lab.RestoreRequest(backup.Head.Id, "restored");

        // Its own place is in use.
        var refused = await new RestoreRun(request, TimeProvider.System).RunAsync(default);
        Assert.Equal("restore-refused", refused.Failure?.Code);
        Assert.False(Directory.Exists(request.Directory));
        request = request with
        {
            Tablespaces = ImmutableSortedDictionary<uint, string>.Empty.Add(oid, lab.Path("elsewhere")),
        };
        TestMember.Done(await new RestoreRun(request, TimeProvider.System).RunAsync(default));
        var again = TestMember.Done(await new RestoreRun(request, TimeProvider.System).RunAsync(default));

        // Chunks of which another backup has changed a part cannot be told by their hash.
        Assert.True(again.Reused.Bytes > again.Written.Bytes / 2, $"{again.Reused} kept, {again.Written} written");
        var server = await lab.RecoverAsync("restored");
        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
        Assert.Equal(
            lab.Path("elsewhere"), await server.QueryAsync<string>($"SELECT pg_tablespace_location({oid})"));
    }

    [Theory]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_backup_of_a_standby_restores(int major)
    {
        await using var lab = await BackupLab.StartAsync(major);
        await lab.Server.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 50000) AS id");
        var standby = await StandbyAsync(lab);
        await lab.Server.ExecuteAsync("INSERT INTO t SELECT generate_series(1, 500)");
        await lab.Server.ExecuteAsync("CHECKPOINT");
        var request = lab.Request() with
        {
            DataDirectory = standby.DataDirectory, ConnectionText = standby.ConnectionText, Source = "b",
        };

        var backup = TestMember.Done(await new BackupRun(request, TimeProvider.System).RunAsync(default));
        await lab.Server.ExecuteAsync("INSERT INTO t SELECT generate_series(1, 500)");
        await lab.ArchivedAsync();
        await lab.RestoreAsync(backup.Head.Id, "restored");
        var server = await lab.RecoverAsync("restored");

        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
        Assert.Equal("b", backup.Head.Source);
        Assert.False(File.Exists(Path.Combine(lab.Path("restored"), "standby.signal")));
    }

    [Fact]
    public async Task A_standby_that_is_promoted_while_it_is_copied_ends_the_backup()
    {
        await using var lab = await BackupLab.StartAsync(15);
        await lab.Server.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 100000) AS id");
        var standby = await StandbyAsync(lab);
        var run = new BackupRun(
            lab.Request() with
            {
                DataDirectory = standby.DataDirectory, ConnectionText = standby.ConnectionText,
                Throttle = Core.Vocabulary.ByteSize.Megabytes(10),
            },
            TimeProvider.System);

        var running = run.RunAsync(default);
        while (run.Progress.Done == 0)
            await Task.Delay(10);
        await standby.ExecuteAsync("SELECT pg_promote()");
        var outcome = await running.WaitAsync(LabServer.Limit);

        Assert.Equal("backup-promoted", outcome.Failure?.Code);
    }

    [Fact]
    public async Task Nothing_is_restored_over_something_else()
    {
        await using var lab = await BackupLab.StartAsync(15);
        await using var other = await BackupLab.StartAsync(15);
        var backup = await lab.BackupAsync();
        await other.Server.StopAsync();
        Directory.CreateDirectory(lab.Path("notes"));
        await File.WriteAllTextAsync(lab.Path("notes/thesis.txt"), "all my work");
        var request = lab.RestoreRequest(backup.Head.Id, "notes");
        string[] places = [lab.Path("notes"), other.Server.DataDirectory, lab.Server.DataDirectory];

        foreach (var place in places)
        {
            var outcome = await new RestoreRun(request with { Directory = place }, TimeProvider.System)
                .RunAsync(default);
            Assert.Equal("restore-refused", outcome.Failure?.Code);
        }

        Assert.Equal("all my work", await File.ReadAllTextAsync(lab.Path("notes/thesis.txt")));
        Assert.True(await lab.Server.QueryAsync<bool>("SELECT true"));
    }

    [Fact]
    public async Task A_stopped_server_is_set_back_in_place_and_what_is_the_same_is_kept()
    {
        await using var lab = await BackupLab.StartAsync(15);
        await lab.Server.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 200000) AS id");
        var backup = await lab.BackupAsync();
        var before = await lab.Server.FingerprintAsync();
        await lab.Server.ExecuteAsync("CREATE TABLE late AS SELECT 1 AS id");
        await lab.Server.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(lab.Server.DataDirectory, "base", "surplus"), "x");

        var request = lab.RestoreRequest(backup.Head.Id, "data");
        var restored = TestMember.Done(await new RestoreRun(request, TimeProvider.System).RunAsync(default));

        Assert.True(restored.Reused.Bytes > restored.Written.Bytes, $"{restored.Reused} of {restored.Written} kept");
        Assert.False(File.Exists(Path.Combine(lab.Server.DataDirectory, "base", "surplus")));
        var server = await lab.RecoverAsync("data", "recovery_target=immediate", "recovery_target_action=promote");
        Assert.Equal(before, await server.FingerprintAsync());
    }

    [Fact]
    public async Task A_page_that_is_damaged_on_the_server_is_told_and_does_not_stop_the_backup()
    {
        await using var lab = await BackupLab.StartAsync(15);
        await lab.Server.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 9000) AS id");
        await lab.Server.ExecuteAsync("CHECKPOINT");
        var file = await lab.Server.QueryAsync<string>("SELECT pg_relation_filepath('t')");
        var path = Path.Combine(lab.Server.DataDirectory, file!);
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[3 * BackupManifest.BlockSize + 5000] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);

        var backup = await lab.BackupAsync();
        var loaded = TestMember.Done(await new PgMahout.Backup.Catalog.BackupCatalog(
            lab.Repository, lab.SystemIdentifier).LoadAsync(backup.Head.Id, default));

        Assert.Equal(1, backup.BadPages);
        Assert.Equal([new BadPage(file!, 3)], loaded.Manifest.BadPages);
    }

    private static async Task<LabServer> StandbyAsync(BackupLab lab)
    {
        var standby = lab.NewServer("standby");
        var backup = await lab.BackupAsync();
        await lab.RestoreAsync(backup.Head.Id, "standby");
        var signal = Path.Combine(standby.DataDirectory, "standby.signal");
        await File.WriteAllTextAsync(signal, "");
        lab.Account.TakeOwnership(signal);
        await standby.StartAsync($"primary_conninfo=host={lab.SocketsOfServer} user=postgres");
        await standby.UntilAsync("EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')");
        return standby;
    }
}
