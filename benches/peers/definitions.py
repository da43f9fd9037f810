"""Where Voronka answers by a definition of its own, the same definition once more, by DuckDB, from its own tables: so that a difference
between two answers is shown to be one of definition and no mistake. Not timed. It understands the regulation of sample_data, which compare.sh uses: a day of
work without a break, no shortened days.

    definitions.py DB_FILE REGULATION ANSWERS AS_OF
"""

import datetime
import json
import os
import sys
import tomllib

import duckdb
from answers import Asked, key_and_values
from eight_duckdb import ENTRIES, EXPORTED

# Kaplan–Meier: the first hour at which the share that still stands falls below 1 − q. Open deals are censored at the as-of date
STAYS = f"""
WITH {ENTRIES},
closed AS (SELECT entries.*, closed_at FROM entries JOIN deals USING (deal_id)),
stays AS (
    SELECT
        unnest(['new', 'contacted', 'qualified', 'proposal', 'negotiation']) AS stage,
        unnest([t1, t2, t3, t4, t5]) AS since,
        unnest([least(t2, t3, t4, t5, t6), least(t3, t4, t5, t6), least(t4, t5, t6), least(t5, t6), t6]) AS onward,
        lost_at,
        closed_at
    FROM closed
),
timed AS (
    SELECT stage, since, least(onward, CASE WHEN lost_at >= since THEN lost_at END, closed_at) AS left_at
    FROM stays
    WHERE since IS NOT NULL AND (onward IS NULL OR onward >= since)
),
hours AS (
    SELECT stage, epoch(coalesce(left_at, $as_of) - since) / 3600 AS hours, count(*) AS ended, count(left_at) AS events
    FROM timed
    GROUP BY ALL
),
at_risk AS (
    SELECT stage, hours, events, sum(ended) OVER (PARTITION BY stage ORDER BY hours DESC) AS at_risk
    FROM hours
),
curve AS (
    SELECT stage, hours, product(1.0 - events / at_risk) OVER (PARTITION BY stage ORDER BY hours) AS left_over
    FROM at_risk
),
counted AS (SELECT stage, count(*) AS entered, count(left_at) AS left_stage FROM timed GROUP BY stage)
SELECT
    stage,
    any_value(entered),
    any_value(left_stage),
    min(hours) FILTER (WHERE left_over < 0.5 - 1e-12),
    min(hours) FILTER (WHERE left_over < 0.1 - 1e-12)
FROM curve
JOIN counted USING (stage)
GROUP BY stage"""

# a win is pressured where, before it, a week or a month had more touches than the cap of the regulation for contacts of any kind
WEEKS = """
WITH touches AS (
    SELECT deal_id, "at"
    FROM events
    JOIN deals USING (deal_id)
    WHERE
        status = 'won'
        AND closed_at < $as_of
        AND "at" < closed_at
        AND ((kind IN ({answers}) AND direction = '{out}') OR kind = '{meeting}')
),
pressured AS (
    SELECT deal_id FROM touches GROUP BY deal_id, date_trunc('week', "at") HAVING count(*) > $per_week
    UNION
    SELECT deal_id FROM touches GROUP BY deal_id, date_trunc('month', "at") HAVING count(*) > $per_month
),
wins AS (
    SELECT
        closed_at,
        amount,
        deal_id IN (FROM pressured) AS is_pressured,
        promo IS NOT NULL AS is_promo,
        row_number() OVER (PARTITION BY client_id ORDER BY closed_at, deal_id) = 1 AS is_first
    FROM deals
    WHERE status = 'won' AND closed_at < $as_of
)
SELECT
    date_trunc('week', closed_at)::DATE AS week,
    count(*),
    sum(amount),
    coalesce(sum(amount) FILTER (WHERE NOT is_pressured AND is_promo), 0.00),
    coalesce(sum(amount) FILTER (WHERE NOT is_pressured AND NOT is_promo AND is_first), 0.00),
    coalesce(sum(amount) FILTER (WHERE NOT is_pressured AND NOT is_promo AND NOT is_first), 0.00)
FROM wins
GROUP BY week"""

