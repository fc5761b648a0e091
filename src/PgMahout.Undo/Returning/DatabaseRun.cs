using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;
using PgMahout.Postgres;

namespace PgMahout.Undo.Returning;

/// <summary>
/// Brings a whole database back. It is made under another name, which nobody knows, and gets its own when every row is
/// there.
/// </summary>
/// <param name="request">
/// Its source's database is the lost one; its connections are to another database of the primary, such as
/// <c>postgres</c>. It names no relations.
/// </param>
public sealed partial class DatabaseRun(ReturnRequest request, TimeProvider time)
{
    private const string Objects = """
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'S', 'm') AND c.relpersistence <> 't'
           AND n.nspname !~ '^pg_(toast|temp)' AND NOT EXISTS (
               SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        """;

    private const string Configured = """
        SELECT e.extname::text FROM pg_extension e WHERE e.extconfig IS NOT NULL
        """;

    private static readonly TimeSpan CleanLimit = TimeSpan.FromSeconds(60);

    private readonly string _staging = StagingPlan.Prefix + request.Id;
    private readonly string _name = request.Source.Database;
    private string? _left;

    public WorkProgress Progress { get; } = new();

    /// <summary>When it fails or is cancelled, the live server is as it was.</summary>
    public Task<Outcome<Returned>> RunAsync(CancellationToken cancellation) => ReturnOutcome.OfAsync(async () =>
    {
        Progress.Enter("looking");
        await using var server = await new Sessions(request).LiveAsync(cancellation);
        await ReturnLeftovers.ClearDatabasesAsync(server, cancellation);
        await ReturnLeftovers.HoldAsync(server, request.Id, cancellation);
        if (await server.ValueAsync<bool>(
            new Query("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", _name), cancellation))
            throw new WorkFailedException(ReturnProblems.NameTaken([$"database {_name}"]));
        var comment = await RenameThenAsync(cancellation);
        var staged = request with
        {
            Source = request.Source with { Database = _staging },
            Live = () => Into(request.Live(), _staging),
        };
        Progress.Enter("definitions");
        var dump = await SchemaDump.TakeDatabaseAsync(staged.Source, cancellation);
        var (making, inside) = Split(dump.Before);
        try
        {
            foreach (var statement in making)
                await server.RunAllAsync([statement], cancellation);
            await server.RunAllAsync([Comment(StagingPlan.Mark(request.Id))], cancellation);
            var (tables, warnings) = await FillAsync(staged, dump with { Before = inside }, cancellation);
            Progress.Enter("moving in place");
            await RenameAsync(comment, cancellation);
            return new Returned([$"database {_name}"], tables, [], warnings);
        }
        catch
        {
            await CleanAsync();
            throw;
        }
    }, () => _left);

    /// <summary>In a session of its own: when anything goes wrong its end takes the transaction with it.</summary>
    private async Task RenameAsync(string? comment, CancellationToken cancellation)
    {
        var sessions = new Sessions(request);
        await using var live = await sessions.LiveAsync(cancellation);
        await live.RunAsync("BEGIN; SET LOCAL synchronous_commit = on", cancellation);
        await live.RunAllAsync(
            [Comment(comment), $"ALTER DATABASE {_staging} RENAME TO {SqlName.Quoted(_name)}"], cancellation);
        await new SettledCommit(sessions.LiveAsync, time).RunAsync(live, cancellation);
    }

    private string Comment(string? text) =>
        $"COMMENT ON DATABASE {_staging} IS {(text is null ? "NULL" : SqlName.Literal(text))}";

    private static NpgsqlConnection Into(NpgsqlConnection connection, string database)
    {
        connection.ConnectionString = new NpgsqlConnectionStringBuilder(connection.ConnectionString)
        {
            Database = database,
        }.ConnectionString;
        return connection;
    }

    /// <returns>The database's own comment.</returns>
    private async Task<string?> RenameThenAsync(CancellationToken cancellation)
    {
        await using var side = await Sql.OpenAsync(
            () => request.Source.Server.Connect("postgres"), "SET search_path = ''", cancellation);
        var found = await side.RowsAsync(
            new Query("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", _name),
            row => row.TextOrNull(0), cancellation);
        if (found.IsEmpty)
            throw new WorkFailedException(ReturnProblems.NotThen($"database {_name}"));
        await side.RunAllAsync([$"ALTER DATABASE {SqlName.Quoted(_name)} RENAME TO {_staging}"], cancellation);
        return found[0];
    }

