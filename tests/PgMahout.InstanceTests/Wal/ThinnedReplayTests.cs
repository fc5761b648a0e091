using Npgsql;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Core.Wal.Decoding;
using PgMahout.InstanceTests.Backup;
using PgMahout.Postgres.Installation;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Probing;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>
/// A server replays WAL from its first record on, once as it is and once without the changes to half of the files: the
/// other half is the same, byte for byte.
/// </summary>
public sealed class ThinnedReplayTests : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly ServerAccount _account = TestMember.Done(ServerAccount.Find());
    private readonly ScratchDirectory _home;

    public ThinnedReplayTests()
    {
        _home = ScratchDirectory.Create(_account);
        _account.CreateDirectory(_home.File("run"), Mode);
    }

    public static TheoryData<int> Versions => PostgresVersions.All;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task What_is_needed_is_the_same_without_the_changes_to_all_else(int major)
    {
        var binaries = PostgresVersions.Binaries(major);
        var written = await WriteAsync(binaries);
        var full = await ReplayAsync(binaries, written, "full", _ => true);

        foreach (var half in new uint[] { 0, 1 })
        {
            bool Needed(RelationFile file) => file.Number < RelationFile.FirstUserNumber || file.Number % 2 == half;
            var thinned = await ReplayAsync(binaries, written, $"half{half}", Needed);

            Assert.InRange(thinned.Emptied, 5 << 20, long.MaxValue);
            Assert.Equal(full.End, thinned.End);
            Assert.Equal(full.Records, thinned.Records);
            Assert.True(Same(full.Data, thinned.Data, Needed) > 250);
            await DumpedAsync(binaries, thinned.Wal, thinned.Records);
        }
    }

    public void Dispose() => _home.Dispose();

    /// <summary>Everything that makes records of a kind of its own; then the server is killed.</summary>
    private async Task<List<(WalSegment Segment, byte[] Content)>> WriteAsync(PostgresBinaries binaries)
    {
        await using var server = new LabServer(binaries, _account, _home.File("data"), _home.File("run"));
        await server.InitializeAsync("--data-checksums");
        await server.CopyAsync(_home.File("first"));
        await server.StartAsync("max_prepared_transactions=10", "wal_keep_size=8GB", "max_wal_size=2GB");
        async Task<NpgsqlConnection> ConnectAsync(string database)
        {
            var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(server.ConnectionText) { Database = database }.ConnectionString);
            await connection.OpenAsync();
            return connection;
        }
        await WalWorkload.RunAsync(ConnectAsync, binaries.Major);
        await server.KillAsync();
        return
        [
            .. Directory.GetFiles(Path.Combine(server.DataDirectory, "pg_wal")).Order(StringComparer.Ordinal)
                .Select(path => (
                    Ok: WalSegment.TryParse(Path.GetFileName(path), WalSegment.DefaultSize, out var segment),
                    Segment: segment, path))
                .Where(file => file.Ok)
                .Select(file => (file.Segment, File.ReadAllBytes(file.path))),
        ];
    }

    private async Task<Replayed> ReplayAsync(
        PostgresBinaries binaries, List<(WalSegment Segment, byte[] Content)> written, string name,
        Func<RelationFile, bool> needed)
    {
        var (data, wal) = (_home.File(name), _home.File(name + "-wal"));
        await new LabServer(binaries, _account, _home.File("first"), "").CopyAsync(data);
        _account.CreateDirectory(wal, Mode);
        var emptied = 0L;
        foreach (var (segment, content) in written)
        {
            var bytes = content.ToArray();
            emptied += WalThinning.Apply(segment, bytes, needed);
            await File.WriteAllBytesAsync(Path.Combine(wal, segment.Name), bytes);
            _account.TakeOwnership(Path.Combine(wal, segment.Name));
        }
        await File.WriteAllTextAsync(Path.Combine(data, "recovery.signal"), "");
        _account.TakeOwnership(Path.Combine(data, "recovery.signal"));
        var server = TestMember.Done(await SideServer.StartAsync(
            (binaries, _account), (data, _home.File("run")),
            [
                ("restore_command", $"cp {wal}/%f %p"), ("hot_standby", "off"), ("ignore_invalid_pages", "on"),
                ("fsync", "off"), ("autovacuum", "off"), ("max_prepared_transactions", "10"),
            ],
            _ => { }, default));
        await server.StopAsync();
        await server.DisposeAsync();
        var history = await File.ReadAllTextAsync(Path.Combine(data, "pg_wal", "00000002.history"));
        return new Replayed(data, wal, history.Split('\t')[1], Records(written[0].Segment, wal), emptied);
    }

    /// <summary>Where the last one ends, and how many there are; each with a sound checksum.</summary>
    private static (Lsn End, int Count) Records(WalSegment first, string wal)
    {
        var reader = new RecordReader(first.Start.Value, first.Size, checksums: true);
        var (end, count) = (Lsn.Zero, 0);
        foreach (var file in Directory.GetFiles(wal).Order(StringComparer.Ordinal))
        {
            reader.Feed(File.ReadAllBytes(file));
            while (reader.Read() == ReadResult.Record)
                (end, count) = (new Lsn(reader.Record.End), count + 1);
        }
        return (end, count);
    }

    /// <summary>PostgreSQL's own program reads all of it; not every version has it here.</summary>
    private static async Task DumpedAsync(PostgresBinaries binaries, string wal, (Lsn End, int Count) records)
    {
        if (!File.Exists(binaries.Tool("pg_waldump")))
            return;
        var first = WalSegment.TryParse(
            Path.GetFileName(Directory.GetFiles(wal).Order(StringComparer.Ordinal).First()), WalSegment.DefaultSize,
            out var segment) ? segment.Start : Lsn.Zero;
        var lines = await ReferenceRecords.DumpedAsync(
            binaries.Tool("pg_waldump"), wal, new Lsn(first.Value + 40), records.End);
        Assert.Equal(records.Count, lines.Length);
    }

    /// <returns>How many files were compared.</returns>
    private static int Same(string full, string thinned, Func<RelationFile, bool> needed)
    {
        List<string> Files(string data) =>
        [
            .. Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(data, path))
                .Where(path => DataPath.Relation(path) is { Fork.File: var file } && needed(file))
                .Order(StringComparer.Ordinal),
        ];
        var files = Files(full);
        Assert.Equal(files, Files(thinned));
        foreach (var file in files)
            Assert.True(
                File.ReadAllBytes(Path.Combine(full, file)).AsSpan()
                    .SequenceEqual(File.ReadAllBytes(Path.Combine(thinned, file))),
                $"{file} differs");
        return files.Count;
    }

    private sealed record Replayed(string Data, string Wal, string End, (Lsn End, int Count) Records, long Emptied);
}
