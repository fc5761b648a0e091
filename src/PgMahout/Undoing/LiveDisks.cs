using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Starting;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>What the disks of the running cluster can take, as the agents say.</summary>
internal sealed class LiveDisks(HomeLayout home, ImmutableArray<MemberSpec> members)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Those of members that do not answer are left out: nobody knows them.</summary>
    public async Task<ImmutableArray<LiveDisk>> ReadAsync(CancellationToken cancellation)
    {
        var known = await Task.WhenAll(members.Select(async member =>
        {
            using var agent = new AgentClient(home, member);
            var answer = await agent.GetReportAsync(Limit, cancellation);
            return (Member: member, Disk: (answer as AgentAnswer<MemberReport>.Said)?.Value.Disk);
        }));
        return
        [
            .. known.Where(one => one.Disk is not null)
                .GroupBy(one => Place(one.Member))
                .Select(disk => new LiveDisk(
                    [.. disk.Select(one => one.Member.Name.ToString())], disk.Min(one => Room(one.Disk!)))),
        ];
    }

    /// <summary>The members of a home share a file system where their data is on the same one.</summary>
    private string Place(MemberSpec member) =>
        Directory.Exists(home.DataDirectory(member.Name))
            ? NewRepository.MountOf(home.DataDirectory(member.Name)) ?? home.Root
            : member.Host;

    /// <summary>Before a leader would leave it, and with as much again for whoever takes over.</summary>
    private static ByteSize Room(DiskState disk) => new(Math.Max(0, disk.Free.Bytes - disk.Low.Bytes * 2));
}
