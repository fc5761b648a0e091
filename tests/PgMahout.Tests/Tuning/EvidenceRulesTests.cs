using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Tuning;

public sealed class EvidenceRulesTests
{
    private static readonly ServerEvidence Calm = new(
        TimeSpan.FromHours(10), 120, 2, 500, 100_000, 3, ByteSize.Megabytes(3), 30, 10, 0, 0);

    private static readonly EvidenceSettings Settings =
        new(ByteSize.Gigabytes(1), ByteSize.Megabytes(4), 100, 3, -1);

    private static EvidenceFinding[] Judge(ServerEvidence seen, ByteSize? most = null) =>
        [.. EvidenceRules.Judge(seen, Settings, most)];

    [Fact]
    public void A_calm_server_shows_nothing() => Assert.Empty(Judge(Calm));

    [Fact]
    public void More_forced_checkpoints_than_timed_ones_ask_for_twice_the_wal()
    {
        var finding = Assert.Single(Judge(Calm with { RequestedCheckpoints = 121 }));

        Assert.Equal(
            (EvidenceRule.CheckpointsForced, "max_wal_size", "2GB"), (finding.Rule, finding.Setting, finding.Advised));
    }

    [Fact]
    public void Wal_is_never_asked_to_outgrow_its_volume()
    {
        var finding = Assert.Single(Judge(Calm with { RequestedCheckpoints = 121 }, ByteSize.Megabytes(1500)));

        Assert.Null(finding.Setting);
        Assert.Contains("larger WAL volume", finding.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void Sorts_on_disk_ask_for_what_would_have_held_them()
    {
        var finding = Assert.Single(Judge(Calm with
        {
            TemporaryFiles = 1000, TemporaryBytes = ByteSize.Gigabytes(10),
        }));

        Assert.Equal((EvidenceRule.SortsOnDisk, "work_mem", "16MB"), (finding.Rule, finding.Setting, finding.Advised));
        Assert.Contains("100 an hour", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Pages_written_by_clients_ask_the_background_writer_for_more()
    {
        var finding = Assert.Single(Judge(Calm with { BackendBuffers = 20_000 }));

        Assert.Equal((EvidenceRule.BackendsWrite, "bgwriter_lru_maxpages"), (finding.Rule, finding.Setting));
    }

    [Fact]
    public void Tables_that_wait_while_all_workers_are_busy_ask_for_a_quicker_pace_then_for_workers()
    {
        var behind = Calm with { OverdueTables = 7, BusyVacuumWorkers = 3 };

        Assert.Equal("autovacuum_vacuum_cost_limit", Assert.Single(Judge(behind)).Setting);
        Assert.Equal(
            "autovacuum_max_workers",
            Assert.Single(EvidenceRules.Judge(behind, Settings with { VacuumCostLimit = 2000 }, null)).Setting);
        Assert.Empty(Judge(behind with { BusyVacuumWorkers = 1 }));
    }

    [Fact]
    public void Idle_connections_ask_for_a_pooler_and_not_for_a_setting()
    {
        var finding = Assert.Single(Judge(Calm with { Connections = 90, IdleConnections = 85 }));

        Assert.Equal((EvidenceRule.ConnectionsIdle, null), (finding.Rule, finding.Setting));
    }

    [Fact]
    public void A_server_that_has_just_begun_to_count_is_not_judged() =>
        Assert.Empty(Judge(Calm with { Over = TimeSpan.FromMinutes(5), RequestedCheckpoints = 999 }));
}
