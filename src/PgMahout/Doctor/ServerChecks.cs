using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PgMahout.Core.Diagnosis;
using PgMahout.Errors;
using PgMahout.Postgres.Installation;

namespace PgMahout.Doctor;

/// <summary>What a running server says about itself.</summary>
internal sealed class ServerChecks(Patient patient)
{
    private static readonly TimeSpan SoonForCertificates = TimeSpan.FromDays(30);

    public async Task<IReadOnlyList<CheckResult>> RunAsync(CancellationToken cancellation)
    {
        var (rows, silence) = await patient.AskAsync("SELECT version()", cancellation);
        if (silence is not null)
            return [
                Result(
                    CheckKind.Answer, patient.IsManaged ? CheckVerdict.Broken : CheckVerdict.Unknown,
                    "it runs, and cannot be asked: " + silence).Try(patient.IsManaged ? ["pgmahout status"] : []),
            ];
        var found = new List<CheckResult>
        {
            Result(CheckKind.Answer, CheckVerdict.Ok, rows[0][0].Split(" on ")[0]),
        };
        foreach (var check in Checks())
            found.AddRange(await check(cancellation));
        return found;
    }

    private Func<CancellationToken, Task<IEnumerable<CheckResult>>>[] Checks() =>
        [FilesAsync, PendingAsync, DriftAsync, StandbysAsync, SlotsAsync, ArchivingAsync, ConnectionsAsync,
            PasswordsAsync, CertificateAsync];

    private async Task<IEnumerable<CheckResult>> FilesAsync(CancellationToken cancellation)
    {
        // A value that waits for a restart is listed with an error too; what has no file is a line that went.
        const string Sql = """
            SELECT sourcefile, sourceline, coalesce(name, ''), error
              FROM pg_file_settings
             WHERE error IS NOT NULL AND error <> 'setting could not be applied' AND sourcefile IS NOT NULL
            """;
        var (errors, silence) = await patient.AskAsync(Sql, cancellation);
        if (silence is not null)
            return [Unknown(CheckKind.Settings, silence)];
        if (errors.Count == 0)
            return [Result(CheckKind.Settings, CheckVerdict.Ok, "the server takes them")];
        var (names, _) = await patient.AskAsync("SELECT name FROM pg_settings", cancellation);
        var reading = LogReading.Of(PostgresBinaries.NewestSupported, patient.DataDirectory) with
        {
            Settings = [.. names.Select(row => row[0])],
        };
        var explained = ServerLog.LastFailure([.. errors.Select(AtStart)], reading);
        return
        [
            Result(
                    CheckKind.Settings,
                    CheckVerdict.Broken,
                    $"The server runs, and would not start with its files. {explained?.What}".TrimEnd())
                .Seen([.. errors.Select(row => $"{row[0]} line {row[1]}: {row[2]}: {row[3]}")])
                .Try([.. explained?.Fixes ?? [$"vi {patient.File("postgresql.conf")}"]]),
        ];
    }

    /// <summary>How the server would say it when it is started: in its log.</summary>
    private static string AtStart(string[] row) => row switch
    {
        [var file, var line, var name, "unrecognized configuration parameter"] =>
            $"FATAL:  unrecognized configuration parameter \"{name}\" in file \"{file}\" line {line}",
        [var file, var line, _, var error] => $"FATAL:  {error} in file \"{file}\" line {line}",
        _ => string.Join(' ', row),
    };

    private async Task<IEnumerable<CheckResult>> PendingAsync(CancellationToken cancellation)
    {
        var (names, silence) = await patient.AskAsync(
            "SELECT name FROM pg_settings WHERE pending_restart ORDER BY 1", cancellation);
        return silence is not null ? [Unknown(CheckKind.Pending, silence)]
            : names.Count == 0 ? [Result(CheckKind.Pending, CheckVerdict.Ok, "no setting waits for a restart")]
            : [
                Result(
                    CheckKind.Pending, CheckVerdict.Warning,
                    $"a restart is needed for {string.Join(", ", names.Select(row => row[0]))}")
                    .Try(patient.IsManaged
                        ? [$"pgmahout restart {patient.Name}", $"pgmahout explain {ErrorCatalogue.RestartPending.Code}"]
                        : ["systemctl restart postgresql"]),
            ];
    }

