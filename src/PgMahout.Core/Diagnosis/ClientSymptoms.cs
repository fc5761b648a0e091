using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>Clients that did not get in, and work that the running server could not do.</summary>
internal static class ClientSymptoms
{
    public static readonly ImmutableArray<Symptom> All =
    [
        new("no-hba-entry", SymptomEnd.Never,
            @"no pg_hba\.conf entry for (?<replication>replication connection from )?host ""(?<host>[^""]*)"", user "
            + @"""(?<user>[^""]*)""(, database ""(?<database>[^""]*)"")?",
            finding => ReplicationSymptoms.Entry(
                finding["replication"] is { Length: > 0 } ? "replication" : finding["database"], finding["user"],
                finding["host"])),
        new("hba-rejects", SymptomEnd.Never,
            @"pg_hba\.conf rejects (?<replication>replication )?connection for host ""(?<host>[^""]*)"", user "
            + @"""(?<user>[^""]*)""(, database ""(?<database>[^""]*)"")?",
            finding => new Remedy(
                $"A line of pg_hba.conf with the method reject is for {finding["user"]} from {finding["host"]}.",
                $"pgmahout hba test --user {finding["user"]} --from {finding["host"]} --database "
                + (finding["replication"] is { Length: > 0 } ? "replication" : finding["database"]))),
        new("password", SymptomEnd.Never, @"password authentication failed for user "
            + @"""(?<user>[^""]*)""", finding => new Remedy(
            $"Somebody gave a wrong password for {finding["user"]}"
            + (finding.Note("DETAIL") is { Length: > 0 } detail ? $". {detail}" : "."),
            $"psql -c \"\\password {finding["user"]}\"")),
        new("peer", SymptomEnd.Never, @"(Peer|Ident) authentication failed for user "
            + @"""(?<user>[^""]*)""", finding => new Remedy(
            $"peer admits only the operating-system user of the same name, and somebody else asked to be "
            + $"{finding["user"]}.", $"sudo -u {finding["user"]} psql", $"psql -h localhost -U {finding["user"]}")),
        new("connections", SymptomEnd.Never,
            "sorry, too many clients already|remaining connection slots are reserved", _ => new Remedy(
                "All max_connections are in use. Often they are idle sessions of an application without a pool.",
                "psql -c 'SELECT state, count(*) FROM pg_stat_activity GROUP BY 1'",
                "pgmahout config set max_connections=200")),
        new("archiving", SymptomEnd.Never, @"archive command (failed with exit code (?<code>\d+)|was "
            + @"terminated)", finding =>
            new Remedy(
                "The archive_command fails, and WAL is kept until it works: the disk fills up. "
                + finding.Note("DETAIL"),
                "psql -c 'SELECT * FROM pg_stat_archiver'", "pgmahout config get archive_command")),
    ];
}
