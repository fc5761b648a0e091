using System.Text.Json;
using Xunit;

namespace PgMahout.LiveTests.Harness;

/// <summary>
/// One member with an encrypted repository, for tests that lose things of their own and bring them back.
/// </summary>
public sealed class UndoneCluster : IAsyncLifetime
{
    private const string BeforeTheBackup = """
        create table renamed_later as select n, md5(n::text) t from generate_series(1, 3000) n;
        create table moved as select n, md5(n::text) t from generate_series(1, 3000) n;
        create table rewritten (n int primary key, t text);
        insert into rewritten select n, repeat(md5(n::text), 80) from generate_series(1, 500) n;
        create table bystander (id int primary key);
        insert into bystander select generate_series(1, 1000);
        create table heavy as select n, repeat(md5(n::text), 20) t, 2 as by from generate_series(1, 40000) n;
        alter table heavy add foreign key (by) references bystander;
        select 0::bigint
        """;

    internal LiveCluster Cluster { get; private set; } = null!;

    internal int Port { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Cluster = await LiveCluster.UpAsync("--members", "1");
        Port = (await Cluster.HealthyAsync()).Primary.Port;
        var place = Path.Combine(Cluster.Home, "side");
        Directory.CreateDirectory(place);
        await Program.RunAsync("chown", ["postgres:", place], LiveCluster.Limit);
        await using (var connection = new Npgsql.NpgsqlConnection(Cluster.ConnectionText(Port)))
        {
            await connection.OpenAsync();
            await using var make = new Npgsql.NpgsqlCommand($"create tablespace side location '{place}'", connection);
            await make.ExecuteNonQueryAsync();
        }
        await Cluster.AskAsync<long>(Port, BeforeTheBackup);
        (await Cluster.RunAsync(
            "repo", "add", "main", Path.Combine(Cluster.Home, "backup"),
            "--key-file", Path.Combine(Cluster.Home, "key"))).Exits(0);
        await Archive.BackedUpAsync(Cluster);
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    /// <summary>One statement, or several in one transaction.</summary>
    internal Task DoAsync(string sql) => Cluster.AskAsync<long>(Port, sql + "; select 0::bigint");

    /// <summary>Number of rows and a sum over all of them.</summary>
    internal Task<string> SumAsync(string table) => Cluster.AskAsync<string>(
        Port, $"select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from {table} t");

    internal async Task<JsonElement[]> LossesAsync()
    {
        var ran = (await Cluster.RunAsync("undo", "list", "--all", "-o", "json")).Exits(0);
        using var document = JsonDocument.Parse(ran.Out);
        return [.. document.RootElement.GetProperty("losses").EnumerateArray().Select(loss => loss.Clone())];
    }

    /// <summary>Nothing of an undo is left, in the home or in the database.</summary>
    internal async Task HasNoDebrisAsync()
    {
        var undo = Path.Combine(Cluster.Home, "undo");
        await Eventually.HoldsAsync(
            "no server of the past is left", LiveCluster.Limit, () => Processes.Of(undo).Count == 0);
        Assert.Empty(Directory.EnumerateFileSystemEntries(undo));
        Assert.Equal(0, await Cluster.AskAsync<long>(
            Port, "select count(*) from pg_namespace where nspname like 'pgmahout_undo%'"));
    }
}
