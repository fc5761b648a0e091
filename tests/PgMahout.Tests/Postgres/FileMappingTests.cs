using PgMahout.Postgres.Processes;
using Xunit;

namespace PgMahout.Tests.Postgres;

public sealed class FileMappingTests
{
    private const string Kernel = """
        7f0000000000-7f0000002000 r-xp 00001000 fe:01 1234                       /usr/lib/code with spaces.so
        Size:                  8 kB
        Rss:                   8 kB
        Anonymous:             0 kB
        VmFlags: rd ex mr mw me sd
        7f0000002000-7f0000003000 r--p 00003000 fe:01 1234                       /usr/lib/relocated.so
        Anonymous:             4 kB
        7f0000002800-7f0000003000 r--p 00003000 fe:01 1234                       /usr/lib/relocated.so
        Anonymous:             0 kB
        Swap:                  4 kB
        7f0000003000-7f0000004000 rw-p 00004000 fe:01 1234                       /usr/lib/variables.so
        Anonymous:             0 kB
        7f0000003800-7f0000004000 r--p 00000000 fe:01 98                         /usr/lib/table
        Anonymous:             0 kB
        7f0000004000-7f0000005000 r--s 00000000 fe:01 99                         /home/cluster.db-shm
        Anonymous:             0 kB
        7f0000005000-7f0000006000 rw-p 00000000 00:00 0
        Anonymous:             4 kB
        7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
        Anonymous:             0 kB
        """;

    private static readonly FileMapping[] Mappings = [.. FileMapping.Parse(Kernel.Split('\n'))];

    [Fact]
    public void Memory_that_shows_no_file_is_no_mapping_of_one() => Assert.Equal(6, Mappings.Length);

    [Fact]
    public void Addresses_permissions_and_changes_are_read() =>
        Assert.Equal(new FileMapping(0x7f0000002000, 0x7f0000003000, "r--p", "/usr/lib/relocated.so", 4), Mappings[1]);

    [Fact]
    public void Only_code_that_cannot_differ_from_its_file_may_be_dropped() =>
        Assert.Equal([true, false, false, false, false, false], Mappings.Select(mapping => mapping.IsIntactCode));

    [Fact]
    public void This_process_goes_on_after_it_has_given_memory_back()
    {
        ResidentMemory.GiveBack();

        Assert.Contains(FileMapping.Parse(File.ReadLines("/proc/self/smaps")), mapping => mapping.IsIntactCode);
    }
}
