-- information_schema_catalog_name
SELECT
  current_database() AS catalog_name
;
-- schemata
SELECT
  current_database() AS catalog_name,
  n.nspname AS schema_name,
  pg_get_userbyid(n.nspowner) AS schema_owner
FROM pg_catalog.pg_namespace n
;
-- tables
SELECT
  current_database() AS table_catalog,
  n.nspname AS table_schema,
  c.relname AS table_name,
  CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'BASE TABLE' END AS table_type,
  'NO' AS is_insertable_into,
  'NO' AS is_typed
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
;
-- views
SELECT
  current_database() AS table_catalog,
  n.nspname AS table_schema,
  c.relname AS table_name,
  pg_get_viewdef(c.oid) AS view_definition,
  'NONE' AS check_option,
  'NO' AS is_updatable,
  'NO' AS is_insertable_into,
  'NO' AS is_trigger_updatable,
  'NO' AS is_trigger_deletable,
  'NO' AS is_trigger_insertable_into
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v'
;
-- columns
SELECT
  current_database() AS table_catalog,
  n.nspname AS table_schema,
  c.relname AS table_name,
  a.attname AS column_name,
  CAST(a.attnum AS int) AS ordinal_position,
  CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END AS is_nullable,
  CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' ELSE format_type(a.atttypid, CAST(NULL AS int)) END AS data_type,
  CASE t.typname WHEN 'int2' THEN 16 WHEN 'int4' THEN 32 WHEN 'int8' THEN 64 WHEN 'float4' THEN 24 WHEN 'float8' THEN 53
    WHEN 'numeric' THEN CASE WHEN a.atttypmod >= 4 THEN CAST((a.atttypmod - 4) / 65536 AS int) END END AS numeric_precision,
  CASE WHEN t.typname IN ('int2', 'int4', 'int8', 'float4', 'float8') THEN 2 WHEN t.typname = 'numeric' THEN 10 END AS numeric_precision_radix,
  CASE WHEN t.typname IN ('int2', 'int4', 'int8') THEN 0
    WHEN t.typname = 'numeric' AND a.atttypmod >= 4 THEN CAST((a.atttypmod - 4) % 65536 AS int) END AS numeric_scale,
  CASE WHEN t.typname = 'date' THEN 0 WHEN t.typname IN ('timestamp', 'timestamptz', 'time') THEN 6 END AS datetime_precision,
  current_database() AS udt_catalog,
  'pg_catalog' AS udt_schema,
  t.typname AS udt_name,
  CAST(a.attnum AS text) AS dtd_identifier,
  'NO' AS is_self_referencing,
  'NO' AS is_identity,
  'NO' AS identity_cycle,
  'NEVER' AS is_generated,
  'NO' AS is_updatable
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
;
-- table_privileges
SELECT
  pg_get_userbyid(10) AS grantor,
  pg_get_userbyid(10) AS grantee,
  current_database() AS table_catalog,
  n.nspname AS table_schema,
  c.relname AS table_name,
  'SELECT' AS privilege_type,
  'NO' AS is_grantable,
  'YES' AS with_hierarchy
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
;
-- role_table_grants
SELECT
  pg_get_userbyid(10) AS grantor,
  pg_get_userbyid(10) AS grantee,
  current_database() AS table_catalog,
  n.nspname AS table_schema,
  c.relname AS table_name,
  'SELECT' AS privilege_type,
  'NO' AS is_grantable,
  'YES' AS with_hierarchy
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
;
-- column_privileges
SELECT
  pg_get_userbyid(10) AS grantor,
  pg_get_userbyid(10) AS grantee,
  current_database() AS table_catalog,
  n.nspname AS table_schema,
  c.relname AS table_name,
  a.attname AS column_name,
  'SELECT' AS privilege_type,
  'NO' AS is_grantable
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
;
-- enabled_roles
SELECT
  pg_get_userbyid(10) AS role_name
;
-- routines
SELECT
  current_database() AS specific_catalog,
  n.nspname AS specific_schema,
  concat(p.proname, '_', p.oid) AS specific_name,
  current_database() AS routine_catalog,
  n.nspname AS routine_schema,
  p.proname AS routine_name,
  CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS routine_type,
  CASE WHEN p.proretset THEN 'record' ELSE format_type(p.prorettype, CAST(NULL AS int)) END AS data_type,
  'EXTERNAL' AS routine_body,
  'NO' AS is_deterministic,
  'READS' AS sql_data_access,
  'YES' AS schema_level_routine,
  'INVOKER' AS security_type
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
;
-- character_sets
SELECT
  'UTF8' AS character_set_name,
  'UCS' AS character_repertoire,
  'UTF8' AS form_of_use,
  current_database() AS default_collate_catalog
;
