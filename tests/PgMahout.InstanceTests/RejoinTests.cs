using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.InstanceTests;

public sealed partial class RejoinTests
{
    [Fact]
    public async Task Diverged_old_primary_is_rewound_after_its_own_commits_are_reported()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT 0 AS i");
        var common = (await cluster.A.UntilAsync<PostgresState.Primary>(_ => true)).Written.Lsn;
        await cluster.B.UntilAsync<PostgresState.Standby>(state => state.Replayed >= common);
        TestMember.Done(await cluster.B.Instance.SealAsync(TestMember.Limit, default));
        var lost = new List<uint>();
        for (var i = 1; i <= 3; i++)
            lost.Add(await CommitAsync(cluster.A, $"INSERT INTO t VALUES ({i})"));
        await cluster.A.ExecuteAsync("BEGIN; INSERT INTO t VALUES (99); ROLLBACK");
        TestMember.Done(await cluster.A.Instance.FenceAsync(TestMember.Limit));
        TestMember.Done(await cluster.B.Instance.PromoteAsync(new TimelineId(2), TestMember.Limit, default));
        await cluster.B.ExecuteAsync("INSERT INTO t VALUES (1000)");
        var history = (await cluster.B.UntilAsync<PostgresState.Primary>(_ => true)).History;
        // As if it had already asked the new primary where the histories part, in vain.
        var known = InWal(cluster.A, "00000002.history");
        File.Copy(InWal(cluster.B, "00000002.history"), known);
        cluster.A.Instance.Settings.Account.TakeOwnership(known);

        var end = TestMember.Done(await cluster.A.Instance.InspectWalAsync(TestMember.Limit, default));
        var now = TimeProvider.System.GetUtcNow();
        var report = TestMember.Done(await cluster.A.Instance.SalvageAsync(history, now, TestMember.Limit, default));
        TestMember.Done(await cluster.A.Instance.RewindAsync(cluster.B.Name, TestMember.Limit, default));
        await cluster.A.StartStandbyAsync(cluster.B.Name);
        await cluster.A.StreamsAsync();

