#!/usr/bin/env python3
"""Many connections with mixed questions for a while, with ingests going on: no wrong answer, no leak of memory, how long answers take.

    benches/serve_load.py --voronka target/release/voronka --dir COMPANY --minutes 10 --connections 50

COMPANY is a folder with `regulation.toml`, `mapping.toml` and exports (such as a copy of sample_data); the store is made in it anew. The
server is started here. Every answer is compared with what `voronka query` and `voronka sql` said of the version of the store that the
answer names: each question carries the number of the newest ingest it saw. Needs psycopg. Prints p50 and p95 by question, and the
memory of the server at the start and at the end.
"""

import argparse
import collections
import csv
import io
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

import psycopg

VERSION = "(SELECT max(ingest) FROM ingests)"
# the version stands in each row, so that both are of one state
QUESTIONS = {
    "count": f"SELECT {VERSION} AS version, count(*) AS n, sum(amount) AS amount FROM deals",
    "by source": f"SELECT {VERSION} AS version, source, count(*) AS n FROM deals GROUP BY source ORDER BY source",
    "events": f"SELECT {VERSION} AS version, kind, count(*) AS n FROM events GROUP BY kind ORDER BY kind",
    "join": f"SELECT {VERSION} AS version, d.branch, count(*) AS n FROM deals d JOIN events e ON e.deal_id = d.deal_id GROUP BY d.branch ORDER BY d.branch",
    "lead_quality": f"SELECT {VERSION} AS version, * FROM metric.lead_quality",
    "funnel": f"SELECT {VERSION} AS version, * FROM metric.funnel('2025-01-01', '2025-06-01')",
    "revenue": f"SELECT {VERSION} AS version, * FROM metric.revenue_weekly",
    "split": f"SELECT {VERSION} AS version, * FROM metric.lead_quality('2025-01-01', '2025-06-01', 'source')",
    "rows": f"SELECT {VERSION} AS version, deal_id, status, amount, created_at FROM deals ORDER BY deal_id",
}
CATALOG = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'metric' ORDER BY 1"


