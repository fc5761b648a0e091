using System.Collections.Immutable;
using System.Text.Json;
using PgMahout.Agent.Addressing;
using PgMahout.Agent.Api;
using PgMahout.CommandLine;
using PgMahout.Core.Addressing;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;
using PgMahout.Status;
using Xunit;

namespace PgMahout.Tests.CommandLine;

public sealed class VerdictTests
{
    private static readonly MemberName M1 = new("m1");
    private static readonly MemberName M2 = new("m2");
    private static readonly MemberName M3 = new("m3");
    private static readonly SynchronousSet Both = SynchronousSet.Of(1, [M2, M3]);
    private static readonly Lsn End = Lsn.Parse("0/5000100");

    private static readonly ClusterSpec Spec = new(
        "shop",
        [.. new[] { M1, M2, M3 }
            .Select((name, index) => new MemberSpec(name, "127.0.0.1", 5432 + index, "unix:/run/x"))],
        Durability.Quorum,
        new Timing(TimeSpan.FromSeconds(3)),
        ClusterSpec.DefaultMaximumLag);

    private static readonly Leadership Reign = new(new Epoch(4), M1, null, Both);

    private static PostgresState Primary(SynchronousSet effective) => new PostgresState.Primary(
        7, new WalPosition(new TimelineId(2), End), TimelineHistory.Initial,
        [
            new StandbyLink(M2, Lsn.Parse("0/5000000"), End, true, Instant.Zero),
            new StandbyLink(M3, End, End, true, Instant.Zero),
        ],
        effective, null, []);

    private static PostgresState Standby(bool streaming = true) => new PostgresState.Standby(
        7, new WalPosition(new TimelineId(2), End), End, M1, streaming, Instant.Zero, Both, []);

    private static MemberObservation Observed(MemberName name, PostgresState postgres) => new(
        name, "127.0.0.1", 5432, "/data",
        new AgentStatus(
            name, 10, 11, 12, new MemberReport(name, postgres, null, Revision.None, null), Reign, null, null,
            "KeepLeading", 1, []),
        null, null);

    private static MemberObservation Silent(MemberName name, int? postmaster = null) =>
        new(name, "127.0.0.1", 5432, "/data", null, "its agent is not running", postmaster);

    private static ClusterObservation Cluster(params ImmutableArray<MemberObservation> members) => new(
        "shop", Spec, new StoreContent(Reign, new Revision(9), 7, null, null), null, 99, members);

    private static readonly ClusterObservation Well =
        Cluster(Observed(M1, Primary(Both)), Observed(M2, Standby()), Observed(M3, Standby()));

    [Fact]
    public void Cluster_with_a_member_behind_the_head_of_its_site_is_whole_without_its_vote()
    {
        var only = SynchronousSet.Of(1, [M2]);
        var spec = Spec with
        {
            Members = [.. Spec.Members.Select(member => member with { Site = member.Name == M1 ? "near" : "far" })],
            Cascade = Cascade.BySite,
        };
        var behind = ((PostgresState.Standby)Standby()) with { Upstream = M2 };
        var seen = Cluster(Observed(M1, Primary(only)), Observed(M2, Standby()), Observed(M3, behind)) with
        {
            Spec = spec,
            Store = new StoreContent(
                Reign with { Synchronous = only, Heads = SiteHeads.Of([M2]) }, new Revision(9), 7, null, null),
        };

        IsJudged(ClusterState.Healthy, ExitCode.Ok, seen);
        var shown = Verdict.On(seen).Find(M3)!;
        Assert.Equal(("from m2", M2), (shown.Note, shown.Upstream));
        Assert.Equal("", Verdict.On(seen).Find(M2)!.Note);
        IsJudged(ClusterState.Degraded, ExitCode.Degraded, seen with { Spec = spec with { Cascade = Cascade.Off } });
    }

    private static void IsJudged(ClusterState state, ExitCode exit, ClusterObservation seen)
    {
        var status = Verdict.On(seen);

        Assert.Equal(state, status.State);
        Assert.Equal(exit, status.ExitCode);
    }

    [Fact]
    public void A_primary_with_all_standbys_streaming_and_the_wanted_set_is_healthy()
    {
        IsJudged(ClusterState.Healthy, ExitCode.Ok, Well);
        Assert.Empty(Verdict.On(Well).Notices);
    }

