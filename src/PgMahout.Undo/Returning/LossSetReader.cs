using System.Collections.Immutable;
using Npgsql;
using PgMahout.Backup.Working;
using PgMahout.Core.Undo.Returning;

namespace PgMahout.Undo.Returning;

/// <summary>
/// Finds out what comes back, and what it was tied to, by looking at both databases; changes neither.
/// </summary>
internal sealed class LossSetReader(ReturnRequest request, NpgsqlConnection side, NpgsqlConnection live)
{
    private readonly SortedSet<string> _missingExtensions = new(StringComparer.Ordinal);
    private readonly HashSet<ObjectAddress> _lost = [];

    public async Task<LossSet> ReadAsync(CancellationToken cancellation)
    {
        var copies = request.As is not null;
        var schemas = await SchemasAsync([.. request.Schemas], cancellation);
        if (request.Schemas.FirstOrDefault(name => schemas.All(known => known.Schema.Name != name)) is { } unknown)
            throw new WorkFailedException(ReturnProblems.NotThen($"schema {unknown}"));
        var closure = new LossClosure(
            [
                .. request.Relations.Select(oid => new ObjectAddress(SystemCatalog.Relation, oid)),
                .. schemas.Select(schema => new ObjectAddress(SystemCatalog.Namespace, schema.Oid)),
            ],
            copies);
        while (!closure.Frontier.IsEmpty)
            await StepAsync(closure, cancellation);
        if (_missingExtensions.Count > 0)
            throw new WorkFailedException(ReturnProblems.ExtensionMissing(_missingExtensions));
        var members = closure.Members;
        var things = await ThingsAsync(members, cancellation);
        if (request.Relations.Where(oid => things.All(thing => thing.Address.Oid != oid)).ToList() is [var gone, ..])
            throw new WorkFailedException(ReturnProblems.NotThen($"relation {gone}"));
        return await DescribeAsync(things, closure, copies, cancellation);
    }

