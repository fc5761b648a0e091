using System.Collections.Immutable;

namespace PgMahout.Core.Ha;

/// <summary>
/// What to do, and why: the rule that was applied. Sentences for people are rendered from the rule and the view.
/// </summary>
/// <param name="Actions">Carried out in order; the first that is not done ends the turn.</param>
/// <param name="WakeWithin">The next turn begins no later than this, and earlier on any event.</param>
public sealed record Decision(Rule Rule, ImmutableArray<HaAction> Actions, TimeSpan WakeWithin)
{
    /// <summary>Look again soon: something is in motion that no event announces.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    public static Decision Of(Rule rule, TimeSpan wakeWithin, params ReadOnlySpan<HaAction> actions) =>
        new(rule, [.. actions], wakeWithin);

    public Decision Then(params ReadOnlySpan<HaAction> more) => this with { Actions = [.. Actions, .. more] };
}