    [Fact]
    public void Members_on_one_machine_that_share_a_tablespace_are_told_of()
    {
        var leader = Observed(M1, Primary(Both));
        var seen = Cluster(
            leader with { Status = leader.Status! with { Tablespaces = ["/srv/fast"] } },
            Observed(M2, Standby()), Observed(M3, Standby()));
        var apart = Spec with
        {
            Members = [.. Spec.Members.Select(member => member with { Host = $"{member.Name}.example" })],
        };

        var notice = Assert.Single(Verdict.On(seen).Notices);
        Assert.Equal(("CLU-014", "m1, m2, m3 write the same files in /srv/fast"), (notice.Code, notice.Text));
        Assert.Empty(Verdict.On(seen with { Spec = apart }).Notices);
    }

    [Fact]
    public void A_standby_that_does_not_stream_degrades() =>
        IsJudged(ClusterState.Degraded, ExitCode.Degraded,
            Cluster(Observed(M1, Primary(Both)), Observed(M2, Standby(streaming: false)), Observed(M3, Standby())));

    [Fact]
    public void A_smaller_synchronous_set_degrades() =>
        IsJudged(ClusterState.Degraded, ExitCode.Degraded,
            Cluster(
                Observed(M1, Primary(SynchronousSet.Of(1, [M3]))), Observed(M2, Standby()), Observed(M3, Standby())));

    [Fact]
    public void A_record_that_lags_behind_degrades() =>
        IsJudged(ClusterState.Degraded, ExitCode.Degraded,
            Well with { Store = Well.Store! with { Leadership = Reign with { Synchronous = SynchronousSet.Nobody } } });

    [Fact]
    public void A_silent_standby_degrades() =>
        IsJudged(ClusterState.Degraded, ExitCode.Degraded,
            Cluster(Observed(M1, Primary(Both)), Silent(M2, 33), Observed(M3, Standby())));

    [Fact]
    public void A_leader_whose_agent_alone_is_dead_still_serves() =>
        IsJudged(ClusterState.Degraded, ExitCode.Degraded,
            Cluster(Silent(M1, 33), Observed(M2, Standby()), Observed(M3, Standby())));

    [Fact]
    public void A_leader_that_is_no_primary_is_down() =>
        IsJudged(ClusterState.Down, ExitCode.Down,
            Cluster(Observed(M1, Standby()), Observed(M2, Standby()), Observed(M3, Standby())));

    [Fact]
    public void A_released_lease_is_down() =>
        IsJudged(ClusterState.Down, ExitCode.Down,
            Well with { Store = Well.Store! with { Leadership = Reign.ReleasedTo(M2, null) } });

    [Fact]
    public void A_stopped_cluster_is_down_and_one_notice_says_so()
    {
        var seen = Cluster(Silent(M1), Silent(M2), Silent(M3)) with { SupervisorPid = null };

        IsJudged(ClusterState.Down, ExitCode.Down, seen);
        Assert.Single(Verdict.On(seen).Notices);
    }

    [Fact]
    public void Servers_of_which_no_agent_tells_are_unknown() =>
        IsJudged(ClusterState.Unknown, ExitCode.Unknown, Cluster(Silent(M1, 33), Silent(M2), Silent(M3)));

    [Fact]
    public void Without_the_store_the_agents_say_who_leads()
    {
        var status = Verdict.On(Well with { Spec = null, Store = null, StoreProblem = "gone" });

        Assert.Equal(M1, status.Leader);
        Assert.Equal(ClusterState.Degraded, status.State);
    }

    [Fact]
    public void A_server_whose_postmaster_is_gone_by_now_is_stopped()
    {
        var leader = Observed(M1, Primary(Both));
        var seen = Cluster(
            leader with { Status = leader.Status! with { PostmasterPid = null } },
            Observed(M2, Standby()),
            Observed(M3, Standby()));

        Assert.Equal(MemberState.Stopped, Verdict.On(seen).Find(M1)!.State);
        IsJudged(ClusterState.Down, ExitCode.Down, seen);
    }

    [Fact]
    public void Lag_is_what_the_primary_has_and_the_standby_has_not_confirmed()
    {
        var status = Verdict.On(Well);

        Assert.Null(status.Find(M1)!.Lag);
        Assert.Equal(new ByteSize(0x100), status.Find(M2)!.Lag);
        Assert.Equal(new ByteSize(0), status.Find(M3)!.Lag);
    }

