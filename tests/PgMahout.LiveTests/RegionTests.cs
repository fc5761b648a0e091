using System.Text.Json;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>Two clusters on one machine, of which one follows the other.</summary>
public sealed class RegionTests
{
    private static readonly string[] Shape = ["--members", "2", "--rto", "6s", "--no-proxy"];

    [Fact]
    public async Task Leadership_moves_to_the_other_region_and_back_and_nothing_is_lost()
    {
        await using var a = await LiveCluster.UpAsync(Shape);
        await using var b = await LiveCluster.UpAsync([.. Shape, "--follow", a.Home]);
        var (before, following) = (await a.HealthyAsync(), await b.HealthyAsync());
        Assert.All(following.Members, member => Assert.Equal("standby", member.Role));
        await using var writer = await Writer.StartAsync(a, before, following.Members.Select(member => member.Port));

        (await b.RunAsync("region", "switchover")).Exits(0);
        var first = await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);

        Assert.Contains(first.Port, following.Members.Select(member => member.Port));
        Assert.True(first.Timeline % 2 == 0, $"timeline {first.Timeline} is not of the second region's numbers");
        var left = await a.HealthyAsync();
        Assert.All(left.Members, member => Assert.Equal("standby", member.Role));
        await b.HealthyAsync();
        Assert.Equal(["leads 2", "follows 2"], await RolesAsync(b));
        (await b.RunAsync("restore", "--in-place", "--at", "latest", "--yes")).Fails(3, "RST-002");

        (await b.RunAsync("region", "switchover")).Exits(0);
        var second = await writer.SuccessorAsync(first.Timeline, LiveCluster.Limit);

