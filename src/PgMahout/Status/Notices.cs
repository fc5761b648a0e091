using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Configuring;
using PgMahout.Core.Cluster;
using PgMahout.Errors;
using PgMahout.Proxying;

namespace PgMahout.Status;

/// <summary>What in a status needs an operator's eye, with the command that goes with it. Pure.</summary>
public static class Notices
{
    public static ImmutableArray<Notice> For(ClusterObservation seen, ClusterStatus status)
    {
        var notices = ImmutableArray.CreateBuilder<Notice>();
        notices.AddRange(OnCluster(seen, status));
        if (!IsStopped(seen, status) && seen.Spec is not null)
        {
            notices.AddRange(BackupNotices.For(seen.Backups));
            notices.AddRange(ProxyText.Notices(seen.Proxy));
        }
        notices.AddRange(status.Address?.Notices ?? []);
        if (!IsStopped(seen, status))
            notices.AddRange(seen.Members.Select(member => OnMember(member, seen, status)).OfType<Notice>());
        return notices.ToImmutable();
    }

    /// <summary>One sentence says it all then.</summary>
    private static bool IsStopped(ClusterObservation seen, ClusterStatus status) =>
        seen.SupervisorPid is null
        && !seen.KeptByUnits
        && status.Answered == 0
        && seen.Members.All(member => member.PostmasterPid is null);

    private static IEnumerable<Notice> OnCluster(ClusterObservation seen, ClusterStatus status)
    {
        if (seen.StoreProblem is { } problem)
            yield return Of(ErrorCatalogue.StoreUnreadable, $"the store cannot be read: {problem}", "pgmahout up");
        if (seen.SupervisorPid is null && !seen.KeptByUnits)
            yield return Of(
                ErrorCatalogue.NoSupervisor,
                IsStopped(seen, status) ? "nothing of the cluster runs" : "no supervisor runs: a dead agent stays dead",
                "pgmahout up");
        if (seen.Store?.Pause is { } pause)
            yield return Of(
                ErrorCatalogue.ClusterPaused,
                $"paused by {pause.By} for another {Durations.Text(pause.Remaining)}: {pause.Reason}",
                "pgmahout resume");
        if (seen.Store?.Region is { Role: RegionRole.Yields or RegionRole.Yielded } region)
            yield return Of(
                ErrorCatalogue.RegionUnfinished,
                $"the leadership is on its way to the region {region.Twin.Name}",
                "pgmahout region switchover    (goes on; --cancel takes it back)");
        if (seen.Store?.Switchover is { } request)
            yield return Of(
                ErrorCatalogue.SwitchoverPending,
                $"{request.By} asked {request.From} to hand over to {request.To?.Text ?? "the best candidate"}",
                "");
        if (seen.Rollout is { } rollout)
            yield return Of(
                ErrorCatalogue.ConfigurationUnfinished, StepText.Of(rollout), "pgmahout config apply --resume");
        if (status.State == ClusterState.Down && !IsStopped(seen, status))
            yield return Of(ErrorCatalogue.NoLeader, WithoutLeader(status), "pgmahout explain");
        if (OnSynchronousSet(seen, status) is { } notice)
            yield return notice;
        if (OnTablespaces(seen, status) is { } shared)
            yield return shared;
    }

    private static Notice? OnTablespaces(ClusterObservation seen, ClusterStatus status)
    {
        var leader = seen.Members.FirstOrDefault(member => member.Name == status.Leader)?.Status;
        if (leader is not { Tablespaces: [var first, ..] } || seen.Spec is not { } spec)
            return null;
        var neighbours = spec.Members.GroupBy(member => member.Host).FirstOrDefault(host => host.Count() > 1);
        return neighbours is null ? null : Of(
            ErrorCatalogue.TablespaceShared,
            $"{string.Join(", ", neighbours.Select(member => member.Name))} write the same files in {first}",
            "ALTER TABLE ... SET TABLESPACE pg_default; DROP TABLESPACE ...");
    }

    private static string WithoutLeader(ClusterStatus status) => status.Leader is { } leader
        ? $"{leader} holds the lease and is not a running primary"
        : "nobody holds the lease";

