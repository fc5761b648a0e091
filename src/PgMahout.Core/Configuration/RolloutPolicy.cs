using System.Collections.Immutable;
using PgMahout.Core.Vocabulary;

namespace PgMahout.Core.Configuration;

/// <summary>What decides the next step of a change of configuration: the members as they are now.</summary>
/// <param name="Leader">Null while nobody leads.</param>
public sealed record RolloutView(MemberName? Leader, ImmutableArray<RolloutMember> Members)
{
    public RolloutMember? Find(MemberName name) => Members.FirstOrDefault(member => member.Name == name);
}

/// <param name="IsWell">It serves: the leader as a primary, any other one streaming.</param>
/// <param name="HasIt">The member was told to use the wanted configuration, and has loaded it.</param>
/// <param name="Pending">Changes that its server takes only when it is started again.</param>
/// <param name="Promotable">It may lead.</param>
public sealed record RolloutMember(
    MemberName Name, bool IsWell, bool HasIt, ImmutableArray<PendingChange> Pending, bool Promotable = true);

/// <param name="Lowers">One of <see cref="RuledSettings.StandbyMinimums"/> becomes smaller.</param>
/// <param name="Blocked">The primary still runs with more: a standby cannot start with this yet.</param>
public sealed record PendingChange(string Name, bool Lowers, bool Blocked);

/// <summary>One step of a change of configuration.</summary>
public abstract record RolloutStep
{
    private RolloutStep() { }

    /// <summary>Give it the wanted configuration: files and a reload.</summary>
    public sealed record Adopt(MemberName Member) : RolloutStep;

    /// <summary>Start a standby's server anew.</summary>
    public sealed record RestartStandby(MemberName Member) : RolloutStep;

    /// <summary>
    /// The same after a checkpoint of the primary has reached it: its recovery would otherwise begin before the record
    /// that says that the primary needs less now, and refuse.
    /// </summary>
    public sealed record RestartLowered(MemberName Member) : RolloutStep;

    /// <summary>Move the leadership, so that the restart of the old leader interrupts nobody.</summary>
    public sealed record SwitchOver(MemberName From, MemberName To) : RolloutStep;

    /// <summary>Restart the primary where it is: writes pause for as long as that takes.</summary>
    public sealed record RestartPrimary(MemberName Member) : RolloutStep;

    /// <summary>Somebody is not well, or nobody leads; nothing is changed meanwhile.</summary>
    public sealed record Await(string For) : RolloutStep;

    public sealed record Finished : RolloutStep;
}

/// <summary>
/// The order in which members get a configuration. Pure, and asked again before every step, so that a failover in the
/// middle only changes what comes next. One standby tries it first; a standby is always restarted before the primary,
/// except for what must be lowered there first.
/// </summary>
public static class RolloutPolicy
{
    public static RolloutStep Next(RolloutView view)
    {
        if (view.Leader is not { } leader || view.Find(leader) is not { } primary)
            return new RolloutStep.Await("a leader");
        if (view.Members.FirstOrDefault(member => !member.IsWell) is { } unwell)
            return new RolloutStep.Await($"{unwell.Name}, which is not {(unwell.Name == leader ? "up" : "streaming")}");
        var standbys = view.Members.Where(member => member.Name != leader).ToImmutableArray();
        return OnStandbys(standbys) ?? OnPrimary(primary, standbys) ?? AfterLowering(standbys)
            ?? new RolloutStep.Finished();
    }

    /// <summary>All steps from here, if nothing happens in between: what a plan shows.</summary>
    public static ImmutableArray<RolloutStep> Foresee(RolloutView view, RolloutForecast forecast)
    {
        var steps = ImmutableArray.CreateBuilder<RolloutStep>();
        // Each member is adopted once and restarted at most twice, and the leadership moves once.
        for (var left = view.Members.Length * 3 + 1; left > 0; left--)
        {
            var step = Next(view);
            if (step is RolloutStep.Finished or RolloutStep.Await)
                break;
            steps.Add(step);
            view = forecast.After(view, step);
        }
        return steps.ToImmutable();
    }

    private static RolloutStep? OnStandbys(ImmutableArray<RolloutMember> standbys)
    {
        foreach (var standby in standbys)
            if (standby.HasIt && standby.Pending.Any(change => !change.Lowers))
                return new RolloutStep.RestartStandby(standby.Name);
        return standbys.FirstOrDefault(standby => !standby.HasIt) is { } next
            ? new RolloutStep.Adopt(next.Name)
            : null;
    }

    private static RolloutStep? OnPrimary(RolloutMember primary, ImmutableArray<RolloutMember> standbys)
    {
        if (!primary.HasIt)
            return new RolloutStep.Adopt(primary.Name);
        if (primary.Pending.IsEmpty)
            return null;
        var heir = standbys.FirstOrDefault(standby => standby.Promotable && standby.Pending.IsEmpty);
        return heir is null || primary.Pending.Any(change => change.Lowers)
            ? new RolloutStep.RestartPrimary(primary.Name)
            : new RolloutStep.SwitchOver(primary.Name, heir.Name);
    }

    private static RolloutStep? AfterLowering(ImmutableArray<RolloutMember> standbys) =>
        standbys.FirstOrDefault(standby => standby.Pending.Any(change => !change.Blocked)) is { } ready
            ? new RolloutStep.RestartLowered(ready.Name)
            : null;
}

/// <summary>What a step makes of a view, as long as all goes well.</summary>
/// <param name="Changes">Everything that becomes different, on every member.</param>
public sealed record RolloutForecast(ImmutableArray<SettingChange> Changes)
{
    public RolloutView After(RolloutView view, RolloutStep step) => step switch
    {
        RolloutStep.Adopt adopt => With(view, adopt.Member, member => member with
        {
            HasIt = true,
            Pending = [.. ToRestart(member.Name).Select(change => Pending(view, member.Name, change))],
        }),
        // What is lowered waits on a standby until the primary needs no more.
        RolloutStep.RestartStandby restart => With(view, restart.Member, member => member with
        {
            Pending = [.. member.Pending.Where(change => change.Lowers)],
        }),
        RolloutStep.RestartLowered restart => With(view, restart.Member, member => member with { Pending = [] }),
        RolloutStep.RestartPrimary restart => Unblocked(With(
            view, restart.Member, member => member with { Pending = [] })),
        // The old leader is stopped for it, and comes up as a standby.
        RolloutStep.SwitchOver move => With(view, move.From, member => member with { Pending = [] }) with
        {
            Leader = move.To,
        },
        RolloutStep.Await or RolloutStep.Finished => view,
        _ => throw new InvalidOperationException($"unknown step {step.GetType().Name}"),
    };

    private IEnumerable<SettingChange> ToRestart(MemberName member) =>
        Changes.Where(change => change.Member == member && change.Context == ParameterContext.Restart);

    private static PendingChange Pending(RolloutView view, MemberName member, SettingChange change) =>
        new(change.Name, change.Lowers, Blocked: change.Lowers && member != view.Leader);

    private static RolloutView With(RolloutView view, MemberName name, Func<RolloutMember, RolloutMember> change) =>
        view with { Members = [.. view.Members.Select(member => member.Name == name ? change(member) : member)] };

    private static RolloutView Unblocked(RolloutView view) => view with
    {
        Members =
        [
            .. view.Members.Select(member => member with
            {
                Pending = [.. member.Pending.Select(change => change with { Blocked = false })],
            }),
        ],
    };
}