        Assert.Contains(second.Port, before.Members.Select(member => member.Port));
        Assert.True(second.Timeline % 2 != 0, $"timeline {second.Timeline} is not of the first region's numbers");
        await b.HealthyAsync();
        Assert.Equal(["leads 3", "follows 3"], await RolesAsync(a));
        var after = await a.HealthyAsync();
        await writer.StopAsync();
        await writer.NothingIsLostAsync(a, after);
        Output(writer, first, second);
    }

    [Fact]
    public async Task A_change_whose_command_is_killed_goes_on_or_is_taken_back()
    {
        await using var a = await LiveCluster.UpAsync(Shape);
        await using var b = await LiveCluster.UpAsync([.. Shape, "--follow", a.Home]);
        var (before, following) = (await a.HealthyAsync(), await b.HealthyAsync());
        await using var writer = await Writer.StartAsync(a, before, following.Members.Select(member => member.Port));
        string[] change = ["region", "switchover", "--home", b.Home];

        await Program.KillAfterLineAsync(Program.Path, change, "[1/4]", LiveCluster.Limit);
        (await a.RunAsync("region", "switchover", "--cancel")).Exits(0);
        await writer.ReachesAsync(20, LiveCluster.Limit);
        var back = await a.HealthyAsync();
        Assert.Equal(before.Timeline, back.Timeline);
        Assert.Equal(["leads 1", "follows 1"], await RolesAsync(a));

        foreach (var (step, leads) in new[] { ("[2/4]", b), ("[3/4]", a), ("[4/4]", b) })
        {
            var timeline = writer.Rows.Max(row => row.Timeline);
            await b.HealthyAsync();
            await a.HealthyAsync();
            await Program.KillAfterLineAsync(Program.Path, change, step, LiveCluster.Limit);
            // Killed after its last step there is nothing left to go on with.
            if (step != "[4/4]")
                (await b.RunAsync("region", "switchover")).Exits(0);
            await writer.SuccessorAsync(timeline, LiveCluster.Limit);
            await leads.HealthyAsync();
            Assert.StartsWith("leads", (await RolesAsync(leads))[0], StringComparison.Ordinal);
        }

        var after = await b.HealthyAsync();
        await writer.StopAsync();
        await writer.NothingIsLostAsync(b, after);
    }

    [Fact]
    public async Task Failovers_within_either_region_are_followed_without_an_operator()
    {
        await using var a = await LiveCluster.UpAsync(Shape);
        await using var b = await LiveCluster.UpAsync([.. Shape, "--follow", a.Home]);
        var (before, following) = (await a.HealthyAsync(), await b.HealthyAsync());
        await using var writer = await Writer.StartAsync(a, before, following.Members.Select(member => member.Port));

        Signals.Kill([before.Primary.Pid!.Value]);
        var first = await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
        await ArrivesAsync(b, following.Primary.Port, first.Id);

        var frozen = following.Primary.AllPids;
        Signals.Freeze(frozen);
        try
        {
            var other = await b.StatusAsync("another member leads the region that follows",
                status => status.Leader is { } leader && leader != following.Leader);
            await writer.ReachesAsync(20, LiveCluster.Limit);
            await ArrivesAsync(b, other.Primary.Port, writer.Rows[^1].Id);
        }
        finally
        {
            Signals.Thaw(frozen);
        }
        await b.HealthyAsync();
        (await b.RunAsync("switchover", "--to", following.Leader!)).Exits(0);

        var follows = await b.HealthyAsync();
        Assert.Equal(following.Leader, follows.Leader);
        Assert.All(follows.Members, member => Assert.Equal("standby", member.Role));
        var after = await a.HealthyAsync();
        await writer.StopAsync();
        await writer.NothingIsLostAsync(a, after);
        await ArrivesAsync(b, follows.Primary.Port, writer.Rows[^1].Id);
    }

    [Fact]
    public async Task Lost_region_is_left_behind_and_follows_when_it_comes_back()
    {
        await using var a = await LiveCluster.UpAsync(Shape);
        await using var b = await LiveCluster.UpAsync([.. Shape, "--follow", a.Home]);
        var (before, following) = (await a.HealthyAsync(), await b.HealthyAsync());
        await using var writer = await Writer.StartAsync(a, before, following.Members.Select(member => member.Port));
        await ArrivesAsync(b, following.Primary.Port, writer.Rows[^1].Id);
        (await b.RunAsync("region", "failover")).Fails(2, "PGM-003");

        await Eventually.HoldsAsync("nothing of the region is left", LiveCluster.Limit, () =>
        {
            var left = a.Everything;
            Signals.Kill(left);
            return left.Count == 0;
        });
        var confirmed = writer.Rows;
        var forced = (await b.RunAsync("region", "failover", "--yes")).Exits(0);
        Assert.Contains("newest commit from there: 20", forced.Error, StringComparison.Ordinal);
        var first = await writer.SuccessorAsync(before.Timeline!.Value, LiveCluster.Limit);
        Assert.Contains(first.Port, following.Members.Select(member => member.Port));

        (await a.UpAgainAsync()).Exits(0);
        var back = await a.HealthyAsync();
        Assert.All(back.Members, member => Assert.Equal("standby", member.Role));
        Assert.Equal(["follows 2", "leads 2"], await RolesAsync(a));
        await writer.ReachesAsync(20, LiveCluster.Limit);
        var after = await b.HealthyAsync();
        await writer.StopAsync();

        // The region that came back confirmed nothing: what it had is all that it ever had.
        Assert.DoesNotContain(writer.Rows, row => row.At > first.At && row.Timeline == before.Timeline);
        var present = await b.ColumnAsync<long>(after.Primary.Port, "select id from live");
        Assert.All(writer.Rows.Where(row => row.Timeline != before.Timeline), row => Assert.Contains(row.Id, present));
        var lost = confirmed.Count(row => !present.Contains(row.Id));
        TestContext.Current.TestOutputHelper!.WriteLine($"{lost} of {confirmed.Length} commits were not there yet");
        await ArrivesAsync(a, back.Primary.Port, writer.Rows[^1].Id);
    }

    private static Task ArrivesAsync(LiveCluster cluster, int port, long id) =>
        Eventually.HoldsAsync($"row {id} arrives on port {port}", LiveCluster.Limit, async () =>
        {
            try
            {
                return await cluster.AskAsync<bool>(port, $"select exists (select from live where id = {id})");
            }
            catch (Npgsql.NpgsqlException)
            {
                return false;
            }
        });

    /// <summary>Of this region and the other one: role and term.</summary>
    private static async Task<string[]> RolesAsync(LiveCluster cluster)
    {
        var shown = (await cluster.RunAsync("region", "status", "-o", "json")).Exits(0);
        using var document = JsonDocument.Parse(shown.Out);
        return [.. document.RootElement.GetProperty("regions").EnumerateArray().Select(region =>
            $"{region.GetProperty("role").GetString()} {region.GetProperty("term").GetInt64()}")];
    }

    private static void Output(Writer writer, params Confirmed[] firsts)
    {
        foreach (var first in firsts)
        {
            var last = writer.Rows.Where(row => row.Timeline < first.Timeline).Max(row => row.At);
            TestContext.Current.TestOutputHelper!.WriteLine(
                $"nobody could write for {(first.At - last).TotalSeconds:F2} s before timeline {first.Timeline}");
        }
    }
}
