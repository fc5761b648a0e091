using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Tuning;

public sealed class TuningPlanTests
{
    private static readonly Machine Small = new(ByteSize.Gigabytes(4), 2, StorageType.Hdd, ByteSize.Gigabytes(600));

    [Fact]
    public void A_member_alone_on_a_roomy_machine_keeps_the_classic_values_except_for_its_workers()
    {
        var plan = TuningPlan.ForMembers(1, Small, WorkloadType.Oltp, connections: 100);

        var classic = ClassicTuning.For(Small, WorkloadType.Oltp, 100);
        Assert.Equal(["max_worker_processes"], classic.Except(plan.Settings).Select(setting => setting.Name));
        Assert.Equal(
            classic.Select(setting => setting.Name),
            plan.Settings.Take(classic.Length).Select(setting => setting.Name));
    }

    [Fact]
    public void What_the_classic_formula_does_not_know_is_added_after_it()
    {
        var plan = TuningPlan.ForMembers(1, Small, WorkloadType.Oltp, connections: 100);

        Assert.Equal(
            "huge_pages=try jit=off wal_compression=on autovacuum_work_mem=170MB superuser_reserved_connections=5",
            string.Join(' ', plan.Settings.Skip(16).Select(setting => $"{setting.Name}={setting.Value}")));
    }

    [Fact]
    public void Members_share_memory_processors_and_disk_in_equal_parts()
    {
        var machine = new Machine(ByteSize.Megabytes(24105), 8, StorageType.Ssd, ByteSize.Gigabytes(60));

        var plan = TuningPlan.ForMembers(3, machine, WorkloadType.Oltp);

        Assert.Equal(new Machine(ByteSize.Megabytes(8032), 2, StorageType.Ssd, ByteSize.Gigabytes(20)), plan.Part);
        Assert.Equal("2008MB", Value(plan, "shared_buffers"));
        Assert.Equal("2", Value(plan, "max_parallel_workers"));
    }

    [Fact]
    public void More_members_than_processors_leave_one_processor_to_each()
    {
        var plan = TuningPlan.ForMembers(7, Small, WorkloadType.Oltp);

        Assert.Equal(1, plan.Part.Processors);
        Assert.Equal(("8", TuningRule.KeepDefaultWorkers), ValueAndRule(plan, "max_worker_processes"));
        Assert.Equal(
            ("0", TuningRule.ShortQueriesFewWorkers), ValueAndRule(plan, "max_parallel_workers_per_gather"));
    }

    [Theory]
    [InlineData(2, "8", TuningRule.KeepDefaultWorkers)]
    [InlineData(7, "8", TuningRule.KeepDefaultWorkers)]
    [InlineData(8, "8", TuningRule.Classic)]
    [InlineData(16, "16", TuningRule.Classic)]
    public void Worker_processes_are_never_fewer_than_the_default(int processors, string expected, TuningRule rule)
    {
        var plan = TuningPlan.ForMembers(1, Small with { Processors = processors }, WorkloadType.Oltp);

        Assert.Equal((expected, rule), ValueAndRule(plan, "max_worker_processes"));
    }

    [Fact]
    public void Connections_are_the_default_unless_asked_for()
    {
        var unasked = TuningPlan.ForMembers(3, Small, WorkloadType.Oltp);
        var asked = TuningPlan.ForMembers(3, Small, WorkloadType.Oltp, connections: 250);

        Assert.Equal(("100", TuningRule.DefaultConnections), ValueAndRule(unasked, "max_connections"));
        Assert.Equal(("250", TuningRule.Classic), ValueAndRule(asked, "max_connections"));
    }

    [Fact]
    public void Memory_for_a_sort_is_never_less_than_the_default()
    {
        var plan = TuningPlan.ForMembers(3, Small with { Memory = ByteSize.Gigabytes(6) }, WorkloadType.Oltp);

        Assert.Equal(("4MB", TuningRule.KeepDefaultWorkMemory), ValueAndRule(plan, "work_mem"));
    }

    [Theory]
    [InlineData(60, "640MB", "2560MB")]
    [InlineData(30, "320MB", "1280MB")]
    [InlineData(1, "32MB", "128MB")]
    [InlineData(0, "32MB", "128MB")]
    public void Wal_is_bounded_by_a_members_part_of_the_free_disk(int freeGigabytes, string minimum, string maximum)
    {
        var machine = Small with { FreeDisk = ByteSize.Gigabytes(freeGigabytes) };

        var plan = TuningPlan.ForMembers(3, machine, WorkloadType.Oltp);

        Assert.Equal((minimum, TuningRule.BoundWalByDisk), ValueAndRule(plan, "min_wal_size"));
        Assert.Equal((maximum, TuningRule.BoundWalByDisk), ValueAndRule(plan, "max_wal_size"));
    }

    [Fact]
    public void Wal_keeps_the_classic_sizes_when_the_free_disk_is_not_known()
    {
        var plan = TuningPlan.ForMembers(3, Small with { FreeDisk = null }, WorkloadType.Oltp);

        Assert.Equal("2GB", Value(plan, "min_wal_size"));
        Assert.Equal("8GB", Value(plan, "max_wal_size"));
    }

    [Fact]
    public void What_replication_needs_is_never_tuned()
    {
        string[] replication =
        [
            "wal_level", "max_wal_senders", "max_replication_slots", "hot_standby",
            "fsync", "full_page_writes", "synchronous_commit",
        ];

        foreach (var workload in Enum.GetValues<WorkloadType>())
        {
            var plan = TuningPlan.ForMembers(3, Small, workload);

            Assert.Empty(plan.Settings.Select(setting => setting.Name).Intersect(replication));
        }
    }

    [Fact]
    public void The_values_are_those_of_the_settings_and_no_setting_is_named_twice()
    {
        var plan = TuningPlan.ForMembers(3, Small, WorkloadType.Mixed);

        Assert.Equal(
            plan.Settings.Select(setting => (setting.Name, setting.Value)).Order(),
            plan.Values.Select(pair => (pair.Key, pair.Value)).Order());
    }

    private static string Value(TuningPlan plan, string name) => ValueAndRule(plan, name).Value;

    private static (string Value, TuningRule Rule) ValueAndRule(TuningPlan plan, string name)
    {
        var setting = Assert.Single(plan.Settings, setting => setting.Name == name);
        return (setting.Value, setting.Rule);
    }
}
