#!/usr/bin/env python3
"""Each client of PostgreSQL that is installed here against a running `voronka serve --pg`, its numbers beside those of `voronka query`.

    voronka serve --pg 127.0.0.1:5432 --store STORE --as-of 2025-06-30 &
    tests/clients/pg_clients.py --port 5432 --store STORE --as-of 2025-06-30 [--voronka target/release/voronka]

With users: --user NAME, the password in PGPASSWORD. Prints what each client did; ends with 1 if a number differs or a client fails.
A client that is not installed is named as skipped; --require LIST makes that a failure.
Python's: psycopg, psycopg2, asyncpg, pg8000, sqlalchemy, pandas, duckdb, pyodbc (with Debian's odbc-postgresql). Programs: psql, node with
`pg`, java with Debian's libpostgresql-jdbc-java, postgres_fdw of a PostgreSQL that runs here (--fdw "host=… port=… user=… dbname=…").
"""

import argparse
import csv
import importlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import time
from decimal import Decimal

METRICS = ["lead_quality", "funnel", "revenue_weekly", "response"]
SPLIT = ("lead_quality", "2025-01-01", "2025-07-01", "source")


class Skipped(Exception):
    pass


class Session:
    """What all checks share: where the server is, and what `voronka query` says."""

    def __init__(self, args):
        self.args = args
        self.password = os.environ.get("PGPASSWORD", "")
        self.expected = {name: self.query(name) for name in METRICS}
        self.split = self.query(SPLIT[0], "--from", SPLIT[1], "--to", SPLIT[2], "--by", SPLIT[3])
        self.deals = int(self.run("sql", "SELECT count(*) AS n FROM deals", "--format", "csv")[1][0])

    def run(self, *words):
        command = [self.args.voronka, words[0], *words[1:], "--store", self.args.store, "--as-of", self.args.as_of]
        if self.args.regulation:
            command += ["--regulation", self.args.regulation]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return list(csv.reader(io.StringIO(done.stdout)))

    def query(self, metric, *more):
        return self.run("query", metric, *more, "--format", "csv")

    def dsn(self, **more):
        words = {"host": self.args.host, "port": self.args.port, "user": self.args.user, "dbname": "voronka", **more}
        if self.password:
            words["password"] = self.password
        return " ".join(f"{key}={value}" for key, value in words.items())

    def url(self, scheme="postgresql"):
        who = self.args.user + (f":{self.password}" if self.password else "")
        return f"{scheme}://{who}@{self.args.host}:{self.args.port}/voronka"

    def compare(self, what, header, rows, expected):
        """Cell by cell: numbers as numbers, all else as text."""
        assert list(header) == expected[0], f"{what}: columns {list(header)}, expected {expected[0]}"
        assert len(rows) == len(expected) - 1, f"{what}: {len(rows)} rows, expected {len(expected) - 1}"
        for at, (row, known) in enumerate(zip(rows, expected[1:])):
            for name, cell, text in zip(header, row, known):
                assert same(cell, text), f"{what}: row {at}, {name}: {cell!r}, expected {text!r}"
        return f"{what}: {len(rows)} rows"


def same(cell, text):
    if cell is None or cell != cell:
        return text == ""
    shown = str(cell)
    if shown == text:
        return True
    try:
        return abs(Decimal(shown) - Decimal(text)) <= abs(Decimal(text)) * Decimal("1e-12")
    except ArithmeticError:
        return shown[: len(text)] == text and shown[len(text) :] in ("", " 00:00:00")


