using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Store;
using PgMahout.Store.Records;
using Xunit;

namespace PgMahout.Tests.Store;

public sealed class ClusterRecordsTests
{
    private const string SpecStart =
        """{"schema":1,"name":"a","members":[{"name":"m1","host":"h","port":1,"api":"unix:/x","priority":1}],""";

    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly MemberName M1 = new("m1");
    private static readonly MemberName M2 = new("m2");

    private static readonly ClusterSpec Spec = new(
        "orders",
        [new MemberSpec(M1, "127.0.0.1", 5432, "unix:/run/m1.sock"),
         new MemberSpec(M2, "::1", 5433, "unix:/run/m2.sock", 0)],
        Durability.Strict,
        new Timing(TimeSpan.FromSeconds(3.5)),
        ByteSize.Megabytes(16));

    private static readonly Leadership Held =
        new(new Epoch(7), M1, null, SynchronousSet.Of(1, [M2, new MemberName("m3")]));

    [Fact]
    public void Spec_survives_the_store()
    {
        var read = Decoded(ClusterRecords.Create(Spec, BackupSettings.None)).Spec!.Value;

        Assert.Equal(Spec.Members.AsEnumerable(), read.Members);
        Assert.Equal(Spec with { Members = [] }, read with { Members = [] });
    }

    [Fact]
    public void Sites_and_their_heads_survive_the_store()
    {
        var placed = Spec with
        {
            Members = [.. Spec.Members.Select(member => member with { Site = "seoul" })],
            Cascade = Cascade.BySite,
        };
        var headed = Held with { Heads = SiteHeads.Of([new MemberName("m3"), M2]) };

        var spec = Decoded(ClusterRecords.Create(placed, BackupSettings.None)).Spec!.Value;
        var leadership = Decoded(ClusterRecords.WriteLeadership(Revision.None, headed)).Leadership!.Value;

        Assert.Equal((Cascade.BySite, "seoul"), (spec.Cascade, spec.Members[1].Site));
        Assert.Equal(headed, leadership);
        Assert.Equal(SiteHeads.None, headed.ReleasedTo(M2, null).Heads);
        Assert.Equal(SiteHeads.None, Leadership.TakenBy(M2, headed).Heads);
    }

    [Fact]
    public void Configuration_survives_the_store_with_draft_and_rollout()
    {
        var desired = (DesiredConfiguration.Empty with { AccessRules = ["host all all samenet md5"] })
            .With("work_mem", "64MB", null).With("work_mem", "1GB", M2);
        var first = new ConfigurationVersion(3, Now, "anna", "more memory", desired);
        var state = new ConfigurationState(
            first,
            DesiredConfiguration.Empty,
            new Rollout(first with { Number = 4, Reason = null }, [M1, M2]),
            4);

        var read = Decoded(ClusterRecords.ChangeConfiguration(Revision.None, state)).Configuration!.Value;

        Assert.Equal(state with { Rollout = null }, read with { Rollout = null });
        Assert.Equal(state.Rollout!.Candidate, read.Rollout!.Candidate);
        Assert.Equal([M1, M2], read.Rollout.Members.Order());
    }

    [Theory]
    [InlineData(Durability.Quorum)]
    [InlineData(Durability.Strict)]
    [InlineData(Durability.Async)]
    public void Every_durability_survives_the_store(Durability durability)
    {
        var read = Decoded(ClusterRecords.ChangeSpec(Revision.None, Spec with { Durability = durability })).Spec!.Value;

        Assert.Equal(durability, read.Durability);
    }

    [Fact]
    public void Leadership_survives_the_store_held_released_and_handed_over()
    {
        var at = new WalPosition(new TimelineId(uint.MaxValue), Lsn.Parse("FFFFFFFF/FFFFFFFF"));

        foreach (var leadership in new[] { Held, Held.ReleasedTo(M2, null), Held.ReleasedTo(M2, at) })
        {
            var read = Decoded(ClusterRecords.WriteLeadership(Revision.None, leadership)).Leadership;
            Assert.Equal(leadership, read?.Value);
        }
    }

    [Fact]
    public void Leadership_keeps_how_far_its_holder_had_written_and_through_which_timelines()
    {
        var history = TimelineHistory.Initial.Extended(new TimelineId(4), Lsn.Parse("0/3000148"));
        var leadership = Held with { Written = new WalPosition(new TimelineId(4), new Lsn(7)) };

        foreach (var written in new[] { leadership, leadership with { History = history } })
            Assert.Equal(
                written, Decoded(ClusterRecords.WriteLeadership(Revision.None, written)).Leadership?.Value);
    }

    [Fact]
    public void System_identifier_survives_the_store_with_all_its_bits()
    {
        var records = Decoded(ClusterRecords.PublishIdentity(Revision.None, ulong.MaxValue));

        Assert.Equal(ulong.MaxValue, records.SystemIdentifier?.Value);
    }

