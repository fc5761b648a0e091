using System.Globalization;
using PgMahout.Core.Wal;

namespace PgMahout.Core.Backup;

/// <summary>One file of a relation: a fork is cut into segments of 1 GB.</summary>
/// <param name="Segment">0 for the first one, whose name has no number.</param>
public readonly record struct RelationSegment(RelationFork Fork, uint Segment)
{
    public const uint Blocks = 131072;

    /// <summary>The number, within the fork, of the first block in this file.</summary>
    public uint FirstBlock => Segment * Blocks;
}

/// <summary>What the path of a file in a data directory says about it, as PostgreSQL names files.</summary>
public static class DataPath
{
    /// <summary>Directories whose content is of no use elsewhere; they must be there, and empty.</summary>
    private static readonly string[] Emptied =
    [
        "pg_wal", "pg_replslot", "pg_stat_tmp", "pg_notify", "pg_serial", "pg_snapshots", "pg_subtrans", "pg_dynshmem",
    ];

    /// <summary>Files at the top that belong to the running server, or to a backup or a recovery of its own.</summary>
    private static readonly string[] Omitted =
    [
        "postmaster.pid", "postmaster.opts", "postgresql.auto.conf.tmp", "current_logfiles", "current_logfiles.tmp",
        "backup_label", "backup_label.old", "tablespace_map", "tablespace_map.old", "backup_manifest",
        "standby.signal", "recovery.signal", RestoreMark,
    ];

    public const string Control = "global/pg_control";
    public const string BackupLabel = "backup_label";
    public const string Tablespaces = "pg_tblspc";

    /// <summary>Stands in a directory that is being restored, and says of which cluster it is.</summary>
    public const string RestoreMark = "pgmahout.restore";

    /// <summary>Whether what is in this directory is left out; the directory itself is not.</summary>
    public static bool IsEmptied(string directory) => Emptied.Contains(directory);

    /// <summary>Whether a backup leaves out this file; a directory of temporary files also counts.</summary>
    public static bool IsOmitted(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return Omitted.Contains(path)
            || name.StartsWith("pgsql_tmp", StringComparison.Ordinal)
            || name.StartsWith("pg_internal.init", StringComparison.Ordinal)
            || name == "lost+found"
            || IsTemporaryRelation(name);
    }

    /// <summary>Null for anything else than a file of a permanent relation.</summary>
    public static RelationSegment? Relation(string path)
    {
        var parts = path.Split('/');
        return parts switch
        {
            ["global", var name] => Relation(RelationFile.GlobalTablespace, 0, name),
            ["base", var database, var name] when Number(database) is { } oid =>
                Relation(RelationFile.DefaultTablespace, oid, name),
            [Tablespaces, var tablespace, _, var database, var name]
                when Number(tablespace) is { } space && Number(database) is { } oid => Relation(space, oid, name),
            _ => null,
        };
    }

    private static RelationSegment? Relation(uint tablespace, uint database, string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        uint? segment = dot < 0 ? 0 : Number(name[(dot + 1)..]);
        var stem = dot < 0 ? name : name[..dot];
        var underscore = stem.IndexOf('_', StringComparison.Ordinal);
        var number = Number(underscore < 0 ? stem : stem[..underscore]);
        Fork? fork = (underscore < 0 ? "" : stem[underscore..]) switch
        {
            "" => Fork.Main,
            "_fsm" => Fork.FreeSpaceMap,
            "_vm" => Fork.VisibilityMap,
            "_init" => Fork.Init,
            _ => null,
        };
        return segment is { } cut && number is { } file && fork is { } kind
            ? new RelationSegment(new RelationFork(new RelationFile(tablespace, database, file), kind), cut)
            : null;
    }

    /// <summary><c>t3_16402</c>: of a backend that may be gone; the next start removes them.</summary>
    private static bool IsTemporaryRelation(string name)
    {
        var underscore = name.IndexOf('_', StringComparison.Ordinal);
        return underscore > 1 && name[0] == 't' && Number(name[1..underscore]) is not null
            && name.Length > underscore + 1 && char.IsAsciiDigit(name[underscore + 1]);
    }

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
