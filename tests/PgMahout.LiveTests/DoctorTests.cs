using System.Text.Json;
using PgMahout.LiveTests.Harness;
using Xunit;

namespace PgMahout.LiveTests;

/// <summary>What `doctor` says of clusters that are well, and of servers that were broken by hand.</summary>
public sealed class DoctorTests(SharedCluster shared)
{
    [Fact]
    public async Task Doctor_finds_nothing_broken_in_a_healthy_cluster()
    {
        var (cluster, _) = await shared.ReadyAsync();

        var ran = await cluster.RunAsync("doctor", "-o", "json");

        Assert.True(ran.Code is 0 or 20, $"{ran}");
        using var document = JsonDocument.Parse(ran.Out);
        Assert.DoesNotContain(
            document.RootElement.GetProperty("checks").EnumerateArray(),
            check => check.GetProperty("verdict").GetString() == "broken");
    }

    [Fact]
    public async Task Doctor_names_a_line_that_was_put_into_a_members_file()
    {
        var (cluster, before) = await shared.ReadyAsync();
        var file = Path.Combine(cluster.Home, "members", before.Standbys.First().Name, "data", "postgresql.conf");
        var original = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, "max_replication_slot = 2\n" + original);

        var ran = await cluster.RunAsync("doctor");

        await File.WriteAllTextAsync(file, original);
        Assert.True(ran.Code is 20 or 21, $"{ran}");
        Assert.Contains("max_replication_slot", ran.Out);
    }

    [Fact]
    public async Task Doctor_names_a_data_directory_of_the_wrong_owner()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a directory away");
        await using var server = await PlainServer.MakeAsync();
        (await Program.RunAsync("chown", ["root", server.Data], LiveCluster.Limit)).Exits(0);

        var ran = await Program.RunAsync(
            Program.Path, ["doctor", "--data-directory", server.Data], LiveCluster.Limit);

        Assert.Equal(21, ran.Code);
        Assert.Contains("chown -R postgres", ran.Out);
    }

    /// <summary>
    /// The mistakes of the notes among them: put into the files of a server by hand, which then does not start.
    /// </summary>
    [Fact]
    public async Task Doctor_names_the_cause_of_each_broken_configuration()
    {
        await using var server = await PlainServer.MakeAsync();
        var unnamed = new List<string>();

        foreach (var broken in BrokenConfiguration.All().Where(broken => !broken.IsLockOut))
        {
            await server.BreakAsync(broken.File, broken.Lines);
            var ran = await Program.RunAsync(
                Program.Path,
                ["doctor", "--data-directory", server.Data, "--log", server.Log],
                LiveCluster.Limit);
            if (ran.Code != 21 || !ran.Out.Contains(broken.Word, StringComparison.OrdinalIgnoreCase))
                unnamed.Add($"{broken.Name}: wanted '{broken.Word}'\n{ran}");
        }

        Assert.True(unnamed.Count == 0, $"{unnamed.Count}:\n{string.Join('\n', unnamed.Take(5))}");
    }
}
