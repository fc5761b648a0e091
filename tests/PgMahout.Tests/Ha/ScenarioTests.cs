using System.Globalization;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Tests.Tidy;
using Xunit;

namespace PgMahout.Tests.Ha;

/// <summary>
/// Incidents told turn by turn in <c>Scenarios/*.txt</c>: prose, then <c>turn</c> with what changed in the view, a line
/// of dashes, and the decision. With UPDATE_SCENARIOS=1 in the environment the decisions are written anew; they are
/// reviewed as a diff.
/// </summary>
public sealed class ScenarioTests
{
    private const string Divider = "----";
    private static readonly Law[] Laws = [.. LeaseLaws.All, .. InstanceLaws.All, .. PacingLaws.All];

    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Folder(), "*.txt").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Incident_is_decided_as_told(string name)
    {
        var path = Path.Combine(Folder(), name);
        var told = File.ReadAllText(path);

        var decided = Decide(told);

        if (Environment.GetEnvironmentVariable("UPDATE_SCENARIOS") == "1")
            File.WriteAllText(path, decided);
        else
            Assert.Equal(told, decided);
    }

    [Fact]
    public void Line_that_is_not_understood_is_refused()
    {
        Assert.Throws<FormatException>(() => ScenarioView.Apply(ScenarioView.Start, "weather fine"));
        Assert.Throws<FormatException>(() => ScenarioView.Apply(ScenarioView.Start, "sealed 7 8"));
        Assert.Throws<FormatException>(() => ScenarioView.Apply(ScenarioView.Start, "here asleep"));
        Assert.Throws<FormatException>(() => ScenarioView.Apply(ScenarioView.Start, "here standby"));
    }

    private static string Decide(string told)
    {
        var view = ScenarioView.Start;
        var blocks = told.TrimEnd('\n').Split("\n\n").Select(block =>
        {
            var lines = block.Split('\n');
            if (lines[0] != "turn")
                return block;
            var changes = lines.Skip(1).TakeWhile(line => line != Divider).ToList();
            view = changes.Aggregate(view, ScenarioView.Apply);
            return string.Join('\n', ["turn", .. changes, Divider, .. Rendered(view)]);
        });
        return string.Join("\n\n", blocks) + "\n";
    }

    private static IEnumerable<string> Rendered(ClusterView view)
    {
        var decision = HaPolicy.Decide(view);
        var turn = new Turn(view, decision);
        Assert.All(view.Region is null ? Laws : RegionLaws.All, law => Assert.True(law.Holds(turn), law.Name));
        var wake = decision.WakeWithin == TimeSpan.Zero
            ? "at once"
            : string.Create(CultureInfo.InvariantCulture, $"in {decision.WakeWithin.TotalMilliseconds:F0} ms");
        return [$"{decision.Rule}, again {wake}", .. decision.Actions.Select(action => "  " + Rendered(action))];
    }

    private static string Rendered(HaAction action) => action switch
    {
        HaAction.AcquireLease acquire => $"acquire on revision {acquire.Expected}: {Rendered(acquire.Next)}",
        HaAction.RenewLease renew => $"renew on revision {renew.Expected}: {Rendered(renew.Next)}",
        HaAction.ReleaseLease release => $"release on revision {release.Expected}: {Rendered(release.Next)}",
        HaAction.AskForPromises => "ask for promises",
        HaAction.Fence => "fence",
        HaAction.Bootstrap bootstrap => $"bootstrap for epoch {bootstrap.Epoch}",
        HaAction.StartPrimary start => $"start as primary for epoch {start.Epoch}, waiting for {start.Synchronous}",
        HaAction.StartStandby start => $"start as standby of {start.Upstream?.Text ?? "nobody"}",
        HaAction.Stop { Running: Transactions.AllowedToEnd } stop => $"let transactions end, stop {stop.Mode}",
        HaAction.Stop stop => $"stop {stop.Mode}",
        HaAction.Promote promote => $"promote for epoch {promote.Epoch}",
        HaAction.Follow follow => $"follow {follow.Upstream}",
        HaAction.Seal seal => $"seal for revision {seal.Revision}",
        HaAction.InspectWal => "inspect WAL",
        HaAction.RewindFrom rewind => $"rewind from {rewind.Source}",
        HaAction.CloneFrom clone => $"clone from {clone.Source}",
        HaAction.SetSynchronous set => $"wait for {set.Set}",
        HaAction.KeepSlot keep => $"keep slot {keep.Slot}{(keep.AdvanceTo is { } to ? $" at {to}" : "")}",
        HaAction.DropSlot drop => $"drop slot {drop.Slot}",
        HaAction.CloseSwitchover close =>
            $"close switchover {close.Id}, {(close.Done ? "done" : "refused")}: {close.Reason}",
        HaAction.ChangeRegion change =>
            $"region on revision {change.Expected}: {change.Next.Role} in term {change.Next.Term}"
            + (change.Next.Mark is { } mark ? $", from {mark}" : ""),
        HaAction.CloseRequest close => $"close request {close.Request}",
        _ => throw new InvalidOperationException($"unknown action {action.GetType().Name}"),
    };

    private static string Rendered(Leadership record) =>
        $"epoch {record.Epoch}, {record.Holder}"
        + (record.Released is { } handover ? $" to {handover.Heir} at {handover.At}" : "")
        + $", known to {record.Synchronous}";

    private static string Folder() => Path.Combine(Repository.Root, "tests", "PgMahout.Tests", "Scenarios");
}
