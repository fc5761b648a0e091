using System.Collections.Immutable;
using Npgsql;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>What is done when the tables are in their places: it takes long and may fail, and they stay.</summary>
internal sealed class Aftermath(Sessions sessions)
{
    public async Task<(ImmutableArray<UnprovenKey> Unproven, ImmutableArray<string> Warnings)> RunAsync(
        Ties ties, ImmutableArray<(Tie Tie, string Why)> untied, ImmutableArray<string> unfilled,
        CancellationToken cancellation)
    {
        var warnings = untied.Select(item => $"{item.Tie.Text} did not come back: {item.Why}").ToList();
        var unproven = ImmutableArray.CreateBuilder<UnprovenKey>();
        try
        {
            await using var live = await sessions.LiveAsync(cancellation);
            await live.RunAsync("SET search_path TO DEFAULT", cancellation);
            foreach (var (view, why) in await LiveStaging.RefreshAsync(live, unfilled, cancellation))
                warnings.Add($"materialized view {view} is empty, REFRESH it: {why}");
            await live.RunAsync("SET search_path = ''; SET lock_timeout = '10s'", cancellation);
            foreach (var key in ties.Keys.Where(key => untied.All(item => item.Tie.Text != key.Text)))
                await ProveAsync(live, key, unproven, warnings, cancellation);
            foreach (var tie in ties.After.Where(tie => untied.All(item => item.Tie.Text != tie.Text)))
                await RunAsync(live, tie, warnings, cancellation);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or OperationCanceledException)
        {
            // The tables are back: this is no failure of the run any more.
            warnings.Add($"it broke off after the tables were back, some foreign keys are not validated: {e.Message}");
        }
        return (unproven.ToImmutable(), [.. warnings]);
    }

    private static async Task ProveAsync(
        NpgsqlConnection live, KeyToProve key, ImmutableArray<UnprovenKey>.Builder unproven, List<string> warnings,
        CancellationToken cancellation)
    {
        try
        {
            if (await KeyProof.RunAsync(live, key, cancellation) is { } lone)
                unproven.Add(lone);
        }
        catch (PostgresException e)
        {
            warnings.Add($"{key.Text} stays NOT VALID: {ReturnProblems.Said(e)}");
        }
    }

    private static async Task RunAsync(
        NpgsqlConnection live, Tie tie, List<string> warnings, CancellationToken cancellation)
    {
        try
        {
            await live.RunAllAsync(tie.Statements, cancellation);
        }
        catch (PostgresException e)
        {
            warnings.Add($"{tie.Text} did not come back whole: {ReturnProblems.Said(e)}");
        }
    }
}
