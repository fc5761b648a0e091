using PgMahout.Backup.Framing;
using PgMahout.Core.Backup;
using Xunit;

namespace PgMahout.InstanceTests.Backup;

/// <summary>Backups of real servers under load, restored and compared.</summary>
public sealed class BackupTests
{
    private const string Tables = """
        CREATE TABLE big (id int PRIMARY KEY, text text);
        INSERT INTO big SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 30000) i;
        CREATE TABLE busy (id serial PRIMARY KEY, text text);
        CREATE UNLOGGED TABLE forgetful (id int PRIMARY KEY);
        INSERT INTO forgetful SELECT generate_series(1, 1000);
        CREATE TABLE toasted (id int, text text);
        ALTER TABLE toasted ALTER text SET STORAGE EXTERNAL;
        INSERT INTO toasted SELECT i, repeat(md5(i::text), 300) FROM generate_series(1, 200) i;
        """;

    public static TheoryData<int> Versions => BackupLab.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_full_and_two_incremental_backups_under_load_give_every_row(int major)
    {
        await using var lab = await BackupLab.StartAsync(major);
        await lab.Server.ExecuteAsync(Tables);
        using var stop = new CancellationTokenSource();
        var load = LoadAsync(lab.Server, stop.Token);

        var full = await lab.BackupAsync();
        await lab.Server.ExecuteAsync("UPDATE big SET text = 'changed' WHERE id % 997 = 0");
        await lab.Server.ExecuteAsync("CREATE TABLE late AS SELECT 1 AS id");
        var first = await lab.BackupAsync(full.Head.Id);
        await lab.Server.ExecuteAsync("DELETE FROM big WHERE id > 20000");
        await lab.Server.ExecuteAsync("VACUUM big");
        await lab.Server.ExecuteAsync("CREATE INDEX ON big (id, text)");
        await lab.Server.ExecuteAsync("CREATE DATABASE other");
        await lab.Server.ExecuteAsync("CREATE TABLE there AS SELECT generate_series(1, 99) AS id", "other");
        var second = await lab.BackupAsync(first.Head.Id);
        await lab.Server.ExecuteAsync("INSERT INTO late SELECT generate_series(2, 50)");
        await stop.CancelAsync();
        await load;
        await lab.ArchivedAsync();

        await lab.RestoreAsync(second.Head.Id, "restored");
        var server = await lab.RecoverAsync("restored");
        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
        Assert.Equal(await lab.Server.FingerprintAsync("other"), await server.FingerprintAsync("other"));
        Assert.Equal(0L, await server.QueryAsync<long>("SELECT count(*) FROM forgetful"));
        await server.StopAsync();
        if (File.Exists(lab.Binaries.Tool("pg_checksums")))
            await server.ToolAsync("pg_checksums", "--check", "--pgdata=" + server.DataDirectory);
        Assert.Equal(0, full.BadPages + first.BadPages + second.BadPages);
        Assert.True(first.Head.Stored.Bytes * 2 < full.Head.Stored.Bytes, $"{first.Head.Stored} of {full.Head.Stored}");
    }

    [Theory]
    [InlineData(CompressionKind.None, true)]
    [InlineData(CompressionKind.Zstd, false)]
    [InlineData(CompressionKind.Zstd, true)]
    public async Task However_it_is_stored_it_restores(CompressionKind kind, bool encrypted)
    {
        var key = encrypted ? new EncryptionKey(new byte[EncryptionKey.Length]) : null;
        await using var lab = await BackupLab.StartAsync(15, Compression.Of(kind, null), key);
        await lab.Server.ExecuteAsync(Tables);

        var full = await lab.BackupAsync();
        await lab.RestoreAsync(full.Head.Id, "restored");
        var server = await lab.RecoverAsync("restored");

        Assert.Equal(await lab.Server.FingerprintAsync(), await server.FingerprintAsync());
        await server.ToolAsync("pg_amcheck", "--host=" + lab.Path("s1"), "--username=postgres", "--install-missing",
            "--heapallindexed", "postgres");
    }

    private static async Task LoadAsync(LabServer server, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
            await server.ExecuteAsync("""
                INSERT INTO busy (text) SELECT md5(i::text) FROM generate_series(1, 500) i;
                UPDATE busy SET text = 'x' WHERE id % 7 = 0;
                DELETE FROM busy WHERE id % 11 = 0;
                """);
    }
}