def module(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Skipped(f"{name} is not installed ({error})") from error


def split_sql(marker):
    return f"SELECT * FROM metric.{SPLIT[0]}({marker[0]}, {marker[1]}, '{SPLIT[3]}')"


def program(name):
    found = shutil.which(name)
    if not found:
        raise Skipped(f"{name} is not on the PATH")
    return found


def dbapi(session, connection, marker, tz=True):
    """What every driver of Python's DB-API does."""
    said = []
    cursor = connection.cursor()
    for name, expected in session.expected.items():
        cursor.execute(f"SELECT * FROM metric.{name}")
        said.append(session.compare(name, [c[0] for c in cursor.description], cursor.fetchall(), expected))
    cursor.execute(split_sql([marker, marker]), (SPLIT[1], SPLIT[2]))
    said.append(session.compare("split, with parameters", [c[0] for c in cursor.description], cursor.fetchall(), session.split))
    cursor.execute(f"SELECT count(*) FROM deals WHERE status = {marker} OR status <> {marker}", ("won", "won"))
    assert cursor.fetchone()[0] == session.deals
    cursor.execute("SELECT amount, created_at, deal_id FROM deals WHERE amount IS NOT NULL ORDER BY deal_id LIMIT 1")
    amount, at, _ = cursor.fetchone()
    assert isinstance(amount, Decimal), f"money is exact: {amount!r}"
    assert not tz or at.tzinfo is not None, f"instants have a zone: {at!r}"
    connection.commit()
    return said


def check_psql(session):
    psql = [program("psql"), "-X", "-v", "ON_ERROR_STOP=1", session.dsn()]

    def run(text, *more):
        done = subprocess.run([*psql, *more, "-c", text], capture_output=True, text=True)
        assert done.returncode == 0, f"{text}: {done.stderr}"
        return done.stdout

    said = []
    for command, wanted in [
        (r"\l", "voronka"),
        (r"\dn", "metric"),
        (r"\dn+", "metric"),
        (r"\dt", "deals"),
        (r"\dt+", "deals"),
        (r"\dv metric.*", "lead_quality"),
        (r"\d deals", "created_at"),
        (r"\d+ deals", "created_at"),
        (r"\d metric.lead_quality", "leads"),
        (r"\d+ metric.lead_quality", "leads"),
        (r"\df metric.lead_quality", "period_from"),
        (r"\df+ metric.lead_quality", "period_from"),
        (r"\df", "wilson"),
        (r"\du", session.args.user),
        (r"\dT", ""),
        (r"\di", ""),
        (r"\dp", ""),
        (r"\dx", ""),
        (r"\d", "scope"),
        (r"\conninfo", "voronka"),
        (r"\encoding", "UTF8"),
    ]:
        shown = run(command)
        assert wanted in shown, f"{command}: {shown}"
        said.append(command)
    for name, expected in session.expected.items():
        rows = list(csv.reader(io.StringIO(run(f"SELECT * FROM metric.{name}", "--csv"))))
        session.compare(name, rows[0], [[c or None for c in row] for row in rows[1:]], [expected[0], *expected[1:]])
        copied = list(csv.reader(io.StringIO(run(f"COPY (SELECT * FROM metric.{name}) TO STDOUT (FORMAT csv, HEADER)"))))
        session.compare(f"COPY {name}", copied[0], [[c or None for c in row] for row in copied[1:]], expected)
    said.append("metrics by SELECT and by COPY")
    prepared = "PREPARE q (date, date) AS " + split_sql(["$1", "$2"]) + f"; EXECUTE q ('{SPLIT[1]}', '{SPLIT[2]}')"
    rows = [r for r in csv.reader(io.StringIO(run(prepared, "--csv", "-q"))) if r != ["PREPARE"]]
    session.compare("PREPARE", rows[0], [[c or None for c in row] for row in rows[1:]], session.split)
    bound = subprocess.run([*psql, "--csv", "-q"], input=split_sql(["$1", "$2"]) + f" \\bind '{SPLIT[1]}' '{SPLIT[2]}' \\g\n", capture_output=True, text=True)
    said.append("PREPARE and EXECUTE" + ("" if bound.returncode else ", \\bind"))
    began = time.time()
    slow = subprocess.Popen([*psql, "-c", "SELECT count(*) FROM generate_series(1, 100000000000) WHERE value % 7 = 8"], stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    slow.send_signal(2)
    error = slow.communicate(timeout=30)[1]
    assert "canceling statement due to user request" in error, error
    said.append(f"Ctrl-C after 1 s: ended after {time.time() - began:.1f} s")
    return said


def check_psycopg(session):
    psycopg = module("psycopg")
    with psycopg.connect(session.dsn()) as connection:
        said = dbapi(session, connection, "%s")
        cursor = connection.cursor()
        cursor.execute(f"SELECT * FROM metric.{SPLIT[0]}(%s, %s, %s)", SPLIT[1:])
        said.append(session.compare("all parameters bound", [c.name for c in cursor.description], cursor.fetchall(), session.split))
        with connection.cursor(binary=True) as binary:
            binary.execute(f"SELECT * FROM metric.{SPLIT[0]}(%s, %s, '{SPLIT[3]}')", SPLIT[1:3], prepare=True)
            said.append(session.compare("binary, prepared", [c.name for c in binary.description], binary.fetchall(), session.split))
            binary.execute("SELECT created_at, amount, touch_at FROM journeys ORDER BY deal_id LIMIT 50")
            binary.fetchall()
        with connection.cursor(name="held") as named:
            named.itersize = 100
            named.execute("SELECT deal_id FROM deals")
            assert sum(1 for _ in named) == session.deals
        said.append("server-side cursor")
        with cursor.copy("COPY (SELECT deal_id, amount FROM deals) TO STDOUT") as copy:
            assert sum(1 for _ in copy.rows()) == session.deals
        said.append("copy")
        try:
            cursor.execute("DELETE FROM deals")
            raise AssertionError("a row was deleted")
        except psycopg.errors.ReadOnlySqlTransaction:
            connection.rollback()
    with psycopg.connect(session.dsn(), autocommit=True) as connection:
        with connection.pipeline():
            cursors = [connection.execute(f"SELECT {n}") for n in range(20)]
        assert [c.fetchone()[0] for c in cursors] == list(range(20))
        said.append("pipeline")
    return said


def check_psycopg2(session):
    psycopg2 = module("psycopg2")
    connection = psycopg2.connect(session.dsn())
    said = dbapi(session, connection, "%s")
    with connection.cursor(name="held") as named:
        named.itersize = 100
        named.execute("SELECT deal_id FROM deals")
        assert sum(1 for _ in named) == session.deals
    said.append("server-side cursor")
    out = io.StringIO()
    connection.cursor().copy_expert("COPY deals (deal_id, status) TO STDOUT WITH CSV HEADER", out)
    assert out.getvalue().count("\n") == session.deals + 1
    connection.close()
    return [*said, "copy_expert"]


def check_pg8000(session):
    pg8000 = module("pg8000.dbapi")
    connection = pg8000.connect(user=session.args.user, host=session.args.host, port=int(session.args.port), database="voronka", password=session.password or None)
    return dbapi(session, connection, "%s")


def check_asyncpg(session):
    asyncpg = module("asyncpg")
    import asyncio
    import datetime

    async def run():
        connection = await asyncpg.connect(session.url())
        said = []
        for name, expected in session.expected.items():
            rows = await connection.fetch(f"SELECT * FROM metric.{name}")
            said.append(session.compare(name, rows[0].keys() if rows else expected[0], [list(r.values()) for r in rows], expected))
        days = [datetime.date.fromisoformat(day) for day in SPLIT[1:3]]
        rows = await connection.fetch(split_sql(["$1", "$2"]), *days)
        said.append(session.compare("split, with parameters", rows[0].keys(), [list(r.values()) for r in rows], session.split))
        await connection.close()
        return said

    return asyncio.run(run())


def check_sqlalchemy(session):
    sqlalchemy = module("sqlalchemy")
    module("psycopg")
    engine = sqlalchemy.create_engine(session.url("postgresql+psycopg"))
    said = []
    with engine.connect() as connection:
        inspector = sqlalchemy.inspect(connection)
        assert {"metric", "public"} <= set(inspector.get_schema_names()), inspector.get_schema_names()
        assert "deals" in inspector.get_table_names(), inspector.get_table_names()
        assert "lead_quality" in inspector.get_view_names(schema="metric"), inspector.get_view_names(schema="metric")
        columns = {column["name"]: column for column in inspector.get_columns("deals")}
        assert {"deal_id", "amount", "created_at"} <= set(columns), columns
        assert str(columns["amount"]["type"]).startswith("NUMERIC"), columns["amount"]
        assert inspector.get_pk_constraint("deals") is not None and inspector.get_indexes("deals") == []
        assert inspector.get_table_comment("deals")["text"], "the table has a comment"
        table = sqlalchemy.Table("deals", sqlalchemy.MetaData(), autoload_with=connection)
        said.append(f"reflected deals with {len(table.columns)} columns")
        counted = connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(table)).scalar()
        assert counted == session.deals
        for name, expected in session.expected.items():
            view = sqlalchemy.Table(name, sqlalchemy.MetaData(), schema="metric", autoload_with=connection)
            rows = connection.execute(sqlalchemy.select(view))
            said.append(session.compare(name, rows.keys(), rows.fetchall(), expected))
    return said


def check_pandas(session):
    pandas, sqlalchemy = module("pandas"), module("sqlalchemy")
    engine = sqlalchemy.create_engine(session.url("postgresql+psycopg"))
    said = []
    for name, expected in session.expected.items():
        frame = pandas.read_sql(f"SELECT * FROM metric.{name}", engine)
        rows = [[None if pandas.isna(cell) else cell for cell in row] for row in frame.itertuples(index=False)]
        said.append(session.compare(name, frame.columns, rows, expected))
    frame = pandas.read_sql_query("SELECT deal_id FROM deals", engine, chunksize=100)
    assert sum(len(part) for part in frame) == session.deals
    return said


def check_duckdb(session):
    duckdb = module("duckdb")
    connection = duckdb.connect()
    try:
        connection.execute("LOAD postgres")
    except duckdb.Error as error:
        raise Skipped(f"duckdb's extension postgres cannot be had without its server ({str(error).splitlines()[0]})") from error
    connection.execute(f"ATTACH '{session.dsn()}' AS v (TYPE postgres, READ_ONLY)")
    assert connection.execute("SELECT count(*) FROM v.public.deals").fetchone()[0] == session.deals
    return ["attached"]


def check_odbc(session):
    pyodbc = module("pyodbc")
    drivers = [name for name in pyodbc.drivers() if "PostgreSQL" in name]
    if not drivers:
        raise Skipped("there is no ODBC driver for PostgreSQL")
    driver = next((name for name in drivers if "Unicode" in name), drivers[0])
    connection = pyodbc.connect(
        f"Driver={{{driver}}};Server={session.args.host};Port={session.args.port};Database=voronka;Uid={session.args.user};Pwd={session.password}"
    )
    said = dbapi(session, connection, "?", tz=False)
    tables = {row.table_name for row in connection.cursor().tables(schema="metric")}
    assert "lead_quality" in tables, tables
    columns = {row.column_name for row in connection.cursor().columns(table="deals", schema="public")}
    assert {"deal_id", "amount"} <= columns, columns
    return [*said, f"tables and columns by {driver}"]


def check_node(session):
    node = program("node")
    script = pathlib.Path(__file__).with_name("pg_node.js")
    done = subprocess.run([node, script, session.url(), SPLIT[1], SPLIT[2], SPLIT[3]], capture_output=True, text=True, env={**os.environ, "NODE_PATH": session.args.node_path})
    if "Cannot find module 'pg'" in done.stderr:
        raise Skipped("node has no module pg")
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader(io.StringIO(done.stdout)))
    return [session.compare("split, with parameters", rows[0], [[c or None for c in row] for row in rows[1:]], session.split)]


