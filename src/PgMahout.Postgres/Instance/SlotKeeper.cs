using Npgsql;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Postgres.Instance;

/// <summary>
/// Physical replication slots: on every member there is one for every other, so that any of them can be followed.
/// </summary>
internal static class SlotKeeper
{
    /// <summary>
    /// A slot that lost its WAL, or never reserved any, keeps nothing: it is made anew. One in use is moved by its
    /// user. Whoever moves another member's slot forward knows that it is served elsewhere: if its feedback left a
    /// horizon of vacuum here, which nobody would lift any more, the slot is made anew without it, once the new one
    /// would begin no later than what its owner needs.
    /// </summary>
    public static async Task<bool> KeepAsync(
        NpgsqlConnection connection, string slot, Lsn? advanceTo, CancellationToken bound)
    {
        var name = Statements.Literal(slot);
        var found = await connection.ScalarAsync<string>(
            $"""
            SELECT CASE WHEN active THEN 'active' WHEN wal_status = 'lost' OR restart_lsn IS NULL THEN 'void'
                        WHEN xmin IS NOT NULL AND (pg_control_checkpoint()).redo_lsn <= {Limit(advanceTo)} THEN 'void'
                        ELSE restart_lsn::text END
              FROM pg_replication_slots WHERE slot_name = {name}
            """, bound);
        if (found == "void")
            await connection.ExecuteAsync($"SELECT pg_drop_replication_slot({name})", bound);
        if (found is null or "void")
            await connection.ExecuteAsync($"SELECT pg_create_physical_replication_slot({name}, true)", bound);
        else if (advanceTo is { } target && Lsn.TryParse(found, out var present) && present < target)
            await connection.ExecuteAsync($"SELECT pg_replication_slot_advance({name}, '{target}')", bound);
        return true;
    }

    private static string Limit(Lsn? advanceTo) => $"'{advanceTo ?? Lsn.Zero}'::pg_lsn";

    public static async Task<bool> DropAsync(NpgsqlConnection connection, string slot, CancellationToken bound)
    {
        var name = Statements.Literal(slot);
        const string InUse = PostgresErrorCodes.ObjectInUse;
        var exists = $"SELECT true FROM pg_replication_slots WHERE slot_name = {name}";
        while (await connection.ScalarAsync<bool>(exists, bound))
        {
            await connection.ExecuteAsync(
                $"""
                SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
                 WHERE slot_name = {name} AND active
                """, bound);
            try
            {
                await connection.ExecuteAsync($"SELECT pg_drop_replication_slot({name})", bound);
            }
            catch (PostgresException e) when (e.SqlState == InUse)
            {
                await Task.Delay(InstanceContext.Step, bound);
            }
        }
        return true;
    }
}
