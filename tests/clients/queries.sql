-- What clients ask a PostgreSQL before and beside the questions of whoever sits at them: in our words, cut to what matters to a server.
-- Each begins with who asks what, and how many rows the sample company answers with: `= 3`, `> 0`; `first = x` is the first value.

-- dbeaver, the server; first = t
SELECT version() LIKE 'PostgreSQL %'
-- dbeaver, the database; = 1
SELECT db.oid, db.* FROM pg_catalog.pg_database db WHERE datname = 'voronka'
-- dbeaver, databases to choose from; first = voronka
SELECT db.datname FROM pg_catalog.pg_database db WHERE 1 = 1 AND datallowconn AND NOT datistemplate ORDER BY db.datname
-- dbeaver, templates; = 0
SELECT db.datname FROM pg_catalog.pg_database db WHERE datistemplate
-- dbeaver, the size of the database; = 1
SELECT db.datname, pg_database_size(db.oid) FROM pg_catalog.pg_database db WHERE db.oid = 5
-- dbeaver, who and where; = 1
SELECT current_schema(), session_user
-- dbeaver, a setting; = 1
select * from pg_catalog.pg_settings where name = 'standard_conforming_strings'
-- dbeaver, what the database is; = 0
select description from pg_shdescription join pg_database on objoid = pg_database.oid where datname = 'voronka'
-- dbeaver, schemas; > 2
SELECT n.oid, n.*, d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = n.oid AND d.objsubid = 0 AND d.classoid = 'pg_namespace'::regclass
ORDER BY nspname
-- dbeaver, roles; = 1
SELECT a.oid, a.*, pd.description FROM pg_catalog.pg_roles a
left join pg_catalog.pg_shdescription pd on a.oid = pd.objoid ORDER BY a.rolname
-- dbeaver, access methods; > 0
SELECT am.oid, am.* FROM pg_catalog.pg_am am ORDER BY am.oid
-- dbeaver, encodings; > 0
SELECT c.contoencoding as encid, pg_catalog.pg_encoding_to_char(c.contoencoding) as encname
FROM pg_catalog.pg_conversion c GROUP BY c.contoencoding ORDER BY 2
-- dbeaver, collations; > 0
SELECT c.oid, c.* FROM pg_catalog.pg_collation c ORDER BY c.oid
-- dbeaver, languages; > 0
SELECT l.oid, l.* FROM pg_catalog.pg_language l ORDER BY l.oid
-- dbeaver, wrappers of foreign data; = 0
SELECT l.oid, l.*, p.pronamespace as handler_schema_id FROM pg_catalog.pg_foreign_data_wrapper l
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid = l.fdwhandler ORDER BY l.fdwname
-- dbeaver, foreign servers; = 0
SELECT l.oid, l.* FROM pg_catalog.pg_foreign_server l ORDER BY l.srvname
-- dbeaver, tablespaces; > 0
SELECT t.oid, t.*, pg_tablespace_location(t.oid) loc FROM pg_catalog.pg_tablespace t ORDER BY t.oid
-- dbeaver, extensions there could be; = 0
SELECT name, default_version, installed_version, comment FROM pg_catalog.pg_available_extensions ORDER BY name
-- dbeaver, extensions; >= 0
SELECT e.oid, cfg.tbls, n.nspname as schema_name, e.*
FROM pg_catalog.pg_extension e join pg_namespace n on n.oid = e.extnamespace
left join (
  select ARRAY_AGG(ns.nspname || '.' || cls.relname) tbls, oid_ext
  from (select unnest(e1.extconfig) oid, e1.oid oid_ext from pg_catalog.pg_extension e1) c
  join pg_class cls on cls.oid = c.oid join pg_namespace ns on ns.oid = cls.relnamespace group by oid_ext
) cfg on cfg.oid_ext = e.oid
ORDER BY e.oid
-- dbeaver, triggers on events; = 0
SELECT pet.*, d.description FROM pg_catalog.pg_event_trigger pet LEFT OUTER JOIN pg_catalog.pg_description d ON pet."oid" = d.objoid
-- dbeaver, types; > 100
SELECT t.oid, t.*, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid = t.typelem
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid = d.objoid
WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')
-- dbeaver, tables of a schema; > 20
SELECT c.oid, c.*, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind not in ('i', 'I', 'c')
-- dbeaver, columns of a table; > 10
SELECT c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value, dsc.description, dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind not in ('i', 'I', 'c') AND c.oid = 'public.deals'::regclass
ORDER BY a.attnum
-- dbeaver, constraints; = 0
SELECT c.oid, c.*, t.relname as tabrelname, rt.relnamespace as refnamespace, d.description,
  case when c.contype = 'c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid = c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid = c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_constraint'::regclass
