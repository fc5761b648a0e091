using PgMahout.Core.Diagnosis;
using Xunit;

namespace PgMahout.Tests.Diagnosis;

/// <summary>
/// The messages that a test cannot easily provoke, as PostgreSQL 14 to 18 word them; the others are held against a real
/// server by BrokenConfigurationTests.
/// </summary>
public sealed class ServerLogTests
{
    private const string Stamp = "2026-11-22 14:52:24.510 UTC [22270] ";

    [Theory]
    [InlineData("semaphores", "FATAL:  could not create semaphores: No space left on device")]
    [InlineData("dev-shm", "ERROR:  could not resize shared memory segment \"/PostgreSQL.1\" to 4 bytes: No space "
        + "left on device")]
    [InlineData("shared-memory", "FATAL:  could not create shared memory segment: Invalid argument")]
    [InlineData("shared-memory-in-use", "FATAL:  pre-existing shared memory block (key 5432001, ID 32768) is still "
        + "in use")]
    [InlineData("disk-full", "PANIC:  could not write to file \"pg_wal/xlogtemp.99\": No space left on device")]
    [InlineData("disk-full", "ERROR:  could not extend file \"base/5/16384\": No space left on device")]
    [InlineData("killed", "LOG:  server process (PID 4711) was terminated by signal 9: Killed")]
    [InlineData("already-running", "FATAL:  lock file \"postmaster.pid\" already exists")]
    [InlineData("directory-mode", "FATAL:  data directory \"/d\" has invalid permissions")]
    [InlineData("directory-owner", "FATAL:  data directory \"/d\" has wrong ownership")]
    [InlineData("library-missing", "FATAL:  could not access file \"timescaledb\": No such file or directory")]
    [InlineData("library-missing", "FATAL:  could not load library \"/l/x.so\": undefined symbol: y")]
    [InlineData("certificate-mode", "FATAL:  private key file \"server.key\" has group or world access")]
    [InlineData("tablespace-missing", "FATAL:  directory \"/srv/fast\" does not exist")]
    [InlineData("locale", "FATAL:  database locale is incompatible with operating system")]
    [InlineData("checkpoint-missing", "PANIC:  could not locate a valid checkpoint record at 0/16B5A20")]
    [InlineData("standby-settings", "FATAL:  recovery aborted because of insufficient parameter settings")]
    [InlineData("standby-settings", "WARNING:  hot standby is not possible because of insufficient parameter settings")]
    [InlineData("wal-removed", "FATAL:  could not receive data from WAL stream: ERROR:  requested WAL segment "
        + "000000010000000000000003 has already been removed")]
    [InlineData("timeline", "FATAL:  highest timeline 1 of the primary is behind recovery timeline 2")]
    [InlineData("timeline", "LOG:  new timeline 2 forked off current database system timeline 1 before current "
        + "recovery point 0/5000098")]
    [InlineData("timeline", "FATAL:  could not start WAL streaming: ERROR:  requested starting point 0/5000000 on "
        + "timeline 1 is not in this server's history")]
    [InlineData("other-system", "FATAL:  database system identifier differs between the primary and standby")]
    [InlineData("slot-missing", "FATAL:  could not start WAL streaming: ERROR:  replication slot \"repl_slot_01\" "
        + "does not exist")]
    [InlineData("slots-in-use", "FATAL:  all replication slots are in use")]
    [InlineData("senders-in-use", "FATAL:  number of requested standby connections exceeds max_wal_senders "
        + "(currently 2)")]
    [InlineData("senders-in-use", "FATAL:  number of requested standby connections exceeds \"max_wal_senders\" "
        + "(currently 2)")]
    [InlineData("primary-password", "FATAL:  could not connect to the primary server: connection to server at "
        + "\"172.23.13.11\", port 5432 failed: FATAL:  password authentication failed for user \"replication\"")]
    [InlineData("primary-hba", "FATAL:  could not connect to the primary server: connection to server at "
        + "\"172.23.13.11\", port 5432 failed: FATAL:  no pg_hba.conf entry for replication connection from host "
        + "\"172.23.13.14\", user \"replication\", no encryption")]
    [InlineData("primary-unreachable", "FATAL:  could not connect to the primary server: connection to server at "
        + "\"172.23.13.11\", port 5432 failed: No route to host")]
    [InlineData("no-hba-entry", "FATAL:  no pg_hba.conf entry for host \"10.0.0.9\", user \"app\", database "
        + "\"shop\", no encryption")]
    [InlineData("hba-rejects", "FATAL:  pg_hba.conf rejects connection for host \"10.0.0.9\", user \"app\", "
        + "database \"shop\", no encryption")]
    [InlineData("password", "FATAL:  password authentication failed for user \"app\"")]
    [InlineData("peer", "FATAL:  Peer authentication failed for user \"postgres\"")]
    [InlineData("connections", "FATAL:  sorry, too many clients already")]
    [InlineData("connections", "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER "
        + "attribute")]
    [InlineData("archiving", "LOG:  archive command failed with exit code 1")]
    [InlineData("hba-refused", "FATAL:  could not load /var/lib/pgsql/16/data/pg_hba.conf")]
    [InlineData("hba-refused", "FATAL:  could not load pg_hba.conf")]
    public void Message_has_its_explanation_and_a_command(string cause, string message)
    {
        var failure = ServerLog.LastFailure(
            ["LOG:  something", Stamp + message, Stamp + "LOG:  database system is shut down"],
            LogReading.Of(15, "/var/lib/pgsql/15/data"));

        Assert.Equal(cause, failure?.Cause);
        Assert.Contains(message, failure!.Evidence[0], StringComparison.Ordinal);
        Assert.All(failure.Fixes, fix => Assert.NotEmpty(fix));
        Assert.EndsWith(".", failure.What.TrimEnd(' ', '?').TrimEnd('.') + ".", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FATAL:  could not send end-of-streaming message to primary: no COPY in progress")]
    [InlineData("FATAL:  could not send data to WAL stream: server closed the connection unexpectedly")]
    [InlineData("FATAL:  terminating walreceiver process due to administrator command")]
    public void The_end_of_a_receiver_of_wal_is_not_that_of_the_server(string message) =>
        Assert.Null(ServerLog.LastFailure(
            [Stamp + "LOG:  database system is ready to accept read-only connections", Stamp + message],
            LogReading.Of(15, "/d")));

    [Fact]
    public void Half_a_setting_name_is_completed_in_the_line_itself()
    {
        var failure = ServerLog.LastFailure(
            [
                Stamp + "LOG:  unrecognized configuration parameter \"max_replication_slot\" in file \"/d/p.conf\" "
                    + "line 7",
                Stamp + "FATAL:  configuration file \"/d/p.conf\" contains errors",
            ],
            LogReading.Of(14, "/d") with { Settings = ["max_replication_slots", "max_wal_senders"] });

        Assert.Equal("unknown-setting", failure?.Cause);
        Assert.Contains("did you mean max_replication_slots?", failure!.What, StringComparison.Ordinal);
        Assert.Equal(["sed -i '7s/max_replication_slot/max_replication_slots/' /d/p.conf"], failure.Fixes);
    }

    [Theory]
    [InlineData("wal_keep_segments = 32", "wal_keep_size = 512MB")]
    [InlineData("wal_keep_segments='64'   # files", "wal_keep_size = 1024MB")]
    public void Segments_to_keep_become_the_size_of_as_many(string line, string instead)
    {
        var failure = ServerLog.LastFailure(
            [
                "LOG:  unrecognized configuration parameter \"wal_keep_segments\" in file \"/d/p.conf\" line 3",
                "FATAL:  configuration file \"/d/p.conf\" contains errors",
            ],
            LogReading.Of(14, "/d") with { ReadLine = (_, number) => number == 3 ? line : null });

        Assert.Equal([$"sed -i '3s/.*/{instead}/' /d/p.conf"], failure?.Fixes);
    }

    [Fact]
    public void Typing_error_beside_trust_is_not_the_fault_of_trust()
    {
        var failure = ServerLog.LastFailure(
            [
                "LOG:  invalid IP mask \"trust\": Name or service not known",
                "CONTEXT:  line 9 of configuration file \"/d/pg_hba.conf\"",
                "FATAL:  could not load pg_hba.conf",
            ],
            LogReading.Of(14, "/d") with { ReadLine = (_, _) => "host all all 172.23.13.11 trust" });

        Assert.Contains("172.23.13.11/32", failure?.What, StringComparison.Ordinal);
        Assert.Contains("nor an SSH key", failure?.What, StringComparison.Ordinal);
        Assert.Equal(["vi +9 /d/pg_hba.conf"], failure?.Fixes);
    }

    [Fact]
    public void Start_that_worked_makes_a_failed_one_history()
    {
        string[] lines =
        [
            "LOG:  invalid authentication method \"md\"", "FATAL:  could not load pg_hba.conf",
            "LOG:  database system is ready to accept connections",
        ];

        Assert.Null(ServerLog.LastFailure(lines, LogReading.Of(15, "/d")));
        Assert.Equal(
            "archiving",
            ServerLog.LastFailure(
                [.. lines, "LOG:  archive command failed with exit code 1"], LogReading.Of(15, "/d"))?.Cause);
    }

    [Fact]
    public void Standby_that_streams_again_has_no_failure_any_more()
    {
        string[] lines =
        [
            "FATAL:  could not connect to the primary server: connection to server at \"10.0.0.1\", port 5432 failed: "
            + "Connection refused",
        ];

        var failure = ServerLog.LastFailure(lines, LogReading.Of(15, "/d"));
        Assert.Equal(["pgmahout doctor", "pg_isready -h 10.0.0.1 -p 5432"], failure?.Fixes);
        Assert.Null(ServerLog.LastFailure(
            [.. lines, "LOG:  started streaming WAL from primary at 0/3000000 on timeline 1"],
            LogReading.Of(15, "/d")));
        Assert.Null(ServerLog.LastFailure(
            [.. lines, "LOG:  received fast shutdown request", "LOG:  database system is shut down"],
            LogReading.Of(15, "/d")));
    }

    [Fact]
    public void Ended_sessions_are_no_failure_of_the_server() =>
        Assert.Null(ServerLog.LastFailure(
            [
                "LOG:  database system is ready to accept connections",
                "FATAL:  terminating connection due to administrator command",
                "FATAL:  the database system is shutting down",
                "FATAL:  role \"x\" does not exist",
            ],
            LogReading.Of(15, "/d")));

    [Fact]
    public void Start_that_nobody_can_explain_is_shown_as_it_is()
    {
        var failure = ServerLog.LastFailure(["LOG:  one", "FATAL:  never seen before"], LogReading.Of(15, "/d"));

        Assert.Equal("unknown", failure?.Cause);
        Assert.Equal(["LOG:  one", "FATAL:  never seen before"], failure?.Evidence);
    }

    [Fact]
    public void Last_failure_is_the_one_that_is_told() =>
        Assert.Equal(
            "port-taken",
            ServerLog.LastFailure(
                [
                    "LOG:  invalid authentication method \"md\"", "FATAL:  could not load pg_hba.conf",
                    "LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use",
                    "HINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.",
                    "FATAL:  could not create any TCP/IP sockets",
                ],
                LogReading.Of(15, "/d"))?.Cause);
}
