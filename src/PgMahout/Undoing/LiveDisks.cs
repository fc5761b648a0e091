using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.Agent.Home;
using PgMahout.Core.Cluster;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Observation;
using PgMahout.Starting;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>
/// What the disks of the running cluster can take: those of this machine are looked at, and agents tell of others as
/// they last saw them, some seconds ago.
/// </summary>
internal sealed class LiveDisks(HomeLayout home, ImmutableArray<MemberSpec> members)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Those elsewhere of members that do not answer are left out: nobody knows them.</summary>
    public async Task<ImmutableArray<LiveDisk>> ReadAsync(CancellationToken cancellation)
    {
        var known = await Task.WhenAll(members.Select(async member => (
            Member: member, Disk: await HereAsync(member, cancellation) ?? await SaidAsync(member, cancellation))));
        return
        [
            .. known.Where(one => one.Disk is not null)
                .GroupBy(one => Place(one.Member))
                .Select(disk => new LiveDisk(
                    [.. disk.Select(one => one.Member.Name.ToString())], disk.Min(one => Room(one.Disk!)))),
        ];
    }

    private async Task<DiskState?> HereAsync(MemberSpec member, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(() => DiskProbe.RoomNow(home.DataDirectory(member.Name)), cancellation)
                .WaitAsync(Limit, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private async Task<DiskState?> SaidAsync(MemberSpec member, CancellationToken cancellation)
    {
        using var agent = new AgentClient(home, member);
        var answer = await agent.GetReportAsync(Limit, cancellation);
        return (answer as AgentAnswer<MemberReport>.Said)?.Value.Disk;
    }

    /// <summary>The members of a home share a file system where their data is on the same one.</summary>
    private string Place(MemberSpec member) =>
        Directory.Exists(home.DataDirectory(member.Name))
            ? NewRepository.MountOf(home.DataDirectory(member.Name)) ?? home.Root
            : member.Host;

    /// <summary>Before a leader would leave it, and with as much again for whoever takes over.</summary>
    private static ByteSize Room(DiskState disk) => new(Math.Max(0, disk.Free.Bytes - disk.Low.Bytes * 2));
}
