using System.Collections.Immutable;
using PgMahout.Core.Cluster;
using PgMahout.Core.Replication;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Status;

/// <summary>From what was observed to what is shown. Pure.</summary>
public static class Verdict
{
    public static ClusterStatus On(ClusterObservation seen)
    {
        var leadership = seen.Leadership;
        var holder = leadership is { IsHeld: true } ? leadership.Holder : (MemberName?)null;
        var leading = seen.Members.FirstOrDefault(member => member.Name == holder);
        var primary = PostgresOf(leading) as PostgresState.Primary;
        var members = seen.Members.Select(member => Describe(member, primary, holder)).ToImmutableArray();
        var status = new ClusterStatus(
            seen.Name,
            ClusterState.Unknown,
            holder,
            leadership?.Epoch,
            primary?.Written.Timeline,
            seen.Spec?.Durability,
            seen.Spec?.Timing,
            leadership?.Synchronous,
            primary?.Effective,
            leading?.Status?.LeaseLeftSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            seen.Store?.Pause,
            seen.SupervisorPid,
            seen.Members.Count(member => member.Status is not null),
            members,
            []);
        var region = seen.Store?.Region;
        // The address goes with the primary, and a region that follows has none.
        var address = AddressStatus.Of(seen, region is { Follows: true } ? null : holder);
        status = status with { Address = address, Region = region };
        status = status with
        {
            State = StateOf(seen, status),
            KeptByUnits = seen.KeptByUnits,
            Backups = seen.Backups,
            Proxy = seen.Proxy,
        };
        return status with { Notices = Notices.For(seen, status) };
    }

    /// <summary>
    /// Whom commits should wait for when everybody is well: all that may lead and stream from the leader itself.
    /// </summary>
    public static SynchronousSet Wanted(ClusterSpec spec, Leadership leadership)
    {
        var voters = spec.Others(leadership.Holder)
            .Where(member => member.Promotable && UpstreamChoice.HeadFor(spec, leadership, member.Name) is null)
            .Select(member => member.Name)
            .ToArray();
        return SynchronousSet.Of(Math.Min(spec.CommitQuorum, voters.Length), voters);
    }

    private static ClusterState StateOf(ClusterObservation seen, ClusterStatus status)
    {
        if (status.Answered == 0 && (seen.Spec is null || seen.Members.Any(member => member.PostmasterPid is not null)))
            return ClusterState.Unknown;
        if (status.LeadingMember is not { } leader)
            return ClusterState.Down;
        if (leader.State == MemberState.Silent && leader.Pid is not null)
            return ClusterState.Degraded;
        if (seen.Store?.Region is { Follows: true })
            return status.Members.All(member => member.State == MemberState.Streaming) ? ClusterState.Healthy
                : leader.Role == MemberRole.Standby ? ClusterState.Degraded
                : ClusterState.Down;
        if (leader.Role != MemberRole.Primary)
            return ClusterState.Down;
        return IsWhole(seen, status) ? ClusterState.Healthy : ClusterState.Degraded;
    }

    private static bool IsWhole(ClusterObservation seen, ClusterStatus status)
    {
        if (seen.Spec is not { } spec || status.Leader is not { } leader || seen.Leadership is not { } leadership)
            return false;
        var wanted = Wanted(spec, leadership);
        return status.Members.All(member => member.Name == leader || member.State == MemberState.Streaming)
            && status.Effective == wanted
            && status.Recorded == wanted
            && status.Address is null or { IsWithLeader: true };
    }

    private static MemberStatus Describe(
        MemberObservation member, PostgresState.Primary? primary, MemberName? holder)
    {
        var postgres = PostgresOf(member);
        var position = PositionOf(postgres);
        return new MemberStatus(
            member.Name,
            RoleOf(postgres),
            StateOf(postgres),
            member.Host,
            member.Port,
            member.Status is null ? member.PostmasterPid : member.Status.PostmasterPid,
            member.Status?.AgentPid,
            member.Status?.GuardPid,
            member.DataDirectory,
            position,
            LagOf(member, primary, position),
            primary?.Effective.Contains(member.Name) ?? false,
            member.Status?.Rule ?? "",
            NoteOn(member, primary is null ? null : holder))
        {
            Upstream = (postgres as PostgresState.Standby)?.Upstream,
        };
    }