def check_jdbc(session):
    java = program("java")
    jar = pathlib.Path(session.args.jdbc)
    if not jar.exists():
        raise Skipped(f"{jar} is not there")
    source = pathlib.Path(__file__).with_name("PgJdbc.java")
    url = f"jdbc:postgresql://{session.args.host}:{session.args.port}/voronka"
    done = subprocess.run([java, "-cp", str(jar), str(source), url, session.args.user, session.password, *SPLIT[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    head, _, text = done.stdout.partition("\n\n")
    rows = list(csv.reader(io.StringIO(text)))
    return [*head.splitlines(), session.compare("split, with parameters", rows[0], [[c or None for c in row] for row in rows[1:]], session.split)]


def check_fdw(session):
    if not session.args.fdw:
        raise Skipped("no PostgreSQL was named with --fdw")
    psql = [program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "--csv", session.args.fdw]
    password = f", password '{session.password}'" if session.password else ", password_required 'false'"
    text = f"""
        CREATE EXTENSION IF NOT EXISTS postgres_fdw;
        DROP SERVER IF EXISTS voronka CASCADE;
        CREATE SERVER voronka FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '{session.args.host}', port '{session.args.port}', dbname 'voronka');
        CREATE USER MAPPING FOR CURRENT_USER SERVER voronka OPTIONS (user '{session.args.user}'{password});
        DROP SCHEMA IF EXISTS far CASCADE; CREATE SCHEMA far;
        IMPORT FOREIGN SCHEMA public LIMIT TO (deals, events) FROM SERVER voronka INTO far;
        DROP SCHEMA IF EXISTS far_metric CASCADE; CREATE SCHEMA far_metric;
        IMPORT FOREIGN SCHEMA metric LIMIT TO ({", ".join(METRICS)}) FROM SERVER voronka INTO far_metric;
    """
    done = subprocess.run([*psql, "-c", "SET client_min_messages = error", "-c", text], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = ["IMPORT FOREIGN SCHEMA"]
    for name, expected in session.expected.items():
        done = subprocess.run([*psql, "-c", f"SELECT * FROM far_metric.{name}"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        rows = list(csv.reader(io.StringIO(done.stdout)))
        said.append(session.compare(name, rows[0], [[c or None for c in row] for row in rows[1:]], expected))
    joined = "SELECT count(*) FROM far.deals d WHERE d.status = 'won' AND d.amount > 0 AND d.created_at >= '2024-01-01'"
    done = subprocess.run([*psql, "-t", "-c", joined], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [*said, f"filters pushed down: {done.stdout.strip()} deals"]


CHECKS = {name[6:]: check for name, check in list(globals().items()) if name.startswith("check_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", required=True)
    parser.add_argument("--user", default="voronka")
    parser.add_argument("--store", required=True)
    parser.add_argument("--regulation")
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--voronka", default="voronka")
    parser.add_argument("--fdw", help="how to connect to a PostgreSQL that has postgres_fdw, as its superuser")
    parser.add_argument("--jdbc", default="/usr/share/java/postgresql.jar")
    parser.add_argument("--node-path", default=os.environ.get("NODE_PATH", ""))
    parser.add_argument("--only", help="these clients alone, with commas")
    parser.add_argument("--require", default="", help="clients that must be there, with commas")
    args = parser.parse_args()
    os.environ["VORONKA_LANG"] = "en"
    session = Session(args)
    failed = []
    for name, check in CHECKS.items():
        if args.only and name not in args.only.split(","):
            continue
        began = time.time()
        try:
            said = "; ".join(check(session))
            print(f"ok      {name:10} {time.time() - began:5.1f} s  {said}")
        except Skipped as why:
            print(f"skipped {name:10}          {why}")
            if name in args.require.split(","):
                failed.append(name)
        except Exception as error:  # a client that fails is named, and the others still run
            print(f"FAILED  {name:10} {time.time() - began:5.1f} s  {type(error).__name__}: {error}")
            failed.append(name)
        sys.stdout.flush()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
