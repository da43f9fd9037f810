#!/usr/bin/env python3
"""Null worlds: how often a verdict is given where nothing has an effect, and how often a planted effect is found.

    tests/oracles/null_worlds.py VORONKA [PART …]     parts: rules, bases, handling, pressure, spend, promo, findings, experiment, swing; none: all

Each world is a company that has no effect in it; worlds lie side by side in one store, as branches, so that one query judges them all. A
metric that corrects for the number of its groups would correct for all worlds at once: such a metric is held to its own world by the
edits in `SPLIT`; nothing else of it is changed. All queries beside this script are written as a company's own beside the store, so that the table is of
this checkout whatever the binary was built from. A report is asked with a section for each world. Prints the rows of docs/null-worlds.md, and how
long each part took. No dependency but Python itself; the seeds are fixed, so the same queries give the same table.
"""

import csv
import io
import math
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

QUERIES = Path(__file__).resolve().parents[2] / "queries"
WORLD = "split_part({}, chr(31), 1)"
TEST = "split_part(grp, chr(31), 2)"
START = datetime(2023, 1, 2)

# what keeps a metric within its world: (text, by what it is replaced)
SPLIT = {
    "rules/rule_effect": [
        ("PARTITION BY is_tested", "PARTITION BY grp, is_tested"),
    ],
    "tests/experiment": [
        ("count(p) OVER (PARTITION BY most)", f"count(p) OVER (PARTITION BY most, {TEST})"),
        ("(PARTITION BY most, p IS NOT NULL ORDER", f"(PARTITION BY most, {TEST}, p IS NOT NULL ORDER"),
        ("PARTITION BY most, is_tested", f"PARTITION BY most, {TEST}, is_tested"),
    ],
    "bases/base_comparison": [
        ("        figures.figure,\n        figures.is_share,",
         f"        concat(figures.figure, '~', {WORLD.format('sums.grp')}) AS figure,\n        figures.is_share,"),
        ("INNER JOIN figures ON measured.figure = figures.figure",
         "INNER JOIN figures ON split_part(measured.figure, '~', 1) = figures.figure"),
    ],
    "leads/lead_ranking": [
        ("SELECT 'won' AS what", f"SELECT concat('won~', {WORLD.format('grp')}) AS what"),
        ("SELECT 'qualified' AS what", f"SELECT concat('qualified~', {WORLD.format('grp')}) AS what"),
        ("        bool_or(what = 'won') AS by_won,\n        bool_or(what = 'qualified') AS by_qualified\n    FROM moments\n",
         "        split_part(what, '~', 2) AS world,\n        bool_or(what LIKE 'won%') AS by_won,\n"
         "        bool_or(what LIKE 'qualified%') AS by_qualified\n    FROM moments\n"),
        (">= 1.750686\n", ">= 1.750686\n    GROUP BY split_part(what, '~', 2)\n"),
        ("    SELECT\n        beta_binomial(counted.won", f"    SELECT\n        {WORLD.format('grp')} AS world,\n        beta_binomial(counted.won"),
        ("        sum(counted.qualified) AS qualified\n    FROM counted\n",
         f"        sum(counted.qualified) AS qualified\n    FROM counted\n    GROUP BY {WORLD.format('grp')}\n"),
        ("    CROSS JOIN prior\n    CROSS JOIN scattered\n",
         f"    INNER JOIN prior ON {WORLD.format('counted.grp')} = prior.world\n"
         f"    LEFT JOIN scattered ON {WORLD.format('counted.grp')} = scattered.world\n"),
    ],
}