WHERE c.conrelid = 'deals'::regclass ORDER BY c.oid
-- dbeaver, indexes; = 0
SELECT i.*, i.indkey as keys, c.relname, c.relnamespace, c.relam, c.reltablespace, tc.relname as tabrelname, dsc.description,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr, pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,
  pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size, pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid = dsc.objoid
WHERE i.indrelid = 'deals'::regclass ORDER BY c.relname
-- dbeaver, who inherits; = 0
SELECT i.inhrelid relid, pc.relnamespace parent_ns, pc.oid parent_oid, i.inhseqno
FROM pg_catalog.pg_inherits i, pg_class rc, pg_class pc
WHERE rc.oid = i.inhrelid AND rc.relnamespace = 'public'::regnamespace AND pc.oid = i.inhparent
-- dbeaver, sizes; > 20
select c.oid, pg_catalog.pg_total_relation_size(c.oid) as total_rel_size, pg_catalog.pg_relation_size(c.oid) as rel_size
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
-- dbeaver, functions of a schema; > 50
SELECT p.oid as poid, p.*, pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults, d.description
FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = p.oid and d.classoid = 'pg_proc'::regclass AND d.objsubid = 0
WHERE p.pronamespace = 'metric'::regnamespace ORDER BY p.proname
-- dbeaver, default rights; = 0
SELECT * FROM pg_default_acl WHERE defaclnamespace = 'public'::regnamespace
-- dbeaver, aggregates of a schema; = 0
SELECT p.oid AS proc_oid, p.proname AS proc_name, a.* FROM pg_catalog.pg_aggregate a, pg_catalog.pg_proc p
WHERE p.oid = a.aggfnoid AND p.pronamespace = 'metric'::regnamespace ORDER BY p.proname
-- dbeaver, rights of a role on tables; > 20
SELECT * FROM information_schema.table_privileges WHERE table_catalog = 'voronka' AND grantee = current_user
-- dbeaver, rights of a role on functions; >= 0
SELECT * FROM information_schema.routine_privileges WHERE specific_catalog = 'voronka' AND grantee = current_user
-- dbeaver, rights of a role on the rest; = 0
SELECT * FROM (
  SELECT DISTINCT relnamespace, relacl, relname, relkind, (aclexplode(relacl)).grantee as granteeI FROM pg_class
  WHERE relacl IS NOT NULL AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' AND nspname != 'information_schema')
  UNION ALL
  SELECT DISTINCT n.oid AS relnamespace, nspacl AS relacl, n.nspname AS relname, cast('C' as "char") AS relkind, (aclexplode(nspacl)).grantee as granteeI
  FROM pg_catalog.pg_namespace n WHERE n.nspacl IS NOT NULL
) AS tr WHERE tr.granteeI = 10 AND tr.relkind IN ('S', 'm', 'C')
-- dbeaver, the members of a role; = 0
SELECT * FROM pg_catalog.pg_auth_members WHERE roleid = 10
-- dbeaver, a view's query; = 1
SELECT pg_get_viewdef('metric.lead_quality'::regclass, true)
-- dbeaver, who is connected; >= 0
SELECT sa.* FROM pg_catalog.pg_stat_activity sa
-- dbeaver, a search of tables; > 0
SELECT pc.oid, pc.relname, pc.relnamespace, pc.relkind FROM pg_catalog.pg_class pc
WHERE pc.relkind in ('r', 'v', 'm', 'f', 'p') AND (pc.relname ILIKE '%deal%' OR obj_description(pc.oid, 'pg_class') ILIKE '%deal%')
AND pc.relnamespace IN ('public'::regnamespace) ORDER BY pc.relname LIMIT 100
-- dbeaver, a search of columns; > 0
SELECT x.attname, x.attrelid, x.atttypid, c.relnamespace FROM pg_catalog.pg_attribute x, pg_catalog.pg_class c
WHERE c.oid = x.attrelid AND (x.attname ILIKE '%amount%' OR col_description(c.oid, x.attnum) ILIKE '%amount%') ORDER BY x.attname LIMIT 100
-- dbeaver, the rows of a table on its tab; = 200
SELECT * FROM public.deals d LIMIT 200 OFFSET 0

