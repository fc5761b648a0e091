using System.Collections.Immutable;
using Npgsql;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Probing;
using PgMahout.Postgres.Processes;
using PgMahout.Postgres.Replication;
using Xunit;

namespace PgMahout.InstanceTests.Replication;

/// <summary>A base backup over the wire, in the form of each version, is a directory that starts.</summary>
public sealed class BaseBackupTests
{
    private const UnixFileMode ServerMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan Limit = LoneServer.Limit;

    public static TheoryData<int> Versions => LoneServer.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task What_it_hands_out_unpacks_to_a_server_with_the_same_rows(int major)
    {
        await using var server = await LoneServer.StartAsync(major);
        var account = TestMember.Done(ServerAccount.Find());
        using var place = ScratchDirectory.Create(account);
        var space = Directory.CreateDirectory(place.File("space")).FullName;
        account.TakeOwnership(space);
        await server.ExecuteAsync($"CREATE TABLESPACE other LOCATION '{space}'");
        await server.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 50000) i");
        await server.ExecuteAsync("CREATE TABLE u TABLESPACE other AS SELECT generate_series(1, 70) i");
        var copy = Directory.CreateDirectory(place.File("copy")).FullName;
        var receiver = new ToFiles(copy);

        using (var connection = server.Connect())
        {
            var request = new BaseBackupRequest("it's one", Fast: true, WithWal: true, Manifest: true);
            var end = TestMember.Done(connection.BaseBackup(request, receiver, Limit));
            receiver.Dispose();
            Assert.True(end.At.Lsn > receiver.Start!.At.Lsn);
            // The connection is free again.
            TestMember.Done(connection.IdentifySystem(Limit));
        }
        Assert.Equal(["base.tar", "manifest", "other.tar"], Directory.GetFiles(copy).Select(Path.GetFileName).Order());
        var manifest = await File.ReadAllTextAsync(Path.Combine(copy, "manifest"));
        Assert.Contains("PostgreSQL-Backup-Manifest-Version", manifest, StringComparison.Ordinal);
        await server.StopAsync();

        var data = place.File("data");
        account.CreateDirectory(data, ServerMode);
        await UnpackAsync(account, Path.Combine(copy, "base.tar"), data);
        Directory.Delete(space, recursive: true);
        account.CreateDirectory(space, ServerMode);
        await UnpackAsync(account, Path.Combine(copy, "other.tar"), space);
        await using var restored = TestMember.Done(await ScratchServer.CreateAsync(
            LoneServer.Binaries(major), account, Limit, default));
        Directory.Delete(restored.DataDirectory, recursive: true);
        Directory.Move(data, restored.DataDirectory);
        var start = await restored.StartAsync(
            ImmutableSortedDictionary<string, string>.Empty.Add("fsync", "off"), Limit, default);
        Assert.True(start is ScratchStart.Ready, start.ToString());
        Assert.Equal((50000L, 70L), (await CountAsync(restored, "t"), await CountAsync(restored, "u")));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_label_that_is_too_long_is_refused_and_the_connection_lives(int major)
    {
        await using var server = await LoneServer.StartAsync(major);
        using var connection = server.Connect();
        using var place = ScratchDirectory.Create(TestMember.Done(ServerAccount.Find()));
        var request = new BaseBackupRequest(new string('x', 2000), Fast: true, WithWal: false, Manifest: false);

        var refused = connection.BaseBackup(request, new ToFiles(place.Path), Limit);

        Assert.Equal("replication-refused", refused.Failure?.Code);
        TestMember.Done(connection.IdentifySystem(Limit));
    }

    private static async Task UnpackAsync(ServerAccount account, string archive, string into)
    {
        var run = new ToolRun(account, "/bin/tar", ["--extract", "--file", archive, "--directory", into]);
        Assert.Null((await run.RunAsync(Limit, default)).Complaint);
    }

    private static async Task<long> CountAsync(ScratchServer server, string table)
    {
        await using var connection = new NpgsqlConnection(
            $"Host={server.SocketDirectory};Port={ScratchServer.Port};Username=postgres;Database=postgres");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {table}", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private sealed class ToFiles(string directory) : IBaseBackupReceiver, IDisposable
    {
        private FileStream? _file;

        public BaseBackupStart? Start { get; private set; }

        public void Began(BaseBackupStart start) => Start = start;

        public void ArchiveBegan(BackupTablespace? tablespace) =>
            Open(tablespace is null ? "base.tar" : "other.tar");

        public void ManifestBegan() => Open("manifest");

        public void Content(ReadOnlySpan<byte> bytes) => _file!.Write(bytes);

        public void Dispose() => _file?.Dispose();

        private void Open(string name)
        {
            Dispose();
            var path = Path.Combine(directory, name);
            _file = new FileStream(path, FileMode.CreateNew);
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead);
        }
    }
}
