namespace PgMahout.Core.Undo.Returning;

/// <summary>The OIDs of catalogs, which are the same in every version: they say what kind of thing an OID is.</summary>
public static class SystemCatalog
{
    public const uint Relation = 1259;
    public const uint Type = 1247;
    public const uint Routine = 1255;
    public const uint Namespace = 2615;
    public const uint Constraint = 2606;
    public const uint Rule = 2618;
    public const uint Trigger = 2620;
    public const uint Default = 2604;
    public const uint Policy = 3256;
    public const uint Extension = 3079;
    public const uint PublicationRelation = 6106;
    public const uint PublicationNamespace = 6237;

    /// <summary>
    /// Whatever may go when something else goes: catalog, its name, and the first version that has it.
    /// </summary>
    public static readonly IReadOnlyList<(uint Oid, string Name, int Since)> All =
    [
        (Relation, "pg_class", 14), (Type, "pg_type", 14), (Routine, "pg_proc", 14), (Namespace, "pg_namespace", 14),
        (Constraint, "pg_constraint", 14), (Rule, "pg_rewrite", 14), (Trigger, "pg_trigger", 14),
        (Default, "pg_attrdef", 14), (Policy, "pg_policy", 14), (Extension, "pg_extension", 14),
        (PublicationRelation, "pg_publication_rel", 14), (PublicationNamespace, "pg_publication_namespace", 15),
        (3381, "pg_statistic_ext", 14), (2617, "pg_operator", 14), (2616, "pg_opclass", 14),
        (2753, "pg_opfamily", 14), (3456, "pg_collation", 14), (2607, "pg_conversion", 14),
        (3602, "pg_ts_config", 14), (3600, "pg_ts_dict", 14), (3601, "pg_ts_parser", 14),
        (3764, "pg_ts_template", 14), (2605, "pg_cast", 14), (826, "pg_default_acl", 14),
        (2602, "pg_amop", 14), (2603, "pg_amproc", 14), (2601, "pg_am", 14), (3576, "pg_transform", 14),
        (3466, "pg_event_trigger", 14), (6104, "pg_publication", 14), (1417, "pg_foreign_server", 14),
        (2328, "pg_foreign_data_wrapper", 14), (2612, "pg_language", 14),
    ];
}

/// <summary>One thing in a database: its catalog and its OID there.</summary>
public readonly record struct ObjectAddress(uint Catalog, uint Oid);

/// <summary>A line of <c>pg_depend</c>.</summary>
/// <param name="Kind">As <c>deptype</c>.</param>
public readonly record struct Dependency(ObjectAddress Object, ObjectAddress On, char Kind);