    /// <summary>
    /// What its agent last saw; but a server whose postmaster is gone by now is stopped, whatever was seen before.
    /// </summary>
    private static PostgresState? PostgresOf(MemberObservation? member) => member?.Status switch
    {
        { PostmasterPid: null, Report.Postgres: PostgresState.Primary primary } => new PostgresState.Stopped(
            primary.SystemIdentifier, primary.Written.Timeline, Clean: false, WasStandby: false, null, 0),
        { PostmasterPid: null, Report.Postgres: PostgresState.Standby standby } => new PostgresState.Stopped(
            standby.SystemIdentifier, standby.Received.Timeline, Clean: false, WasStandby: true, null, 0),
        var status => status?.Report.Postgres,
    };

    private static MemberRole RoleOf(PostgresState? postgres) => postgres switch
    {
        null => MemberRole.Unknown,
        PostgresState.Primary => MemberRole.Primary,
        PostgresState.Standby => MemberRole.Standby,
        PostgresState.Unresponsive => MemberRole.Unknown,
        PostgresState.Uninitialized or PostgresState.Foreign or PostgresState.Stopped or PostgresState.Starting =>
            MemberRole.None,
        _ => throw new InvalidOperationException($"unknown state {postgres.GetType().Name}"),
    };

    private static MemberState StateOf(PostgresState? postgres) => postgres switch
    {
        null => MemberState.Silent,
        PostgresState.Primary => MemberState.Running,
        PostgresState.Standby standby => standby.Streaming ? MemberState.Streaming : MemberState.Disconnected,
        PostgresState.Unresponsive => MemberState.Unresponsive,
        PostgresState.Uninitialized => MemberState.Empty,
        PostgresState.Foreign => MemberState.Foreign,
        PostgresState.Stopped => MemberState.Stopped,
        PostgresState.Starting => MemberState.Starting,
        _ => throw new InvalidOperationException($"unknown state {postgres.GetType().Name}"),
    };

    private static WalPosition? PositionOf(PostgresState? postgres) => postgres switch
    {
        PostgresState.Primary primary => primary.Written,
        PostgresState.Standby standby => standby.Received,
        PostgresState.Stopped stopped => stopped.End,
        _ => null,
    };

    /// <summary>
    /// As the primary sees it, when it does: both numbers are then of one moment. Two members' own words are of two.
    /// </summary>
    private static ByteSize? LagOf(MemberObservation member, PostgresState.Primary? primary, WalPosition? position)
    {
        if (primary is null || member.Status?.Report.Postgres is PostgresState.Primary)
            return null;
        var link = primary.Standbys.FirstOrDefault(standby => standby.Member == member.Name);
        var reached = link?.Flushed ?? position?.Lsn;
        return reached is { } lsn ? Lsn.Distance(lsn, primary.Written.Lsn) : null;
    }

    /// <param name="leader">Null: no primary is known, and whom a standby follows says nothing.</param>
    private static string NoteOn(MemberObservation member, MemberName? leader)
    {
        if (member.Status is not { } status)
            return member.Silence ?? "its agent does not answer";
        if (status.Report.Operation is { } operation)
            return $"{Words.Of(operation.Kind)} {operation.Progress}".TrimEnd();
        return status.Report.Postgres switch
        {
            PostgresState.Foreign foreign => foreign.Why,
            PostgresState.Standby { Streaming: true, Upstream: { } upstream }
                when leader is not null && upstream != leader => $"from {upstream}",
            PostgresState.Stopped { ProcessesLeft: > 0 } stopped => $"{stopped.ProcessesLeft} processes of it are left",
            _ => "",
        };
    }
}