class Load:
    def __init__(self, args):
        self.args = args
        self.folder = pathlib.Path(args.dir)
        self.expected = {}
        self.lock = threading.Lock()
        self.times = collections.defaultdict(list)
        self.wrong = []
        self.unknown = 0
        self.until = 0.0

    def run(self, *words):
        command = [os.path.abspath(self.args.voronka), *words, "--store", "store"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True, env={**os.environ, "VORONKA_LANG": "en"}).stdout

    def ingest(self, files):
        self.run("ingest", "--mapping", "mapping.toml", *files)

    def learn(self):
        """What the answers are now: nothing is ingested meanwhile."""
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=voronka dbname=voronka", autocommit=True) as connection:
            answers = {name: connection.execute(text).fetchall() for name, text in QUESTIONS.items()}
        version = answers["count"][0][0]
        # the server's own answers are not the measure: the command line's are
        count = next(csv.reader(io.StringIO(self.run("sql", "SELECT count(*) AS n, sum(amount) AS amount FROM deals", "--as-of", self.args.as_of, "--format", "csv").split("\n", 1)[1])))
        assert [str(cell) for cell in answers["count"][0][1:]] == count, (answers["count"], count)
        for name, words in {"lead_quality": ["lead_quality"], "funnel": ["funnel", "--from", "2025-01-01", "--to", "2025-06-01"], "revenue": ["revenue_weekly"], "split": ["lead_quality", "--from", "2025-01-01", "--to", "2025-06-01", "--by", "source"]}.items():
            rows = list(csv.reader(io.StringIO(self.run("query", *words, "--as-of", self.args.as_of, "--format", "csv"))))[1:]
            assert len(rows) == len(answers[name]), (name, len(rows), len(answers[name]))
            for row, known in zip(answers[name], rows):
                for cell, text in zip(row[1:], known):
                    number = re.fullmatch(r"-?[\d.]+(e-?\d+)?", text)
                    assert (cell is None and text == "") or str(cell) == text or (number and abs(float(cell) - float(text)) <= 1e-9 * abs(float(text))), (name, cell, text)
        self.expected[version] = answers
        return version

    def client(self, seed):
        pick = random.Random(seed)
        while time.time() < self.until:
            try:
                with psycopg.connect(f"host=127.0.0.1 port={self.port} user=voronka dbname=voronka", autocommit=True) as connection:
                    for _ in range(pick.randint(5, 60)):
                        if time.time() >= self.until:
                            break
                        name = pick.choice(list(QUESTIONS))
                        if pick.random() < 0.05:
                            connection.execute(CATALOG).fetchall()
                        began = time.time()
                        rows = connection.execute(QUESTIONS[name], prepare=pick.random() < 0.5).fetchall()
                        self.times[name].append(time.time() - began)
                        self.judge(name, rows)
            except psycopg.Error as error:
                with self.lock:
                    self.wrong.append(f"{type(error).__name__}: {error}")

    def judge(self, name, rows):
        version = rows[0][0] if rows else None
        known = self.expected.get(version)
        with self.lock:
            if known is None:
                self.unknown += 1
            elif known[name] != rows:
                self.wrong.append(f"{name} of version {version}: {rows[:2]}, expected {known[name][:2]}")

    def resident(self):
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024

    def main(self):
        shutil.rmtree(self.folder / "store", ignore_errors=True)
        exports = sorted(path.name for path in self.folder.glob("*.csv"))
        later = [name for name in exports if name.startswith(("promos", "plans", "events_2025"))]
        self.ingest([name for name in exports if name not in later])
        command = [os.path.abspath(self.args.voronka), "serve", "--pg", "127.0.0.1:0", "--store", "store", "--as-of", self.args.as_of, "--lang", "en", "--connections", str(self.args.connections + 10), "--connections-each", str(self.args.connections + 10), "--statement-timeout", "5m"]
        self.server = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True)
        self.port = int(self.server.stderr.readline().rsplit(":", 1)[1])
        threading.Thread(target=lambda: [print("server:", line.rstrip()) for line in self.server.stderr], daemon=True).start()
        try:
            self.learn()
            self.until = time.time() + 60 * self.args.minutes
            threads = [threading.Thread(target=self.client, args=(seed,)) for seed in range(self.args.connections)]
            [thread.start() for thread in threads]
            time.sleep(min(30, 15 * self.args.minutes))
            first = self.resident()
            print(f"{self.args.connections} connections for {self.args.minutes} min; memory of the server after a while: {first} MB")
            ingests = 0
            while time.time() < self.until:
                # one changes the store, the next says it again: versions whose answers are known come between others
                self.ingest([later[ingests % len(later)]])
                ingests += 1
                try:
                    self.learn()
                except psycopg.Error as error:
                    self.wrong.append(str(error))
                time.sleep(self.args.every)
                if ingests % 5 == 0:
                    print(f"  {sum(map(len, self.times.values()))} answers, {ingests} ingests, {self.resident()} MB")
                    sys.stdout.flush()
            [thread.join() for thread in threads]
            last = self.resident()
        finally:
            self.server.terminate()
            self.server.wait(timeout=30)
        answers = sum(map(len, self.times.values()))
        print(f"{answers} answers, {ingests} ingests, versions {sorted(self.expected)}")
        print(f"wrong: {len(self.wrong)}; of a version between two known ones: {self.unknown}; memory first {first} MB, last {last} MB")
        for name, times in sorted(self.times.items()):
            times = sorted(times)
            print(f"  {name:14} {len(times):7} answers  p50 {statistics.median(times) * 1000:7.0f} ms  p95 {times[int(len(times) * 0.95)] * 1000:7.0f} ms  most {times[-1] * 1000:7.0f} ms")
        for text in self.wrong[:10]:
            print("WRONG", text)
        return 1 if self.wrong or answers == 0 or self.unknown > answers / 2 else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voronka", default="voronka")
    parser.add_argument("--dir", required=True)
    parser.add_argument("--as-of", default="2025-06-30")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--every", type=float, default=20, help="seconds between ingests")
    sys.exit(Load(parser.parse_args()).main())