    [Fact]
    public void Json_holds_what_programs_were_promised()
    {
        var root = JsonDocument.Parse(DocumentJson.Text(Verdict.On(Well), DateTimeOffset.UnixEpoch)).RootElement;
        var second = root.GetProperty("members")[1];

        Assert.Equal(1, root.GetProperty("schema").GetInt32());
        Assert.Equal("shop", root.GetProperty("cluster").GetString());
        Assert.Equal("healthy", root.GetProperty("state").GetString());
        Assert.Equal("m1", root.GetProperty("leader").GetString());
        Assert.Equal(4, root.GetProperty("epoch").GetInt64());
        Assert.Equal(2, root.GetProperty("timeline").GetInt64());
        Assert.Equal("1970-01-01T00:00:00Z", root.GetProperty("at").GetString());
        Assert.Equal("standby", second.GetProperty("role").GetString());
        Assert.Equal("streaming", second.GetProperty("state").GetString());
        Assert.Equal(11, second.GetProperty("pid").GetInt32());
        Assert.Equal(10, second.GetProperty("agentPid").GetInt32());
        Assert.Equal("0/5000100", second.GetProperty("lsn").GetString());
        Assert.Equal(256, second.GetProperty("lagBytes").GetInt64());
        Assert.Equal("/data", second.GetProperty("dataDirectory").GetString());
    }

    [Fact]
    public void A_person_reads_the_verdict_first_and_no_colour_where_none_is_wanted()
    {
        var text = StatusText.Human(Verdict.On(Well), Paint.None, verbose: true);

        Assert.StartsWith("shop   HEALTHY   leader m1", text);
        Assert.DoesNotContain('\e', text);
    }

    [Fact]
    public void Changes_name_what_is_different_and_nothing_else()
    {
        var before = Verdict.On(Well);
        var now = Verdict.On(Cluster(
            Observed(M1, Primary(Both)), Observed(M2, Standby(streaming: false)), Observed(M3, Standby())));

        Assert.Equal(["m2: standby, disconnected", "the cluster is degraded"], Changes.Between(before, now));
        Assert.Empty(Changes.Between(now, now));
    }

    private static ClusterObservation WithAddress(params AddressReport[] reports) => Well with
    {
        Members =
        [
            .. Well.Members.Zip(reports, (member, report) =>
                member with { Status = member.Status! with { Address = report } }),
        ],
    };

    private static AddressReport Address(
        bool isHere, AddressRule? rule = AddressRule.LeaveToLeader, string? owner = null) =>
        new("10.0.0.100/24", "eth0", isHere, rule, owner, null, Instant.Zero);

    [Fact]
    public void A_virtual_address_belongs_on_the_leaders_host_and_nowhere_else()
    {
        var there = Verdict.On(WithAddress(Address(true, AddressRule.KeepAddress), Address(false), Address(false)));
        var late = Verdict.On(WithAddress(Address(false, AddressRule.AskNeighbours), Address(true), Address(false)));
        var both = Verdict.On(WithAddress(Address(true, AddressRule.KeepAddress), Address(true), Address(false)));

        Assert.Equal(ClusterState.Healthy, there.State);
        Assert.Empty(there.Notices);
        Assert.Equal("address 10.0.0.100/24 is on m1 (eth0)", there.Address!.Line);
        Assert.Equal((ClusterState.Degraded, "VIP-002"), (late.State, Assert.Single(late.Notices).Code));
        Assert.Equal("address 10.0.0.100/24 is on m2 (eth0)", late.Address!.Line);
        Assert.Equal(ClusterState.Degraded, both.State);
        Assert.Null(Verdict.On(Well).Address);
    }

    [Fact]
    public void Who_else_has_the_virtual_address_is_told_and_where_nothing_keeps_it()
    {
        const string Stranger = "02:fc:00:00:00:01";
        var taken = Verdict.On(WithAddress(
            Address(false, AddressRule.YieldToDuplicate, Stranger), Address(false), Address(false, null)));

        Assert.Equal(["VIP-001", "VIP-003"], taken.Notices.Select(notice => notice.Code));
        Assert.Contains(Stranger, taken.Notices[0].Text, StringComparison.Ordinal);
        Assert.Contains("m3 could not take", taken.Notices[1].Text, StringComparison.Ordinal);
        var json = JsonDocument.Parse(DocumentJson.Text(taken, DateTimeOffset.UnixEpoch)).RootElement;
        Assert.Equal(Stranger, json.GetProperty("virtualIp").GetProperty("owner").GetString());
        Assert.False(json.GetProperty("virtualIp").GetProperty("withLeader").GetBoolean());
    }
}
