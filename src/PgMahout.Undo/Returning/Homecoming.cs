using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>
/// The one transaction that moves everything in place and ties it to what is there. It looks at no rows, waits for a
/// lock two seconds at most, and is tried again.
/// </summary>
internal sealed class Homecoming(Sessions sessions, TimeSpan limit, TimeProvider time)
{
    private const string Begin =
        "BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL deadlock_timeout = '1s'; SET LOCAL synchronous_commit = on";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <returns>The ties that could not be made, with the reason.</returns>
    public async Task<ImmutableArray<(Tie Tie, string Why)>> MoveAsync(
        ImmutableArray<string> moves, ImmutableArray<Tie> ties, CancellationToken cancellation)
    {
        var from = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await TryAsync(moves, ties, cancellation);
            }
            catch (PostgresException e) when (IsLock(e))
            {
                if (time.GetElapsedTime(from) > limit)
                    throw new WorkFailedException(ReturnProblems.Locked(limit, ReturnProblems.Said(e)));
            }
            await Task.Delay(Pause, time, cancellation);
        }
    }

    public static bool IsLock(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected;

    private async Task<ImmutableArray<(Tie Tie, string Why)>> TryAsync(
        ImmutableArray<string> moves, ImmutableArray<Tie> ties, CancellationToken cancellation)
    {
        // A session of its own: when anything goes wrong its end takes the transaction with it.
        await using var live = await sessions.LiveAsync(cancellation);
        var failed = ImmutableArray.CreateBuilder<(Tie, string)>();
        await live.RunAsync(Begin, cancellation);
        await live.RunAllAsync(moves, cancellation);
        foreach (var tie in ties)
            if (await TryAsync(live, tie, cancellation) is { } why)
                failed.Add((tie, why));
        await new SettledCommit(sessions.LiveAsync, time).RunAsync(live, cancellation);
        return failed.ToImmutable();
    }

    private static async Task<string?> TryAsync(NpgsqlConnection live, Tie tie, CancellationToken cancellation)
    {
        await live.RunAsync("SAVEPOINT tie", cancellation);
        try
        {
            await live.RunAllAsync(tie.Statements, cancellation);
        }
        catch (PostgresException e) when (!IsLock(e))
        {
            await live.RunAsync("ROLLBACK TO tie", cancellation);
            return ReturnProblems.Said(e);
        }
        await live.RunAsync("RELEASE tie", cancellation);
        return null;
    }
}
