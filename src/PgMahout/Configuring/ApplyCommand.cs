using PgMahout.Agent.Guarding;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Configuration;
using PgMahout.Errors;
using PgMahout.Output;
using PgMahout.Postgres.Validation;
using PgMahout.Starting;

namespace PgMahout.Configuring;

/// <summary>What the operator said beside the configuration itself.</summary>
/// <param name="Patience">How long one step may take before everything is taken back.</param>
/// <param name="Force">Somebody who logs in now may be locked out by a change of the rules of access.</param>
/// <param name="DropsDraft">Another draft that waits is given up; it is shown, so that nothing is lost.</param>
internal sealed record ApplyOptions(
    string? Reason, bool DryRun, TimeSpan? Patience, bool Force = false, bool DropsDraft = false);

/// <summary>
/// Brings a configuration to the cluster: checked, tried by an empty server of the same version, tried by one standby,
/// then given to the others; taken back by itself when a step fails.
/// </summary>
internal sealed class ApplyCommand(Invocation invocation, ConfigurationAccess access, ApplyOptions options)
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TrialLimit = TimeSpan.FromSeconds(60);

    private TimeSpan Patience => options.Patience ?? DefaultPatience;

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    /// <param name="desired">What every member shall have in the end.</param>
    public async Task<Ending> RunAsync(DesiredConfiguration desired)
    {
        using var alone = PidLock.TryTake(Path.Combine(access.Cluster.Home.Root, HomeInspection.ConfigurationLock));
        if (alone is null)
            return new Failure(ErrorCatalogue.ConfigurationBusy, "another change of the configuration is under way")
                .Try("pgmahout config plan");
        // Its lock is free, so whoever began that rollout has ended without finishing it.
        if (access.State.Rollout is { } left && !left.Candidate.Desired.Equals(desired))
            return Unfinished(left);
        if (access.State.Rollout is null && !options.DropsDraft && OtherDraft(desired) is not null)
            return DraftWaits();
        if (await new CandidateCheck(access).WhyNotAsync(desired, options.Force, Cancellation) is { } refused)
            return refused;
        if (!(await ChangePlan.MakeAsync(access, desired, Cancellation)).TryGet(out var plan, out var failure))
            return failure;
        Screen.Note(PlanText.Human(plan, access.Spec.Members.Length));
        if (plan.IsEmpty && access.State.Rollout is null)
            return await NothingAsync();
        if (await TryAsync(desired) is { } untakable)
            return untakable;
        if (!options.DryRun)
            return await RollOutAsync(desired);
        Done.Say(Screen, new Done("config", access.Spec.Name, "it would be applied so", access.Cluster.Leader));
        return Ending.Ok;
    }

    /// <summary>Takes back a change that an earlier run left unfinished.</summary>
    public async Task<Ending> AbandonAsync()
    {
        using var alone = PidLock.TryTake(Path.Combine(access.Cluster.Home.Root, HomeInspection.ConfigurationLock));
        if (alone is null || access.State.Rollout is not { Candidate: var candidate })
            return new Failure(ErrorCatalogue.ConfigurationBusy, "another change of the configuration is under way")
                .Try("pgmahout config plan");
        if (await UndoAsync(candidate, "on request") is { } failure)
            return failure;
        var text = $"every member has configuration {access.State.Current.Number} again";
        Done.Say(Screen, new Done("config", access.Spec.Name, text, access.Cluster.Leader));
        return Ending.Ok;
    }

    private static Failure Unfinished(Rollout left) =>
        new Failure(ErrorCatalogue.ConfigurationUnfinished, "an earlier change was not brought to its end")
            .Because(StepText.Of(left))
            .Try("pgmahout config apply --resume    (finish it)", "pgmahout config rollback    (take it back)");

    private static Failure DraftWaits() =>
        new Failure(ErrorCatalogue.ConfigurationUnfinished, "there is a draft that was not applied")
            .Because("this change would be brought to the members without it")
            .Try("pgmahout config plan", "pgmahout config apply", "pgmahout config rollback NUMBER    (drops it)");

    private DesiredConfiguration? OtherDraft(DesiredConfiguration desired) =>
        access.State.Draft is { } draft && !draft.Equals(desired) ? draft : null;

    /// <summary>What remains of the draft once this is applied; what is given up is shown.</summary>
    private DesiredConfiguration? DraftAfter(DesiredConfiguration desired)
    {
        var other = OtherDraft(desired);
        if (other is null || !options.DropsDraft)
            return other;
        Screen.Note($"the draft is dropped; it was:\n{ConfigurationText.Write(other)}");
        return null;
    }

    private async Task<Ending> NothingAsync()
    {
        if (!options.DryRun && access.State.Draft is not null && DraftAfter(access.State.Current.Desired) is null
            && await access.WriteAsync(access.State with { Draft = null }, Cancellation) is { } failure)
            return failure;
        Done.Say(Screen, new Done("config", access.Spec.Name, "there is nothing to change", access.Cluster.Leader));
        return Ending.Ok;
    }

    /// <summary>
    /// An empty server of the same version is started with the files of each member that gets its own.
    /// </summary>
    private async Task<Failure?> TryAsync(DesiredConfiguration desired)
    {
        var standby = access.Spec.Members.FirstOrDefault(member => member.Name != access.Cluster.Leader);
        var tried = access.Spec.Members.Where(
            member => member == standby || standby is null || desired.Overrides.ContainsKey(member.Name));
        foreach (var member in tried)
        {
            Screen.Note($"an empty server of the same version is started with the files of {member.Name}");
            var settings = access.SettingsOf(member, desired);
            var verdict = await CandidateServer.TryAsync(settings, TrialLimit, Cancellation);
            if (verdict is CandidateVerdict.Refused refused)
                return CandidateCheck.Explained(settings, refused.Complaints);
            if (verdict is CandidateVerdict.Untried untried)
                return new Failure(ErrorCatalogue.ConfigurationUntried, "the configuration could not be tried")
                    .Because(untried.Why);
        }
        return null;
    }

    private async Task<Ending> RollOutAsync(DesiredConfiguration desired)
    {
        var state = access.State;
        var candidate = state.Rollout?.Candidate ?? new ConfigurationVersion(
            state.LastNumber + 1,
            TimeProvider.System.GetUtcNow(),
            Environment.UserName,
            options.Reason,
            desired);
        if (state.Rollout is null)
        {
            var begun = state with { Rollout = new Rollout(candidate, []), LastNumber = candidate.Number };
            if (await access.WriteAsync(begun, Cancellation) is { } unwritten)
                return unwritten;
        }
        var started = TimeProvider.System.GetTimestamp();
        var failure = await RunAsync(candidate, state.Current.Desired);
        if (failure is not null)
            return await TakeBackAsync(candidate, failure);
        var kept = DraftAfter(candidate.Desired);
        var committed = access.State with { Current = candidate, Draft = kept, Rollout = null };
        if (await access.CommitAsync(committed, Cancellation) is { } uncommitted)
            return uncommitted;
        var took = Durations.Text(TimeProvider.System.GetElapsedTime(started));
        var text = $"configuration {candidate.Number} is on every member, after {took}";
        await access.Cluster.TellAsync(
            JournalKind.ConfigurationChanged, null, $"{text}, by {candidate.By}{Because(candidate)}", Cancellation);
        Done.Say(Screen, new Done("config", access.Spec.Name, text, access.Cluster.Leader));
        return Ending.Ok;
    }

    private static string Because(ConfigurationVersion version) =>
        version.Reason is { } reason ? $": {reason}" : "";

    private Task<Failure?> RunAsync(ConfigurationVersion wanted, DesiredConfiguration given) =>
        new RolloutRunner(access, (wanted, given), Patience, Screen.Note).RunAsync(Cancellation);

    /// <summary>Every member returns to what it had; the draft stays, so that it can be corrected.</summary>
    private async Task<Ending> TakeBackAsync(ConfigurationVersion candidate, Failure why)
    {
        Screen.Note($"{why.What}: everything is taken back");
        await access.Cluster.RefreshAsync(Cancellation);
        return await UndoAsync(candidate, why.What) is not { } failure
            ? why.Leaving($"every member has configuration {access.State.Current.Number} again; yours is kept as draft")
                .Try("pgmahout config edit", "pgmahout history")
            : why.Leaving($"taking it back was not seen to end: {failure.What}").Try(
                "pgmahout status", "pgmahout doctor");
    }

    private async Task<Failure?> UndoAsync(ConfigurationVersion candidate, string why)
    {
        var undone = access.State with { Rollout = null, Draft = access.State.Draft ?? candidate.Desired };
        var failure = await access.WriteAsync(undone, Cancellation)
            ?? await RunAsync(access.State.Current, candidate.Desired);
        await access.Cluster.TellAsync(
            JournalKind.ConfigurationTakenBack,
            null,
            $"configuration {candidate.Number} was taken back: {why}",
            Cancellation);
        return failure;
    }
}