-- metabase, the zone; first = Europe/Moscow
show timezone;
-- metabase, types that are lists of words; = 0
SELECT nspname, typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid IN (SELECT DISTINCT enumtypid FROM pg_enum e)
-- metabase, tables; > 100
SELECT "n"."nspname" AS "schema", "c"."relname" AS "name",
  CASE "c"."relkind" WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END AS "type",
  "d"."description" AS "description", "stat"."n_live_tup" AS "estimated_row_count"
FROM "pg_catalog"."pg_class" AS "c"
INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid"
LEFT JOIN "pg_catalog"."pg_description" AS "d" ON ("c"."oid" = "d"."objoid") AND ("d"."objsubid" = 0) AND ("d"."classoid" = 'pg_class'::regclass)
LEFT JOIN "pg_stat_user_tables" AS "stat" ON ("n"."nspname" = "stat"."schemaname") AND ("c"."relname" = "stat"."relname")
WHERE ("c"."relnamespace" = "n"."oid") AND ("n"."nspname" !~ '^pg_') AND ("n"."nspname" <> 'information_schema')
  AND (c.relkind in ('r', 'p', 'v', 'f', 'm')) AND ("n"."nspname" IN ('public', 'metric'))
ORDER BY "type" ASC, "schema" ASC, "name" ASC
-- metabase, columns; > 10
SELECT "c"."column_name" AS "name",
  CASE WHEN "c"."udt_schema" IN ('public', 'pg_catalog') THEN FORMAT('%s', "c"."udt_name") ELSE FORMAT('"%s"."%s"', "c"."udt_schema", "c"."udt_name") END AS "database-type",
  "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema" AS "table-schema", "c"."table_name" AS "table-name",
  "pk"."column_name" IS NOT NULL AS "pk?",
  COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST("c"."table_schema" AS TEXT), CAST("c"."table_name" AS TEXT)) AS REGCLASS) AS OID), "c"."ordinal_position") AS "field-comment",
  (("column_default" IS NULL) OR (LOWER("column_default") = 'null')) AND ("is_nullable" = 'NO')
    AND NOT ((("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO')) AS "database-required",
  (("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO') AS "database-is-auto-increment"
FROM "information_schema"."columns" AS "c"
LEFT JOIN (
  SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name" FROM "information_schema"."table_constraints" AS "tc"
  INNER JOIN "information_schema"."key_column_usage" AS "kc" ON ("tc"."constraint_name" = "kc"."constraint_name") AND ("tc"."table_schema" = "kc"."table_schema") AND ("tc"."table_name" = "kc"."table_name")
  WHERE "tc"."constraint_type" = 'PRIMARY KEY'
) AS "pk" ON ("c"."table_schema" = "pk"."table_schema") AND ("c"."table_name" = "pk"."table_name") AND ("c"."column_name" = "pk"."column_name")
WHERE (c.table_schema !~ '^information_schema|catalog_history|pg_') AND ("c"."table_schema" IN ('public')) AND ("c"."table_name" IN ('deals'))
UNION ALL
SELECT "pa"."attname" AS "name",
  CASE WHEN "ptn"."nspname" IN ('public', 'pg_catalog') THEN FORMAT('%s', "pt"."typname") ELSE FORMAT('"%s"."%s"', "ptn"."nspname", "pt"."typname") END AS "database-type",
  "pa"."attnum" - 1 AS "database-position", "pn"."nspname" AS "table-schema", "pc"."relname" AS "table-name", FALSE AS "pk?", NULL AS "field-comment",
  FALSE AS "database-required", FALSE AS "database-is-auto-increment"
FROM "pg_catalog"."pg_class" AS "pc"
INNER JOIN "pg_catalog"."pg_namespace" AS "pn" ON "pn"."oid" = "pc"."relnamespace"
INNER JOIN "pg_catalog"."pg_attribute" AS "pa" ON "pa"."attrelid" = "pc"."oid"
INNER JOIN "pg_catalog"."pg_type" AS "pt" ON "pt"."oid" = "pa"."atttypid"
INNER JOIN "pg_catalog"."pg_namespace" AS "ptn" ON "ptn"."oid" = "pt"."typnamespace"
WHERE ("pc"."relkind" = 'm') AND ("pa"."attnum" >= 1)
ORDER BY "table-schema" ASC, "table-name" ASC, "database-position" ASC
-- metabase, keys; = 0
SELECT "fk_ns"."nspname" AS "fk-table-schema", "fk_table"."relname" AS "fk-table-name", "fk_column"."attname" AS "fk-column-name",
  "pk_ns"."nspname" AS "pk-table-schema", "pk_table"."relname" AS "pk-table-name", "pk_column"."attname" AS "pk-column-name"
FROM "pg_constraint" AS "c"
INNER JOIN "pg_class" AS "fk_table" ON "c"."conrelid" = "fk_table"."oid"
INNER JOIN "pg_namespace" AS "fk_ns" ON "c"."connamespace" = "fk_ns"."oid"
INNER JOIN "pg_attribute" AS "fk_column" ON "c"."conrelid" = "fk_column"."attrelid"
INNER JOIN "pg_class" AS "pk_table" ON "c"."confrelid" = "pk_table"."oid"
INNER JOIN "pg_namespace" AS "pk_ns" ON "pk_table"."relnamespace" = "pk_ns"."oid"
INNER JOIN "pg_attribute" AS "pk_column" ON "c"."confrelid" = "pk_column"."attrelid"
WHERE (fk_ns.nspname !~ '^information_schema|catalog_history|pg_') AND ("c"."contype" = 'f'::char)
  AND ("fk_column"."attnum" = ANY(c.conkey)) AND ("pk_column"."attnum" = ANY(c.confkey)) AND ("fk_ns"."nspname" IN ('public', 'metric'))
ORDER BY "fk-table-schema" ASC, "fk-table-name" ASC
-- metabase, what may be read; > 100
with table_privileges as (
  select NULL as role, t.schemaname as schema, t.objectname as table,
    pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'update') as update,
    pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'select') as select
  from (
    select schemaname, tablename as objectname from pg_catalog.pg_tables
    union select schemaname, viewname as objectname from pg_catalog.pg_views
    union select schemaname, matviewname as objectname from pg_catalog.pg_matviews
  ) t
  where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema'
    and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')
)
select t.* from table_privileges t where t.select
-- metabase, a question by month; > 3
SELECT DATE_TRUNC('month', "public"."deals"."created_at") AS "created_at", COUNT(*) AS "count" FROM "public"."deals"
GROUP BY DATE_TRUNC('month', "public"."deals"."created_at") ORDER BY DATE_TRUNC('month', "public"."deals"."created_at") ASC
-- metabase, a question by day and word; > 3
SELECT CAST("public"."deals"."created_at" AS date) AS "created_at", "public"."deals"."status" AS "status", SUM("public"."deals"."amount") AS "sum"
FROM "public"."deals" WHERE ("public"."deals"."created_at" >= timestamp with time zone '2025-01-01 00:00:00.000+03:00')
GROUP BY CAST("public"."deals"."created_at" AS date), "public"."deals"."status" ORDER BY CAST("public"."deals"."created_at" AS date) ASC, "public"."deals"."status" ASC LIMIT 2000
-- metabase, the values of a column; > 1
SELECT "public"."deals"."status" AS "status" FROM "public"."deals" GROUP BY "public"."deals"."status" ORDER BY "public"."deals"."status" ASC LIMIT 1000
-- metabase, the beginning of a table; = 1
SELECT SUBSTRING("source"."source", 1, 1234) AS "x" FROM (SELECT "public"."deals"."source" AS "source" FROM "public"."deals") AS "source" LIMIT 1

-- npgsql and power bi, types; > 50
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
  SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
    elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
    CASE WHEN elemproc.proname = 'array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
  FROM (
    SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
      CASE WHEN proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
      CASE WHEN proc.proname = 'array_recv' THEN typ.typelem WHEN typ.typtype = 'r' THEN rngsubtype
        WHEN typ.typtype = 'm' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid) WHEN typ.typtype = 'd' THEN typ.typbasetype END AS elemtypoid
    FROM pg_type AS typ
    LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
    LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
    LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
  ) AS typ
  LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
  LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
  LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind = 'c') OR (typtype = 'p' AND typname IN ('record', 'void')) OR
  (typtype = 'a' AND (elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR (elemtyptype = 'c' AND elemrelkind = 'c')))
ORDER BY CASE WHEN typtype IN ('b', 'e', 'p') THEN 0 WHEN typtype = 'r' THEN 1 WHEN typtype = 'm' THEN 2 WHEN typtype = 'c' THEN 3
  WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4 WHEN typtype = 'a' THEN 5 WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6 END
-- npgsql and power bi, fields of composite types; = 0
SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE (typ.typtype = 'c' AND cls.relkind = 'c') AND attnum > 0 AND NOT attisdropped ORDER BY typ.oid, att.attnum
-- npgsql and power bi, lists of words; = 0
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid ORDER BY oid, enumsortorder
-- power bi, the character set; = 1
select character_set_name from INFORMATION_SCHEMA.character_sets
-- power bi, tables to choose from; > 100
select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.tables where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') order by TABLE_SCHEMA, TABLE_NAME
-- power bi, columns; > 10
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE
from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'public' and TABLE_NAME = 'deals' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
-- power bi, keys; = 0
select i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME as INDEX_NAME, ii.COLUMN_NAME, ii.ORDINAL_POSITION,
  case when i.CONSTRAINT_TYPE = 'PRIMARY KEY' then 'Y' else 'N' end as PRIMARY_KEY
from INFORMATION_SCHEMA.table_constraints i
inner join INFORMATION_SCHEMA.key_column_usage ii on i.CONSTRAINT_SCHEMA = ii.CONSTRAINT_SCHEMA and i.CONSTRAINT_NAME = ii.CONSTRAINT_NAME and i.TABLE_SCHEMA = ii.TABLE_SCHEMA and i.TABLE_NAME = ii.TABLE_NAME
where i.TABLE_SCHEMA = 'public' and i.TABLE_NAME = 'deals' and i.CONSTRAINT_TYPE in ('PRIMARY KEY', 'UNIQUE')
order by i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME, ii.TABLE_SCHEMA, ii.TABLE_NAME, ii.ORDINAL_POSITION
-- power bi, a step of a query; = 5
select "$Table"."status" as "status", "$Table"."amount" as "amount" from "public"."deals" "$Table" limit 5

-- grafana, the version; first = 1600
SELECT current_setting('server_version_num')::int/100 as version
-- grafana, an extension; = 0
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'
-- grafana, schemas; = 2
SELECT schema_name AS "name" FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema', 'pg_catalog', 'pg_toast') ORDER BY schema_name
-- grafana, tables; > 100
SELECT
  CASE WHEN quote_ident(table_schema) IN (
    SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
    FROM generate_series(array_lower(string_to_array(current_setting('search_path'), ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) as i,
      string_to_array(current_setting('search_path'), ',') s)
  THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') ORDER BY 1
-- grafana, columns; > 10
SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
WHERE CASE WHEN array_length(parse_ident('public.deals'), 1) = 2
  THEN quote_ident(table_schema) = (parse_ident('public.deals'))[1] AND quote_ident(table_name) = (parse_ident('public.deals'))[2]
  ELSE quote_ident(table_name) = 'public.deals' END
-- grafana, a line over time; > 3
SELECT floor(extract(epoch from created_at) / 2592000) * 2592000 AS "time", count(*) AS "deals" FROM deals
WHERE created_at BETWEEN '2025-01-01T00:00:00Z' AND '2025-07-01T00:00:00Z' GROUP BY 1 ORDER BY 1

-- sqlalchemy, the version; = 1
select pg_catalog.version()
-- sqlalchemy, the schema; first = public
select current_schema()
-- sqlalchemy, strings; first = on
show standard_conforming_strings
-- sqlalchemy, how a transaction is isolated; first = repeatable read
show transaction isolation level
-- sqlalchemy, is there a table; = 1
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
WHERE pg_catalog.pg_class.relname = 'deals'::VARCHAR AND pg_catalog.pg_class.relkind = ANY (ARRAY['r'::VARCHAR, 'p'::VARCHAR, 'f'::VARCHAR, 'v'::VARCHAR, 'm'::VARCHAR])
AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog'::VARCHAR
-- sqlalchemy, columns; > 10
SELECT pg_catalog.pg_attribute.attname AS name, pg_catalog.format_type(pg_catalog.pg_attribute.atttypid, pg_catalog.pg_attribute.atttypmod) AS format_type,
  (SELECT pg_catalog.pg_get_expr(pg_catalog.pg_attrdef.adbin, pg_catalog.pg_attrdef.adrelid) AS pg_get_expr_1 FROM pg_catalog.pg_attrdef
   WHERE pg_catalog.pg_attrdef.adrelid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attrdef.adnum = pg_catalog.pg_attribute.attnum AND pg_catalog.pg_attribute.atthasdef) AS "default",
  pg_catalog.pg_attribute.attnotnull AS not_null, pg_catalog.pg_class.relname AS table_name, pg_catalog.pg_description.description AS comment,
  pg_catalog.pg_attribute.attgenerated AS generated,
  (SELECT json_build_object('always', pg_catalog.pg_attribute.attidentity = 'a', 'start', pg_catalog.pg_sequence.seqstart) AS json_build_object_1
   FROM pg_catalog.pg_sequence WHERE pg_catalog.pg_attribute.attidentity != '' AND pg_catalog.pg_sequence.seqrelid = CAST(CAST(pg_catalog.pg_get_serial_sequence(CAST(CAST(pg_catalog.pg_attribute.attrelid AS REGCLASS) AS TEXT), pg_catalog.pg_attribute.attname) AS REGCLASS) AS OID)) AS identity_options
FROM pg_catalog.pg_class
LEFT OUTER JOIN pg_catalog.pg_attribute ON pg_catalog.pg_class.oid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attribute.attnum > 0 AND NOT pg_catalog.pg_attribute.attisdropped
LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_description.objsubid = pg_catalog.pg_attribute.attnum
JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid)
  AND pg_catalog.pg_namespace.nspname != 'pg_catalog' AND pg_catalog.pg_class.relname IN ('deals')
ORDER BY pg_catalog.pg_class.relname, pg_catalog.pg_attribute.attnum
-- sqlalchemy, schemas; = 2
SELECT pg_catalog.pg_namespace.nspname FROM pg_catalog.pg_namespace WHERE pg_catalog.pg_namespace.nspname NOT LIKE 'pg_%' AND nspname <> 'information_schema' ORDER BY pg_catalog.pg_namespace.nspname
-- superset, views of a schema; > 50
SELECT table_name FROM information_schema.views WHERE table_schema = 'metric'

-- tableau, what it is; = 1
select current_user, current_database(), current_setting('server_version')
-- tableau, may it make tables for itself; = 0
SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE pg_catalog.has_schema_privilege(n.oid, 'CREATE')
-- tableau, a view of a table; > 0
SELECT "deals"."status" AS "status", COUNT(1) AS "cnt:deals:ok", SUM(CAST("deals"."amount" AS DOUBLE PRECISION)) AS "sum:amount:ok"
FROM "public"."deals" "deals" GROUP BY 1
-- tableau, the extent of a column; = 1
SELECT MIN("deals"."created_at") AS "min", MAX("deals"."created_at") AS "max", COUNT(1) AS "n" FROM "public"."deals" "deals" HAVING (COUNT(1) > 0)

-- pandas, is there a table; = 0
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
WHERE pg_catalog.pg_class.relname = 'frame' AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid)
-- analysts, a question of a row to other rows; = 3
SELECT d.deal_id, (SELECT count(*) FROM events e WHERE e.deal_id = d.deal_id) AS events, (SELECT max(e.at) FROM events e WHERE e.deal_id = d.deal_id) AS last
FROM deals d ORDER BY d.deal_id LIMIT 3
