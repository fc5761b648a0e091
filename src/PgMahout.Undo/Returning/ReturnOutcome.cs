using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>Makes values of what is expected to fail.</summary>
internal static class ReturnOutcome
{
    /// <param name="left">What was left behind, when it is not what the problem says.</param>
    public static async Task<Outcome<T>> OfAsync<T>(Func<Task<T>> run, Func<string?>? left = null)
    {
        try
        {
            return new Outcome<T>.Done(await run());
        }
        catch (WorkFailedException e)
        {
            return Failed<T>(e.Problem, left?.Invoke());
        }
        catch (NpgsqlException e)
        {
            return Failed<T>(ReturnProblems.Server(e), left?.Invoke());
        }
        catch (Exception e) when (e is IOException or TimeoutException or System.Net.Sockets.SocketException)
        {
            return Failed<T>(ReturnProblems.Io(e), left?.Invoke());
        }
    }

    /// <summary>Where nobody knows what became of the last COMMIT, that is said first.</summary>
    private static Outcome<T>.Failed Failed<T>(Problem problem, string? left) => new(
        left is null ? problem
        : problem.Code == ReturnProblems.UnsettledCode ? problem with { Left = $"{problem.Left}; {left}" }
        : problem with { Left = left });
}
