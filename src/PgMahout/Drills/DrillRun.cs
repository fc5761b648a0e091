using PgMahout.Agent.Api;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Operations;
using PgMahout.Processes;
using PgMahout.Status;

namespace PgMahout.Drills;

/// <summary>One run of a drill: write, break, watch, count.</summary>
internal sealed class DrillRun(
    ClusterAccess cluster,
    StatusObserver observer,
    IReadOnlyCollection<CanaryServer> servers,
    DrillRunSettings settings,
    IDrillWriter writer)
{
    private const int SteadyWrites = 30;
    private static readonly TimeSpan SteadyLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);

    private double _faultMs;

    public async Task<Attempt<DrillRecording>> RunAsync(ClusterStatus before, CancellationToken cancellation)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var writing = writer.RunAsync(stopping.Token);
        try
        {
            if (!await WithinAsync(
                SteadyLimit, () => Task.FromResult(writer.Acknowledged.Length >= SteadyWrites), cancellation))
                return new Failure(
                    ErrorCatalogue.DrillWriter, "the drill's writer could not write steadily before the fault");
            var leading = LeaderWatch.NewLeaderMsAsync(
                cluster.Store, before.Epoch ?? Epoch.Zero, () => writer.NowMs, stopping.Token);
            if (await BreakAsync(before, stopping.Token) is { } failure)
                return failure;
            var healthy = await WaitUntilHealthyAsync(before, cancellation);
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellation);
            var endMs = writer.NowMs;
            await stopping.CancelAsync();
            await writing;
            return await RecordAsync(before, await leading, (endMs, healthy), cancellation);
        }
        finally
        {
            await stopping.CancelAsync();
            await writing;
        }
    }

    /// <summary>Injects the fault; null once that is done.</summary>
    private Task<Failure?> BreakAsync(ClusterStatus before, CancellationToken cancellation)
    {
        var leader = before.LeadingMember!;
        return settings.Kind switch
        {
            DrillKind.Failover => KillAsync(leader, Fault.KillServer, cancellation),
            DrillKind.Agent => KillAsync(leader, Fault.KillAgent, cancellation),
            DrillKind.Switchover => SwitchAsync(leader, cancellation),
            DrillKind.Freeze => FreezeAsync(leader, before.Timing!.Ttl, cancellation),
        };
    }

    private Task<Failure?> SwitchAsync(MemberStatus leader, CancellationToken cancellation)
    {
        _faultMs = writer.NowMs;
        return new SwitchoverOperation(cluster)
            .AskAsync(leader.Name, new SwitchoverWish(null, false, "drill"), cancellation);
    }

    private Task<Failure?> KillAsync(MemberStatus leader, Fault fault, CancellationToken cancellation)
    {
        _faultMs = writer.NowMs;
        return FaultInjection.BreakAsync(
            cluster.Home, cluster.Spec.Find(leader.Name)!, (fault, leader), cancellation);
    }

    /// <summary>
    /// Frozen until somebody else takes writes, and longer than the lease in any case. A second client stays on the
    /// frozen server with a write under way, to see whether the thawed one confirms it.
    /// </summary>
    private async Task<Failure?> FreezeAsync(MemberStatus leader, TimeSpan ttl, CancellationToken cancellation)
    {
        await using var probe = await servers.First(server => server.Name == leader.Name).OpenAsync(cancellation);
        await probe.IsPrimaryAsync(cancellation);
        _faultMs = writer.NowMs;
        var frozen = FrozenMember.Freeze(cluster.Home, leader);
        Task probing;
        try
        {
            probing = writer.ProbeAsync(probe, cancellation);
            var least = _faultMs + (ttl * 1.5).TotalMilliseconds;
            await WithinAsync(
                ttl * 5,
                () => Task.FromResult(writer.NowMs >= least && writer.Last is { } last && last.Member != leader.Name),
                cancellation);
        }
        finally
        {
            frozen.Thaw();
        }
        await Task.WhenAny(probing, Task.Delay(ttl, cancellation));
        return null;
    }

    private async Task<double?> WaitUntilHealthyAsync(ClusterStatus before, CancellationToken cancellation)
    {
        double? seen = null;
        await WithinAsync(RecoveryLimit, async () =>
        {
            var now = await observer.ObserveAsync(cancellation);
            if (now.State != ClusterState.Healthy || !IsAfterFault(before, now) || writer.Last?.AtMs < _faultMs)
                return false;
            seen = writer.NowMs;
            return true;
        }, cancellation);
        return seen;
    }

    /// <summary>A status from before the fault, which a slow observation may still show, does not count.</summary>
    private bool IsAfterFault(ClusterStatus before, ClusterStatus now) => settings.Kind switch
    {
        DrillKind.Failover =>
            now.Members.All(member => member.Pid is { } pid && pid != before.LeadingMember!.Pid),
        DrillKind.Agent =>
            now.Members.All(member => member.AgentPid is { } pid && pid != before.LeadingMember!.AgentPid),
        DrillKind.Switchover or DrillKind.Freeze => now.Leader != before.Leader,
    };

    private async Task<Attempt<DrillRecording>> RecordAsync(
        ClusterStatus before,
        double? newLeaderMs,
        (double EndMs, double? HealthyMs) times,
        CancellationToken cancellation)
    {
        await using var connection = await new Scout(servers)
            .FindAsync(TimelineId.First, cancellation)
            .WaitAsync(RecoveryLimit, cancellation);
        var surviving = await connection.ReadSequencesAsync(settings.Run, cancellation);
        return new DrillRecording(
            settings.Run,
            1000 / settings.Rate,
            _faultMs,
            times.EndMs,
            writer.Acknowledged,
            writer.FailuresMs,
            [.. surviving],
            before.Leader!.Value,
            newLeaderMs,
            writer.FoundMs.Where(at => at >= _faultMs).Select(at => (double?)at).FirstOrDefault(),
            times.HealthyMs)
        {
            Crowd = writer.Crowd,
        };
    }

    private static async Task<bool> WithinAsync(
        TimeSpan limit, Func<Task<bool>> condition, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < limit)
        {
            if (await condition())
                return true;
            await Task.Delay(Pace, cancellation);
        }
        return false;
    }
}

/// <param name="Rate">Writes per second.</param>
internal sealed record DrillRunSettings(DrillKind Kind, int Run, double Rate);