    private async Task<IEnumerable<CheckResult>> DriftAsync(CancellationToken cancellation)
    {
        if (!patient.IsManaged)
            return [];
        const string Sql =
            "SELECT name || ' = ' || setting FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf'";
        var (set, silence) = await patient.AskAsync(Sql, cancellation);
        return silence is not null ? [Unknown(CheckKind.Drift, silence)]
            : set.Count == 0 ? [Result(CheckKind.Drift, CheckVerdict.Ok, "nothing was set by ALTER SYSTEM")]
            : [
                Result(CheckKind.Drift, CheckVerdict.Warning, "ALTER SYSTEM set what the other members do not have")
                    .Seen([.. set.Select(row => row[0])])
                    .Try("pgmahout config plan", "pgmahout config unset NAME --drift",
                        $"pgmahout explain {ErrorCatalogue.ConfigurationDrift.Code}"),
            ];
    }

    private async Task<IEnumerable<CheckResult>> StandbysAsync(CancellationToken cancellation)
    {
        const string Sql = """
            SELECT pg_is_in_recovery(),
                   (SELECT string_agg(application_name || ' ' || state, ', ') FROM pg_stat_replication
                     WHERE application_name NOT LIKE 'pg_basebackup%' AND application_name !~ '^pgmahout( |$)'),
                   (SELECT status FROM pg_stat_wal_receiver),
                   (SELECT count(*) FROM pg_stat_replication
                     WHERE state <> 'streaming' AND application_name !~ '^pgmahout( |$)')
            """;
        var (rows, silence) = await patient.AskAsync(Sql, cancellation);
        if (silence is not null)
            return [Unknown(CheckKind.Replication, silence)];
        var row = rows[0];
        if (row[0] == bool.TrueString)
            return row[2] == "streaming"
                ? [Result(CheckKind.Replication, CheckVerdict.Ok, "a standby that streams")]
                : [
                    Result(CheckKind.Replication, CheckVerdict.Warning, "a standby that receives nothing")
                        .Seen($"pg_stat_wal_receiver: {(row[2] == "" ? "no row" : row[2])}")
                        .Try(patient.IsManaged ? $"pgmahout logs {patient.Name}" : "psql -c 'TABLE "
                            + "pg_stat_wal_receiver'"),
                ];
        return row[3] == "0"
            ? [Result(
                CheckKind.Replication, CheckVerdict.Ok, $"a primary; standbys: {(row[1] == "" ? "none" : row[1])}")]
            : [Result(CheckKind.Replication, CheckVerdict.Warning, $"not every standby streams: {row[1]}")];
    }

    private async Task<IEnumerable<CheckResult>> SlotsAsync(CancellationToken cancellation)
    {
        const string Sql = """
            SELECT slot_name, active, coalesce(wal_status, ''),
                   coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                       ELSE pg_current_wal_lsn() END, restart_lsn), 0)::bigint
              FROM pg_replication_slots
             WHERE wal_status IN ('unreserved', 'lost')
                OR (NOT active AND pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                       ELSE pg_current_wal_lsn() END, restart_lsn) > 1 << 30)
            """;
        var (slots, silence) = await patient.AskAsync(Sql, cancellation);
        return silence is not null
            ? [Unknown(CheckKind.Replication, silence)]
            : slots.Select(slot => Result(
                CheckKind.Replication, slot[2] == "lost" ? CheckVerdict.Broken : CheckVerdict.Warning,
                slot[2] == "lost"
                    ? $"the slot {slot[0]} was given up: its reader needs a new copy"
                    : $"the slot {slot[0]} keeps {long.Parse(slot[3], CultureInfo.InvariantCulture) >> 20} MB of WAL")
                .Try(patient.IsManaged
                    ? "pgmahout status"
                    : $"psql -c \"SELECT pg_drop_replication_slot('{slot[0]}')\"    (if nobody needs it)"));
    }

