"""What compare.sh measured, as a table with ratios, and whether the answers agree.

    python3 compare.py RUNS ANSWERS STEPS

Reads RUNS/raw.tsv, the answers of each repetition and what the steps told; writes RUNS/table.md. Ends with 1 where answers differ that must
not: peers from each other in any cell, Voronka from them in any cell whose definition is the same, or from its own definition written once
more in SQL where it is another.
"""

import csv
import json
import os
import re
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers"))
from answers import COLUMNS, key_and_values  # noqa: E402

# the columns of Voronka's tables that are called otherwise; `response.` stands in a table of its own
OURS = {
    "funnel": {"reached_in_order": "reached_strict", "lost": "lost_total"},
    "time_in_stage": {"left": "left_stage"},
    "lead_quality": {"answered": "response.answered", "median_response_minutes": "response.median_minutes"},
    "revenue_weekly": {"new": "new_full", "repeat": "repeat_full"},
}
# the stages as the report names them
TITLES = {
    "New": "new",
    "Contacted": "contacted",
    "Qualified": "qualified",
    "Proposal": "proposal",
    "Negotiation": "negotiation",
    "Won": "won",
}
# what the report calls a group without a name
UNFILLED = "not filled"
# where Voronka's definition is another: the columns, and in what it differs
DIFFER = {
    "time_in_stage": (
        ["median_hours", "p90_hours"],
        "Voronka's quantiles are Kaplan–Meier's: a deal that still stands counts as standing at least so long, and the quantile is the first "
        "hour at which fewer than 1 − q are left. The peers take the stays that are over, and interpolate between two of them.",
    ),
    "lead_quality": (
        ["median_response_minutes"],
        "Voronka counts working minutes by the regulation's schedule, and a lead without an answer as waiting at least until it was closed or "
        "until the as-of date (Kaplan–Meier); leads of times for which no answers are loaded are left out. The peers count minutes by the clock, "
        "of answered leads alone. How many were answered is the same.",
    ),
    "revenue_weekly": (
        ["promo", "new", "repeat"],
        "Voronka first takes out what was sold under pressure: wins before which a week or month had more touches than the regulation's cap. The "
        "peers have no such part, so that their others are larger by it. Wins and revenue are the same.",
    ),
}
# what is the same in these numbers, though it is done otherwise or might be
ALIKE = [
    "*Rows.* Voronka refuses the deals and events whose date is none, and keeps what stands twice once, by key, among all rows of all ingests. The "
    "peers' loads refuse the same rows and keep each deal once; they do not look for events that stand twice, and no answer shows it, since a "
    "repeated event here is an entry into a stage and only first entries count.{repeated}",
    "*Time zones.* Voronka stores UTC and cuts days, weeks and months by the zone of the regulation. The peers keep local times as written; from "
    "Voronka's files they add three hours, which is right for Moscow since 2014 and for no zone with summer time.{zone}",
    "*Funnel.* \"Reached\" is the furthest stage that a deal entered, a win being the last; \"reached in order\" has the order of first entries. "
    "Neither has a window, as ClickHouse's `windowFunnel` has one.{window}",
    "*Refunds.* A refund is an event and lowers the revenue of no question, neither in Voronka nor in the peers; an amount below zero would, in "
    "both.{refunds}",
    "*Midnights.* Voronka takes an instant at exactly midnight for a day without a time, which lasts until its end; the peers take it as it "
    "is.{midnights}",
    "*Work.* Voronka's tables hold more than is compared: intervals of shares, bounds for what is not known, working hours, stale deals, conversion by "
    "day 90, costs. It writes a page (HTML) and CSV; the peers write the rows above.",
]
# the effect of each in figures, as definitions.py counts them
EFFECTS = {
    "repeated": " Events that stand twice: {0:,.0f}.",
    "zone": " By weeks in UTC {0:,.0f} wins of {1:,.2f} would fall into other weeks, and by months in UTC {2:,.0f} leads into other months.",
    "window": " Of {0:,.0f} deals that came to the last stage in order, {1:,.0f} did so within 30 days of their first entry, {2:,.0f} within 90.",
    "refunds": " Refunded wins: {0:,.0f}, of {1:,.2f}; wins of less than nothing: {2:,.0f}.",
    "midnights": " Closings, refusals, opt-outs and complaints at midnight: {0:,.0f}.",
}

