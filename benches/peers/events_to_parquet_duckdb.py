"""The events export to zstd Parquet by DuckDB: text columns as they are, no checks, no keys, no journeys."""

import sys

import duckdb

exports, out = sys.argv[1:3]
duckdb.sql(
    f"COPY (SELECT * FROM read_csv('{exports}/events*.csv', delim=';', header=true, all_varchar=true)) "
    f"TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
)
print(duckdb.__version__, duckdb.sql(f"SELECT count(*) FROM '{out}'").fetchall()[0][0])
