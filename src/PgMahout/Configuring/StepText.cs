using PgMahout.Core.Configuration;

namespace PgMahout.Configuring;

/// <summary>The steps of a change in words.</summary>
internal static class StepText
{
    public static string Of(RolloutStep step) => step switch
    {
        RolloutStep.Adopt adopt => $"{adopt.Member}: new files, and a reload",
        RolloutStep.RestartStandby restart => $"{restart.Member}: restart, as a standby",
        RolloutStep.RestartLowered restart => $"{restart.Member}: checkpoint, then restart, as a standby",
        RolloutStep.RestartPrimary restart => $"{restart.Member}: restart in place; writes pause until it is up",
        RolloutStep.SwitchOver move =>
            $"switchover from {move.From} to {move.To}, which restarts {move.From}; writes pause for the switchover",
        RolloutStep.Await wait => $"wait for {wait.For}",
        RolloutStep.Finished => "nothing is left to do",
        _ => throw new InvalidOperationException($"unknown step {step.GetType().Name}"),
    };

    public static string Of(Rollout left) => left.Members.IsEmpty
        ? $"configuration {left.Candidate.Number} was begun, and is on no member yet"
        : $"configuration {left.Candidate.Number} is on {string.Join(", ", left.Members)} only";

    public static string Of(ParameterContext context) => context switch
    {
        ParameterContext.Fixed => "never",
        ParameterContext.Restart => "restart",
        ParameterContext.Reload => "reload",
        ParameterContext.NewSessions => "reload, new sessions",
        ParameterContext.Sessions => "reload",
    };
}
