using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Archiving;
using PgMahout.Backup.Recovering;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Probing;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>What the archive has is what a recovery needs: to the last commit, and to any before it.</summary>
public sealed class ArchiveRecoveryTests
{
    private static readonly TimeSpan Limit = LoneServer.Limit;

    [Theory]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_copy_and_the_archive_give_every_commit_and_every_point_before(int major)
    {
        var account = TestMember.Done(ServerAccount.Find());
        using var place = ScratchDirectory.Create(account);
        await using var server = await LoneServer.StartAsync(major);
        await server.ExecuteAsync("CREATE TABLE t (i int, x text)");
        await using var run = await ArchiveRun.StartAsync(server.Target);
        await run.UntilAsync(status => status.State == ArchiveState.Streaming);
        var copy = place.File("copy");
        account.CreateDirectory(copy, ServerMode);
        await CopyAsync(server, account, place.File("base.tar"), copy);

        await server.ExecuteAsync("INSERT INTO t SELECT i, repeat('y', 500) FROM generate_series(1, 50000) i");
        await server.BeginTimelineAsync();
        await server.ExecuteAsync("INSERT INTO t SELECT i, repeat('z', 500) FROM generate_series(1, 50000) i");
        var point = await server.FlushedAsync();
        await server.ExecuteAsync("INSERT INTO t VALUES (1, 'a last one')");
        await run.ReachesAsync(await server.FlushedAsync());
        await server.StopAsync();
        var files = await GetAllAsync(run, place, account);

        Assert.Equal(100_001, await RecoverAsync(major, account, copy, files, target: null));
        Assert.Equal(100_000, await RecoverAsync(major, account, copy, files, point));
    }

    [Fact]
    public async Task What_was_cut_off_behind_the_end_of_a_timeline_keeps_no_recovery_from_the_end_of_the_next()
    {
        var account = TestMember.Done(ServerAccount.Find());
        using var place = ScratchDirectory.Create(account);
        await using var server = await LoneServer.StartAsync(15);
        await server.ExecuteAsync("CREATE TABLE t (i int, x text)");
        await using var run = await ArchiveRun.StartAsync(server.Target);
        await run.UntilAsync(status => status.State == ArchiveState.Streaming);
        var begin = await server.FlushedAsync();
        var copy = place.File("copy");
        account.CreateDirectory(copy, ServerMode);
        await CopyAsync(server, account, place.File("base.tar"), copy);
        var stop = await server.FlushedAsync();
        await server.ExecuteAsync("INSERT INTO t SELECT i, repeat('y', 500) FROM generate_series(1, 1000) i");
        await server.BeginTimelineAsync();
        await server.ExecuteAsync("INSERT INTO t VALUES (1, 'first of its timeline')");
        await run.ReachesAsync(await server.FlushedAsync());
        var head = new BackupHead(
            new BackupId("copy"), BackupKind.Full, null, run.Archive.SystemIdentifier, TimelineId.First, begin, stop,
            DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 150000, ByteSize.Megabytes(1), ByteSize.Megabytes(1),
            "lone");
        var sound = TestMember.Done(await run.Archive.MapAsync(default));
        var left = sound.Stretches.Single(stretch => stretch.Timeline == TimelineId.First).To;
        await run.KillAsync();

        // The primary that was left had written more, and its host lost its power while that was archived.
        await CutOffAsync(run, new WalPosition(TimelineId.First, left));
        var map = TestMember.Done(await run.Archive.MapAsync(default));
        var plan = Latest(head, map);

        Assert.Equal(left, Assert.Single(map.Damaged).At.Lsn);
        Assert.Equal((new TimelineId(2), null), (plan.Line.Current, plan.Needed?.Object));
        var spool = new WalSpool(run.Archive, place.File("spool"), account);
        TestMember.Done(await spool.FillAsync(plan, map, workers: 2, default));
        Assert.Equal(1001, await RecoverAsync(15, account, copy, spool.Directory, target: null));

        // The same behind the end of the timeline that goes on is missing, and said to be.
        var cut = await CutOffAsync(run, new WalPosition(plan.Line.Current, plan.Reach));
        Assert.Equal(cut, Latest(head, TestMember.Done(await run.Archive.MapAsync(default))).Needed?.Object);
    }

    private static RestorePlan Latest(BackupHead head, ArchiveMap map) =>
        Assert.IsType<RestoreAnswer.Possible>(RestorePlanning.For(
            [head], map, map.Newest!, new ResolvedTarget(null, false, null))).Plan;

