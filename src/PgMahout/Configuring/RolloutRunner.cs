using System.Collections.Immutable;
using PgMahout.Agent.Api;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Operations;

namespace PgMahout.Configuring;

/// <summary>
/// Brings a configuration to every member, one step after the other. Before each step everything is looked at again,
/// so that a failover in the middle, or an earlier run that broke off, only changes what is left to do.
/// </summary>
/// <param name="change">What every member shall have in the end, and what they had before.</param>
/// <param name="patience">How long one step may take before it counts as failed.</param>
internal sealed class RolloutRunner(
    ConfigurationAccess access,
    (ConfigurationVersion Wanted, DesiredConfiguration Given) change,
    TimeSpan patience,
    Action<string> tell)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(2);

    private readonly RolloutObserver _observer = new(access);

    /// <summary>Null when every member has it, and runs with it.</summary>
    public async Task<Failure?> RunAsync(CancellationToken cancellation)
    {
        var quietSince = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var members = await ObserveAsync(cancellation);
            if (members.FirstOrDefault(one => one.Complaint is not null) is { } complaining)
                return Failed($"{complaining.Member.Name} did not take it").Because(complaining.Complaint!);
            var step = RolloutPolicy.Next(ViewOf(members));
            if (step is RolloutStep.Finished)
                return null;
            if (step is RolloutStep.Await wait)
            {
                if (TimeProvider.System.GetElapsedTime(quietSince) > patience)
                    return Failed($"{Durations.Text(patience)} were spent waiting for {wait.For}")
                        .Because(Silence(members));
                await Task.Delay(Pace, cancellation);
                continue;
            }
            tell(StepText.Of(step));
            if (await DoAsync(step, members, cancellation) is { } failure)
                return failure;
            quietSince = TimeProvider.System.GetTimestamp();
        }
    }

    private Task<Failure?> DoAsync(
        RolloutStep step, ImmutableArray<MemberProgress> members, CancellationToken cancellation) => step switch
        {
            RolloutStep.Adopt adopt => AdoptAsync(adopt.Member, cancellation),
            RolloutStep.RestartStandby restart => RestartAsync(restart.Member, members, cancellation),
            RolloutStep.RestartLowered restart => RestartLoweredAsync(restart.Member, members, cancellation),
            RolloutStep.RestartPrimary restart => RestartPrimaryAsync(restart.Member, members, cancellation),
            RolloutStep.SwitchOver move => SwitchOverAsync(move, cancellation),
            _ => throw new InvalidOperationException($"nothing is to be done for {step.GetType().Name}"),
        };

    /// <summary>
    /// The agents of a rollout's members take its candidate; all others have, or return to, what is current.
    /// </summary>
    private async Task<Failure?> AdoptAsync(MemberName member, CancellationToken cancellation)
    {
        if (await ReleaseAsync(member, cancellation) is { } failure)
            return failure;
        if (access.State.Rollout is { } rollout)
        {
            var next = access.State with { Rollout = rollout with { Members = rollout.Members.Add(member) } };
            if (await access.WriteAsync(next, cancellation) is { } unwritten)
                return unwritten;
        }
        var server = access.ServerOf(member);
        using var agent = new AgentClient(access.Cluster.Home, server.Member);
        await agent.WakeAsync(AskLimit, cancellation);
        var (wanted, given) = change;
        return await UntilAsync($"{member} to load it", async () =>
        {
            var now = await _observer.ObserveAsync(server, wanted, given, cancellation);
            if (now.Member.HasIt)
                return null;
            return new Waiting(now.Silence == "" ? "its agent has not loaded it" : now.Silence);
        }, cancellation);
    }

    /// <summary>ALTER SYSTEM wins over every file of ours: for what is being changed, its value goes.</summary>
    private async Task<Failure?> ReleaseAsync(MemberName member, CancellationToken cancellation)
    {
        var server = access.ServerOf(member);
        if (!(await access.ReadAsync(server, cancellation)).TryGet(out var settings, out var failure))
            return failure;
        var (wanted, given) = change;
        var hidden = wanted.Desired.For(member).Keys.Union(given.For(member).Keys)
            .Where(name => settings.TryGetValue(name, out var setting) && setting.BySystem is not null);
        foreach (var name in hidden)
        {
            tell($"{member}: ALTER SYSTEM RESET {name}, which hid the cluster's value");
            if (await server.RunAsync($"ALTER SYSTEM RESET \"{name}\"", cancellation) is { } why)
                return Failed($"the ALTER SYSTEM value of {name} on {member} could not be reset").Because(why);
        }
        return null;
    }

    private async Task<Failure?> RestartAsync(
        MemberName member, ImmutableArray<MemberProgress> members, CancellationToken cancellation)
    {
        var before = members.First(one => one.Member.Name == member);
        var server = access.ServerOf(member);
        using var agent = new AgentClient(access.Cluster.Home, server.Member);
        var asked = await agent.RequestAsync(MemberRequest.Restart, AskLimit, cancellation);
        if (asked is not AgentAnswer<bool>.Said)
            return Failed($"the agent of {member} does not answer").Because(asked.Silence);
        var (wanted, given) = change;
        return await UntilAsync($"{member} to serve again", async () =>
        {
            var now = await _observer.ObserveAsync(server, wanted, given, cancellation);
            // A server that does not start will not start by being waited for.
            if (now.Failures.Length > before.Failures.Length)
                return new Waiting(now.Failures[^1], InVain: true);
            if (now.Pid is null || now.Pid == before.Pid)
                return new Waiting("its server has not been started anew");
            return now.Member.IsWell ? null : new Waiting("its server is not serving yet");
        }, cancellation);
    }

    private async Task<Failure?> RestartPrimaryAsync(
        MemberName member, ImmutableArray<MemberProgress> members, CancellationToken cancellation)
    {
        // What is on disk already need not be written while clients wait.
        await access.ServerOf(member).CheckpointAsync(patience, cancellation);
        return await RestartAsync(member, members, cancellation);
    }

    private async Task<Failure?> RestartLoweredAsync(
        MemberName member, ImmutableArray<MemberProgress> members, CancellationToken cancellation)
    {
        if (_observer.Leader is not { } leader)
            return Failed("nobody leads now");
        if (await access.ServerOf(leader).CheckpointAsync(patience, cancellation) is not { } reached)
            return Failed($"{leader} did not make a checkpoint in time");
        var standby = access.ServerOf(member);
        var behind = await UntilAsync($"{member} to replay the checkpoint of {leader}", async () =>
            await standby.HasReplayedAsync(reached, cancellation)
                ? null
                : new Waiting($"it has not replayed {reached}"), cancellation);
        // Its own one begins where the primary's did, now that it has that.
        if (behind is null && await standby.CheckpointAsync(patience, cancellation) is null)
            return Failed($"{member} did not make a checkpoint in time");
        return behind ?? await RestartAsync(member, members, cancellation);
    }

    private async Task<Failure?> SwitchOverAsync(RolloutStep.SwitchOver move, CancellationToken cancellation)
    {
        var wish = new SwitchoverWish(move.To, Force: false, "so that a restart interrupts nobody");
        var moved = await new SwitchoverOperation(access.Cluster).RunAsync(wish, patience, cancellation);
        return moved.TryGet(out _, out var failure) ? null : failure;
    }

    private Task<ImmutableArray<MemberProgress>> ObserveAsync(CancellationToken cancellation) =>
        _observer.ObserveAsync(change.Wanted, change.Given, cancellation);

    private RolloutView ViewOf(ImmutableArray<MemberProgress> members) =>
        new(_observer.Leader, [.. members.Select(one => one.Member)]);

    /// <summary>Why something is not so yet.</summary>
    /// <param name="InVain">It will not become so either.</param>
    private sealed record Waiting(string Why, bool InVain = false);

    /// <param name="why">Null when it is so.</param>
    private async Task<Failure?> UntilAsync(string what, Func<Task<Waiting?>> why, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await why() is { } waiting)
        {
            var spent = TimeProvider.System.GetElapsedTime(started);
            if (waiting.InVain || spent > patience)
                return Failed($"{Durations.Text(spent)} were spent waiting for {what}").Because(waiting.Why);
            await Task.Delay(Pace, cancellation);
        }
        return null;
    }

    private static string Silence(ImmutableArray<MemberProgress> members) =>
        members.FirstOrDefault(one => one.Silence != "") is { } silent
            ? $"the agent of {silent.Member.Name}: {silent.Silence}"
            : "`pgmahout explain` says what each member waits for";

    private static Failure Failed(string what) => new Failure(ErrorCatalogue.ConfigurationNotTaken, what);
}
