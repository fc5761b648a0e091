using System.Collections.Immutable;
using Npgsql;
using PgMahout.Core.Undo.Returning;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>What runs that were killed left in a live database.</summary>
public static class ReturnLeftovers
{
    // While a run lives, its session holds a lock by its id.
    private const string Lock = "hashtextextended('pgmahout_undo ' || $1, 0)";

    private const string Listed = $$"""
        SELECT nspname::text, obj_description(oid, 'pg_namespace') FROM pg_namespace
         WHERE starts_with(nspname::text, '{{StagingPlan.Prefix}}') ORDER BY nspname
        """;

    private const string ListedDatabases = $$"""
        SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database
         WHERE starts_with(datname::text, '{{StagingPlan.Prefix}}') ORDER BY datname
        """;

    /// <summary>Drops the staging schemas of runs that are dead, and databases that they began.</summary>
    /// <param name="live">Connections not opened yet, of a superuser.</param>
    /// <returns>Their names.</returns>
    public static async Task<Outcome<ImmutableArray<string>>> ClearAsync(
        Func<NpgsqlConnection> live, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await Sql.OpenAsync(
                live, "SET session_replication_role = replica; SET client_min_messages = error", cancellation);
            return new Outcome<ImmutableArray<string>>.Done(
            [
                .. await ClearAsync(connection, cancellation),
                .. await ClearDatabasesAsync(connection, cancellation),
            ]);
        }
        catch (NpgsqlException e)
        {
            return new Outcome<ImmutableArray<string>>.Failed(ReturnProblems.Server(e));
        }
    }

    internal static Task<ImmutableArray<string>> ClearAsync(NpgsqlConnection live, CancellationToken cancellation) =>
        ClearAsync(live, Listed, names => DropAsync(live, names, cancellation), cancellation);

    internal static Task<ImmutableArray<string>> ClearDatabasesAsync(
        NpgsqlConnection live, CancellationToken cancellation) =>
        ClearAsync(live, ListedDatabases, async names =>
        {
            foreach (var name in names)
                await live.RunAsync($"DROP DATABASE IF EXISTS {SqlName.Quoted(name)} WITH (FORCE)", cancellation);
        }, cancellation);

    private static async Task<ImmutableArray<string>> ClearAsync(
        NpgsqlConnection live, string listed, Func<IEnumerable<string>, Task> drop, CancellationToken cancellation)
    {
        var dropped = ImmutableArray.CreateBuilder<string>();
        var found = await live.RowsAsync(
            listed, row => (Name: row.GetString(0), Comment: row.TextOrNull(1)), cancellation);
        foreach (var run in found.GroupBy(made => StagingPlan.IdOf(made.Comment ?? "")))
            if (run.Key is { } id && await live.ValueAsync<bool>(
                new Query($"SELECT pg_try_advisory_lock({Lock})", id), cancellation))
            {
                await drop(run.Select(made => made.Name));
                await live.RowsAsync(new Query($"SELECT pg_advisory_unlock({Lock})", id), _ => 0, cancellation);
                dropped.AddRange(run.Select(made => made.Name));
            }
        return dropped.ToImmutable();
    }

    /// <summary>Until the session ends.</summary>
    internal static Task HoldAsync(NpgsqlConnection live, string id, CancellationToken cancellation) =>
        live.RowsAsync(new Query($"SELECT pg_advisory_lock({Lock})", id), _ => 0, cancellation);

    internal static Task DropAsync(
        NpgsqlConnection live, IEnumerable<string> schemas, CancellationToken cancellation) =>
        live.RunAsync(
            "SET lock_timeout = '10s'; DROP SCHEMA IF EXISTS "
            + $"{string.Join(", ", schemas.Select(SqlName.Quoted))} CASCADE",
            cancellation);
}