    [Fact]
    public void Switchover_request_survives_the_store_with_and_without_what_is_optional()
    {
        var bare = new SwitchoverRequest("s1", M1, null, false, "root", null);

        foreach (var request in new[] { bare, bare with { To = M2, Force = true, Reason = "kernel \"update\"" } })
            Assert.Equal(request, Decoded(ClusterRecords.RequestSwitchover(request)).Switchover!.Value);
    }

    [Fact]
    public void Backup_settings_survive_the_store_with_and_without_what_is_optional()
    {
        var bare = new RepositorySettings(
            "main", "/backup", CompressionKind.Zstd, null, null, ImmutableSortedDictionary<string, string>.Empty);
        var remote = bare with
        {
            Name = "far",
            Address = "s3://bucket/shop",
            Compression = CompressionKind.Lz4,
            Level = 3,
            KeyFile = "/root/key",
            Options = bare.Options.Add("endpoint", "http://127.0.0.1:4568"),
        };
        var settings = BackupSettings.None with { Repositories = [bare] };
        var all = new BackupSettings(
            [bare, remote],
            new BackupSchedule(null, TimeSpan.FromHours(6), TimeSpan.FromHours(2), null),
            new RetentionPolicy(TimeSpan.FromDays(3), [new KeptPeriod(Period.Week, 8), new KeptPeriod(Period.Year, 2)]),
            WhenUnreachable.KeepEveryByte,
            ByteSize.Megabytes(50));

        foreach (var written in new[] { BackupSettings.None, settings, all })
            Assert.Equal(written, Decoded(ClusterRecords.ChangeBackup(Revision.None, written)).Backup?.Value);
        Assert.Equal(
            ["pgmahoutarchive_main", "pgmahoutarchive_far"],
            Decoded(ClusterRecords.ChangeBackup(Revision.None, all)).Content(Now).ArchiveSlots);
    }

    [Fact]
    public void Pause_counts_down_and_ends_by_itself()
    {
        var pause = new PauseRecord(new DateTimeOffset(2026, 3, 1, 21, 10, 0, TimeSpan.FromHours(9)), "root", "disks");
        var records = Decoded(ClusterRecords.BeginPause(Revision.None, pause));

        Assert.Equal(new Pause(TimeSpan.FromMinutes(10), "root", "disks"), records.Content(Now).Pause);
        Assert.Equal(TimeSpan.FromSeconds(1), records.Content(Now.AddSeconds(599)).Pause?.Remaining);
        Assert.Null(records.Content(Now.AddSeconds(600)).Pause);
    }

    [Fact]
    public void Content_of_an_empty_store_has_nothing()
    {
        var content = Decoded([]).Content(Now);

        Assert.Equal(new StoreContent(null, Revision.None, null, null, null), content);
    }

    [Fact]
    public void Content_carries_the_revision_of_the_leadership_record()
    {
        var json = ClusterRecords.WriteLeadership(Revision.None, Held).Puts[0].Value!;

        var content = Decoded([new StoreRecord("leadership", json, new Revision(12))]).Content(Now);

        Assert.Equal(new Revision(12), content.Revision);
        Assert.Equal(Held, content.Leadership);
    }

    [Fact]
    public void Record_of_the_same_revision_is_not_decoded_again()
    {
        var json = ClusterRecords.WriteLeadership(Revision.None, Held).Puts[0].Value!;
        var first = Decoded([new StoreRecord("leadership", json, new Revision(1))]);

        var same = Decoded([new StoreRecord("leadership", "never looked at", new Revision(1))], first);
        var next = Decoded([new StoreRecord("leadership", json, new Revision(2))], first);

        Assert.Same(first.Leadership, same.Leadership);
        Assert.Equal(new Revision(2), next.Leadership?.Revision);
    }

    [Fact]
    public void Leadership_is_written_as_people_can_read_it()
    {
        var at = new WalPosition(new TimelineId(3), Lsn.Parse("0/3000148"));

        var json = ClusterRecords.WriteLeadership(Revision.None, Held.ReleasedTo(M2, at)).Puts[0].Value;

        const string Expected =
            """{"schema":1,"epoch":7,"holder":"m1","released":{"heir":"m2","at":{"timeline":3,"lsn":"0/3000148"}},"""
            + """ "synchronous":{"quorum":1,"voters":["m2","m3"]}}""";
        Assert.Equal(Expected.Replace(" ", "", StringComparison.Ordinal), json);
    }

    [Fact]
    public void Unknown_fields_are_ignored()
    {
        const string Json =
            """{"schema":1,"future":{"x":[1]},"until":"2026-03-01T12:10:00Z","by":"root","reason":"r"}""";

        var records = Decoded([new StoreRecord("pause", Json, new Revision(1))]);

        Assert.Equal(new PauseRecord(Now.AddMinutes(10), "root", "r"), records.Pause?.Value);
    }

