using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Postgres.Rejoin;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>Files outside the data directory, at a path that is the same on every member.</summary>
public sealed class TablespaceTests
{
    [Fact]
    public async Task No_member_is_rebuilt_on_the_machine_of_a_primary_with_a_tablespace()
    {
        await using var cluster = await TestCluster.StreamingAsync(2);
        var place = Place(cluster.A, "fast");
        TestMember.Done(await cluster.B.Instance.StopAsync(StopMode.Fast, TestMember.Limit, default));
        await cluster.A.ExecuteAsync($"CREATE TABLESPACE fast LOCATION '{place}'");
        await cluster.A.ExecuteAsync("CREATE TABLE t TABLESPACE fast AS SELECT 1 AS i");

        var cloned = await cluster.B.Instance.CloneAsync(
            cluster.A.Name, new Progress<CloneProgress>(), TestMember.Limit, default);
        var rewound = await cluster.B.Instance.RewindAsync(cluster.A.Name, TestMember.Limit, default);

        Assert.Equal("tablespace-shared", cloned.Failure?.Code);
        Assert.Equal("tablespace-shared", rewound.Failure?.Code);
        Assert.True(File.Exists(Path.Combine(cluster.B.Instance.Settings.DataDirectory, "PG_VERSION")));
        Assert.Equal(1, await cluster.A.QueryAsync<int>("SELECT i FROM t"));
    }

    [Fact]
    public async Task Former_files_of_a_member_go_before_a_copy_and_those_of_others_never()
    {
        await using var cluster = await TestCluster.WithPrimaryAsync(1);
        var (fast, foreign) = (Place(cluster.A, "fast"), Place(cluster.A, "foreign"));
        await cluster.A.ExecuteAsync($"CREATE TABLESPACE fast LOCATION '{fast}'");
        var oid = await cluster.A.QueryAsync<uint>("SELECT oid FROM pg_tablespace WHERE spcname = 'fast'");
        TestMember.Done(await cluster.A.Instance.StopAsync(StopMode.Fast, TestMember.Limit, default));
        var settings = cluster.A.Instance.Settings;
        var others = Directory.CreateDirectory(Path.Combine(foreign, $"PG_{settings.Binaries.Major}_1")).FullName;
        var source = new MemberSpec(new("z"), "192.0.2.1", 5432, "");

        var refused = new CopiedTablespaces(settings, [new(oid, fast), new(oid + 1, foreign)]).WhyNot(source);
        Assert.Equal("tablespace-in-use", refused?.Code);

        var crowded = settings with { Others = [new(new("y"), settings.Host, 5433, "")] };
        Assert.Equal("tablespace-shared", new CopiedTablespaces(crowded, [new(oid, fast)]).WhyNot(source)?.Code);

        var copied = new CopiedTablespaces(settings, [new(oid, fast)]);
        Assert.Null(copied.WhyNot(source));
        copied.MakeRoom();
        Assert.Empty(Directory.EnumerateFileSystemEntries(fast));
        Assert.True(Directory.Exists(others));
        // A server that lacks a part of its files must not come up.
        Assert.False(Directory.Exists(settings.DataDirectory));

        // A copy that broke off: nothing links to its files, and they are this member's all the same.
        Directory.CreateDirectory(Path.Combine(fast, $"PG_{settings.Binaries.Major}_1"));
        Assert.Null(copied.WhyNot(source));
        copied.MakeRoom();
        Assert.Empty(Directory.EnumerateFileSystemEntries(fast));
        copied.Done();
        Directory.CreateDirectory(Path.Combine(fast, $"PG_{settings.Binaries.Major}_1"));
        Assert.Equal("tablespace-in-use", copied.WhyNot(source)?.Code);
    }

    private static string Place(TestMember member, string name)
    {
        var place = Path.Combine(member.Instance.Settings.MemberDirectory, name);
        member.Instance.Settings.Account.CreateDirectory(place, UnixFileMode.UserRead | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute);
        return place;
    }
}