STEPS = [
    ("load", "Exports into its own store", None),
    ("eight", "The eight questions from its own store", None),
    ("eight_of_store", "The eight questions from Voronka's Parquet files", "eight"),
    ("eight_plain", "Eight shorter questions (other answers, not compared)", "eight"),
    ("eight_kept", "The eight questions again, answers kept", "eight"),
    ("load_again", "The same exports again", "load"),
    ("load_week", "A week more", "load"),
    ("weekly", "The weekly report, computed anew", None),
    ("weekly_after_week", "The weekly report after the week more", "weekly"),
    ("demo", "`demo` (2,200 clients), whole", None),
    ("select_1", "`sql 'select 1'`", None),
]


def rows_of(path, key):
    with open(path, encoding="utf-8-sig", newline="") as lines:
        return {tuple(row[column] for column in key): row for row in csv.DictReader(lines)}


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def same(one, other):
    """Whether two cells are: numbers to what the shorter of them shows."""
    one, other = number(one), number(other)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-6 * max(1.0, abs(one), abs(other))
    return one == other


def of_peer(folder, name):
    """An answer of a peer: key → column → text."""
    return rows_of(os.path.join(folder, f"{name}.csv"), key_and_values(name)[0])


def of_voronka(folder, name):
    """The same answer of Voronka, with the peers' names of columns, and of stages."""
    key, values = key_and_values(name)
    tables = os.path.join(folder, "eight-tables")
    renamed = OURS.get(name, {})
    beside = {}
    found = {}
    for place, row in rows_of(os.path.join(tables, f"{name.replace('_', '-')}.csv"), key).items():
        told = {}
        for column in values:
            own = renamed.get(column, column)
            if "." in own:
                table, own = own.split(".")
                if table not in beside:
                    beside[table] = rows_of(os.path.join(tables, f"{table}.csv"), key)
                told[column] = beside[table].get(place, {}).get(own, "")
            else:
                told[column] = row[own]
        named = ("" if cell == UNFILLED else TITLES[cell] if column == "stage" else cell for column, cell in zip(key, place))
        found[tuple(named)] = told
    return found


class Check:
    """Compares answers, and remembers what is wrong."""

    def __init__(self):
        self.wrong = []
        self.cells = 0

    def alike(self, what, name, one, other, columns):
        """Whether two answers have the same rows, and the same in these columns."""
        before = len(self.wrong)
        missing = sorted(set(one) ^ set(other))
        if missing:
            self.wrong.append(f"{what}, {name}: {len(missing)} rows stand in one alone, such as {missing[0]}")
        for column in columns:
            self.cells += len(set(one) & set(other))
            differ = [key for key in one if key in other and not same(one[key][column], other[key][column])]
            if differ:
                key = sorted(differ)[0]
                values = f"{one[key][column]} and {other[key][column]}"
                self.wrong.append(f"{what}, {name}.{column}: {len(differ)} rows differ, such as {key}: {values}")
        return len(self.wrong) == before


def effect(name, column, ours, theirs):
    """How a difference of definition shows: rows that differ, and the sums or an example."""
    both = [key for key in ours if key in theirs]
    differ = [key for key in both if not same(ours[key][column], theirs[key][column])]
    if not differ:
        return f"`{column}`: no row of {len(both)} differs"
    told = [key for key in differ if ours[key][column] != "" and theirs[key][column] != ""]
    if name == "revenue_weekly":
        total = lambda rows: sum(float(rows[key][column] or 0) for key in both)
        return f"`{column}`: {len(differ)} of {len(both)} weeks differ, in sum {total(ours):,.2f} against {total(theirs):,.2f}"
    if not told:
        return f"`{column}`: {len(differ)} of {len(both)} rows differ"
    worst = max(told, key=lambda key: abs(float(ours[key][column]) - float(theirs[key][column])))
    values = f"{float(ours[worst][column]):,.2f} against {float(theirs[worst][column]):,.2f}"
    place = ", ".join(worst) or "(none)"
    return f"`{column}`: {len(differ)} of {len(both)} rows differ, most at {place}: {values}"


