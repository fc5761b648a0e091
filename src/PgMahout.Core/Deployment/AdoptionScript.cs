using System.Globalization;

namespace PgMahout.Core.Deployment;

/// <summary>
/// What is run on a host to look at the server that is to be adopted: as root, and to the server as the account
/// postgres through its unix socket. It changes nothing. Each line of its output is words, with a tab between them.
/// </summary>
public static class AdoptionScript
{
    /// <summary>What is asked of pg_settings.</summary>
    public static readonly string[] Settings =
    [
        "cluster_name", "config_file", "data_checksums", "external_pid_file", "fsync", "full_page_writes", "hba_file",
        "hot_standby", "ident_file", "listen_addresses", "max_replication_slots", "max_wal_senders", "port",
        "recovery_min_apply_delay", "recovery_target_timeline", "restart_after_crash", "server_version_num", "ssl",
        "ssl_ca_file", "ssl_cert_file", "synchronous_commit", "synchronous_standby_names", "unix_socket_directories",
        "wal_level", "wal_log_hints", "wal_receiver_timeout", "wal_sender_timeout",
    ];

    private static string Questions =>
        $"""
        select 'setting', name, setting from pg_settings
         where name in ({string.Join(", ", Settings.Select(name => $"'{name}'"))});
        select 'identity', system_identifier from pg_control_system();
        select 'recovery', pg_is_in_recovery();
        select 'position',
               (case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end - '0/0');
        select 'timeline',
               case when pg_is_in_recovery() then (select received_tli from pg_stat_wal_receiver)
                    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end;
        select 'receiver', status, coalesce(slot_name, '') from pg_stat_wal_receiver;
        select 'sender', coalesce(host(client_addr), ''), state, application_name from pg_stat_replication;
        select 'slot', slot_name, slot_type from pg_replication_slots;
        select 'tablespace', pg_tablespace_location(oid) from pg_tablespace where pg_tablespace_location(oid) <> '';
        select 'password', rolpassword is not null from pg_authid where rolname = 'postgres';
        select 'answered', 'yes';
        """;

    /// <param name="data">As it was written; it has no character in it that means something to a shell.</param>
    public static string Of(string name, string data) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        set -u
        export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        say() { printf '%s\t%s\n' "$1" "$2"; }
        finish() { say end yes; exit 0; }
        as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }
        [ -e /var/lib/pgmahout/members/{{name}}/adopted.json ] && say done yes
        data=$(readlink -f '{{data}}') && [ -d "$data" ] || finish
        say data "$data"
        say owner "$(stat -c %U "$data")"
        say version "$(cat "$data/PG_VERSION" 2> /dev/null)"
        as_postgres test -w "$(dirname "$data")" && say beside writable
        mountpoint -q "$data" && say mount yes
        pid=$(head -n 1 "$data/postmaster.pid" 2> /dev/null)
        [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$data" ] || finish
        say pid "$pid"
        unit=$(sed -n 's|.*/\([^/]*\.service\)$|\1|p' "/proc/$pid/cgroup" | tail -n 1)
        [ -n "$unit" ] && [ "$(systemctl show -p MainPID --value "$unit")" = "$pid" ] && say unit "$unit"
        for file in /etc/postgresql/*/*/postgresql.conf; do
            [ -f "$file" ] || continue
            named=$(sed -n "s/^[[:space:]]*data_directory[[:space:]=]*'\([^']*\)'.*/\1/p" "$file" | tail -n 1)
            [ -n "$named" ] && [ "$(readlink -f "$named")" = "$data" ] && say debian "$(dirname "$file")"
        done
        say socket "$(sed -n 5p "$data/postmaster.pid")"
        psql=$(dirname "$(readlink "/proc/$pid/exe")")/psql
        [ -x "$psql" ] || psql=psql
        as_postgres env HOME=/ PGCONNECT_TIMEOUT=10 "$psql" -XAtqw -F "$(printf '\t')" -v ON_ERROR_STOP=1 \
            -h "$(sed -n 5p "$data/postmaster.pid")" -p "$(sed -n 4p "$data/postmaster.pid")" -U postgres \
            -d postgres -f - 2>&1 <<'END_OF_QUESTIONS'
        {{Questions}}
        END_OF_QUESTIONS
        finish

        """);
}
