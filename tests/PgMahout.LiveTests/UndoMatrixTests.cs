using System.Text.Json;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>
/// Ways to lose a table, out of an encrypted repository; and ways in which bringing it back breaks off.
/// </summary>
public sealed class UndoMatrixTests(UndoneCluster undone) : IClassFixture<UndoneCluster>
{
    private const string Filled = "as select n, md5(n::text) t from generate_series(1, 2000) n";

    private LiveCluster Cluster => undone.Cluster;

    [Fact]
    public async Task A_table_comes_back_whatever_was_done_to_it_before_it_was_dropped()
    {
        await undone.DoAsync($"create table brief {Filled}");
        await DroppedAndBackAsync("brief", "drop table brief");

        await undone.DoAsync($"create table mixed {Filled}");
        await DroppedAndBackAsync(
            "mixed", "update bystander set id = -id where id = 1; drop table mixed; create table beside (id int)");
        Assert.Equal(1, await Cluster.AskAsync<long>(undone.Port, "select count(*) from bystander where id = -1"));
        Assert.Equal(0, await Cluster.AskAsync<long>(undone.Port, "select count(*) from beside"));

        await undone.DoAsync("alter table renamed_later rename to renamed");
        await DroppedAndBackAsync("renamed", "drop table renamed");

        await undone.DoAsync("alter table moved set tablespace side");
        await DroppedAndBackAsync("moved", "drop table moved");

        foreach (var rewrite in new[]
        {
            "vacuum full rewritten", "cluster rewritten using rewritten_pkey", "reindex table rewritten",
            "vacuum full pg_class", "reindex table pg_class",
        })
            await AloneAsync(rewrite);
        await DroppedAndBackAsync("rewritten", "drop table rewritten");
        await undone.HasNoDebrisAsync();
    }

    [Fact]
    public async Task Of_two_drops_of_one_name_each_can_be_chosen()
    {
        var begin = Address(await Cluster.AskAsync<string>(undone.Port, "select pg_current_wal_insert_lsn()::text"));
        await undone.DoAsync("create table twice as select 1 as version");
        await undone.DoAsync("drop table twice");
        await undone.DoAsync("create table twice as select 2 as version");
        await undone.DoAsync("drop table twice");
        // The list says what the archive has by now, and a table of this moment has no name in it. The newest come
        // first.
        JsonElement[] drops = [];
        await Eventually.HoldsAsync("both drops are listed", LiveCluster.Limit, async () =>
        {
            drops = [.. (await undone.LossesAsync()).Where(loss =>
                loss.GetProperty("kind").GetString() == "drop"
                && Address(loss.GetProperty("lsn").GetString()!) > begin)];
            return drops.Length == 2;
        });
        var first = drops[1];

        (await Cluster.RunAsync("undo", "drop", "twice", "--yes")).Exits(0);
        (await Cluster.RunAsync(
            "undo", "drop", "twice", "--lsn", first.GetProperty("lsn").GetString()!, "--as", "twice_first", "--yes"))
            .Exits(0);

        Assert.Equal(2, await Cluster.AskAsync<int>(undone.Port, "select version from twice"));
        Assert.Equal(1, await Cluster.AskAsync<int>(undone.Port, "select version from twice_first"));
    }

    [Fact]
    public async Task Large_objects_outlive_the_table_and_temporary_tables_are_no_loss()
    {
        await undone.DoAsync(
            "create table pictures as select 1 as id, lo_from_bytea(4711, '\\x00ff') as picture; "
            + $"create temp table passing {Filled}; drop table passing");

        await DroppedAndBackAsync("pictures", "drop table pictures");

        Assert.Equal(255, await Cluster.AskAsync<int>(
            undone.Port, "select get_byte(lo_get(picture), 1) from pictures"));
        Assert.DoesNotContain(await undone.LossesAsync(), loss => Named(loss, "passing"));
    }