def answers_checked(folder, check):
    """Compares all answers; gives the paragraphs that tell what differs."""
    repetitions = sorted((name for name in os.listdir(folder) if name.isdigit()), key=int)
    engines = {name for repetition in repetitions for name in os.listdir(f"{folder}/{repetition}")}
    peers = sorted(name for name in engines if not name.startswith("voronka"))
    told = []
    for name in COLUMNS:
        key, values = key_and_values(name)
        other_columns, why = DIFFER.get(name, ([], ""))
        ours = {}
        if "voronka" in engines:
            for repetition in repetitions:
                for which in ("voronka", "voronka-after-week"):
                    if os.path.isdir(f"{folder}/{repetition}/{which}"):
                        found = of_voronka(f"{folder}/{repetition}/{which}", name)
                        if not ours:
                            ours = found
                            continue
                        check.alike(f"{which} of repetition {repetition} against the first", name, ours, found, values)
        if not peers:
            continue
        reference = of_peer(f"{folder}/{repetitions[0]}/{peers[0]}", name)
        others = [(repetition, peer) for repetition in repetitions for peer in peers][1:]
        for repetition, peer in others:
            if os.path.isdir(f"{folder}/{repetition}/{peer}"):
                found = of_peer(f"{folder}/{repetition}/{peer}", name)
                check.alike(f"{peer} of repetition {repetition} against {peers[0]}", name, reference, found, values)
        if not ours:
            continue
        equal = [column for column in values if column not in other_columns]
        is_same = check.alike(f"voronka against {peers[0]}", name, ours, reference, equal)
        defined = f"{folder}/definitions/{name}.csv"
        line = f"- **{name}**, {len(ours)} rows by {', '.join(key)}. {'The same in every row' if is_same else 'WRONG somewhere'}: {', '.join(equal)}."
        if other_columns:
            line += f"\n  {why}"
            line += "".join(f"\n  - {effect(name, column, ours, reference)}" for column in other_columns)
            if os.path.exists(defined):
                again = of_peer(os.path.dirname(defined), name)
                shown = {place: row for place, row in ours.items() if name != "revenue_weekly" or place in again}
                is_same = check.alike("voronka against its own definition in SQL", name, shown, again, other_columns)
                line += f"\n  - by Voronka's own definition, written once more in SQL: {'equal in every row' if is_same else 'WRONG'}"
            else:
                line += "\n  - not computed a second time"
        told.append(line)
    if not peers:
        told.append("- no peer ran: answers were compared with those of other repetitions alone")
    return told


def effects(answers):
    """What is done otherwise without an effect on these numbers, with figures where they were counted."""
    figures = {}
    if os.path.exists(f"{answers}/definitions/effects.json"):
        with open(f"{answers}/definitions/effects.json", encoding="utf-8") as counted:
            figures = json.load(counted)
    told = {name: text.format(*figures[name]) if name in figures else "" for name, text in EFFECTS.items()}
    return [f"- {line.format(**told)}" for line in ALIKE]


def seconds_by_question(answers, steps):
    """Medians of the seconds that each question took within its process: name → engine → seconds."""
    found = {}
    for repetition in sorted(name for name in os.listdir(answers) if name.isdigit()):
        for engine in os.listdir(f"{answers}/{repetition}"):
            path = f"{answers}/{repetition}/{engine}/seconds.json"
            if os.path.exists(path):
                with open(path, encoding="utf-8") as told:
                    for name, seconds in json.load(told).items():
                        found.setdefault(name, {}).setdefault(engine, []).append(seconds)
        path = f"{steps}/eight.voronka.{repetition}.err"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as told:
                metrics = {name: float(s) for s, name in re.findall(r"([\d.]+) s +\d+ × metric (\w+)", told.read())}
            metrics["lead_quality"] = metrics.get("lead_quality", 0) + metrics.get("response", 0)
            for name in COLUMNS:
                found.setdefault(name, {}).setdefault("voronka", []).append(metrics.get(name, 0))
    return found


