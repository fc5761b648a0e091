using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>New members from the repository: the primary has better things to do than to send all its data.</summary>
public sealed class MemberCopyTests
{
    private static readonly ulong LittleWal = 32 << 20;

    [Fact]
    public async Task A_member_is_made_from_the_repository_and_the_primary_sends_only_what_followed()
    {
        await using var cluster = await LiveCluster.UpWithBackupsAsync("--members", "2");
        var before = await cluster.HealthyAsync();
        await Archive.BackedUpAsync(cluster);
        await cluster.AskAsync<long>(
            before.Primary.Port,
            "create table big as select n::bigint, repeat(md5(n::text), 8) t from generate_series(1, 200000) n; "
            + "select 0::bigint");
        (await cluster.RunAsync("backup", "now", "--full")).Exits(0);
        // The backup is of a timeline that has ended: its WAL leads over the end.
        (await cluster.RunAsync("switchover", "--yes")).Exits(0);
        var moved = await cluster.StatusAsync("another leads", now => now.IsHealthy && now.Leader != before.Leader);
        var port = moved.Primary.Port;
        await cluster.AskAsync<long>(port, "insert into big select generate_series(1, 1000), ''; select 0::bigint");
        await Archive.CaughtUpAsync(cluster, port);
        await cluster.AskAsync<bool>(port, "alter system set log_replication_commands = on; select pg_reload_conf()");

        (await cluster.RunAsync("member", "add", "--from", "repository")).Exits(0);

        var added = await cluster.HealthyAsync();
        Assert.Equal(3, added.Members.Length);
        var history = (await cluster.RunAsync("history")).Out;
        Assert.Contains("m3 was restored from main", history, StringComparison.Ordinal);
        var commands = Log(cluster, moved.Leader!).Split('\n')
            .Where(line => line.Contains("received replication command", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(commands, line => line.Contains("BASE_BACKUP", StringComparison.Ordinal));
        const string Start = "START_REPLICATION SLOT \"pgmahout_m3\" ";
        var first = commands.First(line => line.Contains(Start, StringComparison.Ordinal));
        var begun = first[(first.IndexOf(Start, StringComparison.Ordinal) + Start.Length)..].Split(' ')[0];
        var sent = await cluster.AskAsync<decimal>(port, $"select pg_current_wal_flush_lsn() - '{begun}'::pg_lsn");
        Assert.InRange(sent, 0, LittleWal);
        Assert.True(await cluster.AskAsync<long>(port, "select pg_database_size('postgres')") > 2 * (long)LittleWal);
        var standby = added.Members.Single(member => member.Name == "m3");
        Assert.Equal(201_000, await cluster.AskAsync<long>(standby.Port, "select count(*) from big"));

        // Where the repository does not give it, the primary does.
        var repository = Path.Combine(cluster.Home, "backup");
        Directory.Move(repository, repository + ".away");
        (await cluster.RunAsync("member", "add", "--from", "repository")).Fails(6, "REP-004");
        (await cluster.RunAsync("member", "add")).Exits(0);
        await cluster.StatusAsync("four members", now => now.Members.Length == 4 && now.Leader is not null);
        history = (await cluster.RunAsync("history")).Out;
        Assert.Contains("m4 was cloned from", history, StringComparison.Ordinal);
        Assert.Contains("not from a repository", history, StringComparison.Ordinal);
    }

    private static string Log(LiveCluster cluster, string member) => string.Join('\n',
        Directory.GetFiles(Path.Combine(cluster.Home, "members", member, "log")).Select(File.ReadAllText));
}