REGULATION = """[company]
name = "Null"
currency = "USD"
time_zone = "UTC"
language = "en"
[schedule]
""" + "".join(f'{day} = "00:00-23:59"\n' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")) + """
[[stage]]
id = "s1"
title = "S1"
sla = "72h"
[[stage]]
id = "s2"
title = "S2"
qualified = true
sla = "72h"
evidence = "touch >= 2"
[[stage]]
id = "s3"
title = "S3"
sla = "72h"
[[stage]]
id = "won"
title = "Won"
terminal = "won"
[[stage]]
id = "lost"
title = "Lost"
terminal = "lost"
[response]
sla = "4h"
counted = "calendar"
buckets = ["1h", "4h"]
[[cap]]
kind = "any"
per_week = 3
[contact_hours]
"""

MAPPING = """zone = "UTC"
[[export]]
name = "deals"
files = "deals.csv"
delimiter = ","
dates = "yyyy-mm-dd HH:MM:SS"
decimal = "."
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
client_id = "client"
branch = "world"
manager = "manager"
source = "source"
contractor = "contractor"
promo = "promo"
status = "status"
lost_reason = "reason"
created_at = "created"
closed_at = "closed"
amount = "amount"
list_amount = "list"
"""
EVENTS = """[[export]]
name = "events"
files = "events.csv"
delimiter = ","
dates = "yyyy-mm-dd HH:MM:SS"
[[export.table]]
fill = "events"
[export.table.columns]
at = "at"
kind = "kind"
deal_id = "id"
direction = "direction"
stage = "stage"
"""
SPEND = """[[export]]
name = "spend"
files = "spend.csv"
delimiter = ","
dates = "yyyy-mm-dd"
decimal = "."
[[export.table]]
fill = "spend"
[export.table.columns]
day = "day"
contractor = "world"
cost = "amount"
"""
PROMOS = """[[export]]
name = "promos"
files = "promos.csv"
delimiter = ","
dates = "yyyy-mm-dd"
[[export.table]]
fill = "promos"
[export.table.columns]
promo = "promo"
starts = "first"
ends = "last"
"""


class Store:
    """A company of many worlds."""

    def __init__(self, voronka, regulation=REGULATION.replace("[contact_hours]\n", "")):
        self.voronka, self.dir = voronka, Path(tempfile.mkdtemp(prefix="null-worlds-"))
        self.deals, self.events, self.spend, self.promos = [], [], [], []
        (self.dir / "regulation.toml").write_text(regulation)

    def deal(self, world, created, closed, status, amount=100.0, **more):
        key = str(len(self.deals))
        row = dict(id=key, client=more.pop("client", key), world=world, created=created, closed=closed or "", status=status, amount=round(amount, 2))
        self.deals.append({**row, **more})
        return key

    def event(self, at, kind, key, stage=""):
        direction = "" if kind in ("stage", "refusal") else "outgoing"
        self.events.append(dict(at=at, kind=kind, id=key, direction=direction, stage=stage))

    def ingest(self):
        mapping, files = MAPPING, []
        tables = [("deals", self.deals, "", "id client world manager source contractor promo status reason created closed amount list"),
                  ("events", self.events, EVENTS, "at kind id direction stage"),
                  ("spend", self.spend, SPEND, "day world amount"),
                  ("promos", self.promos, PROMOS, "promo first last")]
        for name, rows, text, columns in tables:
            if not rows:
                continue
            mapping += text
            files.append(f"{name}.csv")
            with open(self.dir / f"{name}.csv", "w", newline="") as out:
                writer = csv.DictWriter(out, columns.split(), restval="", lineterminator="\n")
                writer.writeheader()
                for row in rows:
                    whole = {k: v.strftime("%Y-%m-%d %H:%M:%S") if isinstance(v, datetime) else v for k, v in row.items()}
                    writer.writerow(whole)
        (self.dir / "mapping.toml").write_text(mapping)
        own = self.dir / "queries"
        own.mkdir()
        for path in QUERIES.rglob("*.sql"):
            text = path.read_text()
            for old, new in SPLIT.get(str(path.relative_to(QUERIES))[:-4], []):
                if old not in text:
                    sys.exit(f"{path}: has no longer\n{old}")
                text = text.replace(old, new)
            folder = own / "shared" if path.parent.name == "shared" else own
            folder.mkdir(exist_ok=True)
            (folder / path.name).write_text(text)
        self.run("ingest", "--mapping", "mapping.toml", *files)

    def run(self, *args):
        done = subprocess.run([self.voronka, *args], cwd=self.dir, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{args}: {done.stderr}")
        return done.stdout

    def close(self):
        shutil.rmtree(self.dir)

    def query(self, metric, by, *args):
        return list(csv.DictReader(io.StringIO(self.run("query", metric, "--by", by, "--format", "csv", *args))))


def worlds(rows, verdicts, column="verdict", only=lambda row: True):
    """The worlds in which at least one row bears one of these verdicts."""
    return {row["branch"] for row in rows if only(row) and row.get(column) in verdicts}


def table(metric, verdict, null, stated, wrong, planted=None, found=None):
    found = f"{found} of {planted}" if planted else "—"
    print(f"| `{metric}` | {verdict} | {null} | {wrong} ({100 * wrong / null:.1f} %) | {stated} | {found} |", flush=True)


def journey(store, rng, world, shape, planted):
    """A company in which a deal is lost in each stage by chance alone; what is done with it depends on manager and month at most."""
    managers = {f"m{i}": (rng.uniform(0.25, 0.55), rng.uniform(0.5, 3.0), rng.uniform(0.6, 1.6)) for i in range(4)}
    for number in range(400):
        # growth: more deals in later months
        share = number / 400
        created = START + timedelta(days=180 * (math.sqrt(share) if shape == "growth" else share), seconds=rng.randrange(86400))
        name = rng.choice(sorted(managers))
        loss, speed, slow = managers[name] if shape in ("managers", "all") else (0.4, 1.0, 1.0)
        if shape in ("season", "all", "growth"):
            season = math.sin(created.month)
            loss, speed = min(max(loss + 0.15 * season, 0.05), 0.8), speed * math.exp(season)
        # the median answer takes four hours by the average manager
        answered = created + timedelta(hours=rng.expovariate(math.log(2) / (4 * speed)))
        if planted and answered > created + timedelta(hours=4):
            loss = min(loss + 0.25, 0.9)
        at, stage, moves, status = created, 1, [(created, "s1")], None
        while status is None:
            at = at + timedelta(days=rng.uniform(1, 5) * slow)
            if rng.random() < loss:
                status = "lost"
            elif stage == 2 and rng.random() < 0.15:
                moves.append((at, "s1"))
                stage = 1
            elif stage == 1 and rng.random() < 0.15:
                moves.append((at, "s3"))
                stage = 3
            elif stage == 3:
                status = "won"
            else:
                stage += 1
                moves.append((at, f"s{stage}"))
        key = store.deal(world, created, at, status, manager=name)
        for when, stage in moves + [(at, status)]:
            store.event(when, "stage", key, stage)
        touch = answered
        while touch < at:
            store.event(touch, "call", key)
            touch += timedelta(days=rng.expovariate(0.6))


def rules(voronka):
    rng, store, null, planted = random.Random(1), Store(voronka), 200, 40
    for number in range(null):
        journey(store, rng, f"w{number:03}", ("plain", "managers", "season", "growth")[number % 4], False)
    for number in range(planted):
        journey(store, rng, f"x{number:03}", ("plain", "managers", "season", "growth")[number % 4], True)
    store.ingest()
    rows = store.query("rule_effect", "branch", "--as-of", "2024-01-01")
    of_null = lambda row: row["branch"][0] == "w"
    found = len(worlds(rows, {"helps"}, only=lambda row: not of_null(row) and row["rule"] == "response"))
    table("rule_effect", "helps or hurts, any rule", null, "≤ 5 % of worlds", len(worlds(rows, {"helps", "hurts"}, only=of_null)), planted, found)
    for rule in sorted({row["rule"] for row in rows if row["verdict"] != "not_compared"}):
        wrong = worlds(rows, {"helps", "hurts"}, only=lambda row: of_null(row) and row["rule"] == rule)
        table("rule_effect", f"helps or hurts: {rule}", null, "≤ 5 % of worlds", len(wrong))
    store.close()


def bases(voronka):
    rng, store, null, planted = random.Random(2), Store(voronka), 400, 60
    for number in range(null + planted):
        world = f"{'w' if number < null else 'x'}{number:03}"
        groups, rate, sigma = rng.choice([2, 3, 8, 20]), rng.choice([0.05, 0.15, 0.4]), rng.choice([0.3, 1.0])
        for group in range(groups):
            size = rng.choice([1, 8, 31, 35, 60, 120]) if number < null else 120
            better = number >= null and group == 0
            for _ in range(size):
                created = START + timedelta(seconds=rng.randrange(86400 * 60))
                won = rng.random() < (min(rate * 2.2, 0.9) if better else rate)
                repeat = f"{world}{rng.randrange(40)}" if rng.random() < 0.3 else None
                amount = 1000 * rng.lognormvariate(0, sigma)
                more = {"client": repeat} if repeat else {}
                promo = "p" if rng.random() < 0.1 else ""
                store.deal(world, created, created + timedelta(days=rng.uniform(1, 20)), "won" if won else "lost", amount,
                           contractor=f"g{group}", source=rng.choice(["a", "b"]), promo=promo, manager="m", **more)
        # a crowd without a contractor that never buys must judge nobody
        for _ in range(rng.choice([0, 50])):
            created = START + timedelta(seconds=rng.randrange(86400 * 60))
            store.deal(world, created, created + timedelta(days=1), "lost", 10, source="a", manager="m")
    store.ingest()
    rows = store.query("base_comparison", "branch,contractor", "--as-of", "2024-01-01")
    rows = [{**row, "figure": row["figure"].split("~")[0]} for row in rows]
    for figure in ("win_rate", "average_deal", "revenue_per_lead", "repeat_share", "price_share"):
        of_null = lambda row: row["figure"] == figure and row["branch"][0] == "w"
        hit = lambda row: row["figure"] == figure and row["branch"][0] == "x" and row["contractor"] == "g0"
        effect = figure in ("win_rate", "revenue_per_lead")
        table("base_comparison", f"better or worse: {figure}", null, "≤ 5 % of worlds", len(worlds(rows, {"better", "worse"}, only=of_null)),
              planted if effect else None, len(worlds(rows, {"better"}, only=hit)))
    rows = store.query("lead_ranking", "branch,contractor", "--as-of", "2024-01-01")
    table("lead_ranking", "differ", null, "≤ 5 % of worlds", len(worlds(rows, {"differ"}, "scatter", lambda row: row["branch"][0] == "w")),
          planted, len(worlds(rows, {"differ"}, "scatter", lambda row: row["branch"][0] == "x")))
    store.close()


def handling(voronka):
    """Each world is a group whose leads are won at 0.3, however they are answered: the interval misses that in one world of twenty."""
    rng, store, null = random.Random(3), Store(voronka), 2400
    for number in range(null):
        for _ in range(rng.choice([30, 80, 200])):
            created = START + timedelta(seconds=rng.randrange(86400 * 60))
            key = store.deal(f"w{number:03}", created, created + timedelta(days=rng.uniform(2, 20)), "won" if rng.random() < 0.3 else "lost",
                             manager=f"m{rng.randrange(3)}", contractor=f"w{number:03}")
            if rng.random() < 0.8:
                store.event(created + timedelta(hours=rng.choice([0.5, 2, 9])), "call", key)
    store.ingest()
    rows = store.query("standardised_quality", "contractor", "--as-of", "2024-01-01")
    missed = sum(not float(row["standardised_rate_low"]) <= 0.3 <= float(row["standardised_rate_high"]) for row in rows)
    table("standardised_quality", "the interval misses the true rate", len(rows), "5 %", missed)
    store.close()


def pressure(voronka):
    """Each touch is followed by a win as often as by a refusal; planted: the first two by more wins, from the fifth on by more refusals."""
    rng, store, null, planted = random.Random(4), Store(voronka), 200, 40
    for number in range(null + planted):
        world = f"{'w' if number < null else 'x'}{number:03}"
        for _ in range(300):
            at = START + timedelta(seconds=rng.randrange(86400 * 60))
            created, calls, status, refused = at, [], "lost", None
            for touch in range(1, 13):
                at += timedelta(hours=rng.uniform(5, 40))
                calls.append(at)
                harm = 0.4 if number >= null and touch >= 5 else 0.08
                good = 0.2 if number >= null and touch <= 2 else 0.08
                draw = rng.random()
                if draw < good:
                    status = "won"
                    break
                if draw < good + harm:
                    refused = at + timedelta(hours=1)
                    break
            key = store.deal(world, created, at + timedelta(hours=3), status, manager="m")
            for when in calls:
                store.event(when, "call", key)
            if refused:
                store.event(refused, "refusal", key)
    store.ingest()
    rows = store.query("advised_stop", "branch", "--as-of", "2024-01-01")
    for column, said in (("advised_stop", "a stop is advised"), ("until_touch", "proven useful up to a touch")):
        told = {row["branch"] for row in rows if row[column] not in ("", "0")}
        table("advised_stop", said, null, "≤ 5 % of worlds", len([w for w in told if w[0] == "w"]), planted,
              len([w for w in told if w[0] == "x"]))
    store.close()


def spend(voronka):
    """Leads in proportion to spend; planted: to its power 0.4. In every second world weeks scatter more than Poisson's law says."""
    rng, store, null, planted = random.Random(5), Store(voronka), 600, 40
    for number in range(null + planted):
        world = f"{'w' if number < null else 'x'}{number:03}"
        for week in range(40):
            money = 1000 * rng.lognormvariate(0, 0.5)
            mean = 12 * (money / 1000) ** (1.0 if number < null else 0.4) * (rng.gammavariate(8, 1 / 8) if number % 2 else 1.0)
            leads = 0
            room = rng.expovariate(1)
            while room < mean:
                leads, room = leads + 1, room + rng.expovariate(1)
            monday = START + timedelta(weeks=week)
            store.spend.append(dict(day=monday.strftime("%Y-%m-%d"), world=world, amount=round(money, 2)))
            for _ in range(leads):
                created = monday + timedelta(seconds=rng.randrange(86400 * 7))
                store.deal(world, created, created + timedelta(days=3), "won" if rng.random() < 0.3 else "lost", contractor=world)
    store.ingest()
    rows = store.query("spend_elasticity", "contractor", "--as-of", "2024-01-01")
    for name in ("slope", "wins_slope"):
        told = {row["contractor"] for row in rows if row[f"{name}_high"] and float(row[f"{name}_high"]) < 1}
        table("spend_elasticity", f"each next rouble brings less (`{name}`)", null, "2.5 %", len([w for w in told if w[0] == "w"]),
              planted, len([w for w in told if w[0] == "x"]))
    store.close()


def promo(voronka):
    """Sales at a steady pace, with promotions that change nothing but their name; the price is paid in full or not by chance."""
    rng, store, null, planted = random.Random(6), Store(voronka), 400, 40
    starts = [90 + 60 * number for number in range(5)]
    for index, start in enumerate(starts):
        first = START + timedelta(days=start)
        store.promos.append(dict(promo=f"p{index}", first=first.strftime("%Y-%m-%d"), last=(first + timedelta(days=9)).strftime("%Y-%m-%d")))
    for number in range(null + planted):
        world, clients = f"{'w' if number < null else 'x'}{number:03}", rng.randrange(100, 300)
        for day in range(400):
            on = next((i for i, start in enumerate(starts) if start <= day < start + 10), None)
            mean, room = (4.0 if number >= null and on is not None else 2.0), rng.expovariate(1)
            while room < mean:
                room += rng.expovariate(1)
                closed = START + timedelta(days=day, seconds=rng.randrange(86400))
                under = on is not None and rng.random() < 0.5
                store.deal(world, closed - timedelta(days=rng.uniform(0, 1)), closed, "won", 100 * rng.lognormvariate(0, 0.3), manager="m",
                           client=f"{world}c{rng.randrange(clients)}", promo=f"p{on}" if under else "")
    store.ingest()
    args = ("--as-of", "2024-02-05")
    rows = store.query("promo_lift", "branch", *args)
    low, high = "net_won_low", "net_won_high"
    told = [row for row in rows if row[low] and (float(row[low]) > 0 or float(row[high]) < 0)]
    total = [row for row in rows if row[low] and row["branch"][0] == "w"]
    hits = [row for row in told if row["branch"][0] == "x" and float(row[low]) > 0]
    table("promo_lift", "`net_won`: interval excludes 0, by promotion", len(total), "5 %", len([r for r in told if r["branch"][0] == "w"]),
          len([r for r in rows if r["branch"][0] == "x" and r[low]]), len(hits))
    rows = [row for row in store.query("promo_trend", "branch", *args) if row["branch"][0] == "w"]
    for name in ("promo_share_change", "depth_change", "baseline_change"):
        known = [row for row in rows if row[f"{name}_low"]]
        told = [row for row in known if float(row[f"{name}_low"]) > 0 or float(row[f"{name}_high"]) < 0]
        if known:
            table("promo_trend", f"`{name}`: interval excludes 0", len(known), "5 %", len(told))
    store.close()


def swing(voronka):
    """Deals at an even rate of 5 to 12 a week; planted: the rate is four times as high in every other month. The target is the template's 0.25, judged as
    `src/report/findings/judge.rs` judges a number with an interval."""
    rng, store, null, planted = random.Random(9), Store(voronka), 400, 40
    for number in range(null + planted):
        world = f"{'w' if number < null else 'x'}{number:03}"
        pace, sigma = rng.uniform(5, 12), rng.choice([0.2, 0.5, 1.0])
        for week in range(30):
            mean = pace * (1.6 if week // 4 % 2 else 0.4) if number >= null else pace
            room = rng.expovariate(1)
            while room < mean:
                room += rng.expovariate(1)
                closed = START + timedelta(weeks=week, seconds=rng.randrange(86400 * 7))
                store.deal(world, closed - timedelta(days=1), closed, "won", 100 * rng.lognormvariate(0, sigma))
    store.ingest()
    last = (START + timedelta(weeks=30)).strftime("%Y-%m-%d")
    first = (START + timedelta(weeks=4)).strftime("%Y-%m-%d")
    rows = store.query("revenue_stability", "branch", "--from", first, "--to", last, "--as-of", last)
    figures = lambda row: [float(row[name]) for name in ("cv_adjusted", "cv_adjusted_low", "cv_adjusted_high")]
    missed = set()
    for row in rows:
        value, low, high = figures(row)
        p = math.erfc(abs((value - 0.25) / ((high - low) / 2 / 1.959964)) / math.sqrt(2))
        if value > 0.25 and p <= 0.05:
            missed.add(row["branch"])
    beyond = {row["branch"] for row in rows if figures(row)[1] > 0}
    count = lambda told, first: len([world for world in told if world[0] == first])
    for verdict, told, stated in (("misses its target, 0.25", missed, "≤ 5 % of worlds"), ("`cv_adjusted`: more than chance", beyond, "2.5 %")):
        table("revenue_stability", verdict, null, stated, count(told, "w"), planted, count(told, "x"))
    store.close()


TARGETS = [("lead_quality", "eventual_rate", "contractor"), ("lead_quality", "valid_rate", "contractor"), ("response", "sla_share", "manager")]
REPORT = """
title = "Null"
period = "13w"
[[section]]
id = "world"
title = "World"
each = "branch"
[[section.findings]]
period = "13w"
compare = ["previous"]
limit = 1000
"""


def findings(voronka):
    """A report with a section for each world: 2 to 12 groups, alike and as they were before. One target is out of reach, so that each group is told
    beside the others and beside what was; the other is what all groups are like, so that none of them misses it. Planted: g0 wins 2.5 times as
    often as the others, and g1 half as often as before."""
    rng, null, planted = random.Random(7), 200, 40
    rates = {"eventual_rate": 0.2, "valid_rate": 0.9, "sla_share": 0.8}
    regulation = REGULATION.replace("[contact_hours]\n", "") + "[funnel]\nhorizons_days = [30]\n"
    for reason in ("spam", "other"):
        regulation += f'[[lost_reason]]\nreason = "{reason}"\ntitle = "{reason}"\n' + ('means = "invalid"\n' if reason == "spam" else "")
    targets = {"beside": "", "own": ""}
    for title in targets:
        for metric, column, by in TARGETS:
            green = 0.9999 if title == "beside" else rates[column]
            targets[title] += (f'[[target]]\nmetric = "{metric}"\ncolumn = "{column}"\nby = ["{by}"]\nbetter = "higher"\ngreen = {green}\n'
                               f'red = {green - 0.00001:.6f}\ntitle = "{title}-{column}"\nadvice = "-"\n')
    store = Store(voronka, regulation)
    for number in range(null + planted):
        world, is_null = f"{'w' if number < null else 'x'}{number:03}", number < null
        for group in range(rng.choice([2, 5, 12])):
            for half, size in ((0, rng.choice([40, 80])), (1, rng.choice([40, 80]))):
                for _ in range(size if is_null else 80):
                    created = START + timedelta(weeks=13 * half, seconds=rng.randrange(86400 * 91))
                    rate = 0.2
                    if not is_null:
                        rate = 0.5 if group == 0 else 0.45 if group == 1 and half == 0 else 0.2
                    won, valid = rng.random() < rate, rng.random() < 0.875
                    key = store.deal(world, created, created + timedelta(days=rng.uniform(1, 10)), "won" if won else "lost",
                                     contractor=f"g{group}", manager=f"g{group}", reason="" if won else "other" if valid else "spam")
                    late = rng.random() < 0.2
                    store.event(created + timedelta(hours=rng.uniform(5, 20) if late else rng.uniform(0.1, 3.9)), "call", key)
    store.ingest()
    page = ""
    for title, of in targets.items():
        (store.dir / f"{title}.toml").write_text(regulation + of)
        # what was before plays no part in whether a target is missed
        (store.dir / "null.toml").write_text(REPORT if title == "beside" else REPORT.replace('compare = ["previous"]\n', ""))
        store.run("report", "null.toml", "--as-of", (START + timedelta(weeks=26)).strftime("%Y-%m-%d"), "--lang", "en", "--out", title,
                  "--regulation", f"{title}.toml")
        page += "".join(path.read_text() for path in sorted((store.dir / title).rglob("*.html")))
    told = {world: {} for world in {deal["world"] for deal in store.deals}}
    world = None
    # each world's heading, each target's groups, and what is said of them
    text = re.sub(r"<(style|script|svg).*?</\1>", " ", page, flags=re.S)
    text = re.sub(r"<[^>]+>", "\n", text)
    title = None
    for line in text.split("\n"):
        line = line.strip()
        if re.search(r"\b[wx]\d{3}$", line):
            world, title = line[-4:], None
        named = re.match(r"(beside|own)-(\w+)(: (g\d+)$)?", line)
        if named:
            title = (named[1], named[2], named[4])
        for said, verdict in (("Better than the others", "rest"), ("Worse than the others", "rest"), ("more than chance", "change")):
            if said in line and world and title and title[0] == "beside":
                told[world].setdefault((verdict, title[1]), set()).add((title[2], said))
        if named and named[1] == "own" and named[4] and world:
            told[world].setdefault(("red", title[1]), set()).add((title[2], ""))
        if world and title:
            told[world].setdefault("seen", set()).add(title)
    unseen = [world for world, what in told.items() if len({title[1] for title in what.get("seen", ()) if title[0] == "beside"}) < len(TARGETS)]
    if unseen:
        sys.exit(f"the report does not tell of {len(unseen)} worlds, such as {sorted(unseen)[0]}; its text is read by its titles: see {store.dir}")
    for _, column, _ in TARGETS:
        for verdict, said in (("rest", "better or worse than the others"), ("change", "changed, more than chance"), ("red", "misses the target that it is right on")):
            wrong = [world for world, what in told.items() if world[0] == "w" and (verdict, column) in what]
            group = {"rest": ("g0", "Better than the others"), "change": ("g1", "more than chance")}.get(verdict)
            hits = [world for world, what in told.items() if world[0] == "x" and group in what.get((verdict, column), ())]
            effect = column == "eventual_rate" and group
            table("findings", f"{said}: {column}", null, "≤ 5 % of worlds", len(wrong), planted if effect else None, len(hits))
    store.close()


def experiment(voronka):
    """Two to four arms that win alike, dealt out evenly; planted: one wins twice as often; or it got a quarter fewer deals than were meant."""
    rng, store, null, planted = random.Random(8), Store(voronka), 1000, 60
    for number in range(null + 2 * planted):
        world = f"{'w' if number < null else 'x' if number < null + planted else 'y'}{number:04}"
        arms, rate, size = rng.choice([2, 3, 4]), rng.choice([0.03, 0.1, 0.3]), rng.choice([20, 60, 200])
        if number >= null:
            arms, rate, size = 2, 0.15, 400
        for _ in range(arms * size):
            arm = rng.randrange(arms)
            if world[0] == "y" and arm == 1 and rng.random() < 0.25:
                continue
            won = rng.random() < (2 * rate if world[0] == "x" and arm == 1 else rate)
            created = START + timedelta(seconds=rng.randrange(86400 * 60))
            store.deal(world, created, created + timedelta(days=rng.uniform(1, 20)), "won" if won else "lost", source=f"arm{arm}")
    store.ingest()
    rows = store.query("experiment", "source,branch", "--as-of", "2024-01-01")
    of = lambda first: lambda row: row["branch"][0] == first
    table("experiment", "better or worse, any arm", null, "≤ 5 % of worlds", len(worlds(rows, {"better", "worse"}, only=of("w"))),
          planted, len(worlds(rows, {"better", "worse"}, only=of("x"))))
    table("experiment", "srm: the split is not the one meant", null, "0.1 %", len(worlds(rows, {"srm"}, only=of("w"))),
          planted, len(worlds(rows, {"srm"}, only=of("y"))))
    store.close()


PARTS = {"rules": rules, "bases": bases, "handling": handling, "pressure": pressure, "spend": spend, "promo": promo, "findings": findings,
         "experiment": experiment, "swing": swing}

if __name__ == "__main__":
    binary = str(Path(sys.argv[1]).resolve())
    for part in sys.argv[2:] or PARTS:
        begun = time.monotonic()
        PARTS[part](binary)
        print(f"{part}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
