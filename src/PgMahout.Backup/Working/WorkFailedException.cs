using PgMahout.Postgres;

namespace PgMahout.Backup.Working;

/// <summary>
/// Carries an expected failure out of threads that work together, to where it becomes an outcome. Never leaves this
/// project.
/// </summary>
internal sealed class WorkFailedException(Problem problem) : Exception(problem.ToString())
{
    public Problem Problem { get; } = problem;

    public static T Require<T>(Outcome<T> outcome) =>
        outcome.TryGet(out var value) ? value : throw new WorkFailedException(outcome.Failure!);

    public static void Require(Outcome outcome)
    {
        if (outcome.Failure is { } problem)
            throw new WorkFailedException(problem);
    }
}
