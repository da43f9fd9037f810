#!/usr/bin/env python3
"""Many connections with mixed questions through both doors, while exports are ingested: no wrong answer, nobody's rows but one's own,
how long answers take, and what memory, threads and open files do meanwhile.

    benches/serve_load.py --voronka target/release/voronka --work DIR [--minutes 10] [--connections 50] [--out benches/runs/DAY-serve-load]

1. *Beforehand* the sample's exports are cut into `--versions` growing ones and ingested one after another. Of each version it is written
   down what `voronka sql`, `voronka query` and `voronka report` print, and what a server answers that nobody else asks. Where the command
   line can hold to a branch (SQL by a condition, reports by `--where`) or sees all, both must be the same.
2. *Then* the same exports are ingested into another store, with a server over it and all connections at work. An answer is right if it is,
   byte for byte, that of a version which may be seen: not older than the newest ingest that had ended when the question was asked, and not
   newer than one that had begun when the answer was there. Texts for one who is held to a branch may not have the name of any other
   branch, nor of a manager who is in others alone.

Needs Linux and psycopg. Ends with 1 where an answer was wrong, too many were refused, or hardly anything was asked.
"""

import argparse
import base64
import collections
import csv
import decimal
import hashlib
import http.client
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
import urllib.parse

import psycopg

HERE = pathlib.Path(__file__).resolve().parent.parent
DAYS = {"from": "2024-07-01", "to": "2025-06-29"}
PERIOD = "from=2024-07-01&to=2025-06-29"
AS_OF = "2025-06-30"
# a user, and the branch that the user is held to
USERS = {"boss": None, "yug": "Юг", "sever": "Север", "ural": "Урал"}
PASSWORD = "password of {}"

# SQL: {deals} is where the command line holds to a branch
SQL = {
    "sql count": "SELECT count(*) AS n, sum(amount) AS amount FROM deals {deals}",
    "sql group": "SELECT source, status, count(*) AS n, sum(amount) AS amount FROM deals {deals} GROUP BY source, status ORDER BY source, status",
    "sql join": "SELECT e.kind, count(*) AS n FROM events e JOIN deals d ON d.deal_id = e.deal_id {deals} GROUP BY e.kind ORDER BY e.kind",
    "sql rows": "SELECT deal_id, status, branch, manager, amount FROM deals {deals} ORDER BY deal_id",
    "sql window": "SELECT deal_id, rank() OVER (PARTITION BY manager ORDER BY amount DESC, deal_id) AS place FROM deals {deals} ORDER BY deal_id LIMIT 500",
}
# metrics through SQL: the statement, and what `voronka query` is asked
METRICS = {
    "metric view": ("SELECT * FROM metric.lead_quality", ["lead_quality"]),
    "metric split": (
        f"SELECT * FROM metric.lead_quality('{DAYS['from']}', '2025-06-30', 'source')",
        ["lead_quality", "--from", DAYS["from"], "--to", "2025-06-30", "--by", "source"],
    ),
    "metric weeks": (f"SELECT * FROM metric.revenue_weekly('{DAYS['from']}', '2025-06-30')", ["revenue_weekly", "--from", DAYS["from"], "--to", "2025-06-30"]),
}
CATALOG = "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'metric') ORDER BY 1, 2"
# pages and files: the address, and the command that prints the same
WEB = {
    "csv": (f"/metrics/lead_quality/csv?{PERIOD}&by=source&by=manager", ["query", "lead_quality", "--from", DAYS["from"], "--to", "2025-06-30", "--by", "source,manager", "--format", "csv"]),
    "csv long": ("/metrics/worklist/csv", None),
    "xlsx": (f"/metrics/funnel/xlsx?{PERIOD}", None),
    "page metric": (f"/metrics/lead_quality?{PERIOD}&by=source", None),
    "page weeks": (f"/metrics/revenue_weekly?{PERIOD}", None),
    "page today": ("/today", None),
    "page data": ("/data", None),
    "page front": ("/", None),
    "page report": ("/reports/brief", None),
    "report html": ("/reports/brief/html", ["report", "brief"]),
}


