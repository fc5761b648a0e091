using PgMahout.Core.Tuning;
using PgMahout.Core.Vocabulary;
using Xunit;

namespace PgMahout.Tests.Tuning;

/// <summary>The vectors were made by running PGTune as it was in July 2026, not by this code.</summary>
public sealed class PgtuneTuningTests
{
    public static TheoryData<string, string> Vectors { get; } = new()
    {
        {
            "14 Linux Oltp 4GB 2 100 Hdd AroundMemory",
            "shared_buffers=1GB effective_cache_size=3GB maintenance_work_mem=256MB wal_buffers=16MB "
            + "default_statistics_target=100 random_page_cost=4 effective_io_concurrency=2 work_mem=9709kB "
            + "huge_pages=off jit=off wal_compression=on min_wal_size=2GB max_wal_size=8GB max_worker_processes=- "
            + "max_parallel_workers_per_gather=- max_parallel_workers=- max_parallel_maintenance_workers=-"
        },
        {
            "17 Linux Web 16GB 4 200 Ssd AroundMemory",
            "shared_buffers=4GB effective_cache_size=12GB maintenance_work_mem=1GB work_mem=20560kB huge_pages=try "
            + "jit=off wal_compression=lz4 min_wal_size=1GB max_wal_size=4GB max_worker_processes=4 "
            + "max_parallel_workers_per_gather=2 max_parallel_workers=4 max_parallel_maintenance_workers=2 io_method=-"
        },
        {
            "18 Linux Oltp 64GB 16 300 Nvme AroundMemory",
            "shared_buffers=16GB effective_cache_size=48GB maintenance_work_mem=4GB work_mem=53092kB "
            + "autovacuum_max_workers=4 autovacuum_work_mem=2GB io_method=io_uring effective_io_concurrency=1000 "
            + "min_wal_size=2GB max_wal_size=8GB max_worker_processes=16 max_parallel_workers_per_gather=4 "
            + "max_parallel_workers=16 max_parallel_maintenance_workers=4 io_workers=-"
        },
        {
            "18 Linux DataWarehouse 256GB 48 40 San GreaterThanMemory",
            "shared_buffers=64GB effective_cache_size=192GB maintenance_work_mem=8GB work_mem=343170kB "
            + "random_page_cost=4 min_wal_size=4GB max_wal_size=16GB max_worker_processes=48 "
            + "max_parallel_workers_per_gather=24 max_parallel_workers=48 max_parallel_maintenance_workers=4 jit=-"
        },
        {
            "16 Linux Mixed 32GB 8 100 Ssd LessThanMemory",
            "shared_buffers=8GB effective_cache_size=24GB maintenance_work_mem=2GB work_mem=50486kB "
            + "max_worker_processes=8 max_parallel_workers_per_gather=4 max_parallel_workers=8 "
            + "max_parallel_maintenance_workers=4"
        },
        {
            "18 Windows Mixed 128GB 32 100 Ssd AroundMemory",
            "shared_buffers=32GB effective_cache_size=96GB maintenance_work_mem=8GB work_mem=127100kB "
            + "io_method=worker io_workers=8 effective_io_concurrency=-"
        },
        {
            "18 Mac Desktop 16GB 8 20 Ssd AroundMemory",
            "shared_buffers=1GB effective_cache_size=4GB maintenance_work_mem=1GB work_mem=31207kB wal_level=minimal "
            + "max_wal_senders=0 min_wal_size=100MB max_wal_size=2GB huge_pages=off effective_io_concurrency=-"
        },
        {
            "13 Linux Web 512MB 1 20 Ssd AroundMemory",
            "shared_buffers=128MB effective_cache_size=384MB maintenance_work_mem=32MB wal_buffers=3932kB "
            + "work_mem=4681kB"
        },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Every_vector_is_what_the_website_prints(string asked, string expected)
    {
        var words = asked.Split(' ');
        var machine = new Machine(
            ByteSize.Kilobytes(MemoryText.Kilobytes(words[3])!.Value), int.Parse(words[4], null),
            Enum.Parse<StorageType>(words[6]));
        var question = new TuningQuestion(machine, Enum.Parse<WorkloadType>(words[2]))
        {
            Connections = int.Parse(words[5], null),
            Size = Enum.Parse<DatabaseSize>(words[7]),
        };

        var printed = PgtuneTuning.For(question, int.Parse(words[0], null), Enum.Parse<PgtuneSystem>(words[1]))
            .ToDictionary(setting => setting.Name, setting => setting.Value);

        Assert.All(expected.Split(' '), line =>
        {
            var (name, value) = (line.Split('=')[0], line.Split('=')[1]);
            Assert.Equal(value, printed.GetValueOrDefault(name, "-"));
        });
    }
}