    [Theory]
    [InlineData("pause", "", "is not JSON")]
    [InlineData("pause", "[]", "is not a JSON object")]
    [InlineData("pause", "{}", "'schema' is missing")]
    [InlineData("pause", """{"schema":2}""", "has schema 2")]
    [InlineData("pause", """{"schema":"1"}""", "'schema' is not a whole number")]
    [InlineData("pause", """{"schema":1,"until":"soon","by":"","reason":""}""", "'until' is not a time")]
    [InlineData("pause", """{"schema":1,"until":"2026-03-01T12:10:00Z","by":7,"reason":""}""", "'by' is not a text")]
    [InlineData("pause", """{"schema":1,"until":"2026-03-01T12:10:00Z","by":"\ud800","reason":""}""", "is not JSON")]
    [InlineData("identity", """{"schema":1,"systemIdentifier":"-1"}""", "'systemIdentifier' is not a system")]
    [InlineData("identity", """{"schema":1,"systemIdentifier":null}""", "'systemIdentifier' is not a text")]
    [InlineData("switchover", """{"schema":1,"id":"s","from":"M 1"}""", "'from' is 'M 1', which is not a member name")]
    [InlineData("switchover", """{"schema":1,"id":"s","from":"m1","force":1}""", "'force' is neither true nor false")]
    [InlineData("leadership", """{"schema":1,"epoch":1,"holder":"m1"}""", "'synchronous' is missing")]
    [InlineData("leadership", """{"schema":1,"epoch":0,"synchronous":{}}""", "'epoch' is 0, not from 1")]
    [InlineData(
        "leadership",
        """{"schema":1,"epoch":1,"holder":"m1","synchronous":{"quorum":1,"voters":["m2",3]}}""",
        "'synchronous.voters[1]' is not a text")]
    [InlineData(
        "leadership",
        """{"schema":1,"epoch":1,"holder":"a","synchronous":{},"released":{"heir":"b","at":{"timeline":1,"lsn":""}}}""",
        "'released.at.lsn' is not an LSN")]
    [InlineData("spec", """{"schema":1,"name":"a","members":{}}""", "'members' is not a list")]
    [InlineData("spec", """{"schema":1,"name":"a","members":[]}""", "'members' is empty")]
    [InlineData(
        "spec",
        """{"schema":1,"name":"a","members":[{"name":"m1","host":"h","port":70000}]}""",
        "'members[0].port' is 70000, not from 1 to 65535")]
    [InlineData("spec", SpecStart + """ "durability":"maybe"}""", "'durability' is 'maybe'")]
    [InlineData("spec", SpecStart + """ "durability":"async","rtoSeconds":0.1}""", "'rtoSeconds' is out of range")]
    [InlineData("spec", SpecStart + """ "durability":"async","rtoSeconds":1e28}""", "'rtoSeconds' is not a number")]
    public void Record_that_is_not_ours_is_an_error_that_names_key_and_field(string key, string json, string expected)
    {
        ImmutableArray<StoreRecord> records = [new StoreRecord(key, json, new Revision(1))];

        var read = ClusterRecords.Decode(new StoreRead.Content(records), ClusterRecords.None);

        var reason = Assert.IsType<RecordsRead.Unreadable>(read).Reason;
        Assert.Contains($"'{key}'", reason, StringComparison.Ordinal);
        Assert.Contains(expected, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Writes_expect_what_they_must_not_overwrite()
    {
        var request = new SwitchoverRequest("s1", M1, null, false, "root", null);

        Expects(
            ClusterRecords.Create(Spec, BackupSettings.None),
            new StoreCondition("spec", Revision.None),
            new StoreCondition("backup", Revision.None));
        Expects(ClusterRecords.ChangeSpec(new Revision(4), Spec), new StoreCondition("spec", new Revision(4)));
        Expects(ClusterRecords.RequestSwitchover(request), new StoreCondition("switchover", Revision.None));
        Expects(
            ClusterRecords.PublishIdentity(new Revision(9), 1),
            new StoreCondition("identity", Revision.None),
            new StoreCondition("leadership", new Revision(9)));
    }

    [Fact]
    public void Closing_and_resuming_delete_just_the_record_that_was_seen()
    {
        var close = ClusterRecords.CloseSwitchover(new Revision(5));
        var resume = ClusterRecords.Resume(new Revision(6));

        Assert.Equal([new StoreCondition("switchover", new Revision(5))], close.Conditions);
        Assert.Equal([new StorePut("switchover", null)], close.Puts);
        Assert.Equal([new StoreCondition("pause", new Revision(6))], resume.Conditions);
        Assert.Equal([new StorePut("pause", null)], resume.Puts);
    }

    private static void Expects(StoreTransaction transaction, params StoreCondition[] conditions) =>
        Assert.Equal(conditions, transaction.Conditions);

    private static ClusterRecords Decoded(StoreTransaction written) => Decoded(
        [.. written.Puts.Select(put => new StoreRecord(put.Key, put.Value!, new Revision(1)))]);

    private static ClusterRecords Decoded(ImmutableArray<StoreRecord> records, ClusterRecords? previous = null) =>
        Assert.IsType<RecordsRead.Decoded>(
            ClusterRecords.Decode(new StoreRead.Content(records), previous ?? ClusterRecords.None)).Records;
}