def cells(rows):
    """Rows in one form, whoever printed them: numbers without needless digits, nothing as an empty text."""

    def cell(value):
        text = "" if value is None else str(value)
        if not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", text, re.I):
            return {"t": "true", "f": "false"}.get(text, text)
        return f"{decimal.Decimal(text).normalize():f}" if "." in text or "e" in text.lower() else text

    return [[cell(value) for value in row] for row in rows]


def near(one, other):
    """Whether two answers are the same, floating point numbers to the last digits but a few."""
    if len(one) != len(other):
        return False
    for a, b in zip((x for row in one for x in row), (x for row in other for x in row)):
        if a != b:
            try:
                if abs(float(a) - float(b)) > 1e-9 * max(abs(float(a)), 1):
                    return False
            except ValueError:
                return False
    return True


class Server:
    def __init__(self, load, folder):
        command = [load.voronka, "serve", "--pg", "127.0.0.1:0", "--http", "127.0.0.1:0", "--users", "users.toml", "--as-of", AS_OF, "--lang", "ru"]
        many = str(load.args.connections + 20)
        command += ["--connections", many, "--connections-each", many, "--statement-timeout", "5m"]
        self.process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, env=load.environment)
        ports, said = {}, []
        while len(ports) < 2:
            line = self.process.stderr.readline()
            if not line:
                sys.exit(f"the server ended: {said}")
            said.append(line)
            if found := re.match(r"(PostgreSQL|HTTP): .*:(\d+)$", line.strip()):
                ports[found[1]] = int(found[2])
        self.pg, self.http = ports["PostgreSQL"], ports["HTTP"]
        self.said = []
        threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True).start()

    def connect(self, user):
        return psycopg.connect(f"host=127.0.0.1 port={self.pg} user={user} password='{PASSWORD.format(user)}' dbname=voronka", autocommit=True)

    def web(self):
        return http.client.HTTPConnection("127.0.0.1", self.http, timeout=600)

    def figures(self):
        """Memory in MiB, threads, open files, of which sockets."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        number = lambda name: int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1])
        files = []
        for file in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                files.append(os.readlink(file))
            except OSError:
                pass
        sockets = sum(file.startswith("socket:") for file in files)
        return {"rss": number("VmRSS") // 1024, "peak": number("VmHWM") // 1024, "threads": number("Threads"), "files": len(files), "sockets": sockets}

    def stop(self):
        self.process.terminate()
        began = time.time()
        code = self.process.wait(timeout=60)
        return code, time.time() - began


def sql(connection, text, prepare=None):
    """The rows as texts, as the server wrote them."""
    cursor = connection.execute(text, prepare=prepare)
    result = cursor.pgresult
    get = lambda row, column: (lambda raw: None if raw is None else raw.decode())(result.get_value(row, column))
    return [[get(row, column) for column in range(result.nfields)] for row in range(result.ntuples)]


OUTRUN = re.compile(rb'<p class="outrun".*?</p>\n', re.DOTALL)


def get(connection, user, path, cookie=None, is_newest_wanted=True):
    """What a page answers when it is made."""
    headers = {"Cookie": cookie} if cookie else {"Authorization": "Basic " + base64.b64encode(f"{user}:{PASSWORD.format(user)}".encode()).decode()}
    while True:
        connection.request("GET", path, headers={**headers, "Accept": "text/html"})
        answer = connection.getresponse()
        body = answer.read()
        # a report of an older state says that the newer one is being made; beside that it is the report of that state
        page, notices = OUTRUN.subn(b"", body)
        if notices and is_newest_wanted:
            time.sleep(0.2)
            continue
        if answer.status != 202:
            return answer.status, page, bool(notices)
        time.sleep(0.2)


class Load:
    def __init__(self, args):
        self.args = args
        self.voronka = os.path.abspath(args.voronka)
        self.work = pathlib.Path(args.work).resolve()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("VORONKA_")}
        self.expected = collections.defaultdict(dict)  # (user, kind) -> version -> digest
        self.lock = threading.Lock()
        self.times = collections.defaultdict(list)
        self.wrong, self.refused, self.lines = [], collections.Counter(), []
        self.ended = self.begun = self.outrun = 0

    def say(self, text):
        print(text, flush=True)
        self.lines.append(text)

    def run(self, folder, *words, given=None):
        done = subprocess.run([self.voronka, *words], cwd=folder, capture_output=True, text=True, input=given, env={**self.environment, "VORONKA_LANG": "ru"})
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stderr}")
        return done.stdout

    # --- the company

    def company(self, name):
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in ["regulation.toml", "mapping.toml", "staff.csv", "clients.csv", "spend.csv", "plans.csv", "promos.csv", "events_2024.csv"]:
            shutil.copy(HERE / "sample_data" / file, folder / file)
        for user, branch in USERS.items():
            only = ["--only", f"branch={branch}"] if branch else []
            self.run(folder, "serve", "user", "add", "users.toml", user, *only, given=PASSWORD.format(user) + "\n")
        return folder

    def ingest(self, folder, version):
        """The version's exports: some of the deals and events, each time more."""
        for name in ["deals.csv", "events_2025.csv"]:
            lines = (HERE / "sample_data" / name).read_text().splitlines(keepends=True)
            count = 1 + (len(lines) - 1) * (self.args.versions + version) // (2 * self.args.versions)
            (folder / name).write_text("".join(lines[:count]))
        others = [] if version > 1 else ["staff.csv", "clients.csv", "spend.csv", "plans.csv", "promos.csv", "events_2024.csv"]
        self.run(folder, "ingest", "--mapping", "mapping.toml", "deals.csv", "events_2025.csv", *others)

    # --- what is right

    def learn(self):
        folder, began = self.company("known"), time.time()
        checked = 0
        for version in range(1, self.args.versions + 1):
            self.ingest(folder, version)
            server = Server(self, folder)
            try:
                for user, branch in USERS.items():
                    checked += self.learn_of(server, folder, user, branch, version)
            finally:
                server.stop()
        differ = [sum(all(v[n] != v[n + 1] for n in range(1, self.args.versions)) for (_, kind), v in self.expected.items())]
        self.say(f"known: {len(self.expected)} questions of {len(USERS)} users, {self.args.versions} versions; {checked} answers are what the command line prints; "
                 f"{differ[0]} questions are answered otherwise by each version; {time.time() - began:.0f} s")

    def learn_of(self, server, folder, user, branch, version):
        checked = 0
        def same(kind, one, other):
            nonlocal checked
            if one != other and not (isinstance(one, list) and near(one, other)):
                sys.exit(f"{kind} of {user} in version {version}: the server says\n{str(one)[:800]}\nand the command line\n{str(other)[:800]}")
            checked += 1
        keep = lambda kind, body: self.expected[(user, kind)].__setitem__(version, self.digest(kind, body))
        printed = lambda *words: cells(list(csv.reader(io.StringIO(self.run(folder, *words, "--as-of", AS_OF, "--format", "csv"))))[1:])
        with server.connect(user) as connection:
            for kind, text in SQL.items():
                rows = sql(connection, text.format(deals=""))
                held = f"WHERE branch = '{branch}'" if branch else ""
                same(kind, cells(rows), printed("sql", text.format(deals=held)))
                keep(kind, rows)
            for kind, (text, words) in METRICS.items():
                rows = sql(connection, text)
                if not branch:
                    same(kind, cells(rows), printed("query", *words))
                keep(kind, rows)
            keep("sql catalog", sql(connection, CATALOG))
        web = server.web()
        for kind, (path, words) in WEB.items():
            status, body, _ = get(web, user, path)
            if status != 200:
                sys.exit(f"{path} for {user}: {status} {body.decode()[:500]}")
            if words and words[0] == "query" and not branch:
                same(kind, body.decode(), self.run(folder, *words, "--as-of", AS_OF))
            if words and words[0] == "report":
                shutil.rmtree(folder / "out", ignore_errors=True)
                self.run(folder, *words, "--as-of", AS_OF, "--format", "html", "--out", "out", *(["--where", f"branch={branch}"] if branch else []))
                same(kind, body, next((folder / "out").glob("*.html")).read_bytes())
            keep(kind, body)
        web.close()
        return checked

    @staticmethod
    def digest(kind, body):
        if isinstance(body, bytes):
            return hashlib.sha256(body).hexdigest()
        rows = [tuple("\0" if value is None else value for value in row) for row in body]
        # the rows of a metric have no order of their own
        return hashlib.sha256(repr(sorted(rows) if kind.startswith("metric") else rows).encode()).hexdigest()

    def strangers(self):
        """For each who is held: names that are nobody's of theirs."""
        reader = csv.DictReader(io.StringIO((HERE / "sample_data/deals.csv").read_text().lstrip("\ufeff")), delimiter=";")
        of = collections.defaultdict(set)
        for row in reader:
            if row["Филиал"]:
                of[row["Филиал"]].add(row["Ответственный"])
        own = lambda branch: of[branch] | {branch}
        every = set().union(*(own(branch) for branch in of))
        return {user: sorted(name for name in every - own(branch) if name) if branch else [] for user, branch in USERS.items()}

    # --- the load

    def judge(self, user, kind, body, oldest, took, began_by):
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else repr(body)
        found = [name for name in self.foreign[user] if name in text] if kind != "xlsx" else []
        known, mark = self.expected[(user, kind)], self.digest(kind, body)
        fits = [version for version in range(oldest, began_by + 1) if known.get(version) == mark]
        with self.lock:
            self.times[kind].append(took)
            if found:
                self.wrong.append(f"LEAK: {kind} for {user} has {found[:3]}")
            if not fits:
                seen = [version for version, other in known.items() if other == mark]
                self.wrong.append(f"{kind} for {user}: an answer of {seen or 'no version'}, and {oldest} to {began_by} may be seen: {text[:300]}")

    def ask(self, kind, user, question):
        oldest, began = self.ended, time.time()
        answer = question()
        took = time.time() - began
        if answer is not None:
            body, is_outrun = answer
            with self.lock:
                self.outrun += is_outrun
            self.judge(user, kind, body, 1 if is_outrun else oldest, took, self.begun)

    def of_pg(self, seed):
        pick = random.Random(seed)
        texts = {**{kind: text.format(deals="") for kind, text in SQL.items()}, **{kind: text for kind, (text, _) in METRICS.items()}, "sql catalog": CATALOG}
        while time.time() < self.until:
            user = pick.choice(list(USERS))
            try:
                with self.server.connect(user) as connection:
                    for _ in range(pick.randint(5, 60)):
                        if time.time() >= self.until:
                            break
                        kind = pick.choice(list(texts))
                        self.ask(kind, user, lambda: (sql(connection, texts[kind], prepare=pick.random() < 0.5), False))
            except psycopg.Error as error:
                self.refuse(f"pg {type(error).__name__}: {str(error).splitlines()[0][:120]}")

    def of_web(self, seed):
        pick = random.Random(seed)
        while time.time() < self.until:
            user, web, cookie = pick.choice(list(USERS)), self.server.web(), None
            try:
                if pick.random() < 0.5:
                    form = urllib.parse.urlencode({"name": user, "password": PASSWORD.format(user), "next": "/"})
                    web.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
                    answer = web.getresponse()
                    answer.read()
                    cookie = (answer.headers["Set-Cookie"] or "").split(";")[0]
                for _ in range(pick.randint(5, 60)):
                    if time.time() >= self.until:
                        break
                    kind = pick.choice(list(WEB))

                    def question():
                        status, body, is_outrun = get(web, user, WEB[kind][0], cookie, is_newest_wanted=False)
                        if status == 200:
                            return (body, is_outrun)
                        self.refuse(f"http {status} {' '.join(re.sub('<[^>]*>', ' ', body.decode()).split())[-110:]}")
                        time.sleep(0.5)

                    self.ask(kind, user, question)
            except (OSError, http.client.HTTPException) as error:
                self.refuse(f"http {type(error).__name__}: {error}")
            finally:
                web.close()

    def refuse(self, text):
        with self.lock:
            self.refused[text] += 1

    def figures(self, when):
        f = self.server.figures()
        self.say(f"  {when:14} {sum(map(len, self.times.values())):7} answers, ingest {self.ended:2}, RSS {f['rss']:5} MiB (peak {f['peak']}), {f['threads']} threads, "
                 f"{f['files']} open files ({f['sockets']} sockets), load {os.getloadavg()[0]:.1f}")
        return f

    def main(self):
        self.say(f"{subprocess.run([self.voronka, '--version'], capture_output=True, text=True).stdout.strip()}, {os.path.getsize(self.voronka) >> 20} MiB; "
                 f"{os.cpu_count()} cores, {os.uname().sysname} {os.uname().release}, load before {os.getloadavg()[0]:.1f}; {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC")
        self.foreign = self.strangers()
        self.learn()
        folder = self.company("live")
        self.ingest(folder, 1)
        self.ended = self.begun = 1
        self.server = Server(self, folder)
        self.say(f"{self.args.connections} connections for {self.args.minutes:g} min, an ingest every {self.every():.0f} s:")
        start = self.figures("started")
        began = time.time()
        self.until = began + 60 * self.args.minutes
        doors = [self.of_pg if seed % 5 < 3 else self.of_web for seed in range(self.args.connections)]
        threads = [threading.Thread(target=door, args=(seed,)) for seed, door in enumerate(doors)]
        [thread.start() for thread in threads]
        minutes, took = [], []
        while time.time() < self.until:
            if self.begun < self.args.versions and time.time() >= began + self.begun * self.every():
                self.begun += 1
                at = time.time()
                self.ingest(folder, self.begun)
                self.ended = self.begun
                took.append(time.time() - at)
            if time.time() >= began + 60 * (len(minutes) + 1):
                minutes.append(self.figures(f"minute {len(minutes) + 1}"))
            time.sleep(0.2)
        [thread.join() for thread in threads]
        asked = time.time() - began
        last = self.figures("last answer")
        time.sleep(min(30, 30 * self.args.minutes))
        idle = self.figures("idle")
        code, stop = self.server.stop()
        return self.told(start, minutes, last, idle, took, asked, code, stop)

    def every(self):
        return 60 * self.args.minutes / self.args.versions

    def told(self, start, minutes, last, idle, ingests, asked, code, stop):
        answers, refused = sum(map(len, self.times.values())), sum(self.refused.values())
        self.say(f"{answers} answers in {asked:.0f} s ({answers / asked:.1f} a second); ingests beside them took {statistics.median(ingests):.1f} s at the median" if ingests else f"{answers} answers")
        self.say(f"WRONG: {len(self.wrong)}; refused: {refused}; reports of an older state, named as such: {self.outrun}")
        self.say(f"memory: {start['rss']} MiB at the start, {[m['rss'] for m in minutes]} by minutes, {last['rss']} after the last answer, {idle['rss']} idle; "
                 f"threads {start['threads']} → {idle['threads']}; open files {start['files']} → {idle['files']}; ended with {code} in {stop:.1f} s")
        for kind, times in sorted(self.times.items()):
            times = sorted(times)
            self.say(f"  {kind:14} {len(times):6} answers  p50 {statistics.median(times) * 1000:7.0f} ms  p95 {times[int(len(times) * 0.95)] * 1000:7.0f} ms  most {times[-1] * 1000:7.0f} ms")
        for text, count in self.refused.most_common(8):
            self.say(f"  refused {count} times: {text}")
        for text in self.wrong[:10]:
            self.say(f"  WRONG {text}")
        for line in self.server.said[:10]:
            self.say(f"  server: {line.rstrip()}")
        if self.args.out:
            out = pathlib.Path(self.args.out)
            out.mkdir(parents=True, exist_ok=True)
            (out / "summary.txt").write_text("\n".join(self.lines) + "\n")
        return 1 if self.wrong or code or answers < self.args.connections or refused > answers / 50 else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voronka", default="voronka")
    parser.add_argument("--work", required=True, help="a folder for the two companies, which are made anew")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--versions", type=int, default=12)
    parser.add_argument("--out", help="where summary.txt is written")
    sys.exit(Load(parser.parse_args()).main())
