using PgMahout.Backup.Copying;
using PgMahout.Backup.Framing;
using PgMahout.Core.Backup;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.InstanceTests.Backup;
using PgMahout.InstanceTests.Replication;
using PgMahout.Postgres;
using PgMahout.Postgres.Instance;
using PgMahout.Postgres.Replication;
using PgMahout.Undo.Past;
using Xunit;

namespace PgMahout.InstanceTests.Undo;

/// <summary>A server of the past replays while its WAL still comes, and ends when that does not.</summary>
public sealed class PastServerTests : IAsyncLifetime
{
    private const string Tables = """
        CREATE TABLE needed AS SELECT i, repeat('x', 600) t FROM generate_series(1, 8000) i;
        CREATE INDEX ON needed (i);
        CREATE TABLE other AS SELECT i, repeat('y', 600) t FROM generate_series(1, 8000) i
        """;

    private const string Sum = "SELECT count(*) || ' ' || sum(hashtextextended(t::text, 0)) FROM needed t";

    private BackupLab _lab = null!;
    private ArchiveRun _run = null!;
    private RestorePlan _plan = null!;
    private ArchiveMap _map = null!;
    private RelationFile _other;
    private string? _before;

    public async ValueTask InitializeAsync()
    {
        _lab = await BackupLab.StartAsync(15);
        await _lab.Server.ExecuteAsync(Tables);
        _run = await ArchiveRun.StartAsync(
            new ReplicationTarget(_lab.SocketsOfServer, 5432, InstanceSettings.Superuser, null));
        await _run.ReachesAsync(await FlushedAsync());
        var backup = TestMember.Done(await new BackupRun(
            _lab.Request() with
            {
                Repository = _run.Archive.Repository,
                WaitForWal = async (position, _) =>
                {
                    await _run.ReachesAsync(position.Lsn);
                    return Outcome.Success;
                },
            },
            TimeProvider.System).RunAsync(default));
        for (var i = 0; i < 4; i++)
            await _lab.Server.ExecuteAsync("UPDATE needed SET t = t || i; UPDATE other SET t = t || i; CHECKPOINT");
        _before = await _lab.Server.QueryAsync<string>(Sum);
        var path = (await _lab.Server.QueryAsync<string>("SELECT pg_relation_filepath('other')"))!;
        _other = DataPath.Relation(path)!.Value.Fork.File;
        var point = await FlushedAsync();
        await _lab.Server.ExecuteAsync("DROP TABLE needed");
        await _run.ReachesAsync(await FlushedAsync());
        _map = TestMember.Done(await _run.Archive.MapAsync(default));
        _plan = Assert.IsType<RestoreAnswer.Possible>(RestorePlanning.For(
            [backup.Head], _map, _map.Newest!, new ResolvedTarget(point, false, null))).Plan;
    }

    public async ValueTask DisposeAsync()
    {
        await _run.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task What_is_needed_is_as_it_was_and_nothing_else_is_touched()
    {
        var request = RequestIn(_lab.Path("past"));

        await using var past = TestMember.Done(await StartAsync(request));

        await using var connection = past.Server.Connect("postgres");
        await connection.OpenAsync();
        await using var sum = connection.CreateCommand();
        sum.CommandText = Sum;
        Assert.Equal(_before, await sum.ExecuteScalarAsync());
        var left = File.ReadAllBytes(Path.Combine(request.Place.Data, $"base/{_other.Database}/{_other.Number}"));
        // A record that goes on in the next segment is replayed, whatever it changes.
        Assert.InRange(left.Chunk(8192).Count(page => page.Any(b => b != 0)), 0, _run.Sunk.Count);
        Assert.InRange(left.Length, 1 << 20, int.MaxValue);
        Assert.False(File.Exists(Path.Combine(request.Place.Data, "base/1/1259")));
    }

    [Fact]
    public async Task Damaged_WAL_ends_the_server_that_waits_for_it()
    {
        var damaged = _run.Sunk[^1];
        foreach (var name in _run.Store.Names.Where(name => name.Contains(damaged.Name, StringComparison.Ordinal)))
            _run.Store.Damage(name);

        var ended = await StartAsync(RequestIn(_lab.Path("past")));

        Assert.Equal(FrameCodec.DamagedCode, ended.Failure?.Code);
        Assert.False(File.Exists(Path.Combine(_lab.Path("past"), "data", "postmaster.pid")));
    }

    [Fact]
    public async Task A_disk_that_gets_full_ends_it_with_that_reason()
    {
        using var small = SmallFileSystem.Mount(70);

        var ended = await StartAsync(RequestIn(Path.Combine(small.Directory, "past")));

        Assert.Equal("restore-write", ended.Failure?.Code);
        Assert.Contains("space", ended.Failure?.Why, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(small.Directory, "past", "data", "postmaster.pid")));
    }

    private static Task<Outcome<PastServer>> StartAsync(PastRequest request) =>
        PastServer.StartAsync(request, _ => { }, default).WaitAsync(TimeSpan.FromSeconds(60));

    private PastRequest RequestIn(string directory)
    {
        bool Needed(RelationFile file) => file != _other && (file.Database == 0 || file.Database == _other.Database);
        return new PastRequest
        {
            Archive = _run.Archive,
            Map = _map,
            Plan = _plan,
            Only = path => DataPath.Relation(path) is not { } relation || Needed(relation.Fork.File),
            Replayed = Needed,
            Place = new PastPlace(directory, _lab.Path("past-run")),
            Programs = _lab.Binaries,
            Account = _lab.Account,
        };
    }

    private async Task<Lsn> FlushedAsync() =>
        Lsn.Parse((await _lab.Server.QueryAsync<string>("SELECT pg_current_wal_flush_lsn()::text"))!);
}