# what other conventions would do to the numbers: a name and figures
EFFECTS = {
    "repeated": ["SELECT count(*) - count(DISTINCT event_id) FROM events"],
    "zone": [
        """SELECT count(*), coalesce(sum(amount), 0.00) FROM deals
        WHERE status = 'won' AND closed_at < $as_of AND date_trunc('week', closed_at) <> date_trunc('week', closed_at - INTERVAL 3 HOUR)""",
        "SELECT count(*) FROM deals WHERE date_trunc('month', created_at) <> date_trunc('month', created_at - INTERVAL 3 HOUR)",
    ],
    "window": [
        f"""WITH {ENTRIES},
        won AS (
            SELECT entries.* FROM entries JOIN deals USING (deal_id)
            WHERE t6 IS NOT NULL AND t1 <= t2 AND t2 <= t3 AND t3 <= t4 AND t4 <= t5 AND t5 <= t6
        )
        SELECT count(*), count(*) FILTER (WHERE t6 < t1 + INTERVAL 30 DAY), count(*) FILTER (WHERE t6 < t1 + INTERVAL 90 DAY) FROM won"""
    ],
    "refunds": [
        """SELECT count(*), coalesce(sum(amount), 0.00), count(*) FILTER (WHERE amount < 0) FROM deals
        WHERE status = 'won' AND closed_at < $as_of AND deal_id IN (SELECT deal_id FROM events WHERE kind = 'Возврат' AND "at" < $as_of)"""
    ],
    "midnights": [
        """SELECT
            (SELECT count(*) FROM deals WHERE closed_at = date_trunc('day', closed_at))
            + (SELECT count(*) FROM events WHERE kind IN ({harms}) AND "at" = date_trunc('day', "at"))"""
    ],
}
# the median of the first response, in working minutes: Kaplan–Meier over the leads of times for which answers are loaded
RESPONSE = """
WITH answered AS (
    SELECT deal_id, min("at") AS answered_at
    FROM events
    WHERE kind IN ({answers}) AND direction = '{out}' AND "at" < $as_of
    GROUP BY deal_id
),
leads AS (
    SELECT
        coalesce(contractor, '') AS contractor,
        created_at,
        answered_at IS NOT NULL AS is_answered,
        greatest(created_at, coalesce(answered_at, least(coalesce(closed_at, $as_of), loaded.until))) AS until
    FROM deals
    LEFT JOIN answered USING (deal_id)
    JOIN loaded USING (manager, branch)
    WHERE
        created_at >= loaded.since
        AND (answered_at IS NOT NULL OR created_at < loaded.until)
        AND created_at <> date_trunc('day', created_at)
        AND coalesce(answered_at <> date_trunc('day', answered_at), true)
),
waited AS (
    SELECT
        contractor,
        is_answered,
        ends.before + least(greatest(epoch(until) - ends.opens, 0), ends.closes - ends.opens)
        - begins.before - least(greatest(epoch(created_at) - begins.opens, 0), begins.closes - begins.opens) AS seconds
    FROM leads
    JOIN working_days AS begins ON begins.day = created_at::DATE
    JOIN working_days AS ends ON ends.day = until::DATE
),
steps AS (SELECT contractor, seconds, count(*) AS ended, count(*) FILTER (WHERE is_answered) AS events FROM waited GROUP BY ALL),
at_risk AS (
    SELECT contractor, seconds, events, sum(ended) OVER (PARTITION BY contractor ORDER BY seconds DESC) AS at_risk
    FROM steps
),
curve AS (
    SELECT contractor, seconds, product(1.0 - events / at_risk) OVER (PARTITION BY contractor ORDER BY seconds) AS left_over
    FROM at_risk
)
SELECT contractor, {nothing}, min(seconds) FILTER (WHERE left_over < 0.5 - 1e-12) / 60
FROM curve
GROUP BY contractor""".replace("{nothing}", ", ".join(["NULL"] * (len(key_and_values("lead_quality")[1]) - 1)))

# the days on which there are events, by kind, who called, whose deal it is and in which branch
EVENT_DAYS = """
SELECT DISTINCT kind, direction = '{out}' AND kind IN ({answers}) AS is_answer, events.manager, deals.manager, branch, "at"::DATE
FROM events
LEFT JOIN deals USING (deal_id)
WHERE "at" < $as_of AND kind IN ({answers})"""


def is_dense(own, others):
    """Whether there are events on at least half of the days on which others have some, and on a quarter of all."""
    meanwhile = sum(1 for day in others if min(own) <= day <= max(own))
    return len(own) >= 5 and 2 * len(own) >= meanwhile and 4 * len(own) >= len(others)


