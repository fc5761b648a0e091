using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Probing;
using Xunit;

namespace PgMahout.Tests.Probing;

public sealed class HostFilesTests
{
    private const string MemInfo = """
        MemTotal:       16384000 kB
        MemFree:         1000000 kB
        HugePages_Total:     512
        HugePages_Free:      300
        Hugepagesize:       2048 kB
        """;

    private static HostFiles Host(params (string Path, string Text)[] files)
    {
        var all = files.Append(("/proc/meminfo", MemInfo)).ToDictionary(file => file.Item1, file => file.Item2);
        return new HostFiles(path => all.GetValueOrDefault(path));
    }

    [Fact]
    public void Without_a_limit_the_memory_is_the_hosts() =>
        Assert.Equal(ByteSize.Kilobytes(16384000), Host().Memory().Memory);

    [Fact]
    public void The_lowest_limit_on_the_way_up_counts()
    {
        var host = Host(
            ("/proc/self/cgroup", "0::/system.slice/db.service\n"),
            ("/sys/fs/cgroup/system.slice/db.service/memory.max", "max\n"),
            ("/sys/fs/cgroup/system.slice/memory.max", "2147483648\n"));

        var (memory, looked) = host.Memory();

        Assert.Equal(ByteSize.Gigabytes(2), memory);
        Assert.Contains("control group", looked.How, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_sees_its_limit_at_the_root()
    {
        var host = Host(("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "1073741824\n"));

        Assert.Equal(ByteSize.Gigabytes(1), host.Memory().Memory);
    }

    [Fact]
    public void Version_1_shows_a_limit_only_when_there_is_one()
    {
        const string Group = "9:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n";
        var free = Host(
            ("/proc/self/cgroup", Group),
            ("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n"));
        var bound = Host(
            ("/proc/self/cgroup", Group),
            ("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "536870912\n"),
            ("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "150000\n"),
            ("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n"));

        Assert.Equal(ByteSize.Kilobytes(16384000), free.Memory().Memory);
        Assert.Equal(ByteSize.Megabytes(512), bound.Memory().Memory);
        Assert.Equal(2, bound.Processors(8).Processors);
    }

    [Theory]
    [InlineData("max 100000", 8)]
    [InlineData("200000 100000", 2)]
    [InlineData("50000 100000", 1)]
    [InlineData("250000 100000", 3)]
    [InlineData("1600000 100000", 8)]
    public void Processors_are_those_that_the_quota_pays_for(string quota, int expected)
    {
        var host = Host(("/proc/self/cgroup", "0::/a\n"), ("/sys/fs/cgroup/a/cpu.max", quota + "\n"));

        Assert.Equal(expected, host.Processors(8).Processors);
    }

    [Fact]
    public void Huge_pages_have_a_limit_of_their_own()
    {
        var host = Host(("/proc/self/cgroup", "0::/a\n"), ("/sys/fs/cgroup/a/hugetlb.2MB.max", "0\n"));

        var (pages, _) = host.Pages();

        Assert.Equal((512L, 300L, new ByteSize(0)), (pages!.Total, pages.Free, pages.Limit));
    }

    [Fact]
    public void What_cannot_be_read_is_unknown_with_why()
    {
        var host = new HostFiles(_ => null);

        Assert.Equal((null, null), (host.Memory().Memory, host.Memory().Looked.Value));
        Assert.NotEmpty(host.Memory().Looked.How);
        Assert.Null(host.Pages().Pages);
    }

    [Fact]
    public void A_partition_is_judged_by_its_disk()
    {
        var host = Host(("/sys/devices/pci/sda/queue/rotational", "1\n"));

        Assert.Equal(("sda", true), host.Disk("8:1", _ => "/sys/devices/pci/sda/sda1"));
        Assert.Equal((null, null), host.Disk(null, _ => "/sys/devices/pci/sda/sda1"));
    }
}
