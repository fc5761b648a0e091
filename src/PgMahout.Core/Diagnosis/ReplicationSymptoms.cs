using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>What stands between a standby and its primary.</summary>
internal static class ReplicationSymptoms
{
    public static readonly ImmutableArray<Symptom> All =
    [
        new("standby-settings", SymptomEnd.Streaming,
            "(recovery aborted|hot standby is not possible|recovery has paused) because of insufficient parameter",
            finding => new Remedy(
                "A standby must have no less than its primary of max_connections, max_worker_processes, "
                + "max_wal_senders, max_prepared_transactions and max_locks_per_transaction. "
                + finding.Note("DETAIL") + " Such settings are raised on the standbys first.",
                Higher(finding), "pgmahout config plan")),
        new("wal-removed", SymptomEnd.Streaming, "requested WAL segment (?<segment>[0-9A-F]+) has already been "
            + "removed", finding =>
            new Remedy(
                $"The primary no longer has the WAL segment {finding["segment"]} that the standby needs: it was away "
                + "for longer than WAL is kept. A slot would have kept it; now only the archive or a new copy helps.",
                "pgmahout member rejoin NAME", "pgmahout member reinit NAME",
                "pg_basebackup -h PRIMARY -U USER -D DIRECTORY -R -S SLOT    (a server without pgmahout)")),
        new("slot-lost", SymptomEnd.Streaming, "(can no longer get changes from|cannot read from) (physical "
            + ")?replication slot "
            + "\"(?<slot>[^\"]*)\"",
            finding => new Remedy(
                $"The slot {finding["slot"]} was given up because it kept more WAL than max_slot_wal_keep_size. The "
                + "standby needs a new copy.", "pgmahout member reinit NAME")),
        new("timeline", SymptomEnd.Streaming,
            @"is not in this server's history|behind recovery timeline|new timeline \d+ forked off|does not contain "
                + @"minimum "
            + "recovery point|is not a child of this server's history", finding => new Remedy(
                "The histories of the two servers differ: this one has WAL that the primary's timeline does not "
                + "have, so it cannot follow. It was a primary itself, or was read past the point of a promotion. "
                + finding.Note("DETAIL"),
                "pgmahout member rejoin NAME", "pg_rewind --target-pgdata=DIRECTORY --source-server='host=PRIMARY "
                    + "...'")),
        new("other-system", SymptomEnd.Streaming, "database system identifier differs between the primary and (the "
            + ")?standby", finding =>
            new Remedy(
                "The standby is a copy of another cluster than the primary: its data directory was initialized, not "
                + $"cloned. {finding.Note("DETAIL")}",
                "pgmahout member reinit NAME", "pg_basebackup -h PRIMARY -U USER -D EMPTY_DIRECTORY -R")),
        new("slot-missing", SymptomEnd.Streaming, "replication slot \"(?<slot>[^\"]*)\" does not "
            + "exist", finding => new Remedy(
            $"The standby wants the slot {finding["slot"]}, which the primary does not have; a promotion or a restore "
            + "leaves slots behind.",
            $"psql -h PRIMARY -c \"SELECT pg_create_physical_replication_slot('{finding["slot"]}', true)\"")),
        new("slots-in-use", SymptomEnd.Streaming, "all replication slots are in use", _ => new Remedy(
            "max_replication_slots is reached.", "psql -c 'SELECT slot_name, active FROM pg_replication_slots'",
            "pgmahout config set max_replication_slots=32")),
        new("senders-in-use", SymptomEnd.Streaming,
            @"number of requested standby connections exceeds ""?max_wal_senders", _ => new Remedy(
                "max_wal_senders is reached: each standby, and each running pg_basebackup, takes one or two.",
                "psql -c 'SELECT pid, application_name, state FROM pg_stat_replication'",
                "pgmahout config set max_wal_senders=16")),
        new("primary-password", SymptomEnd.Streaming,
            @"could not connect to the primary server: .*password authentication failed for user ""(?<user>[^""]*)""",
            finding => new Remedy(
                $"The primary does not take the password of {finding["user"]}: primary_conninfo or the password "
                + "file has another one than the role.",
                $"psql -h PRIMARY -c \"\\password {finding["user"]}\"", "pgmahout member rejoin NAME")),
        new("primary-hba", SymptomEnd.Streaming,
            @"could not connect to the primary server: .*no pg_hba\.conf entry for replication connection from host "
            + @"""(?<host>[^""]*)"", user ""(?<user>[^""]*)""",
            finding => Entry("replication", finding["user"], finding["host"])),
        new("primary-unreachable", SymptomEnd.Streaming,
            @"could not connect to the primary server: .*(server at|host) ""?(?<host>[^""]+?)""?(?: \([^)]*\))?, port "
                + @"(?<port>\d+) failed: "
            + @"(?<why>.*)$|could not connect to the primary server: (?<why>.*)$", Unreachable),
    ];

    public static Remedy Entry(string database, string user, string host) => new(
        $"No line of pg_hba.conf is for {user} {(database == "replication" ? "for replication" : $"to {database}")} "
        + $"from {host}. The word all does not mean replication: that needs a line of its own.",
        $"pgmahout hba test --user {user} --database {database} --from {host}",
        $"pgmahout hba add \"host {database} {user} {host}/{(host.Contains(':') ? 128 : 32)} scram-sha-256\"");

    private static Remedy Unreachable(Finding finding)
    {
        var (host, port, why) = (finding["host"], finding["port"], finding["why"]);
        var firewall = why.Contains("No route to host", StringComparison.Ordinal)
            || why.Contains("timed out", StringComparison.OrdinalIgnoreCase)
            || why.Contains("timeout", StringComparison.OrdinalIgnoreCase);
        var meaning = firewall
            ? "Packets do not get through: that is a firewall or a route, not pg_hba.conf."
            : why.Contains("refused", StringComparison.Ordinal)
            ? "Nothing listens there: the primary is down, or its listen_addresses does not have that address."
            : "";
        return new Remedy(
            $"The standby cannot reach its primary {host}{(port == "" ? "" : $" on port {port}")}: {why}. "
                + $"{meaning}".Trim(),
            "pgmahout doctor", $"pg_isready -h {(host == "" ? "PRIMARY" : host)}{(port == "" ? "" : $" -p {port}")}");
    }

    private static string Higher(Finding finding)
    {
        var lower = finding.Also(@"(?<name>\w+) = \d+ is a lower setting than on the primary.* was (?<value>\d+)");
        return lower.Success
            ? $"pgmahout config set {lower.Groups["name"].Value}={lower.Groups["value"].Value}"
            : "pgmahout config get";
    }
}