        Assert.Equal(TimelineId.First, end.Timeline);
        Assert.False(history.Contains(end));
        Assert.Equal(lost, report.Commits.Select(commit => commit.Xid));
        Assert.Equal(3, report.CommitCount);
        Assert.Equal(new WalPosition(TimelineId.First, history.Ancestors[0].EndedAt), report.Fork);
        Assert.All(report.Commits, commit => Assert.InRange(now - commit.CommittedAt, TimeSpan.Zero, TestMember.Limit));
        Assert.NotEmpty(Directory.GetFiles(report.Directory!, "00000001*"));
        await cluster.B.ExecuteAsync("INSERT INTO t VALUES (1001)");
        var target = (await cluster.B.UntilAsync<PostgresState.Primary>(_ => true)).Written.Lsn;
        await cluster.A.UntilAsync<PostgresState.Standby>(state => state.Replayed >= target);
        var rows = await cluster.A.QueryAsync<string>("SELECT string_agg(i::text, ',' ORDER BY i) FROM t");
        Assert.Equal("0,1000,1001", rows);
    }

    [Fact]
    public async Task Old_primary_with_nothing_of_its_own_has_nothing_to_save()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        TestMember.Done(await cluster.A.Instance.StopAsync(StopMode.Fast, TestMember.Limit, default));
        TestMember.Done(await cluster.B.Instance.PromoteAsync(new TimelineId(2), TestMember.Limit, default));
        var history = (await cluster.B.UntilAsync<PostgresState.Primary>(_ => true)).History;

        var end = TestMember.Done(await cluster.A.Instance.InspectWalAsync(TestMember.Limit, default));
        var report = TestMember.Done(await cluster.A.Instance.SalvageAsync(
            history, TimeProvider.System.GetUtcNow(), TestMember.Limit, default));
        await cluster.A.StartStandbyAsync(cluster.B.Name);
        await cluster.A.StreamsAsync();

        Assert.True(history.Contains(end));
        Assert.Equal(0, report.CommitCount);
        Assert.Null(report.Directory);
    }

    [Fact]
    public async Task End_of_wal_of_a_crashed_primary_is_its_last_record()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 200000) AS i");
        await cluster.A.ExecuteAsync("SELECT pg_switch_wal()");
        await cluster.A.ExecuteAsync("INSERT INTO t SELECT generate_series(1, 1000)");

        TestMember.Done(await cluster.A.Instance.FenceAsync(TestMember.Limit));

        await InspectionAgreesAsync(cluster.A, TimelineId.First, clean: false);
    }

    [Fact]
    public async Task End_of_wal_of_a_clean_primary_is_its_shutdown_checkpoint()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 1000) AS i");

        TestMember.Done(await cluster.A.Instance.StopAsync(StopMode.Fast, TestMember.Limit, default));

        await InspectionAgreesAsync(cluster.A, TimelineId.First, clean: true);
    }

    [Fact]
    public async Task End_of_wal_of_a_standby_is_what_it_had_received()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 200000) AS i");
        var written = (await cluster.A.UntilAsync<PostgresState.Primary>(_ => true)).Written.Lsn;
        await cluster.B.UntilAsync<PostgresState.Standby>(state => state.Received.Lsn >= written);
        TestMember.Done(await cluster.B.Instance.SealAsync(TestMember.Limit, default));
        var received = (await cluster.B.UntilAsync<PostgresState.Standby>(state => !state.Streaming)).Received;

        TestMember.Done(await cluster.B.Instance.FenceAsync(TestMember.Limit));

        var end = await InspectionAgreesAsync(cluster.B, TimelineId.First, clean: false);
        Assert.Equal(received, end);
    }

    [Fact]
    public async Task End_of_wal_is_found_across_a_promotion()
    {
        await using var cluster = await TestCluster.StreamingAsync(3);
        await cluster.A.ExecuteAsync("CREATE TABLE t AS SELECT generate_series(1, 1000) AS i");
        // What the follower has and the heir lacks would keep it from following.
        TestMember.Done(await cluster.C.Instance.SealAsync(TestMember.Limit, default));
        var common = (await cluster.C.UntilAsync<PostgresState.Standby>(state => !state.Streaming)).Received;
        await cluster.B.UntilAsync<PostgresState.Standby>(state => state.Received >= common);
        TestMember.Done(await cluster.A.Instance.FenceAsync(TestMember.Limit));
        TestMember.Done(await cluster.B.Instance.PromoteAsync(new TimelineId(2), TestMember.Limit, default));
        TestMember.Done(await cluster.C.Instance.FollowAsync(cluster.B.Name, TestMember.Limit, default));
        await cluster.C.StreamsAsync();
        await cluster.B.ExecuteAsync("CREATE TABLE u AS SELECT generate_series(1, 200000) AS i");
        var written = (await cluster.B.UntilAsync<PostgresState.Primary>(_ => true)).Written.Lsn;
        await cluster.C.UntilAsync<PostgresState.Standby>(state => state.Received.Lsn >= written);

        TestMember.Done(await cluster.B.Instance.FenceAsync(TestMember.Limit));
        TestMember.Done(await cluster.C.Instance.FenceAsync(TestMember.Limit));

        var primary = await InspectionAgreesAsync(cluster.B, new TimelineId(2), clean: false);
        var standby = await InspectionAgreesAsync(cluster.C, new TimelineId(2), clean: false);
        Assert.True(primary >= standby);
        var old = TestMember.Done(await cluster.A.Instance.InspectWalAsync(TestMember.Limit, default));
        Assert.Equal(TimelineId.First, old.Timeline);
    }

    /// <summary>Compares with pg_waldump, which complains about the place where the next record should be.</summary>
    private static async Task<WalPosition> InspectionAgreesAsync(TestMember member, TimelineId timeline, bool clean)
    {
        var end = TestMember.Done(await member.Instance.InspectWalAsync(TestMember.Limit, default));

        var stopped = Assert.IsType<PostgresState.Stopped>(await member.ObserveAsync());
        Assert.Equal(end, stopped.End);
        Assert.Equal(clean, stopped.Clean);
        Assert.Equal(timeline, end.Timeline);
        Assert.Equal(await DumpedEndAsync(member, end), end.Lsn);
        return end;
    }

    private static async Task<Lsn> DumpedEndAsync(TestMember member, WalPosition end)
    {
        var settings = member.Instance.Settings;
        var start = new Lsn(end.Lsn.Value / (16 << 20) * (16 << 20));
        string[] arguments =
        [
            "--quiet", "--path=" + Path.Combine(settings.DataDirectory, "pg_wal"),
            "--timeline=" + end.Timeline.Value.ToString(CultureInfo.InvariantCulture), "--start=" + start,
        ];
        using var process = Process.Start(new ProcessStartInfo(settings.Binaries.Tool("pg_waldump"), arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var complaint = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return Lsn.Parse(NextRecord().Match(complaint) is { Success: true } match
            ? match.Groups[1].Value
            : throw new InvalidDataException(complaint));
    }

    private static string InWal(TestMember member, string file) =>
        Path.Combine(member.Instance.Settings.DataDirectory, "pg_wal", file);

    private static async Task<uint> CommitAsync(TestMember member, string statement)
    {
        var xid = await member.QueryAsync<long>($"{statement} RETURNING pg_current_xact_id()::text::int8");
        return (uint)xid;
    }

    // Such as "error in WAL record at 0/1D3A408: invalid record length at 0/1D3A440: wanted 24, got 0".
    [GeneratedRegex(@"(?:length|link [0-9A-F/]+) at ([0-9A-F]+/[0-9A-F]+)")]
    private static partial Regex NextRecord();
}