def table(raw):
    """The Markdown table of all steps, with ratios to Voronka or to a step of the same run."""
    by = {}
    for row in raw:
        by.setdefault((row["step"], row["engine"]), []).append(row)
    wall = {key: statistics.median(float(row["wall_s"]) for row in rows) for key, rows in by.items()}
    lines = [
        "| what | program | wall, s | least–most | Voronka ÷ it | processor, s | peak, MiB | on disk, MiB |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for step, title, base in STEPS:
        for engine in ("voronka", "duckdb", "polars", "chdb"):
            rows = by.get((step, engine))
            if not rows:
                continue
            median = wall[step, engine]
            walls = [float(row["wall_s"]) for row in rows]
            worked = statistics.median(float(row["user_s"]) + float(row["sys_s"]) for row in rows)
            peak = statistics.median(float(row["peak_mib"]) for row in rows)
            disk = rows[0]["disk_mib"] if rows[0]["disk_mib"] != "-" else ""
            ratio = ""
            beside = step if (step, "voronka") in wall else base
            if engine != "voronka" and (beside, "voronka") in wall:
                ratio = f"{wall[beside, 'voronka'] / median:.2f}"
            elif engine == "voronka" and base and (base, "voronka") in wall:
                ratio = f"{median / wall[base, 'voronka']:.1%} of its `{base}`"
            lines.append(
                f"| {title} | {engine} | {median:.2f} | {min(walls):.2f}–{max(walls):.2f} | {ratio} | {worked:.2f} | {peak:,.0f} | {disk} |"
            )
    return lines


def main():
    runs, answers, steps = sys.argv[1:4]
    check = Check()
    told = answers_checked(answers, check)
    with open(f"{runs}/raw.tsv", encoding="utf-8", newline="") as lines:
        raw = list(csv.DictReader(lines, delimiter="\t"))
    with open(f"{runs}/summary.txt", encoding="utf-8") as lines:
        summary = [line for line in lines.read().splitlines() if line]
    repetitions = max(int(row["repetition"]) for row in raw)
    page = ["# Voronka beside DuckDB, Polars and chdb", ""]
    page += [f"- {line}" for line in summary]
    page += ["", f"Whole processes, medians of {repetitions}, in turn in one run; memory of the whole process tree. Raw numbers: raw.tsv.", ""]
    page += table(raw)
    stalled = [row for row in raw if float(row.get("stalled_s") or 0) > 0]
    for row in stalled:
        page += ["", f"**Not measured:** {row['step']} of {row['engine']}, repetition {row['repetition']}: stopped for {row['stalled_s']} s by somebody else."]
    seconds = seconds_by_question(answers, steps)
    engines = [e for e in ("voronka", "duckdb", "polars", "chdb", "duckdb-of-store", "polars-of-store") if any(e in found for found in seconds.values())]
    page += ["", "Seconds of each question within its process (of Voronka by `--timings`; questions that it asks side by side overlap):", ""]
    page += ["| question | " + " | ".join(engines) + " |", "|---|" + "--:|" * len(engines)]
    for name, found in seconds.items():
        cells = (f"{statistics.median(found[engine]):.3f}" if engine in found else "" for engine in engines)
        page.append(f"| {name} | " + " | ".join(cells) + " |")
    page += ["", "## The answers", ""]
    if check.wrong:
        page += ["**WRONG:**", ""] + [f"- {line}" for line in check.wrong]
    else:
        page += [f"{check.cells:,} pairs of cells compared, none differs that must not."]
    page += ["", *told, "", "What is done otherwise without an effect on the numbers that are said to be the same:", "", *effects(answers), ""]
    with open(f"{runs}/table.md", "w", encoding="utf-8") as out:
        out.write("\n".join(page))
    print("\n".join(page))
    for line in check.wrong:
        print("WRONG:", line, file=sys.stderr)
    sys.exit(1 if check.wrong else 0)


main()
