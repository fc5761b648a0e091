namespace PgMahout.Undo.Returning;

/// <summary>
/// What is asked of the side server; every name in an answer is qualified, for the search path is empty.
/// </summary>
internal static class LossQueries
{
    public const string Edges = """
        SELECT classid, objid, refclassid, refobjid, deptype
          FROM pg_depend JOIN unnest($1, $2) AS f (c, o) ON refclassid = f.c AND refobjid = f.o
         WHERE objid >= 16384
        UNION ALL
        SELECT classid, objid, refclassid, refobjid, deptype
          FROM pg_depend JOIN unnest($1, $2) AS f (c, o) ON classid = f.c AND objid = f.o
         WHERE refobjid >= 16384
        """;

    /// <summary>Multiranges and constructors of ranges do not follow their range into another schema.</summary>
    public const string Things = """
        SELECT a.c, a.o, i.type, coalesce(i.schema, ''), coalesce(i.name, ''), i.identity,
               EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = a.c AND d.objid = a.o AND d.objsubid = 0
                          AND (d.deptype IN ('i', 'e')
                               OR (d.deptype = 'a' AND d.refobjsubid > 0 AND i.type = 'sequence'))
                          AND NOT (d.deptype = 'i' AND d.refclassid = 'pg_type'::regclass
                               AND (i.type = 'function' OR EXISTS (SELECT FROM pg_range WHERE rngmultitypid = a.o))))
          FROM unnest($1, $2) AS a (c, o), LATERAL pg_identify_object(a.c, a.o, 0) AS i
         WHERE i.identity IS NOT NULL
         ORDER BY i.type, i.identity, a.o
        """;

    /// <summary>Of these, the tables, and what belongs to an extension: with the extension's name.</summary>
    public const string Foreign = """
        SELECT a.c, a.o, e.extname::text
          FROM unnest($1, $2) AS a (c, o)
          LEFT JOIN pg_depend d ON d.classid = a.c AND d.objid = a.o AND d.deptype = 'e'
          LEFT JOIN pg_extension e ON e.oid = d.refobjid OR (a.c = 'pg_extension'::regclass AND e.oid = a.o)
          LEFT JOIN pg_class r ON a.c = 'pg_class'::regclass AND r.oid = a.o AND r.relkind IN ('r', 'p', 'f', 'm', 'v')
         WHERE e.oid IS NOT NULL OR (r.relkind IN ('r', 'p', 'f'))
        """;

    /// <summary>
    /// The last two: columns whose values are the same bytes when they are equal, with how to hash them. Enums are none
    /// of these: their hash is that of an OID.
    /// </summary>
    public const string Relations = """
        SELECT c.oid, n.nspname::text, c.relname::text, c.relkind, c.relpersistence = 'u', c.relispopulated,
               pg_table_size(c.oid),
               array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attgenerated = ''),
               array_agg(quote_ident(a.attname) ORDER BY a.attnum)
                   FILTER (WHERE a.atttypid::regtype::text ~ '^reg' OR a.attndims > 0
                       AND (SELECT t.typelem::regtype::text ~ '^reg' FROM pg_type t WHERE t.oid = a.atttypid)),
               array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '' AND p.typ <> 0),
               array_agg(quote_ident(a.attname) || CASE WHEN a.attcollation <> 0 THEN ' COLLATE "C"' ELSE '' END
                         ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '' AND p.typ <> 0)
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN unnest('{bool,int2,int4,int8,oid,uuid,text,varchar,bytea,date,timestamp,timestamptz}'::regtype[])
                    AS p (typ) ON p.typ = a.atttypid
         WHERE c.oid = ANY($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
         GROUP BY c.oid, n.nspname ORDER BY c.oid
        """;

    /// <summary>
    /// Tables whose rows would not mean the same in the binary form: in arrays and rows it names types by OID, and
    /// types that come back have new ones; some types have no such form at all.
    /// </summary>
    public const string WithoutBinaryForm = """
        WITH RECURSIVE used (rel, typ, inside) AS (
            SELECT attrelid, atttypid, false FROM pg_attribute
             WHERE attrelid = ANY($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
            UNION
            SELECT used.rel, part.typ, used.inside OR part.names
              FROM used JOIN pg_type t ON t.oid = used.typ,
                   LATERAL (SELECT t.typelem, true WHERE t.typelem <> 0 AND t.typlen = -1
                            UNION ALL SELECT t.typbasetype, false WHERE t.typbasetype <> 0
                            UNION ALL SELECT rngsubtype, false FROM pg_range WHERE rngtypid = t.oid
                            UNION ALL SELECT rngsubtype, false FROM pg_range WHERE rngmultitypid = t.oid
                            UNION ALL SELECT atttypid, true FROM pg_attribute
                                WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped AND t.typrelid <> 0
                           ) AS part (typ, names))
        SELECT DISTINCT rel FROM used JOIN pg_type t ON t.oid = used.typ
         WHERE t.typsend = 0 OR (used.inside AND t.oid = ANY($2))
        """;

    public const string Lineages = """
        SELECT i.inhrelid, i.inhparent::regclass::text,
               CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
               CASE WHEN c.relispartition THEN pg_get_partition_constraintdef(c.oid) END,
               (SELECT array_agg(attname::text) FROM pg_attribute
                 WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND NOT attislocal
                   AND NOT c.relispartition),
               (SELECT array_agg(conname::text) FROM pg_constraint
                 WHERE conrelid = c.oid AND NOT conislocal AND NOT c.relispartition),
               i.inhparent
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhrelid = ANY($1) AND i.inhparent <> ALL($1) AND c.relkind IN ('r', 'p', 'f')
         ORDER BY i.inhrelid, i.inhseqno
        """;

