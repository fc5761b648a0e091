using System.Collections.Immutable;
using System.Text;
using PgMahout.Core.Configuration;
using PgMahout.Core.Vocabulary;
using PgMahout.Output;

namespace PgMahout.Configuring;

/// <summary>A plan as people read it before they apply it.</summary>
internal static class PlanText
{
    public static string Human(ChangePlan plan, int members)
    {
        var text = new StringBuilder();
        if (plan.IsEmpty)
            text.AppendLine("Every member runs with this configuration already.");
        if (!plan.Changes.IsEmpty)
            text.AppendLine(Columns.Align([["SETTING", "MEMBERS", "NOW", "NEW", "BY"], .. Rows(plan, members)]));
        foreach (var line in plan.Access)
            text.Append(line.IsAdded ? "+ " : "- ").AppendLine(line.Line);
        if (!plan.Steps.IsEmpty)
            text.AppendLine();
        for (var index = 0; index < plan.Steps.Length; index++)
            text.Append("  [").Append(index + 1).Append('/').Append(plan.Steps.Length).Append("] ")
                .AppendLine(StepText.Of(plan.Steps[index]) + Interrupted(plan, plan.Steps[index]));
        foreach (var drift in plan.Drift)
            text.AppendLine().AppendLine(Of(drift));
        return text.ToString().TrimEnd();
    }

    /// <summary>A value by ALTER SYSTEM, with both ways out.</summary>
    public static string Of(Drift drift) =>
        $"{drift.Member}: {drift.Name} = {drift.Value} was set by ALTER SYSTEM, which wins over the cluster's value\n"
        + "  keep it for all members   "
        + $"pgmahout config set {drift.Name}={Quoted(drift.Value)} && pgmahout config apply\n"
        + $"  take it back              pgmahout config unset {drift.Name} --drift";

    private static string Quoted(string value) =>
        value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') && value != ""
            ? value
            : "\"" + value + "\"";

    private static IEnumerable<string[]> Rows(ChangePlan plan, int members)
    {
        foreach (var same in plan.Changes.GroupBy(change => (change.Name, change.Old, change.New)))
        {
            var names = same.Select(change => change.Member).ToImmutableArray();
            var whom = names.Length == members ? "all" : string.Join(", ", names);
            yield return [same.Key.Name, whom, same.Key.Old, same.Key.New, StepText.Of(same.First().Context)];
        }
    }

    private static string Interrupted(ChangePlan plan, RolloutStep step)
    {
        var member = step switch
        {
            RolloutStep.RestartStandby restart => restart.Member,
            RolloutStep.RestartLowered restart => restart.Member,
            RolloutStep.RestartPrimary restart => restart.Member,
            RolloutStep.SwitchOver move => move.From,
            _ => (MemberName?)null,
        };
        return member is { } name && plan.Sessions.TryGetValue(name, out var count) && count > 0
            ? $" ({count} session{(count == 1 ? " is" : "s are")} cut off)"
            : "";
    }
}
