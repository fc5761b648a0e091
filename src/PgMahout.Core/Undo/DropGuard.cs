using System.Globalization;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Undo;

/// <summary>Who dropped something, and from where.</summary>
/// <param name="Client">Address; null for one on the same machine.</param>
/// <param name="Application">As its connection calls it; null when it does not.</param>
public sealed record LossAuthor(string User, string? Client, string? Application)
{
    public string Text => $"{User}@{Client ?? "local"}{(Application is null ? "" : $" ({Application})")}";
}

/// <summary>
/// What keeps large tables from being dropped by mistake, and writes into WAL who drops: event triggers in a schema of
/// their own, plain SQL for PostgreSQL 14 to 18.
/// </summary>
public static class DropGuard
{
    public const string Schema = "pgmahout_guard";

    /// <summary>Where it is on in a session, large tables can be dropped there.</summary>
    public const string Setting = "pgmahout.allow_drop";

    /// <summary>Of the messages that say who.</summary>
    public const string Prefix = "pgmahout.drop";

    /// <summary>
    /// One row where the guard is on: from how many bytes on tables are kept; null where it only writes who drops.
    /// </summary>
    public const string Status = """
        SELECT (SELECT substring(obj_description(evtfoid, 'pg_proc') FROM '[0-9]+')::bigint FROM pg_event_trigger
                 WHERE evtname = 'pgmahout_guard_look' AND evtenabled <> 'D')
          FROM pg_event_trigger WHERE evtname = 'pgmahout_guard_tell' AND evtenabled <> 'D'
        """;

    /// <summary>Leaves nothing.</summary>
    public const string Off = $"""
        DROP EVENT TRIGGER IF EXISTS pgmahout_guard_look;
        DROP EVENT TRIGGER IF EXISTS pgmahout_guard_keep;
        DROP EVENT TRIGGER IF EXISTS pgmahout_guard_tell;
        DROP SCHEMA IF EXISTS {Schema} CASCADE;
        """;

    private const long FileBytes = 1L << 30;

    /// <summary>The content of a message is the transaction, the address, the application and the user.</summary>
    private const string Telling = """
        CREATE FUNCTION pgmahout_guard.tell() RETURNS event_trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, pg_temp AS $f$
        BEGIN
            IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects()
                        WHERE NOT is_temporary AND classid = 'pg_class'::regclass AND objsubid = 0
                          AND object_type NOT IN ('index', 'toast table')) THEN
                PERFORM pg_logical_emit_message(true, 'pgmahout.drop', concat_ws(E'\t', txid_current() & 4294967295,
                    coalesce(host(inet_client_addr()), ''), current_setting('application_name'), session_user));
            END IF;
        END $f$;
        CREATE EVENT TRIGGER pgmahout_guard_tell ON sql_drop EXECUTE FUNCTION pgmahout_guard.tell();
        """;

    private const string Keeping = """
        CREATE FUNCTION pgmahout_guard.keep() RETURNS event_trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, pg_temp AS $f$
        DECLARE kept text;
        BEGIN
            IF lower(current_setting('pgmahout.allow_drop', true)) IN ('on', 'true', 'yes', '1') THEN
                RETURN;
            END IF;
            SELECT string_agg(object_identity, ', ') INTO kept FROM pg_event_trigger_dropped_objects()
             WHERE classid = 'pg_class'::regclass AND objsubid = 0
               AND objid::text = ANY (string_to_array(current_setting('pgmahout.large', true), ','));
            IF kept IS NOT NULL THEN
                RAISE EXCEPTION 'the drop guard keeps %', kept
                    USING ERRCODE = 'object_not_in_prerequisite_state',
                          DETAIL = 'Tables of that size are dropped on purpose only; pgmahout undo guard made it so.',
                          HINT = 'SET pgmahout.allow_drop = on; and drop again.';
            END IF;
        END $f$;
        CREATE EVENT TRIGGER pgmahout_guard_keep ON sql_drop EXECUTE FUNCTION pgmahout_guard.keep();
        """;

    /// <summary>Statements, to be run as one script.</summary>
    /// <param name="above">
    /// A table whose rows, or whose TOAST, take so much or more is kept; null: only who drops is written.
    /// </param>
    public static string On(ByteSize? above) => $"""
        {Off}
        CREATE SCHEMA {Schema};
        COMMENT ON SCHEMA {Schema} IS 'pgmahout undo guard: says who drops, and keeps large tables';
        {(above is { } limit ? Looking(limit.Bytes) + Keeping : "")}
        {Telling}
        """;

    /// <summary>Who dropped in which transaction, from a message's content; null for another content.</summary>
    public static (uint Xid, LossAuthor By)? Read(string content)
    {
        var fields = content.Split('\t', 4);
        return fields.Length == 4
            && uint.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var xid)
            ? (xid, new LossAuthor(fields[3], Given(fields[1]), Given(fields[2])))
            : null;
    }

    private static string? Given(string text) => text.Length == 0 ? null : text;

    /// <summary>
    /// When something is dropped, its size is not known any more: all sizes are looked at before. Files are asked for
    /// theirs, because a question to the table waits for its locks. A table is in files of 1 GB.
    /// </summary>
    private static string Looking(long bytes)
    {
        var file = (bytes - 1) / FileBytes;
        var ending = file == 0 ? "" : $".{file.ToString(CultureInfo.InvariantCulture)}";
        var rest = (bytes - (file * FileBytes)).ToString(CultureInfo.InvariantCulture);
        return $"""
            CREATE FUNCTION pgmahout_guard.look() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp AS $f$
            BEGIN
                PERFORM set_config('pgmahout.large', (
                    SELECT coalesce(string_agg(coalesce(
                               (SELECT oid FROM pg_class AS o WHERE c.relkind = 't' AND o.reltoastrelid = c.oid),
                               c.oid)::text, ','), '')
                      FROM pg_class AS c
                     WHERE relkind IN ('r', 'm', 't') AND relpersistence <> 't' AND oid >= 16384
                       AND (pg_stat_file(pg_relation_filepath(oid) || '{ending}', true)).size >= {rest}), true);
            END $f$;
            COMMENT ON FUNCTION pgmahout_guard.look() IS 'from {bytes.ToString(CultureInfo.InvariantCulture)} bytes on';
            CREATE EVENT TRIGGER pgmahout_guard_look ON ddl_command_start
                WHEN TAG IN ('DROP TABLE', 'DROP MATERIALIZED VIEW', 'DROP SCHEMA', 'DROP OWNED', 'DROP EXTENSION',
                             'DROP TYPE', 'DROP FUNCTION', 'DROP VIEW')
                EXECUTE FUNCTION pgmahout_guard.look();

            """;
    }
}
