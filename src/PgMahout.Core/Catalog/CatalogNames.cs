using PgMahout.Core.Wal;

namespace PgMahout.Core.Catalog;

/// <summary>A relation, and the database that it is in.</summary>
public sealed record NamedRelation(CatalogDatabase Database, CatalogRelation Relation)
{
    /// <summary><c>shop.public.orders</c></summary>
    public string Text => $"{Database.Name}.{Relation.Schema}.{Relation.Name}";
}

/// <summary>From the files and OIDs in WAL to names, by one snapshot.</summary>
public sealed class CatalogNames
{
    private readonly Dictionary<(uint Database, uint Number), NamedRelation> _byFile = [];
    private readonly Dictionary<(uint Database, uint Oid), NamedRelation> _byOid = [];
    private readonly Dictionary<uint, CatalogDatabase> _databases = [];

    public CatalogNames(CatalogSnapshot snapshot)
    {
        foreach (var database in snapshot.Databases)
        {
            _databases[database.Oid] = database;
            foreach (var relation in database.Relations)
                Add(database, relation);
        }
    }

    public CatalogDatabase? Database(uint oid) => _databases.GetValueOrDefault(oid);

    public CatalogDatabase? Database(string name) =>
        _databases.Values.FirstOrDefault(database => database.Name == name);

    /// <summary>Null when the snapshot has no relation with that file.</summary>
    public NamedRelation? Of(RelationFile file) => _byFile.GetValueOrDefault((file.Database, file.Number));

    public NamedRelation? Of(uint database, uint oid) => _byOid.GetValueOrDefault((database, oid));

    /// <summary>The table that an index or a TOAST table belongs to, if the relation is one; else itself.</summary>
    public NamedRelation TableOf(NamedRelation relation)
    {
        var at = relation;
        for (var steps = 0; steps < 3 && at.Relation.Of != 0; steps++)
            at = Of(at.Database.Oid, at.Relation.Of) ?? at;
        return at;
    }

    private void Add(CatalogDatabase database, CatalogRelation relation)
    {
        var named = new NamedRelation(database, relation);
        _byOid[(database.Oid, relation.Oid)] = named;
        if (relation.Number == 0)
            return;
        // Shared relations are in every database's catalog, and in WAL in none.
        var shared = relation.Tablespace == RelationFile.GlobalTablespace;
        _byFile[(shared ? 0 : database.Oid, relation.Number)] = named;
    }
}
