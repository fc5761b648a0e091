using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo;
using PgMahout.Core.Undo.Returning;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>
/// Brings lost things from a side server back into a live database, where nothing is stopped and nothing is seen of
/// them before they are whole.
/// </summary>
public sealed class ReturnRun(ReturnRequest request, TimeProvider time)
{
    private static readonly TimeSpan CleanLimit = TimeSpan.FromSeconds(60);

    private readonly Sessions _sessions = new(request);
    private string? _left;

    public WorkProgress Progress { get; } = new();

    /// <summary>Looks only; also says in advance why a run would be refused.</summary>
    public Task<Outcome<ReturnPlan>> PlanAsync(CancellationToken cancellation) => OutcomeAsync(async () =>
    {
        await using var live = await _sessions.LiveAsync(cancellation);
        await using var side = await _sessions.SideCatalogsAsync(cancellation);
        var loss = await new LossSetReader(request, side, live).ReadAsync(cancellation);
        await PlaceAsync(loss, live, cancellation);
        return new ReturnPlan(
            [.. loss.Objects],
            loss.Bytes,
            [
                .. loss.Lineages.Where(lineage => lineage.Returns).Select(lineage => $"part of {lineage.Parent}"),
                .. loss.Keys.Select(key => $"foreign key {key.Name} of {key.Table}"),
                .. loss.Links.Select(link => link.Text),
            ],
            Warnings(loss));
    });

    /// <summary>
    /// When it fails or is cancelled, the live database is as it was, or, as the failure then says, everything is back.
    /// </summary>
    public Task<Outcome<Returned>> RunAsync(CancellationToken cancellation) => OutcomeAsync(async () =>
    {
        Progress.Enter("looking");
        // As long as this session lives, no other run takes what this one makes for leftovers.
        await using var live = await _sessions.LiveAsync(cancellation);
        await ReturnLeftovers.ClearAsync(live, cancellation);
        await ReturnLeftovers.HoldAsync(live, request.Id, cancellation);
        await using var side = await _sessions.SideCatalogsAsync(cancellation);
        var reader = new LossSetReader(request, side, live);
        var loss = await reader.ReadAsync(cancellation);
        var copy = await PlaceAsync(loss, live, cancellation);
        await LiveRoom.RequireAsync(
            request, (side, live), loss.Relations.Select(relation => relation.Oid), cancellation);
        var plan = StagingPlan.Of(loss, request.Id, copy?.Schema);
        Progress.Enter("definitions");
        var staged = await new SideStaging(_sessions, live).PrepareAsync(loss, plan, copy, reader, cancellation);
        var dump = await new TablespaceCheck(live).MendAsync(
            await SchemaDump.TakeAsync(request.Source, plan, cancellation), cancellation);
        var homes = staged.Relations.ToDictionary(relation => relation.Oid, relation => Home(plan, relation));
        var ties = Ties.Of(loss, oid => homes[oid], LiveStaging.BoundConstraint);
        var staging = new LiveStaging(_sessions, request, Progress);
        try
        {
            var tables = await staging.MakeAsync(loss, staged, dump.Dump, cancellation);
            var views = staged.Relations.Where(relation => relation is { Kind: 'm', IsFilled: true }).ToList();
            var unread = await LiveStaging.RefreshAsync(live, views.Select(view => view.Qualified), cancellation);
            Progress.Enter("moving in place");
            var untied = await new Homecoming(_sessions, request.LockLimit, time).MoveAsync(
                [.. plan.HomeStatements(staged.Things)], ties.Inside, cancellation);
            _left = "everything is back and in place; foreign keys and materialized views were not all looked at: see"
                + " which are NOT VALID or not populated";
            Progress.Enter("foreign keys");
            var unfilled = views.Where(view => unread.Any(item => item.View == view.Qualified))
                .Select(view => homes[view.Oid]);
            var after = await new Aftermath(_sessions).RunAsync(ties, untied, [.. unfilled], cancellation);
            var byStaged = staged.Relations.ToDictionary(
                relation => relation.Qualified, relation => homes[relation.Oid]);
            return new Returned(
                [.. loss.Objects],
                [.. tables.Select(table => table with { Name = byStaged[table.Name] })],
                after.Unproven,
                [.. Warnings(loss), .. dump.Warnings, .. after.Warnings]);
        }
        catch when (_left is null)
        {
            await CleanAsync(plan);
            throw;
        }
    });

    private static string Home(StagingPlan plan, SideRelation staged) => SqlName.Qualified(
        plan.Schemas.Single(schema => schema.Name == staged.Schema).Target, staged.Name);

    private static ImmutableArray<string> Warnings(LossSet loss) =>
    [
        .. loss.Warnings,
        .. loss.MissingRoles.Select(role =>
            $"role {role} is not there any more: what it owned belongs to the superuser now, and its grants are gone"),
    ];

    /// <summary>Refuses when a name is not free.</summary>
    /// <returns>The place of a copy; null when everything goes where it was.</returns>
    private async Task<(uint Oid, string Schema, string Name)?> PlaceAsync(
        LossSet loss, NpgsqlConnection live, CancellationToken cancellation)
    {
        if (request.As is null)
        {
            var named = loss.Things.Where(thing => thing.Schema is not ("" or "pg_toast")).ToList();
            await RequireFreeAsync(live, named.Where(thing => thing.Address.Catalog == SystemCatalog.Relation
                || (!thing.IsPart && thing.Address.Catalog == SystemCatalog.Type))
                .Select(thing => (thing.Schema, thing.Name)).ToList(), cancellation);
            return null;
        }
        var relation = loss.Relations.Single(relation => relation.Oid == request.Relations[0]);
        var parts = WantedName.Parse(request.As)?.Parts ?? [];
        if (parts.Length is not (1 or 2))
            throw new WorkFailedException(ReturnProblems.BadName(request.As));
        var place = (relation.Oid, Schema: parts.Length == 2 ? parts[0] : relation.Schema, Name: parts[^1]);
        await RequireFreeAsync(live, [(place.Schema, place.Name)], cancellation);
        return place;
    }

    private static async Task RequireFreeAsync(
        NpgsqlConnection live, List<(string Schema, string Name)> names, CancellationToken cancellation)
    {
        var taken = await live.RowsAsync(
            new Query(
                """
                SELECT DISTINCT format('%I.%I', s, n) FROM unnest($1, $2) AS w (s, n)
                  JOIN pg_namespace ON nspname = s
                 WHERE EXISTS (SELECT FROM pg_class WHERE relnamespace = pg_namespace.oid AND relname = n)
                    OR EXISTS (SELECT FROM pg_type WHERE typnamespace = pg_namespace.oid AND typname = n)
                 ORDER BY 1
                """,
                names.Select(name => name.Schema).ToArray(), names.Select(name => name.Name).ToArray()),
            row => row.GetString(0), cancellation);
        if (!taken.IsEmpty)
            throw new WorkFailedException(ReturnProblems.NameTaken(taken));
    }

    private async Task CleanAsync(StagingPlan plan)
    {
        using var bound = new CancellationTokenSource(CleanLimit, time);
        try
        {
            await using var live = await _sessions.LiveAsync(bound.Token);
            await ReturnLeftovers.DropAsync(live, plan.Schemas.Select(schema => schema.Name), bound.Token);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            _left = $"schemas {StagingPlan.Prefix}{request.Id}_* are left in the live database, of no use to anybody;"
                + " the next undo or `undo clean` drops them";
        }
    }

    private Task<Outcome<T>> OutcomeAsync<T>(Func<Task<T>> run) => ReturnOutcome.OfAsync(run, () => _left);
}