    [Fact]
    public async Task Rows_of_then_stand_beside_the_table_and_go_back_into_it()
    {
        await undone.DoAsync($"create table changing {Filled}; alter table changing add primary key (n)");
        var before = await undone.SumAsync("changing");
        var then = await Cluster.AskAsync<string>(undone.Port, "select pg_current_wal_flush_lsn()::text");
        await undone.DoAsync(
            "delete from changing where n <= 10; update changing set t = '' where n between 11 and 15; "
            + "insert into changing values (9001, 'new')");

        var compared = (await Cluster.RunAsync(
            "undo", "rows", "changing", "--at", then, "--as", "changing_then", "--yes")).Exits(0);
        Assert.Contains("changing_then stays", compared.Out, StringComparison.Ordinal);
        Assert.NotEqual(before, await undone.SumAsync("changing"));
        (await Cluster.RunAsync("undo", "rows", "changing", "--at", then, "--apply", "wrong", "--yes"))
            .Fails(2, "PGM-002");
        var applied = (await Cluster.RunAsync(
            "undo", "rows", "changing", "--at", then, "--as", "changing_then", "--apply", "missing,changed,new",
            "--drop-copy", "--yes", "-o", "json")).Exits(0);

        Assert.Equal(before, await undone.SumAsync("changing"));
        using var document = System.Text.Json.JsonDocument.Parse(applied.Out);
        Assert.Equal(10, document.RootElement.GetProperty("missing").GetProperty("rows").GetInt64());
        Assert.Equal(1, document.RootElement.GetProperty("applied").GetProperty("deleted").GetInt64());
        Assert.Equal(0, await Cluster.AskAsync<long>(
            undone.Port, "select count(*) from pg_class where relname = 'changing_then'"));
        await undone.HasNoDebrisAsync();
    }

    [Fact]
    public async Task Killed_at_any_step_it_leaves_the_cluster_alone_and_its_debris_is_cleared()
    {
        var before = await undone.SumAsync("heavy");
        var bystander = await undone.SumAsync("bystander");
        await undone.DoAsync("drop table heavy");
        // The last transaction adds the foreign key to it, and waits.
        await using var holder = new Npgsql.NpgsqlConnection(Cluster.ConnectionText(undone.Port));
        await holder.OpenAsync();
        await using var hold = new Npgsql.NpgsqlCommand(
            "begin; lock table bystander in row exclusive mode", holder);
        await hold.ExecuteNonQueryAsync();
        foreach (var (step, reached) in Steps)
        {
            await KillAsync(step, reached);

            Assert.Equal(bystander, await undone.SumAsync("bystander"));
            Assert.Equal(0, await Cluster.AskAsync<long>(
                undone.Port, "select count(*) from pg_class where oid = to_regclass('public.heavy')"));
            // The next run clears as well; the last kill is left to it.
            if (step != Steps[^1].Step)
            {
                (await Cluster.RunAsync("undo", "clean")).Exits(0);
                await undone.HasNoDebrisAsync();
            }
        }
        await holder.CloseAsync();
        (await Cluster.RunAsync("undo", "drop", "heavy", "--yes")).Exits(0);
        Assert.Equal(before, await undone.SumAsync("heavy"));
        await undone.HasNoDebrisAsync();
    }

