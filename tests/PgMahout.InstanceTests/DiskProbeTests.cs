using System.Diagnostics;
using PgMahout.Core.Cluster;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;
using Xunit;

namespace PgMahout.InstanceTests;

/// <summary>What an agent knows of its disks; a hanging one is a filesystem that is frozen, which takes root.</summary>
public sealed class DiskProbeTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("pgmahout-disk-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Without_a_data_directory_nothing_is_wrong_and_nothing_is_made()
    {
        using var probe = new DiskProbe(Path.Combine(_directory, "data"));

        await LookAsync(probe);

        Assert.Equal(DiskState.Well, probe.Seen(BootClock.Now()));
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task What_is_left_is_told_and_only_a_look_that_writes_leaves_a_file()
    {
        var wal = Directory.CreateDirectory(Path.Combine(_directory, "pg_wal")).FullName;
        using var probe = new DiskProbe(_directory);

        await LookAsync(probe, writes: false);
        Assert.Empty(Directory.GetFileSystemEntries(wal));
        await LookAsync(probe);

        var seen = probe.Seen(BootClock.Now());
        Assert.InRange(seen.Free.Bytes, 1, new DriveInfo(_directory).TotalSize);
        Assert.Null(seen.Refuses);
        var left = Assert.Single(Directory.GetFiles(wal));
        Assert.StartsWith("pgsql_tmp", Path.GetFileName(left), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_fuller_of_two_disks_counts()
    {
        await using var small = await SmallDisk.MountAsync(_directory, "data", megabytes: 100);
        var wal = Directory.CreateDirectory(Path.Combine(_directory, "wal")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(small.Path, "pg_wal"), wal);
        using var probe = new DiskProbe(small.Path);
        await LookAsync(probe);
        Assert.False(probe.Seen(BootClock.Now()).IsFilling);

        await File.WriteAllBytesAsync(Path.Combine(small.Path, "filler"), new byte[50 << 20]);
        await LookAsync(probe);

        Assert.True(probe.Seen(BootClock.Now()).IsFilling);
    }

    [Fact]
    public async Task A_disk_that_hangs_is_told_while_it_hangs_and_keeps_nobody()
    {
        await using var disk = await SmallDisk.MountAsync(_directory, "data", megabytes: 100);
        Directory.CreateDirectory(Path.Combine(disk.Path, "pg_wal"));
        using var probe = new DiskProbe(disk.Path);
        await LookAsync(probe);
        Assert.Equal(TimeSpan.Zero, probe.Seen(BootClock.Now()).Waited);

        await disk.FreezeAsync();
        probe.Ask(writes: true);
        await WaitAsync(() => probe.Seen(BootClock.Now()).Waited > TimeSpan.FromSeconds(1));
        probe.Ask(writes: true);
        Assert.True(probe.Seen(BootClock.Now()).Waited > TimeSpan.FromSeconds(1));
        await disk.ThawAsync();

        await WaitAsync(() => probe.Seen(BootClock.Now()).Waited == TimeSpan.Zero);
    }

    private static async Task LookAsync(DiskProbe probe, bool writes = true)
    {
        probe.Ask(writes);
        await WaitAsync(() => probe.Seen(BootClock.Now()).Waited == TimeSpan.Zero);
    }

    private static async Task WaitAsync(Func<bool> holds)
    {
        var waited = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(waited.Elapsed < Limit, "it did not come");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
