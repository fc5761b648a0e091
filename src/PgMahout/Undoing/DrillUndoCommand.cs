using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Npgsql;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Undo;
using PgMahout.Errors;
using PgMahout.Output;

namespace PgMahout.Undoing;

/// <summary>
/// Makes tables of its own, keeps writing to all of them, drops one at random, brings it back, and compares every row
/// with what was acknowledged.
/// </summary>
internal sealed class DrillUndoCommand(Invocation invocation, BackupAccess access)
{
    private const string Schema = "pgmahout_drill_undo";
    private const int EnoughRows = 200;
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookBack = TimeSpan.FromHours(1);

    private Screen Screen => invocation.Screen;

    private CancellationToken Cancellation => invocation.Cancellation;

    public async Task<Ending> RunAsync(int tables, int rows)
    {
        if (!access.Primary(invocation.Home).TryGet(out var primary, out var failure))
            return failure;
        try
        {
            await ExecuteAsync(primary, $"DROP SCHEMA IF EXISTS {Schema} CASCADE; CREATE SCHEMA {Schema}");
            return await DrillAsync(primary, tables, rows);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            return new Failure(ErrorCatalogue.DrillWriter, "the drill's tables could not be written")
                .Because(e.Message).Leaving("what the drill made is removed").Try("pgmahout status");
        }
        finally
        {
            await RemoveAsync(primary);
        }
    }

    private async Task<Ending> DrillAsync(string primary, int tables, int rows)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var writers = Enumerable.Range(1, tables)
            .Select(number => new DrillTable(primary, $"{Schema}.t{number}", rows)).ToImmutableArray();
        foreach (var writer in writers)
            await writer.CreateAsync(Cancellation);
        var writing = writers.Select(writer => writer.WriteAsync(stop.Token)).ToList();
        await Task.WhenAll(writers.Select(writer => writer.ReachesAsync(rows + EnoughRows, Cancellation)))
            .WaitAsync(WriteLimit, Cancellation);
        var victim = writers[RandomNumberGenerator.GetInt32(writers.Length)];
        await ExecuteAsync(primary, $"DROP TABLE {victim.Name}");
        Screen.Note($"dropped {victim.Name}; bringing it back while {tables - 1} other tables are written to");

        var started = TimeProvider.System.GetTimestamp();
        var quiet = invocation with { Yes = true, Screen = Screen with { Out = TextWriter.Null } };
        var ended = await new UndoCommand(quiet, access).RunAsync(new UndoOrder(
            UndoKind.Drop, WantedName.Parse($"postgres.{victim.Name}")!, LossPick.Latest, null, LookBack));
        var took = TimeProvider.System.GetElapsedTime(started);
        await stop.CancelAsync();
        await Task.WhenAll(writing);
        if (ended != Ending.Ok)
            return ended;
        var (missing, wrong) = (0L, 0L);
        foreach (var writer in writers)
        {
            var compared = await writer.CompareAsync(Cancellation);
            (missing, wrong) = (missing + compared.Missing, wrong + compared.Wrong);
        }
        return await SayAsync(victim, tables, took, (missing, wrong));
    }

    private async Task<Ending> SayAsync(
        DrillTable victim, int tables, TimeSpan took, (long Missing, long Wrong) compared)
    {
        var document = new DrillUndoDocument(
            DocumentJson.Schema, "undo", victim.Name, tables, victim.Acknowledged, compared.Missing, compared.Wrong,
            Math.Round(took.TotalSeconds, 3));
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{victim.Name} came back in {Durations.Text(took)}: {victim.Acknowledged} acknowledged rows, "
            + $"{compared.Missing} missing, {compared.Wrong} wrong, in {tables} tables");
        Screen.Data(Screen.IsJson ? DocumentJson.Text(document, DocumentJson.Types.DrillUndoDocument) : text);
        await access.Cluster.TellAsync(JournalKind.Drill, null, text, Cancellation);
        return compared == (0, 0)
            ? Ending.Ok
            : new Failure(ErrorCatalogue.DrillFailed, text).Leaving("the cluster runs on").Try("pgmahout logs");
    }

    private async Task ExecuteAsync(string primary, string sql)
    {
        await using var connection = new NpgsqlConnection(primary);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static async Task RemoveAsync(string primary)
    {
        try
        {
            await using var connection = new NpgsqlConnection(primary);
            await connection.OpenAsync(CancellationToken.None);
            await using var command = new NpgsqlCommand($"DROP SCHEMA IF EXISTS {Schema} CASCADE", connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            // The next drill removes it.
        }
    }
}

/// <summary>The JSON of <c>drill undo</c>.</summary>
/// <param name="Table">That was dropped and brought back.</param>
/// <param name="Acknowledged">Its rows whose commit was confirmed before.</param>
/// <param name="Missing">Acknowledged rows of all tables that are not there.</param>
/// <param name="Wrong">Rows of all tables that are not as they were written.</param>
public sealed record DrillUndoDocument(
    int Schema, string Drill, string Table, int Tables, long Acknowledged, long Missing, long Wrong, double Seconds);
