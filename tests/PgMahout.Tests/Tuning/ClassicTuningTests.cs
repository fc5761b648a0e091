using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Tuning;

/// <summary>The vectors were made by running the published formula of that time, not by this code.</summary>
public sealed class ClassicTuningTests
{
    [Fact]
    public void An_oltp_machine_of_4_GB_with_2_processors_and_a_disk_gets_the_well_known_values()
    {
        var machine = new Machine(ByteSize.Gigabytes(4), 2, StorageType.Hdd);

        var settings = ClassicTuning.For(machine, WorkloadType.Oltp, connections: 100);

        Assert.Equal(
            """
            max_connections = 100
            shared_buffers = 1GB
            effective_cache_size = 3GB
            maintenance_work_mem = 256MB
            checkpoint_completion_target = 0.9
            wal_buffers = 16MB
            default_statistics_target = 100
            random_page_cost = 4
            effective_io_concurrency = 2
            work_mem = 10485kB
            min_wal_size = 2GB
            max_wal_size = 8GB
            max_worker_processes = 2
            max_parallel_workers_per_gather = 1
            max_parallel_workers = 2
            max_parallel_maintenance_workers = 1
            """,
            string.Join('\n', settings.Select(setting => $"{setting.Name} = {setting.Value}")));
    }

    public static TheoryData<Machine, WorkloadType, int?, string> Vectors { get; } = new()
    {
        { Of(16384, 4, StorageType.Hdd), WorkloadType.Mixed, 500,
            "500 4GB 12GB 1GB 0.9 16MB 100 4 2 2097kB 1GB 4GB 4 2 4 2" },
        { Of(1024, 1, StorageType.Ssd), WorkloadType.Web, null,
            "200 256MB 768MB 64MB 0.9 7864kB 100 1.1 200 655kB 1GB 4GB" },
        { Of(262144, 48, StorageType.San), WorkloadType.DataWarehouse, null,
            "40 64GB 192GB 2GB 0.9 16MB 500 1.1 300 34952kB 4GB 16GB 48 24 48 4" },
        { Of(2048, 8, StorageType.Ssd), WorkloadType.Desktop, null,
            "20 128MB 512MB 128MB 0.9 3932kB 100 1.1 200 1365kB 100MB 2GB 8 4 8 4" },
        { Of(65536, 16, StorageType.Ssd), WorkloadType.Oltp, null,
            "300 16GB 48GB 2GB 0.9 16MB 100 1.1 200 13981kB 2GB 8GB 16 4 16 4" },
        { Of(600, 2, StorageType.Hdd), WorkloadType.Web, 200,
            "200 150MB 450MB 38400kB 0.9 4608kB 100 4 2 768kB 1GB 4GB 2 1 2 1" },
        { Of(512, 1, StorageType.Hdd), WorkloadType.Desktop, 10000,
            "10000 32MB 128MB 32MB 0.9 983kB 100 4 2 64kB 100MB 2GB" },
    };

    [Theory]
    [MemberData(nameof(Vectors), DisableDiscoveryEnumeration = true)]
    public void Every_workload_gets_the_values_of_the_published_formula(
        Machine machine, WorkloadType workload, int? connections, string expected)
    {
        var settings = ClassicTuning.For(machine, workload, connections);

        Assert.Equal(expected, string.Join(' ', settings.Select(setting => setting.Value)));
    }

    [Fact]
    public void Every_setting_says_why_and_who_says_so()
    {
        var settings = ClassicTuning.For(Of(4096, 2, StorageType.Hdd), WorkloadType.Oltp, null);

        Assert.All(settings, setting => Assert.NotEmpty(setting.Reason));
        Assert.All(settings, setting => Assert.Contains("PGTune", setting.Source, StringComparison.Ordinal));
    }

    private static Machine Of(int megabytes, int processors, StorageType storage) =>
        new(ByteSize.Megabytes(megabytes), processors, storage);
}