    /// <summary>Half of a part that begins there; its name.</summary>
    private static async Task<string> CutOffAsync(ArchiveRun run, WalPosition at)
    {
        var segment = WalSegment.At(at, WalSegment.DefaultSize);
        var name = run.Archive.Names.Part(segment, (int)(at.Lsn.Value - segment.Start.Value));
        byte[] more = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i * i / 7))];
        using (var writer = new FrameWriter(run.Archive.Repository))
            TestMember.Done(await writer.PutAsync(name, more, default));
        run.Store.CutOff(name + run.Archive.Repository.Ending);
        return name + run.Archive.Repository.Ending;
    }

    private const UnixFileMode ServerMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static async Task CopyAsync(LoneServer server, ServerAccount account, string archive, string into)
    {
        using (var connection = server.Connect())
        using (var receiver = new OneArchive(archive))
            TestMember.Done(connection.BaseBackup(new BaseBackupRequest("copy", true, false, false), receiver, Limit));
        account.TakeOwnership(archive);
        var run = new ToolRun(account, "/bin/tar", ["--extract", "--file", archive, "--directory", into]);
        Assert.Null((await run.RunAsync(Limit, default)).Complaint);
    }

    /// <summary>By the means of restore_command, one file after the other.</summary>
    private static async Task<string> GetAllAsync(ArchiveRun run, ScratchDirectory place, ServerAccount account)
    {
        var directory = place.File("archive");
        account.CreateDirectory(directory, ServerMode | UnixFileMode.OtherExecute);
        var get = new WalGet(run.Archive, WalSegment.DefaultSize);
        var survey = TestMember.Done(await run.Archive.SurveyAsync(WalSegment.DefaultSize, default));
        var names = survey.Whole
            .SelectMany(one => one.Value.Select(number => new WalSegment(one.Key, number, WalSegment.DefaultSize).Name))
            .Concat(survey.Partial.Select(one => one.Segment.Name))
            .Append("00000002.history");
        foreach (var name in names)
        {
            var path = Path.Combine(directory, name);
            Assert.True(TestMember.Done(await get.RunAsync(name, path, default)), name);
            account.TakeOwnership(path);
        }
        Assert.False(TestMember.Done(await get.RunAsync("00000003.history", place.File("none"), default)));
        Assert.False(TestMember.Done(await get.RunAsync("0000000900000000000000FF", place.File("none"), default)));
        Assert.False(File.Exists(place.File("none")));
        return directory;
    }

    private static async Task<long> RecoverAsync(
        int major, ServerAccount account, string copy, string files, Lsn? target)
    {
        await using var server = TestMember.Done(await ScratchServer.CreateAsync(
            LoneServer.Binaries(major), account, Limit, default));
        Directory.Delete(server.DataDirectory, recursive: true);
        var run = new ToolRun(account, "/bin/cp", ["--archive", copy, server.DataDirectory]);
        Assert.Null((await run.RunAsync(Limit, default)).Complaint);
        var signal = Path.Combine(server.DataDirectory, "recovery.signal");
        await File.WriteAllTextAsync(signal, "");
        account.TakeOwnership(signal);
        var settings = ImmutableSortedDictionary<string, string>.Empty
            .Add("fsync", "off").Add("restore_command", $"cp {files}/%f %p")
            .Add("recovery_target_timeline", "latest").Add("recovery_target_action", "promote");
        if (target is { } lsn)
            settings = settings.Add("recovery_target_lsn", lsn.ToString()).Add("recovery_target_inclusive", "off");
        var start = await server.StartAsync(settings, Limit, default);
        Assert.True(start is ScratchStart.Ready, start.ToString());
        await using var connection = new NpgsqlConnection(
            $"Host={server.SocketDirectory};Port={ScratchServer.Port};Username=postgres;Database=postgres");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT count(*) FROM t", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private sealed class OneArchive(string path) : IBaseBackupReceiver, IDisposable
    {
        private readonly FileStream _file = new(path, FileMode.CreateNew);

        public void Began(BaseBackupStart start) => Assert.Single(start.Tablespaces);

        public void ArchiveBegan(BackupTablespace? tablespace) => Assert.Null(tablespace);

        public void ManifestBegan() => Assert.Fail("nobody asked for one");

        public void Content(ReadOnlySpan<byte> bytes) => _file.Write(bytes);

        public void Dispose() => _file.Dispose();
    }
}
