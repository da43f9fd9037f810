"""Whether other tools read a store as Voronka does: each table, at the version that the newest ingest names.

    python read_store.py STORE [DELTA_EXTENSION]

Needs the packages deltalake, polars and duckdb; one that is absent is left out, loudly. Where DuckDB cannot download its
extension `delta`, name the file that the package duckdb-extension-delta holds. Ends with 1 where two disagree.
"""

import importlib
import os
import sys

os.environ["TZ"] = "UTC"


def deltalake_rows(path, version):
    table = importlib.import_module("deltalake").DeltaTable(path, version=version)
    return importlib.import_module("polars").from_arrow(table.to_pyarrow_table())


def polars_rows(path, version):
    return importlib.import_module("polars").read_delta(path, version=version)


def duckdb_rows(path, version):
    duckdb = importlib.import_module("duckdb")
    settings = {"allow_unsigned_extensions": "true", "autoinstall_known_extensions": "false"}
    connection = duckdb.connect(config=settings)
    connection.execute(f"LOAD '{sys.argv[2]}'" if len(sys.argv) > 2 else "INSTALL delta; LOAD delta")
    connection.execute(f"ATTACH '{path}' AS stored (TYPE delta, VERSION {version})")
    return connection.execute("SELECT * FROM stored").pl()


def told(rows):
    """The number of rows, the columns, and all cells in one order, as text."""
    cells = sorted("|".join(str(row[name]) for name in sorted(rows.columns)) for row in rows.iter_rows(named=True))
    return len(cells), sorted(rows.columns), cells


store = sys.argv[1]
readers = {"deltalake": deltalake_rows, "polars": polars_rows, "duckdb": duckdb_rows}
for name in list(readers):
    try:
        print(name, importlib.import_module(name).__version__)
    except ImportError:
        print(f"SKIPPED: the Python package {name} is not installed")
        del readers[name]

newest = polars_rows(f"{store}/ingests", None)
newest = newest.filter(newest["ingest"] == newest["ingest"].max())
agree = True
for table, version in sorted(zip(newest["table_name"], newest["delta_version"])):
    found = {name: told(read(f"{store}/{table}", version)) for name, read in readers.items()}
    same = all(one == found["polars"] for one in found.values())
    agree &= same
    rows = ", ".join(f"{name} {rows}" for name, (rows, _, _) in found.items())
    print(f"{table} at version {version}: rows by {rows}: {'the same' if same else 'THEY DIFFER'}")
sys.exit(0 if agree else 1)
