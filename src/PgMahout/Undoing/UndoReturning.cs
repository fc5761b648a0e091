using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backups;
using PgMahout.CommandLine;
using PgMahout.Core.Cluster;
using PgMahout.Core.Undo.Returning;
using PgMahout.Core.Vocabulary;
using PgMahout.Errors;
using PgMahout.Postgres;
using PgMahout.Undo;
using PgMahout.Undo.Past;
using PgMahout.Undo.Returning;

namespace PgMahout.Undoing;

/// <summary>From a server of the past into the cluster.</summary>
/// <param name="primary">How to connect to the leader's server.</param>
internal sealed class UndoReturning(
    Invocation invocation, UndoOrder order, string primary, ImmutableArray<MemberSpec> members)
{
    private const string ByName = $"""
        SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relname = $1 AND ($2 IS NULL OR n.nspname = $2) AND c.oid >= 16384
           AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND NOT starts_with(n.nspname, '{StagingPlan.Prefix}')
        """;

    /// <summary>
    /// What is wanted, by the OIDs that it has in the past; empty when a name that was only looked for is not there.
    /// </summary>
    public async Task<Attempt<ImmutableArray<uint>>> FindAsync(PastServer past, UndoPlan plan)
    {
        var known = plan.Relations.Where(one => one.Oid != 0).Select(one => one.Oid).ToImmutableArray();
        if (!known.IsEmpty || order.Kind == UndoKind.Database)
            return known;
        if (!(await NameThenAsync(plan)).TryGet(out var database, out var failure))
            return failure;
        try
        {
            await using var connection = past.Server.Connect(database);
            await connection.OpenAsync(invocation.Cancellation);
            await using var command = new NpgsqlCommand(ByName, connection);
            var parts = order.Name.Parts;
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = parts[^1] });
            command.Parameters.Add(new NpgsqlParameter<string?>
            {
                TypedValue = parts.Length > 1 ? parts[^2] : null,
                NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text,
            });
            await using var rows = await command.ExecuteReaderAsync(invocation.Cancellation);
            var lost = plan.Loss.Relations.Select(one => one.Oid).Where(oid => oid != 0).ToHashSet();
            var found = ImmutableArray.CreateBuilder<uint>();
            while (await rows.ReadAsync(invocation.Cancellation))
                if (rows.GetFieldValue<uint>(0) is var oid && (lost.Count == 0 || lost.Contains(oid)))
                    found.Add(oid);
            return found.Count < 2
                ? found.ToImmutable()
                : new Failure(ErrorCatalogue.LossAmbiguous, $"'{order.Name.Text}' is in several schemas")
                    .Try($"pgmahout undo drop SCHEMA.{order.Name.Text}");
        }
        catch (NpgsqlException e)
        {
            return new Failure(ErrorCatalogue.UndoFailed, "the server of the past could not be asked")
                .Because(e.Message).Leaving("the cluster is untouched");
        }
    }

    public async Task<Attempt<Returned>> ReturnAsync(
        PastServer past, UndoPlan plan, ImmutableArray<uint> wanted, UndoPlace place)
    {
        if (!(await NameThenAsync(plan)).TryGet(out var then, out var failure))
            return failure;
        var source = new ReturnSource(
            past.Server, then, past.Request.Programs, past.Request.Account,
            past.Request.Place.Workspace)
        {
            Restored = past.Request.Only,
        };
        if (order.Kind == UndoKind.Database)
            return await MakeDatabaseAsync(RequestOf(source, plan, wanted, (place, primary)));
        if (order.ToFile is { } file)
            return await WriteAsync(source, plan, wanted, Path.GetFullPath(file));
        if (!(await LiveNameAsync(plan.Database)).TryGet(out var database, out failure))
            return failure;
        var live = new NpgsqlConnectionStringBuilder(primary) { Database = database }.ConnectionString;
        var request = RequestOf(source, plan, wanted, (place, live));
        return order is { Kind: UndoKind.Truncate, As: null }
            ? await RefillAsync(request)
            : await BringAsync(request);
    }

    private ReturnRequest RequestOf(
        ReturnSource source, UndoPlan plan, ImmutableArray<uint> wanted, (UndoPlace Place, string Live) to) => new()
    {
        Id = to.Place.Id,
        Source = source,
        Live = () => new NpgsqlConnection(to.Live),
        Disks = new LiveDisks(invocation.Home, members).ReadAsync,
        Relations = wanted,
        Schemas = Schemas(plan),
        As = order.As,
        Jobs = order.Jobs ?? Math.Clamp(Environment.ProcessorCount, 1, 8),
    };

    private async Task<Attempt<Returned>> MakeDatabaseAsync(ReturnRequest request)
    {
        var run = new DatabaseRun(request, TimeProvider.System);
        var ended = await ProgressLine.ShowAsync(
            invocation.Screen, run.Progress, run.RunAsync(invocation.Cancellation));
        return ended.TryGet(out var returned) ? returned : Translate(ended.Failure!);
    }

    private async Task<Attempt<Returned>> BringAsync(ReturnRequest request)
    {
        var run = new ReturnRun(request, TimeProvider.System);
        var ended = await ProgressLine.ShowAsync(
            invocation.Screen, run.Progress, run.RunAsync(invocation.Cancellation));
        return ended.TryGet(out var returned) ? returned : Translate(ended.Failure!);
    }

    private async Task<Attempt<Returned>> RefillAsync(ReturnRequest request)
    {
        var run = new RefillRun(request, TimeProvider.System);
        var ended = await ProgressLine.ShowAsync(
            invocation.Screen, run.Progress, run.RunAsync(invocation.Cancellation));
        return ended.TryGet(out var returned) ? returned : Translate(ended.Failure!);
    }

    private async Task<Attempt<Returned>> WriteAsync(
        ReturnSource source, UndoPlan plan, ImmutableArray<uint> wanted, string file)
    {
        var ended = await new DumpFileRun(source, wanted, Schemas(plan)).RunAsync(file, invocation.Cancellation);
        return ended.TryGet(out var bytes)
            ? new Returned([], [], [], [$"{new ByteSize(bytes)} were written to {file}; the cluster was not changed"])
            : Translate(ended.Failure!);
    }

    private ImmutableArray<string> Schemas(UndoPlan plan) => order.Kind == UndoKind.Schema
        ? [.. plan.Relations.Select(one => one.Named!.Relation.Schema).Distinct()]
        : [];

    /// <summary>Where no snapshot knows the database, it is called as it was, as far as anybody knows.</summary>
    private async Task<Attempt<string>> NameThenAsync(UndoPlan plan) =>
        plan.Loss.Database.Name is { } known ? known : await LiveNameAsync(plan.Database);

    /// <summary>A database keeps its OID when it is renamed.</summary>
    private async Task<Attempt<string>> LiveNameAsync(uint oid)
    {
        try
        {
            await using var connection = new NpgsqlConnection(primary);
            await connection.OpenAsync(invocation.Cancellation);
            await using var command = new NpgsqlCommand("SELECT datname FROM pg_database WHERE oid = $1", connection);
            command.Parameters.Add(new NpgsqlParameter { Value = oid, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid });
            return await command.ExecuteScalarAsync(invocation.Cancellation) is string name
                ? name
                : new Failure(ErrorCatalogue.UndoRefused, "the database is gone as well")
                    .Because($"no database has the OID {oid}")
                    .Try("pgmahout undo list");
        }
        catch (NpgsqlException e)
        {
            return new Failure(ErrorCatalogue.NoLeader, "the primary did not answer").Because(e.Message)
                .Try("pgmahout status");
        }
    }

    public static Failure Translate(Problem problem) => RepositoryOpening.Translate(
        problem.Code is "undo-name-taken" or "undo-has-rows" or "undo-no-key" or "undo-bad-name" or "undo-not-then"
                or "undo-extension-missing" or UndoProblems.NoRoomCode
            ? ErrorCatalogue.UndoRefused
            : ErrorCatalogue.UndoFailed,
        problem);
}
