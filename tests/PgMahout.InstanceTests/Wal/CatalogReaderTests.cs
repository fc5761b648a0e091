using Npgsql;
using PgMahout.Backup.Indexing;
using PgMahout.Backup.Repositories;
using PgMahout.Core.Backup;
using PgMahout.Core.Catalog;
using PgMahout.Core.Vocabulary;
using PgMahout.Core.Wal;
using PgMahout.Postgres.Catalog;
using Xunit;

namespace PgMahout.InstanceTests.Wal;

/// <summary>Names of real servers, and where they are kept.</summary>
public sealed class CatalogReaderTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pgmahout-catalog-");

    public static TheoryData<int> Versions => PostgresVersions.All;

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Every_file_gets_its_name_while_others_hold_locks(int major)
    {
        await using var server = await WalServer.StartAsync(major);
        await server.RunAsync(
            "CREATE SCHEMA s; CREATE TABLE s.t (a int PRIMARY KEY, b numeric(10,2) NOT NULL, c text, d int);"
            + "ALTER TABLE s.t DROP COLUMN d; CREATE TABLE p (a int) PARTITION BY RANGE (a);"
            + "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9); CREATE UNLOGGED TABLE u (a int);"
            + "CREATE SEQUENCE q; CREATE ROLE somebody; CREATE MATERIALIZED VIEW m AS SELECT 1 x");
        await server.RunAsync("CREATE DATABASE other");
        await server.RunAsync("CREATE TABLE there (a int)", "other");
        await server.RunAsync("CREATE DATABASE closed ALLOW_CONNECTIONS false");
        var table = await server.FileAsync("s.t");
        var before = await server.PositionAsync();
        await using var locker = await server.ConnectAsync();
        await using var hold = new NpgsqlCommand("BEGIN; LOCK TABLE s.t IN ACCESS EXCLUSIVE MODE", locker);
        await hold.ExecuteNonQueryAsync();

        var snapshot = TestMember.Done(await CatalogReader.ReadAsync(
            server.ConnectionText(), WalServer.Limit, default));

        var names = new CatalogNames(snapshot);
        var named = names.Of(table)!;
        Assert.Equal("postgres.s.t", named.Text);
        Assert.Equal(
            [new("a", "integer", true), new("b", "numeric(10,2)", true), new("c", "text", false)],
            named.Relation.Columns.AsEnumerable());
        Assert.Equal("postgres", named.Relation.Owner);
        Assert.Same(named, names.TableOf(names.Of(await server.FileAsync("s.t_pkey"))!));
        var toast = named.Database.Relations.Single(r => r.Kind == 't' && r.Of == named.Relation.Oid);
        Assert.Equal("pg_toast", toast.Schema);
        var part = names.Of(await server.FileAsync("p1"))!;
        Assert.Equal("p", names.Of(part.Database.Oid, part.Relation.PartitionOf)!.Relation.Name);
        Assert.Equal('u', names.Of(await server.FileAsync("u"))!.Relation.Persistence);
        Assert.Equal('S', names.Of(await server.FileAsync("q"))!.Relation.Kind);
        Assert.Equal("other.public.there", names.Of(await server.FileAsync("there", "other"))!.Text);
        Assert.NotNull(Assert.Single(snapshot.Databases, database => database.Name == "closed").Unread);
        Assert.Contains(snapshot.Roles, role => role.Name == "somebody");
        Assert.Contains(new CatalogObject(RelationFile.DefaultTablespace, "pg_default"), snapshot.Tablespaces);
        Assert.Contains(
            snapshot.Databases[0].Relations, relation => relation.Name == "pg_class" && relation.Number > 0);
        Assert.Equal(major, snapshot.ServerVersion / 10000);
        Assert.InRange(snapshot.From.Value, before.Value, snapshot.To.Value);
    }

    [Fact]
    public async Task Snapshots_are_kept_only_when_something_changed_and_found_by_position()
    {
        await using var server = await WalServer.StartAsync(15);
        await server.RunAsync("CREATE TABLE first AS SELECT 1 a");
        var store = TestMember.Done(DirectoryStore.Open(_directory.FullName, TestMember.Limit, TimeProvider.System));
        var repository = TestMember.Done(await Repository.OpenAsync(
            store, new RepositoryOwner("test", 7, false),
            PgMahout.Backup.Framing.Compression.Of(CompressionKind.Zstd, 1), null, default));
        var archive = new CatalogArchive(repository, 7);
        Assert.Null(TestMember.Done(await archive.NearestAsync(new Lsn(1), default)));

        var one = await ReadAsync(server);
        Assert.True(TestMember.Done(await archive.PutAsync(one, default)));
        await server.RunAsync("VACUUM ANALYZE first");
        Assert.False(TestMember.Done(await archive.PutAsync(await ReadAsync(server), default)));
        await server.RunAsync("CREATE TABLE second (a int)");
        var two = await ReadAsync(server);
        Assert.True(TestMember.Done(await archive.PutAsync(two, default)));

        Assert.Equal([one.From, two.From], TestMember.Done(await archive.ListAsync(default)).Select(at => at.Lsn));
        Assert.Equal(one.From, TestMember.Done(await archive.NearestAsync(new Lsn(1), default))!.From);
        Assert.Equal(one.From, TestMember.Done(await archive.NearestAsync(new Lsn(two.From.Value - 1), default))!.From);
        var last = TestMember.Done(await archive.NearestAsync(new Lsn(ulong.MaxValue), default))!;
        Assert.Equal(
            "postgres.public.second", new CatalogNames(last).Of(await server.FileAsync("second"))!.Text);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_answer()
    {
        var answer = await CatalogReader.ReadAsync(
            $"Host={_directory.FullName};Username=postgres", TimeSpan.FromSeconds(5), default);

        Assert.Equal(CatalogReader.UnreadableCode, answer.Failure!.Code);
    }

    private static async Task<CatalogSnapshot> ReadAsync(WalServer server) =>
        TestMember.Done(await CatalogReader.ReadAsync(server.ConnectionText(), WalServer.Limit, default));
}