    private async Task<LossSet> DescribeAsync(
        ImmutableArray<LostThing> things, LossClosure closure, bool copies, CancellationToken cancellation)
    {
        var blocked = await ThingsAsync(closure.Blocked, cancellation);
        var relations = await RelationsAsync(things, cancellation);
        var tables = relations.Select(relation => relation.Oid).ToArray();
        var (lineages, orphans) = await LineagesAsync(tables, copies, cancellation);
        var (keys, keyWarnings) = request.Apart ? ([], []) : await KeysAsync(things, tables, cancellation);
        var links = copies ? [] : await LinksAsync(things, tables, cancellation);
        var used = things.Where(thing => thing.IsOwn && thing.Schema != "").Select(thing => thing.Schema);
        var schemas = await SchemasAsync(
            used.Concat(request.Schemas).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), cancellation);
        return new LossSet(
            things, relations, [.. schemas.Select(schema => schema.Schema)], lineages, keys, links, blocked,
            await MissingRolesAsync(things, cancellation),
            [
                .. orphans, .. keyWarnings,
                .. blocked.Where(thing => thing.IsOwn).Select(thing =>
                    $"{thing.Text} does not come back: it needs something that is lost too and was not asked for"),
                .. relations.Where(relation => relation is { Kind: 'r', IsUnlogged: true }).Select(relation =>
                    $"{relation.Qualified} comes back empty: it is unlogged, its rows are in no WAL and no backup"),
            ]);
    }

    private async Task StepAsync(LossClosure closure, CancellationToken cancellation)
    {
        var edges = await side.RowsAsync(
            new Query(LossQueries.Edges, [.. Columns(closure.Frontier)]),
            row => new Dependency(
                new ObjectAddress(row.GetFieldValue<uint>(0), row.GetFieldValue<uint>(1)),
                new ObjectAddress(row.GetFieldValue<uint>(2), row.GetFieldValue<uint>(3)), row.GetChar(4)),
            cancellation);
        var named = edges.SelectMany(edge => new[] { edge.Object, edge.On }).Distinct().ToImmutableArray();
        var lost = (await LostAsync(named, cancellation)).ToHashSet();
        var foreign = await side.RowsAsync(
            new Query(LossQueries.Foreign, [.. Columns([.. lost])]),
            row => (Address: Address(row), Extension: row.TextOrNull(2)), cancellation);
        foreach (var extension in foreign.Select(item => item.Extension).OfType<string>().Distinct())
            if (!await live.ValueAsync<bool>(
                new Query("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = $1)", extension), cancellation))
                _missingExtensions.Add(extension);
        // What an extension brings is there with it, under another OID perhaps.
        lost.ExceptWith(foreign.Where(item => item.Extension is not null).Select(item => item.Address));
        _lost.UnionWith(lost);
        closure.Learn(edges, lost, foreign.Select(item => item.Address).ToHashSet());
    }

    private async Task<ImmutableArray<ObjectAddress>> LostAsync(
        ImmutableArray<ObjectAddress> asked, CancellationToken cancellation)
    {
        var version = live.PostgreSqlVersion.Major;
        var gone = SystemCatalog.All.Where(catalog => catalog.Since <= version).Select(catalog =>
            $"(c = {catalog.Oid} AND NOT EXISTS (SELECT FROM {catalog.Name} WHERE oid = o))");
        return await live.RowsAsync(
            new Query(
                $"SELECT c, o FROM unnest($1, $2) AS a (c, o) WHERE {string.Join(" OR ", gone)}", [.. Columns(asked)]),
            Address, cancellation);
    }

    public Task<ImmutableArray<LostThing>> ThingsAsync(
        IEnumerable<ObjectAddress> addresses, CancellationToken cancellation) =>
        side.RowsAsync(
            new Query(LossQueries.Things, [.. Columns([.. addresses])]),
            row => new LostThing(
                Address(row), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5),
                row.GetBoolean(6)),
            cancellation);

    public Task<ImmutableArray<SideRelation>> RelationsAsync(
        ImmutableArray<LostThing> things, CancellationToken cancellation) =>
        RelationsAsync(Oids(things, SystemCatalog.Relation), Oids(things, SystemCatalog.Type), cancellation);

    /// <param name="newTypes">Those that have another OID in the live database.</param>
    public async Task<ImmutableArray<SideRelation>> RelationsAsync(
        uint[] oids, uint[] newTypes, CancellationToken cancellation)
    {
        await RestoredFiles.RequireAsync(side, request.Source, oids, cancellation);
        var textual = await side.RowsAsync(
            new Query(LossQueries.WithoutBinaryForm, oids, newTypes),
            row => row.GetFieldValue<uint>(0), cancellation);
        return await side.RowsAsync(
            new Query(LossQueries.Relations, [oids]),
            row => new SideRelation(
                row.GetFieldValue<uint>(0), row.GetString(1), row.GetString(2), row.GetChar(3), row.GetBoolean(4),
                row.GetBoolean(5), row.GetInt64(6), row.Texts(7), row.Texts(8),
                !textual.Contains(row.GetFieldValue<uint>(0)))
            {
                PlainColumns = row.Texts(9).Zip(row.Texts(10)).ToImmutableSortedDictionary(
                    column => column.First, column => column.Second, StringComparer.Ordinal),
            },
            cancellation);
    }

    private async Task<(ImmutableArray<Lineage> Lineages, ImmutableArray<string> Warnings)> LineagesAsync(
        uint[] tables, bool copies, CancellationToken cancellation)
    {
        var read = await side.RowsAsync(
            new Query(LossQueries.Lineages, [tables]),
            row => (
                Lineage: new Lineage(
                    row.GetFieldValue<uint>(0), row.GetString(1), row.TextOrNull(2), row.TextOrNull(3), row.Texts(4),
                    row.Texts(5), Returns: true),
                Parent: new ObjectAddress(SystemCatalog.Relation, row.GetFieldValue<uint>(6))),
            cancellation);
        return (
            [
                .. read.Select(item => item.Lineage with { Returns = !copies && !_lost.Contains(item.Parent) }),
            ],
            [
                .. read.Where(item => _lost.Contains(item.Parent)).Select(item =>
                    $"a lost table stands for itself now: its parent {item.Lineage.Parent} is lost too"),
            ]);
    }

    private async Task<(ImmutableArray<ForeignKey> Keys, ImmutableArray<string> Warnings)> KeysAsync(
        ImmutableArray<LostThing> things, uint[] tables, CancellationToken cancellation)
    {
        var read = await side.RowsAsync(
            new Query(LossQueries.Keys, tables, Oids(things, SystemCatalog.Constraint)),
            row => (
                Key: new ForeignKey(
                    row.GetFieldValue<uint>(0), row.GetString(1), row.GetFieldValue<uint>(2), row.GetString(3),
                    row.GetString(4), row.GetBoolean(5), row.GetBoolean(6)),
                To: new ObjectAddress(SystemCatalog.Relation, row.GetFieldValue<uint>(7))),
            cancellation);
        return (
            [.. read.Where(item => item.Key.Lost == 0 || !_lost.Contains(item.To)).Select(item => item.Key)],
            [
                .. read.Where(item => item.Key.Lost != 0 && _lost.Contains(item.To)).Select(item =>
                    $"foreign key {item.Key.Name} of {item.Key.Table} does not come back: the table that it refers"
                    + " to is lost too"),
            ]);
    }

    private async Task<ImmutableArray<TableLink>> LinksAsync(
        ImmutableArray<LostThing> things, uint[] tables, CancellationToken cancellation)
    {
        var links = new Query(
            LossQueries.Links, tables, Oids(things, SystemCatalog.Constraint), Oids(things, SystemCatalog.Trigger),
            Oids(things, SystemCatalog.Policy), Oids(things, SystemCatalog.Rule), Oids(things, SystemCatalog.Default),
            Oids(things, SystemCatalog.Relation));
        var publications = side.PostgreSqlVersion.Major >= 15
            ? new Query(LossQueries.Publications, tables, request.Schemas.ToArray())
            : new Query(LossQueries.Publications14, [tables]);
        return
        [
            .. await side.RowsAsync(links, Link, cancellation),
            .. await side.RowsAsync(publications, Link, cancellation),
        ];
    }

    private async Task<ImmutableArray<(LostSchema Schema, uint Oid)>> SchemasAsync(
        IEnumerable<string> names, CancellationToken cancellation)
    {
        var read = await side.RowsAsync(
            new Query(LossQueries.Schemas, [names.ToArray()]),
            row => (
                Name: row.GetString(0), Comment: row.TextOrNull(1), Owner: row.GetString(2), Grants: row.Texts(3),
                Oid: row.GetFieldValue<uint>(4)),
            cancellation);
        var there = await live.RowsAsync(
            new Query("SELECT nspname::text FROM pg_namespace WHERE nspname = ANY($1)",
                [read.Select(schema => schema.Name).ToArray()]),
            row => row.GetString(0), cancellation);
        return
        [
            .. read.Select(schema => (
                new LostSchema(
                    schema.Name, !there.Contains(schema.Name), request.Schemas.Contains(schema.Name), schema.Comment,
                    [
                        $"CREATE SCHEMA {SqlName.Quoted(schema.Name)} AUTHORIZATION {SqlName.Quoted(schema.Owner)}",
                        .. schema.Grants,
                        .. schema.Comment is { } comment
                            ? new[]
                            {
                                $"COMMENT ON SCHEMA {SqlName.Quoted(schema.Name)} IS {SqlName.Literal(comment)}",
                            }
                            : [],
                    ]),
                schema.Oid)),
        ];
    }

    private async Task<ImmutableArray<string>> MissingRolesAsync(
        ImmutableArray<LostThing> things, CancellationToken cancellation)
    {
        var used = await side.RowsAsync(
            new Query(LossQueries.Roles, [.. Columns([.. things.Select(thing => thing.Address)])]),
            row => row.GetString(0), cancellation);
        var there = await live.RowsAsync(
            new Query("SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)", [used.ToArray()]),
            row => row.GetString(0), cancellation);
        return [.. used.Except(there)];
    }

    private static TableLink Link(NpgsqlDataReader row) => new(row.GetString(0), row.TextOrNull(1), row.TextOrNull(2));

    private static ObjectAddress Address(NpgsqlDataReader row) =>
        new(row.GetFieldValue<uint>(0), row.GetFieldValue<uint>(1));

    private static object[] Columns(ImmutableArray<ObjectAddress> addresses) =>
    [
        addresses.Select(address => address.Catalog).ToArray(), addresses.Select(address => address.Oid).ToArray(),
    ];

    private static uint[] Oids(ImmutableArray<LostThing> things, uint catalog) =>
        [.. things.Where(thing => thing.Address.Catalog == catalog).Select(thing => thing.Address.Oid)];
}