    private async Task<IEnumerable<CheckResult>> ArchivingAsync(CancellationToken cancellation)
    {
        const string Sql = """
            SELECT current_setting('archive_mode'), last_failed_wal, last_failed_time::text,
                   coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver
            """;
        var (rows, silence) = await patient.AskAsync(Sql, cancellation);
        if (silence is not null)
            return [Unknown(CheckKind.Archiving, silence)];
        return rows[0] switch
        {
            ["off", ..] => [Result(CheckKind.Archiving, CheckVerdict.Ok, "archive_mode is off")],
            [_, _, _, "True"] row => [
                Result(CheckKind.Archiving, CheckVerdict.Broken, $"the last try failed: {row[1]} at {row[2]}")
                    .Try("pgmahout config get archive_command", "psql -c 'TABLE pg_stat_archiver'"),
            ],
            _ => [Result(CheckKind.Archiving, CheckVerdict.Ok, "WAL is archived")],
        };
    }

    private async Task<IEnumerable<CheckResult>> ConnectionsAsync(CancellationToken cancellation)
    {
        const string Sql = """
            SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity
             WHERE backend_type = 'client backend'
            """;
        var (rows, silence) = await patient.AskAsync(Sql, cancellation);
        if (silence is not null)
            return [Unknown(CheckKind.Connections, silence)];
        var (used, most) = (Number(rows[0][0]), Number(rows[0][1]));
        var full = used * 10 > most * 9;
        return [
            Result(
                CheckKind.Connections, full ? CheckVerdict.Warning : CheckVerdict.Ok, $"{used} of {most} are in use")
                .Try(full ? ["psql -c 'SELECT state, count(*) FROM pg_stat_activity GROUP BY 1'"] : []),
        ];
    }

    private async Task<IEnumerable<CheckResult>> PasswordsAsync(CancellationToken cancellation)
    {
        const string Sql = """
            SELECT rolname, rolvaliduntil::text, rolvaliduntil < now() FROM pg_roles
             WHERE rolcanlogin AND rolvaliduntil < now() + interval '30 days'
            """;
        var (roles, silence) = await patient.AskAsync(Sql, cancellation);
        return silence is not null ? [Unknown(CheckKind.Passwords, silence)]
            : roles.Count == 0 ? [Result(CheckKind.Passwords, CheckVerdict.Ok, "none runs out within 30 days")]
            : roles.Select(role => Result(
                CheckKind.Passwords, CheckVerdict.Warning,
                $"the password of {role[0]} {(role[2] == bool.TrueString ? "ran out" : "runs out")}: {role[1]}")
                .Try($"psql -c \"ALTER ROLE {role[0]} VALID UNTIL 'infinity'\""));
    }

    private async Task<IEnumerable<CheckResult>> CertificateAsync(CancellationToken cancellation)
    {
        var (rows, silence) = await patient.AskAsync(
            "SELECT current_setting('ssl'), current_setting('ssl_cert_file')", cancellation);
        if (silence is not null)
            return [Unknown(CheckKind.Certificate, silence)];
        if (rows[0][0] == "off")
            return [Result(CheckKind.Certificate, CheckVerdict.Ok, "ssl is off")];
        var file = patient.File(rows[0][1]);
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(file);
            var left = certificate.NotAfter.ToUniversalTime() - TimeProvider.System.GetUtcNow();
            var verdict = left < TimeSpan.Zero ? CheckVerdict.Broken
                : left < SoonForCertificates ? CheckVerdict.Warning
                : CheckVerdict.Ok;
            return [
                Result(CheckKind.Certificate, verdict, string.Create(
                    CultureInfo.InvariantCulture, $"{file} is valid until {certificate.NotAfter:yyyy-MM-dd}"))
                    .Try(verdict == CheckVerdict.Ok ? [] : [$"openssl x509 -noout -dates -subject -in {file}"]),
            ];
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or IOException
            or UnauthorizedAccessException)
        {
            return [Unknown(CheckKind.Certificate, $"{file} cannot be read: {unreadable.Message}")];
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private CheckResult Unknown(CheckKind kind, string why) => Result(kind, CheckVerdict.Unknown, why);

    private CheckResult Result(CheckKind kind, CheckVerdict verdict, string text) =>
        new(kind, patient.Name, verdict, text);
}
