using System.Diagnostics;
using Npgsql;
using PgMahout.Errors;
using PgMahout.Postgres.Instance;
using PgMahout.Starting;

namespace PgMahout.Restoring;

/// <summary>
/// Looks at a restored server: every page of every table and index is read, so that every checksum is checked, and
/// where PostgreSQL's own pg_amcheck is installed it checks their structure.
/// </summary>
internal sealed class CopyInspection(Host host)
{
    private const string RelationsSql = """
        SELECT c.oid::regclass::text, c.relkind::text
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'm', 't', 'i') AND c.relpersistence = 'p'
        """;

    public int Databases { get; private set; }

    public int Relations { get; private set; }

    public async Task<Failure?> RunAsync(SideServer server, CancellationToken cancellation)
    {
        try
        {
            var names = await DatabasesAsync(server, cancellation);
            Databases = names.Count;
            foreach (var name in names)
                await ReadAsync(server, name, cancellation);
        }
        catch (NpgsqlException broken)
        {
            return Unsound(broken.Message);
        }
        return await CheckAsync(server, cancellation);
    }

    private static async Task<List<string>> DatabasesAsync(SideServer server, CancellationToken cancellation)
    {
        await using var connection = server.Connect("postgres");
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            "SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2", connection);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var names = new List<string>();
        while (await rows.ReadAsync(cancellation))
            names.Add(rows.GetString(0));
        return names;
    }

    private async Task ReadAsync(SideServer server, string database, CancellationToken cancellation)
    {
        await using var connection = server.Connect(database);
        await connection.OpenAsync(cancellation);
        var tables = new List<string>();
        await using (var command = new NpgsqlCommand(RelationsSql, connection))
        await using (var rows = await command.ExecuteReaderAsync(cancellation))
            while (await rows.ReadAsync(cancellation))
            {
                Relations++;
                if (rows.GetString(1) is "r" or "m" or "t")
                    tables.Add(rows.GetString(0));
            }
        foreach (var table in tables)
        {
            await using var count = new NpgsqlCommand($"SELECT count(*) FROM {table}", connection);
            await count.ExecuteScalarAsync(cancellation);
        }
    }

    private async Task<Failure?> CheckAsync(SideServer server, CancellationToken cancellation)
    {
        var program = host.Binaries.Tool("pg_amcheck");
        if (!File.Exists(program))
            return null;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[.. server.ClientArguments, "--all", "--install-missing"])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var said = Task.WhenAll(
            process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0 ? null : Unsound(string.Concat(await said).Trim());
    }

    private static Failure Unsound(string why) =>
        new Failure(ErrorCatalogue.BackupDamaged, "what was restored is not sound")
            .Because(why)
            .Leaving("the cluster is untouched; the restored copy was removed")
            .Try("pgmahout backup verify", "pgmahout backup now --full");
}
