using PgMahout.Agent.Addressing;
using PgMahout.Agent.Guarding;
using PgMahout.Agent.Home;
using PgMahout.Agent.Loop;
using PgMahout.Core.Cluster;
using PgMahout.Core.Ha;
using PgMahout.Core.Vocabulary;
using PgMahout.Postgres.Observation;
using PgMahout.Postgres.Processes;

namespace PgMahout.Agent.Api;

/// <summary>An agent's account of itself, rendered from its latest view and decision.</summary>
internal static class AgentAccount
{
    /// <param name="notes">Null while the server does not answer.</param>
    public static AgentStatus Status(
        (HomeLayout Home, MemberName Self) place, MemberReport report, ServerNotes? notes, AgentState state)
    {
        var memory = state.Memory;
        var now = BootClock.Now();
        var fenceAt = memory.View is { } view ? memory.Lease.FenceAt(view.Timing) : null;
        return new AgentStatus(
            place.Self,
            Environment.ProcessId,
            state.Postmaster()?.Pid,
            PidLock.Holder(place.Home.GuardLock(place.Self)),
            report,
            memory.Records.Leadership?.Value,
            memory.StoreProblem,
            fenceAt is { } deadline ? Math.Max(0, (deadline - now).TotalSeconds) : null,
            memory.Decision?.Rule.ToString() ?? "none yet",
            memory.Decision is null ? 0 : (now - memory.RuleSince).TotalSeconds,
            [.. state.Work.Failures.Select(failure => $"{failure.Kind}: {failure.Reason}")],
            memory.Configuration is { } loaded ? new ConfigurationReport(
                    loaded.Number, loaded.Complaint, notes?.PendingRestart ?? [], notes?.BySystem ?? []) : null,
            AddressReport.Read(place.Home))
        {
            Archiver = ArchiverWord.Read(place.Home),
            Tablespaces = notes?.Tablespaces ?? [],
        };
    }

    public static AgentExplanation Explain(MemberName self, AgentState state)
    {
        if (state.Memory.View is not { } view || state.Memory.Decision is not { } decision)
            return new AgentExplanation(
                self, "none yet", "The agent has just started.", "Nothing was observed yet.", [], "unknown");
        var candidates = Explanation.Successors(view);
        return new AgentExplanation(
            self,
            decision.Rule.ToString(),
            RuleText.Meaning(decision.Rule),
            Explanation.Situation(view),
            [.. candidates.Select(one => new CandidateView(one.Name, one.Position?.ToString(), one.Disqualified))],
            Explanation.IfPrimaryDied(view, candidates));
    }
}