    private static Notice? OnSynchronousSet(ClusterObservation seen, ClusterStatus status)
    {
        if (seen.Spec is not { } spec || seen.Leadership is not { IsHeld: true } leadership
            || status.Effective is not { } effective)
            return null;
        var wanted = Verdict.Wanted(spec, leadership);
        return effective == wanted && status.Recorded == wanted
            ? null
            : Of(ErrorCatalogue.SynchronousSetDiffers, Differing(effective, status.Recorded, wanted), "");
    }

    private static string Differing(SynchronousSet effective, SynchronousSet? recorded, SynchronousSet wanted) =>
        effective == wanted
            ? $"commits wait for {effective}; the record still says {recorded?.ToString() ?? "nobody"}"
            : $"commits wait for {effective}, and should for {wanted}";

    private static Notice? OnMember(MemberObservation member, ClusterObservation seen, ClusterStatus status)
    {
        if (member.Status is not { } answer)
            return Of(
                ErrorCatalogue.AgentSilent,
                $"{member.Name}: {member.Silence ?? "its agent does not answer"}",
                "pgmahout up");
        if (answer.Report.Operation is { } operation)
            return Of(
                ErrorCatalogue.OperationRunning,
                $"{member.Name}: {Words.Of(operation.Kind)} {operation.Progress}".TrimEnd(),
                "");
        return OnServer(member, status, answer) ?? OnDisk(member, seen.Spec) ?? OnConfiguration(member, answer);
    }

    private static Notice? OnDisk(MemberObservation member, ClusterSpec? spec) =>
        spec is { Timing: var timing } && member.Status?.Report.Disk is { } disk && !disk.IsWell(timing)
            ? Of(ErrorCatalogue.DiskFails, $"{member.Name}: its disk {disk.Complaint(timing)}", "pgmahout doctor")
            : null;

    private static Notice? OnConfiguration(MemberObservation member, AgentStatus answer) => answer.Configuration switch
    {
        { Complaint: { } complaint } => Of(
            ErrorCatalogue.ConfigurationNotTaken,
            $"{member.Name} has not taken configuration {answer.Configuration.Number}: {complaint}",
            "pgmahout doctor"),
        { PendingRestart: [_, ..] pending } => Of(
            ErrorCatalogue.RestartPending,
            $"{member.Name} waits for a restart to change {string.Join(", ", pending)}",
            $"pgmahout restart {member.Name}"),
        { BySystem: [_, ..] drift } => Of(
            ErrorCatalogue.ConfigurationDrift,
            $"{member.Name} has values by ALTER SYSTEM: {string.Join(", ", drift)}",
            "pgmahout config plan"),
        _ => null,
    };

    private static Notice? OnServer(MemberObservation member, ClusterStatus status, AgentStatus answer)
    {
        var because = answer.RecentFailures.IsDefaultOrEmpty ? "" : $"; last failure: {answer.RecentFailures[^1]}";
        return answer.Report.Postgres switch
        {
            PostgresState.Foreign foreign =>
                Of(ErrorCatalogue.ForeignDataDirectory, $"{member.Name}: {foreign.Why}", "pgmahout explain"),
            PostgresState.Standby { Streaming: false } => Of(
                ErrorCatalogue.NotStreaming,
                $"{member.Name} receives no WAL ({answer.Rule}){because}",
                $"pgmahout logs {member.Name}"),
            PostgresState.Stopped or PostgresState.Uninitialized when status.Leader != member.Name => Of(
                ErrorCatalogue.MemberStopped,
                $"PostgreSQL does not run on {member.Name} ({answer.Rule}){because}",
                $"pgmahout logs {member.Name}"),
            PostgresState.Unresponsive => Of(
                ErrorCatalogue.Unresponsive,
                $"PostgreSQL on {member.Name} does not answer ({answer.Rule})",
                $"pgmahout logs {member.Name}"),
            _ => null,
        };
    }

    private static Notice Of(ErrorKind kind, string text, string next) => new(kind.Code, text, next);
}
