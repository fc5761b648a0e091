using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Tuning;

/// <summary>What holds for every machine that is asked about.</summary>
public sealed class ImprovementTests
{
    private const int Machines = 2000;

    public static TheoryData<int> Versions { get; } = new(14, 15, 16, 17, 18);

    private static ServerFeatures Plain(int major) => ServerFeatures.Of(major);

    private static ServerFeatures Full(int major) => ServerFeatures.Of(
        major, [.. ServerFeatures.Questions.Select(question => $"{question.Setting}={question.Value}")
            .Where(_ => major >= 15).Where(pair => major >= 18 || !pair.StartsWith("io_", StringComparison.Ordinal))]);

    [Theory]
    [MemberData(nameof(Versions))]
    public void Every_value_is_one_that_a_server_of_the_version_takes(int major)
    {
        var asked =
            from server in (ServerFeatures[])[Plain(major), Full(major)]
            from question in Questions.Generate(1, Machines, server)
            from rules in (TuningRules[])[TuningRules.Pgmahout, TuningRules.Classic]
            from setting in TuningPlan.For(rules, question).Settings
            where !ServerSettings.Takes(server, setting.Name, setting.Value)
            select $"{setting.Name} = {setting.Value} on {question}";

        Assert.Empty(asked);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Advice_fits_into_the_memory_or_says_that_it_cannot(int major)
    {
        var fitting = 0;
        foreach (var question in Questions.Generate(2, Machines, Plain(major)))
        {
            var plan = TuningPlan.For(TuningRules.Pgmahout, question);

            var fits = MemoryEnvelope.Of(plan.Settings).Fits(plan.Part);
            Assert.True(fits || plan.Notices.Any(notice => notice.Contains("do not fit", StringComparison.Ordinal)));
            fitting += fits ? 1 : 0;
        }
        Assert.InRange(fitting, Machines * 6 / 10, Machines);
    }

    [Fact]
    public void Without_a_wish_for_connections_a_member_of_640_MB_or_more_always_fits()
    {
        foreach (var question in Questions.Generate(3, Machines, Plain(16)))
        {
            var plan = TuningPlan.For(TuningRules.Pgmahout, question with { Connections = null });

            Assert.True(
                plan.Part.Memory < ByteSize.Megabytes(640) || MemoryEnvelope.Of(plan.Settings).Fits(plan.Part),
                $"{plan.Part}: {MemoryEnvelope.Of(plan.Settings)}");
        }
    }

    [Fact]
    public void More_memory_never_gives_less_of_it()
    {
        string[] names = ["shared_buffers", "effective_cache_size", "maintenance_work_mem", "work_mem"];
        foreach (var question in Questions.Generate(4, Machines, Plain(17)))
        {
            var larger = question with
            {
                Machine = question.Machine with { Memory = new ByteSize(question.Machine.Memory.Bytes * 2) },
            };
            // The same number of connections on both: unasked, a larger machine is given more of them.
            var (one, two) = (Values(question with { Connections = 100 }), Values(larger with { Connections = 100 }));

            Assert.All(names, name => Assert.True(
                MemoryText.Kilobytes(one[name]) <= MemoryText.Kilobytes(two[name]),
                $"{name} falls from {one[name]} to {two[name]}: {question}"));
        }
    }

    [Fact]
    public void More_connections_never_give_a_sort_more_memory()
    {
        foreach (var question in Questions.Generate(5, Machines, Plain(15)))
        {
            var few = Values(question with { Connections = 50 });
            var many = Values(question with { Connections = 500 });

            Assert.True(MemoryText.Kilobytes(few["work_mem"]) >= MemoryText.Kilobytes(many["work_mem"]));
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void What_replication_needs_is_never_advised(int major)
    {
        foreach (var question in Questions.Generate(6, Machines, Full(major)))
            Assert.Empty(Values(question).Keys.Intersect(ServerSettings.Owned));
    }

    [Fact]
    public void Members_on_unlike_machines_share_what_a_standby_must_not_have_less_of()
    {
        var random = new Prng(7);
        var all = Questions.Generate(8, Machines, Plain(16)).ToArray();
        foreach (var question in all)
        {
            var other = all[random.Below(all.Length)];

            var plans = TuningPlan.ForCluster(TuningRules.Pgmahout, [question, other]);

            Assert.All(ServerSettings.Shared, name => Assert.Equal(
                plans[0].Values.GetValueOrDefault(name), plans[1].Values.GetValueOrDefault(name)));
        }
    }

    [Theory]
    [InlineData("wal_compression", "lz4", "on")]
    [InlineData("io_method", "io_uring", "worker")]
    public void What_a_build_may_lack_is_advised_only_when_this_one_was_seen_to_have_it(
        string name, string probed, string otherwise)
    {
        var question = new TuningQuestion(new Machine(ByteSize.Gigabytes(8), 4, StorageType.Nvme), WorkloadType.Oltp);

        Assert.Equal(probed, Values(question with { Server = Full(18) })[name]);
        Assert.Equal(otherwise, Values(question with { Server = Plain(18) })[name]);
    }

    [Fact]
    public void A_cluster_uses_only_what_every_server_has()
    {
        var both = Full(18).And(Plain(17));

        Assert.Equal(17, both.Major);
        Assert.False(both.Accepts("wal_compression", "lz4"));
    }

    [Fact]
    public void Huge_pages_that_the_control_group_forbids_are_not_tried()
    {
        var machine = new Machine(
            ByteSize.Gigabytes(16), 4, StorageType.Ssd, null,
            new HugePages(ByteSize.Megabytes(2), 4096, 4096, ByteSize.Megabytes(0)));

        var plan = TuningPlan.For(TuningRules.Pgmahout, new TuningQuestion(machine, WorkloadType.Oltp));

        Assert.Equal("off", plan.Values["huge_pages"]);
    }

    [Fact]
    public void Every_setting_of_every_rule_says_why_with_its_source()
    {
        foreach (var question in Questions.Generate(9, Machines, Full(18)))
            Assert.All(TuningPlan.For(TuningRules.Pgmahout, question).Settings, setting =>
            {
                Assert.NotEmpty(setting.Reason);
                Assert.NotEmpty(setting.Source);
            });
    }

    [Fact]
    public void Every_rule_is_used_for_some_machine()
    {
        var used = Questions.Generate(10, Machines, Full(18))
            .Concat(Questions.Generate(11, Machines, Plain(14)))
            .SelectMany(question => TuningPlan.ForCluster(
                    TuningRules.Pgmahout, [question, question with { Connections = 3000 }])
                .Append(TuningPlan.For(TuningRules.Pgmahout, question))
                .Append(TuningPlan.For(TuningRules.Classic, question)))
            .SelectMany(plan => plan.Settings)
            .Select(setting => setting.Rule)
            .ToHashSet();

        Assert.Empty(Enum.GetValues<TuningRule>().Except(used).Except([TuningRule.Pgtune]));
    }

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, string> Values(
        TuningQuestion question) => TuningPlan.For(TuningRules.Pgmahout, question).Values;
}
