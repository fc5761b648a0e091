using PgMahout.Core.Cluster;
using PgMahout.Simulation.World;

namespace PgMahout.Simulation.Invariants;

/// <summary>
/// Who streams from whom once all is well: heads from the leader, their sites from them, and no site without a head
/// that could have one. Counted here anew, not by what the policy uses.
/// </summary>
internal sealed class StreamShape(SimWorld world)
{
    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Missing(Leadership record)
    {
        foreach (var member in world.Spec.Members)
        {
            if (member.Name == record.Holder)
                continue;
            var upstream = HeadOf(world.Spec, record, member)?.Name ?? record.Holder;
            var server = ServerOf(member);
            if (server is not { Phase: ServerPhase.Standby, Receiver: { CaughtUp: true } link }
                || world.Members[link.Upstream.Index].Name != upstream)
                return $"{member.Name} does not stream from {upstream}";
        }
        if (CostsCommits(record))
            return $"too few voters stream from {record.Holder}";
        return Spare(record) is { } site ? $"nobody is the head of {site}" : null;
    }

    /// <summary>Voters are behind heads, and no more than commits need are left.</summary>
    private bool CostsCommits(Leadership record)
    {
        var voters = world.Spec.Others(record.Holder).Where(member => member.Promotable).ToList();
        var staying = voters.Count(member => HeadOf(world.Spec, record, member) is null);
        return staying < voters.Count && staying <= world.Spec.CommitQuorum;
    }

    /// <summary>The head that a member should stream from; null when that is the leader, or it is one itself.</summary>
    public static MemberSpec? HeadOf(ClusterSpec spec, Leadership record, MemberSpec member)
    {
        var site = spec.Find(record.Holder)!.Site;
        if (member.Site is null || member.Site == site)
            return null;
        var head = spec.Members.Where(other => record.Heads.Names.Contains(other.Name)).ToList()
            .Find(other => other.Site == member.Site);
        return head == member ? null : head;
    }

    /// <summary>A site that could have a head, by how many would still confirm commits, and has none.</summary>
    private string? Spare(Leadership record)
    {
        if (world.Spec.Cascade == Cascade.Off)
            return null;
        var voters = world.Spec.Others(record.Holder)
            .Count(member => member.Promotable && HeadOf(world.Spec, record, member) is null);
        return world.Spec.Others(record.Holder)
            .GroupBy(member => member.Site)
            .Where(site => site.Key != world.Spec.Find(record.Holder)!.Site && site.Count() > 1)
            .Where(site => !site.Any(member => record.Heads.Names.Contains(member.Name)))
            .Select(site => (Name: site.Key, Voters: Math.Max(0, site.Count(member => member.Promotable) - 1)))
            .Where(site => site.Voters == 0 || voters - site.Voters >= world.Spec.CommitQuorum + 1)
            .Select(site => site.Name)
            .FirstOrDefault();
    }

    private SimPostgres ServerOf(MemberSpec member) =>
        world.Members.First(candidate => candidate.Name == member.Name).Postgres;
}