    /// <summary>On lost tables to others, and those of $2 on others to lost tables.</summary>
    public const string Keys = """
        SELECT k.oid, k.conrelid::regclass::text, CASE WHEN k.conrelid = ANY($1) THEN k.conrelid ELSE 0 END,
               k.conname::text, regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''), k.convalidated,
               c.relkind = 'p', k.confrelid
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.contype = 'f' AND k.conparentid = 0
           AND ((k.conrelid = ANY($1) AND k.confrelid <> ALL($1))
             OR (k.oid = ANY($2) AND k.conrelid <> ALL($1) AND k.confrelid = ANY($1)))
         ORDER BY k.oid
        """;

    /// <summary>
    /// $1: OIDs of lost tables and views; $2 constraints, $3 triggers, $4 policies, $5 rules, $6 defaults, $7 indexes
    /// that are gone.
    /// </summary>
    public const string Links = """
        SELECT format('constraint %I on %s', conname, conrelid::regclass),
               format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                      regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', '') || ' NOT VALID'),
               CASE WHEN convalidated THEN
                   format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname) END
          FROM pg_constraint
         WHERE oid = ANY($2) AND contype = 'c' AND conislocal AND conrelid <> 0 AND conrelid <> ALL($1)
        UNION ALL
        SELECT format('default of %s.%I', adrelid::regclass, attname),
               format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', adrelid::regclass, attname,
                      pg_get_expr(adbin, adrelid)), NULL
          FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
         WHERE pg_attrdef.oid = ANY($6) AND adrelid <> ALL($1) AND attgenerated = ''
        UNION ALL
        SELECT format('trigger %I on %s', tgname, tgrelid::regclass), pg_get_triggerdef(oid), NULL
          FROM pg_trigger
         WHERE oid = ANY($3) AND NOT tgisinternal AND tgparentid = 0 AND tgrelid <> ALL($1)
        UNION ALL
        SELECT format('rule %I on %s', rulename, ev_class::regclass), rtrim(pg_get_ruledef(oid), ';'), NULL
          FROM pg_rewrite WHERE oid = ANY($5) AND rulename <> '_RETURN' AND ev_class <> ALL($1)
        UNION ALL
        SELECT format('policy %I on %s', polname, polrelid::regclass),
               format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', polname, polrelid::regclass,
                      CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                      CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                                  WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                      (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ')
                         FROM unnest(polroles) AS r),
                      ' USING (' || pg_get_expr(polqual, polrelid) || ')',
                      ' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')'), NULL
          FROM pg_policy WHERE oid = ANY($4) AND polrelid <> ALL($1)
        UNION ALL
        SELECT format('index %s', indexrelid::regclass), NULL,
               regexp_replace(pg_get_indexdef(indexrelid), ' INDEX ', ' INDEX CONCURRENTLY ')
          FROM pg_index JOIN pg_class ON pg_class.oid = indrelid AND relkind <> 't'
         WHERE indexrelid = ANY($7) AND indrelid <> ALL($1)
        """;

    public const string Publications14 = """
        SELECT format('publication %I of %s', pubname, prrelid::regclass),
               format('ALTER PUBLICATION %I ADD TABLE ONLY %s', pubname, prrelid::regclass), NULL::text
          FROM pg_publication_rel r JOIN pg_publication p ON p.oid = prpubid WHERE prrelid = ANY($1)
        """;

    public const string Publications = """
        SELECT format('publication %I of %s', pubname, prrelid::regclass),
               format('ALTER PUBLICATION %I ADD TABLE ONLY %s%s%s', pubname, prrelid::regclass,
                      (SELECT ' (' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')' FROM pg_attribute
                        WHERE attrelid = prrelid AND attnum = ANY(prattrs::int2[])),
                      ' WHERE (' || pg_get_expr(prqual, prrelid) || ')'), NULL::text
          FROM pg_publication_rel r JOIN pg_publication p ON p.oid = prpubid WHERE prrelid = ANY($1)
        UNION ALL
        SELECT format('publication %I of schema %I', pubname, nspname),
               format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I', pubname, nspname), NULL
          FROM pg_publication_namespace s JOIN pg_publication p ON p.oid = pnpubid
          JOIN pg_namespace n ON n.oid = pnnspid WHERE nspname = ANY($2)
        """;

    public const string Schemas = """
        SELECT nspname::text, obj_description(n.oid, 'pg_namespace'), pg_get_userbyid(nspowner)::text,
               (SELECT array_agg(format('GRANT %s ON SCHEMA %I TO %s%s', privilege_type, nspname,
                       CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
                       CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
                  FROM aclexplode(nspacl) WHERE grantee <> nspowner), n.oid
          FROM pg_namespace n WHERE nspname = ANY($1) ORDER BY nspname
        """;

    public const string Roles = """
        SELECT DISTINCT r.rolname::text
          FROM pg_shdepend d JOIN pg_roles r ON d.refclassid = 'pg_authid'::regclass AND r.oid = d.refobjid
          JOIN unnest($1, $2) AS a (c, o) ON d.classid = a.c AND d.objid = a.o
         WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
         ORDER BY 1
        """;
}
