using System.Collections.Immutable;
using PgMahout.Core.Backup;
using PgMahout.Core.Catalog;
using PgMahout.Core.Wal;

namespace PgMahout.Core.Undo;

/// <summary>
/// Which files of a backup a server needs whose only purpose are some tables of one database. The others become holes;
/// nothing reads them there. A file that the snapshot does not know is needed: it may be of a table made or rewritten
/// since.
/// </summary>
/// <param name="names">By the last snapshot before the point; null: everything of the database is needed.</param>
/// <param name="database">By OID.</param>
/// <param name="tables">By OID, with their partitions; null: all tables of the database.</param>
public sealed class NeededFiles(CatalogNames? names, uint database, ImmutableSortedSet<uint>? tables)
{
    private const uint LargeObjects = 2613;

    /// <param name="path">In the data directory, as a backup's manifest has it.</param>
    public bool Needs(string path) => DataPath.Relation(path) is not { Fork.File: var file } || Needs(file);

    /// <summary>The same for the changes of a file in WAL.</summary>
    public bool Needs(RelationFile file)
    {
        if (file.Database == 0 || (tables is null && file.Database == database))
            return true;
        // The whole database is renamed from another one, and may be made of a template while WAL is replayed.
        if (tables is null)
            return file.Database < RelationFile.FirstUserNumber
                && names?.Of(file) is not { Relation.Oid: >= RelationFile.FirstUserNumber };
        return file.Database == database && (names?.Of(file) is not { } named || Needs(named));
    }

    private bool Needs(NamedRelation named)
    {
        var relation = named.Relation;
        var table = names!.TableOf(named).Relation;
        // Sequences have one page each, and which table owns one the snapshot does not say.
        if (relation.Kind == 'S')
            return true;
        if (table.Oid < RelationFile.FirstUserNumber)
            return table.Oid != LargeObjects;
        // Indexes too: no query is planned on a table without reading the first page of each.
        return tables!.Contains(table.Oid);
    }
}
