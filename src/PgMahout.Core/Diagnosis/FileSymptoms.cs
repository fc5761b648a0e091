using System.Collections.Immutable;

namespace PgMahout.Core.Diagnosis;

/// <summary>Files, directories, sockets and libraries that are not as they have to be.</summary>
internal static class FileSymptoms
{
    public static readonly ImmutableArray<Symptom> All =
    [
        new("already-running", SymptomEnd.Start, @"lock file ""(?<file>[^""]*)"" already exists", LockFile),
        new("lock-file-empty", SymptomEnd.Start, @"lock file ""(?<file>[^""]*)"" is empty", finding => new Remedy(
            $"The lock file {finding["file"]} is empty: another server is starting, or one crashed while it did. If no "
            + "server runs there, remove it.", $"pgrep -a postgres; rm {finding.Reading.FileIn(finding["file"])}")),
        new("directory-mode", SymptomEnd.Start, @"data directory ""(?<file>[^""]*)"" has (invalid permissions|group "
            + @"or world "
            + @"access)",
            finding => new Remedy(
                $"The data directory {finding["file"]} can be read by others, and PostgreSQL refuses that: its mode "
                + "must be 0700 or 0750.", $"chmod 0700 {finding["file"]}")),
        new("directory-owner", SymptomEnd.Start, @"data directory ""(?<file>[^""]*)"" has wrong "
            + @"ownership", finding => new Remedy(
            $"The data directory {finding["file"]} belongs to another user than the one that starts the server; a copy "
            + "made by root does that.", $"chown -R postgres:postgres {finding["file"]}")),
        new("as-root", SymptomEnd.Start, @"""root"" execution of the PostgreSQL server is not "
            + @"permitted", finding => new Remedy(
            "PostgreSQL does not run as root.", "pgmahout up    (lends it the account postgres)",
            $"su postgres -c 'pg_ctl -D {finding.Reading.DataDirectory} start'")),
        new("directory-missing", SymptomEnd.Start,
            @"could not access (the server configuration file|directory) ""(?<file>[^""]*)"": No such file|does not "
            + @"know where to find the server configuration file", finding => new Remedy(
                $"{(finding["file"] is { Length: > 0 } file ? file : "The data directory")} is not there: the data "
                + "directory is missing, not mounted, or was never initialized. Before you make a new one, look "
                + "whether its file system is mounted.", $"ls -ld {finding.Reading.DataDirectory}; findmnt",
                $"initdb -D {finding.Reading.DataDirectory}    (a new, empty one)")),
        new("tablespace-missing", SymptomEnd.Start, @"FATAL:  directory ""(?<file>/[^""]*)"" does not exist",
            finding => new Remedy(
                $"A tablespace was made in {finding["file"]}, and this server has no such directory. PostgreSQL uses "
                + "the same path on every member; it makes its own files there, and not the directory.",
                $"install -d -o postgres -g postgres -m 700 {finding["file"]}    (the server is started again by "
                + "itself)")),
        new("file-permission", SymptomEnd.Start, @"could not (open|access|read|load)[^""]*""(?<file>[^""]*)"": "
            + @"Permission denied",
            finding => new Remedy(
                $"The server's account may not read {finding["file"]}.", $"ls -l {finding["file"]}",
                $"chown postgres:postgres {finding["file"]}")),
        new("not-a-data-directory", SymptomEnd.Start, @"""(?<file>[^""]*)"" is not a valid data "
            + @"directory", finding => new Remedy(
            $"{finding["file"]} is not a data directory: {finding.Note("DETAIL")} An interrupted copy leaves that.",
            $"ls -la {finding["file"]}")),
        new("other-version", SymptomEnd.Start, "database files are incompatible with server", finding => new Remedy(
            $"The data directory is of another version than the program. {finding.Note("DETAIL")} Start it with the "
            + "programs of its version, or upgrade it with pg_upgrade.",
            $"cat {finding.Reading.FileIn("PG_VERSION")}; ls /usr/lib/postgresql")),
        new("port-taken", SymptomEnd.Start,
            @"could not bind \w+ (address|socket)?.*""?(?<address>[^"" ]*)""?: Address already in use", PortTaken),
        new("address-of-another", SymptomEnd.Start, @"could not bind \w+ address ""(?<address>[^""]*)"": Cannot "
            + @"assign", finding =>
            new Remedy(
                $"listen_addresses has {finding["address"]}, which is no address of this machine. '*' is every one.",
                "ip -brief address", "psql -c \"ALTER SYSTEM SET listen_addresses = '*'\"")),
        new("address-unknown", SymptomEnd.Start, @"could not translate host name "
            + @"""(?<name>[^""]*)"",", finding => new Remedy(
            $"listen_addresses has {finding["name"]}, which no address is known for. '*' is every one.",
            $"getent hosts {finding["name"]}", "psql -c \"ALTER SYSTEM SET listen_addresses = '*'\"")),
        new("socket-directory", SymptomEnd.Start, @"could not create lock file ""(?<file>[^""]*)\.s\.PGSQL[^""]*"": "
            + @"(?<why>.*)$",
            finding => new Remedy(
                $"The unix socket cannot be made in {finding["file"]}: {finding["why"]}. unix_socket_directories names "
                + "that directory.", $"install -d -o postgres -g postgres {finding["file"]}")),
        new("library-missing", SymptomEnd.Start, @"could not (access file|load library) ""(?<name>[^""]*)"": "
            + @"(?<why>.*)$", finding =>
            new Remedy(
                $"shared_preload_libraries names {finding["name"]}, and there is no such library: its package is not "
                + "installed for this version, or the name is misspelt.",
                "ls $(pg_config --pkglibdir)", $"grep -n shared_preload {finding.Reading.DataDirectory}/*.conf")),
        new("certificate", SymptomEnd.Start,
            @"could not load (server certificate|private key|root certificate|certificate "
                + @"revocation)[^""]*""(?<file>[^""]*)"""
            + @"(: (?<why>.*))?$", finding => new Remedy(
                $"ssl = on, and the certificate or key file {finding["file"]} cannot be used: {finding["why"]}.",
                $"ls -l {finding.Reading.FileIn(finding["file"])}", "psql -c 'ALTER SYSTEM SET ssl = off'")),
        new("certificate-mode", SymptomEnd.Start, @"private key file ""(?<file>[^""]*)"" (has group or world|must be "
            + @"owned)", finding =>
            new Remedy(
                $"The private key {finding["file"]} may be read by others or is somebody else's, and PostgreSQL "
                + "refuses such a certificate's key.",
                $"chown postgres: {finding.Reading.FileIn(finding["file"])} && chmod 0600 "
                + finding.Reading.FileIn(finding["file"]))),
        new("locale", SymptomEnd.Start, "database locale is incompatible with operating system", finding => new Remedy(
            $"The databases were made with a locale that this machine does not have. {finding.Note("DETAIL")}",
            "locale -a", "locale-gen NAME")),
        new("checkpoint-missing", SymptomEnd.Start, "could not locate (a valid|required) checkpoint "
            + "record", finding => new Remedy(
            "The WAL that a recovery has to begin with is missing: pg_wal was emptied or not copied, or backup_label "
            + "was deleted or left over. Never use pg_resetwal on the only copy.",
            $"ls {finding.Reading.DataDirectory}/backup_label {finding.Reading.DataDirectory}/pg_wal | head",
            "pgmahout member reinit NAME    (a standby)")),
    ];

    private static Remedy LockFile(Finding finding)
    {
        var pid = finding.Also(@"\(PID (?<pid>\d+)\)").Groups["pid"].Value;
        var file = finding.Reading.FileIn(finding["file"]);
        return new Remedy(
            $"{file} names the process {(pid == "" ? "of a server" : pid)}. Either that server runs, and a second one "
            + "must not; or the file is stale (a machine that lost power leaves it) and its number belongs to another "
            + "program by now. Remove it only when no process of a server is left.",
            $"ps -o pid,user,args -p {(pid == "" ? "$(head -1 " + file + ")" : pid)}",
            $"pgrep -a postgres || rm {file}");
    }

    private static Remedy PortTaken(Finding finding)
    {
        var port = finding.Also(@"port (?<port>\d+)").Groups["port"].Value;
        return new Remedy(
            $"Another process listens on port {(port == "" ? "of this server" : port)} already, perhaps the "
            + "distribution's own PostgreSQL.",
            $"ss -ltnp {(port == "" ? "" : $"'sport = :{port}'")}".TrimEnd(), "systemctl stop postgresql");
    }
}