    [Fact]
    public async Task Without_space_or_rights_it_is_refused_and_a_file_changes_nothing()
    {
        await undone.DoAsync($"create table unlucky {Filled}");
        await undone.DoAsync("drop table unlucky");
        var undo = Path.Combine(Cluster.Home, "undo");
        (await Cluster.RunAsync("undo", "clean")).Exits(0);
        Directory.CreateDirectory(undo);
        (await Program.RunAsync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", undo], LiveCluster.Limit)).Exits(0);
        try
        {
            (await Cluster.RunAsync("undo", "drop", "unlucky", "--yes")).Fails(3, "UND-003");
        }
        finally
        {
            (await Program.RunAsync("umount", [undo], LiveCluster.Limit)).Exits(0);
        }
        await undone.HasNoDebrisAsync();
        var stranger = await Program.RunAsync(
            "setpriv",
            [
                "--reuid=nobody", "--regid=nogroup", "--clear-groups", Program.Path, "undo", "drop", "unlucky", "--yes",
                "--home", Cluster.Home,
            ], LiveCluster.Limit);
        Assert.NotEqual(0, stranger.Code);
        await undone.HasNoDebrisAsync();

        var file = Path.Combine(Cluster.Home, "unlucky.sql");
        (await Cluster.RunAsync("undo", "drop", "unlucky", "--to-file", file, "--yes")).Exits(0);

        var script = await File.ReadAllTextAsync(file);
        Assert.Contains("CREATE TABLE", script, StringComparison.Ordinal);
        Assert.Contains("2000\t08f90c1a417155361a5c4b8d297e0d78", script, StringComparison.Ordinal);
        Assert.Equal(0, await Cluster.AskAsync<long>(
            undone.Port, "select count(*) from pg_class where relname = 'unlucky'"));
        await undone.HasNoDebrisAsync();
    }

    [Fact]
    public async Task A_guarded_table_stays_and_who_dropped_another_is_listed()
    {
        await undone.DoAsync("create table guarded as select n from generate_series(1, 100000) n");
        (await Cluster.RunAsync("undo", "guard", "on", "--above", "1MB")).Exits(0);
        try
        {
            var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(
                () => undone.DoAsync("drop table guarded"));
            Assert.Contains("guarded", refused.MessageText, StringComparison.Ordinal);
            await undone.DoAsync("set pgmahout.allow_drop = on; drop table guarded");
            (await Cluster.RunAsync("undo", "drop", "guarded", "--yes")).Exits(0);
        }
        finally
        {
            (await Cluster.RunAsync("undo", "guard", "off")).Exits(0);
        }

        Assert.Equal(100000, await Cluster.AskAsync<long>(undone.Port, "select count(*) from guarded"));
        var loss = (await undone.LossesAsync())
            .First(one => one.GetProperty("by").ValueKind == JsonValueKind.Object);
        Assert.Equal("postgres", loss.GetProperty("by").GetProperty("user").GetString());
        Assert.Equal("127.0.0.1", loss.GetProperty("by").GetProperty("client").GetString());
        await undone.DoAsync("drop table guarded");
    }

    /// <summary>When a run that is to be killed has got so far.</summary>
    private (string Step, Func<Task<bool>> Reached)[] Steps =>
    [
        ("the directory", () => Task.FromResult(Undo("PG_VERSION"))),
        ("the server of the past", () => Task.FromResult(Undo("postmaster.pid"))),
        ("the definitions", () => AnyAsync("select count(*) from pg_namespace where nspname like 'pgmahout_undo%'")),
        ("the last transaction", () => AnyAsync("select count(*) from pg_locks where not granted")),
    ];

    private async Task DroppedAndBackAsync(string table, string drop)
    {
        var before = await undone.SumAsync(table);
        await undone.DoAsync(drop);
        (await Cluster.RunAsync("undo", "drop", table, "--yes")).Exits(0);
        Assert.Equal(before, await undone.SumAsync(table));
    }

    private async Task KillAsync(string step, Func<Task<bool>> reached)
    {
        using var process = Program.Start(
            Program.Path, ["undo", "drop", "heavy", "--yes", "--home", Cluster.Home]);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await Eventually.HoldsAsync(
            $"it came to {step}", LiveCluster.Limit, async () => process.HasExited || await reached());
        if (process.HasExited)
            Assert.Fail($"it ended before it could be killed at {step}:\n{await output}{await error}");
        process.Kill();
        await process.WaitForExitAsync();
        await Task.WhenAll(output, error).WaitAsync(LiveCluster.Limit);
    }

    private bool Undo(string file)
    {
        var undo = Path.Combine(Cluster.Home, "undo");
        return Directory.Exists(undo)
            && Directory.EnumerateDirectories(undo).Any(one => File.Exists(Path.Combine(one, "data", file)));
    }

    private async Task<bool> AnyAsync(string count) => await Cluster.AskAsync<long>(undone.Port, count) > 0;

    /// <summary>Of what cannot be in a transaction.</summary>
    private async Task AloneAsync(string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(Cluster.ConnectionText(undone.Port));
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static ulong Address(string lsn)
    {
        var halves = lsn.Split('/').Select(half => Convert.ToUInt64(half, 16)).ToArray();
        return (halves[0] << 32) | halves[1];
    }

    private static bool Named(JsonElement loss, string table) =>
        loss.GetProperty("names").EnumerateArray()
            .Any(name => name.GetString()!.EndsWith($".{table}", StringComparison.Ordinal));
}