def loaded_spans(rows, pairs):
    """From when to when answers are loaded, by manager and branch, as docs/decisions/unknown.md has it."""
    answers, kinds, managers, branches = set(), {}, {}, {}
    for kind, is_answer, caller, manager, branch, day in rows:
        kinds.setdefault(kind, set()).add(day)
        if is_answer:
            answers.add(day)
            for who in {caller, manager} - {None}:
                managers.setdefault(who, set()).add(day)
            if branch is not None:
                branches.setdefault(branch, set()).add(day)
    dense = [days for days in kinds.values() if is_dense(days, answers)]
    since, until = max(min(days) for days in dense), min(max(days) for days in dense)

    def span(days):
        if is_dense(days, answers):
            return min(days), max(days)
        ordered = sorted(days)
        silence = max([(next_day - day).days for day, next_day in zip(ordered, ordered[1:])] + [7])
        return ordered[0], min(ordered[-1] + datetime.timedelta(days=silence), until)

    for manager, branch in pairs:
        if manager in managers and branch in branches:
            spans = [(since, until), span(managers[manager]), span(branches[branch])]
            first, last = max(begins for begins, _ in spans), min(ends for _, ends in spans)
            yield manager, branch, first, last + datetime.timedelta(days=1)


def working_days(schedule, first, last):
    """Each day: its seconds since 1970 at which work begins and ends, and the working seconds of all days before it."""
    holidays = set()
    for entry in schedule.get("holidays", []):
        begins, _, ends = str(entry).partition("..")
        day, end = datetime.date.fromisoformat(begins), datetime.date.fromisoformat(ends or begins)
        while day <= end:
            holidays.add(day)
            day += datetime.timedelta(days=1)
    before, day = 0, first
    while day <= last:
        hours = schedule["mon tue wed thu fri sat sun".split()[day.weekday()]]
        midnight = (day - datetime.date(1970, 1, 1)).days * 86_400
        opens = closes = midnight
        if hours != "off" and day not in holidays:
            opens, closes = (midnight + int(hour[:2]) * 3600 + int(hour[3:]) * 60 for hour in hours.split("-"))
        yield day, opens, closes, before
        before += closes - opens
        day += datetime.timedelta(days=1)


def responses(con, schedule, as_of):
    """The tables that the question of responses needs."""
    con.execute("CREATE TEMP TABLE loaded (manager VARCHAR, branch VARCHAR, since TIMESTAMP, until TIMESTAMP)")
    pairs = con.execute("SELECT DISTINCT manager, branch FROM deals").fetchall()
    con.executemany("INSERT INTO loaded VALUES (?, ?, ?, ?)", list(loaded_spans(con.execute(bound(EVENT_DAYS)).fetchall(), pairs)))
    con.execute("CREATE TEMP TABLE working_days (day DATE, opens BIGINT, closes BIGINT, before BIGINT)")
    first = con.execute("SELECT min(created_at)::DATE FROM deals").fetchone()[0]
    days = list(working_days(schedule, first, datetime.date.fromisoformat(as_of)))
    con.executemany("INSERT INTO working_days VALUES (?, ?, ?, ?)", days)
    return con.execute(bound(RESPONSE)).fetchall()


NEVER = 1_000_000

database, regulation, answers, as_of = sys.argv[1:5]
con = duckdb.connect(database, read_only=True)
with open(regulation, "rb") as file:
    rules = tomllib.load(file)
caps = [cap for cap in rules.get("cap", []) if cap["kind"] == "any"]
asked = Asked(answers)


def bound(sql):
    sql = sql.format(**EXPORTED).replace("$as_of", f"TIMESTAMP '{as_of}'")
    for period in ("per_week", "per_month"):
        sql = sql.replace(f"${period}", str(min((cap.get(period, NEVER) for cap in caps), default=NEVER)))
    return sql


for name, sql in (("time_in_stage", STAYS), ("revenue_weekly", WEEKS)):
    asked.answer(name, lambda sql=sql: con.execute(bound(sql)).fetchall())
asked.answer("lead_quality", lambda: responses(con, rules["schedule"], as_of))
with open(os.path.join(answers, "effects.json"), "w", encoding="utf-8") as out:
    found = {name: [float(cell) for sql in asks for cell in con.execute(bound(sql)).fetchone()] for name, asks in EFFECTS.items()}
    json.dump(found, out, indent=1)