    /// <summary>What is said of the database itself is said from outside, and not in a transaction.</summary>
    private static (ImmutableArray<string> Making, ImmutableArray<string> Inside) Split(
        ImmutableArray<string> statements) =>
    (
        [.. statements.Where(statement => OfDatabase().IsMatch(statement))],
        [.. statements.Where(statement => !OfDatabase().IsMatch(statement))]
    );

    private async Task<(ImmutableArray<ReturnedTable> Tables, ImmutableArray<string> Warnings)> FillAsync(
        ReturnRequest staged, SchemaDump dump, CancellationToken cancellation)
    {
        var sessions = new Sessions(staged);
        await using var side = await sessions.SideCatalogsAsync(cancellation);
        var oids = await side.RowsAsync(Objects, row => row.GetFieldValue<uint>(0), cancellation);
        var types = await side.RowsAsync(
            "SELECT oid FROM pg_type WHERE oid >= 16384", row => row.GetFieldValue<uint>(0), cancellation);
        await using var live = await sessions.LiveAsync(cancellation);
        var relations = await new LossSetReader(staged, side, live).RelationsAsync([.. oids], [.. types], cancellation);
        await LiveRoom.RequireAsync(staged, (side, live), oids, cancellation);
        var mended = await new TablespaceCheck(live).MendAsync(dump, cancellation);
        var nothing = new LossSet([], relations, [], [], [], [], [], [], []);
        var tables = await new LiveStaging(sessions, staged, Progress).MakeAsync(
            nothing, new Staged([], relations), mended.Dump, cancellation);
        await LargeObjectsAsync(side, live, cancellation);
        await live.RunAsync("SET search_path TO DEFAULT", cancellation);
        var unfilled = await LiveStaging.RefreshAsync(
            live, relations.Where(relation => relation is { Kind: 'm', IsFilled: true }).Select(view => view.Qualified),
            cancellation);
        var configured = await side.RowsAsync(Configured, row => row.GetString(0), cancellation);
        return (tables,
            [
                .. mended.Warnings,
                .. unfilled.Select(item => $"materialized view {item.View} is empty, REFRESH it: {item.Why}"),
                .. configured.Select(name => $"extension {name} comes as it is new: rows in tables of its own do not"),
                .. relations.Where(relation => relation.IsUnlogged).Select(relation =>
                    $"{relation.Qualified} comes back empty: it is unlogged, its rows are in no WAL and no backup"),
            ]);
    }

    private static async Task LargeObjectsAsync(
        NpgsqlConnection side, NpgsqlConnection live, CancellationToken cancellation)
    {
        var all = await side.RowsAsync(
            "SELECT oid, pg_get_userbyid(lomowner)::text FROM pg_largeobject_metadata",
            row => (Oid: row.GetFieldValue<uint>(0), Owner: row.GetString(1)), cancellation);
        foreach (var (oid, owner) in all)
        {
            var content = await side.ValueAsync<byte[]>(new Query("SELECT lo_get($1::oid)", (long)oid), cancellation);
            await live.RowsAsync(
                new Query("SELECT lo_from_bytea($1::oid, $2)", (long)oid, content), _ => 0, cancellation);
            await live.RunAllAsync([$"ALTER LARGE OBJECT {oid} OWNER TO {SqlName.Quoted(owner)}"], cancellation);
        }
    }

    private async Task CleanAsync()
    {
        using var bound = new CancellationTokenSource(CleanLimit, time);
        try
        {
            await using var live = await new Sessions(request).LiveAsync(bound.Token);
            await live.RunAsync($"DROP DATABASE IF EXISTS {_staging} WITH (FORCE)", bound.Token);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            _left = $"database {_staging} is left in the live server, of no use to anybody; the next undo of a database"
                + " or `undo clean` drops it";
        }
    }

    [GeneratedRegex(@"^(CREATE DATABASE|ALTER DATABASE|COMMENT ON DATABASE|(GRANT|REVOKE) [^;]*? ON DATABASE) ")]
    private static partial Regex OfDatabase();
}
