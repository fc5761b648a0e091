using System.Diagnostics;
using PgMahout.InstanceTests;

namespace PgMahout.LiveTests.Harness;

/// <summary>A file system under the data of one member alone.</summary>
internal static class MemberDisk
{
    /// <summary>The data directory, of a member that is down, becomes one of its own, with the same content.</summary>
    public static async Task<SmallDisk> MoveDataAsync(LiveCluster cluster, string name)
    {
        var member = Path.Combine(cluster.Home, "members", name);
        var (data, kept) = (Path.Combine(member, "data"), Path.Combine(member, "data.kept"));
        Directory.Move(data, kept);
        var disk = await SmallDisk.MountAsync(member, "data", megabytes: 600);
        using (var copy = Process.Start("cp", ["--archive", kept + "/.", data]))
            await copy.WaitForExitAsync();
        Directory.Delete(kept, recursive: true);
        return disk;
    }
}
