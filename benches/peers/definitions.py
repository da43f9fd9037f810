"""Where Voronka answers by a definition of its own, the same definition once more, by DuckDB, from its own tables: so that a difference
between two answers is shown to be one of definition and no mistake. Not timed.

    definitions.py DB_FILE REGULATION ANSWERS AS_OF
"""

import json
import os
import sys
import tomllib

import duckdb
from answers import Asked
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
NEVER = 1_000_000

file, regulation, answers, as_of = sys.argv[1:5]
con = duckdb.connect(file, read_only=True)
with open(regulation, "rb") as rules:
    caps = [cap for cap in tomllib.load(rules).get("cap", []) if cap["kind"] == "any"]
asked = Asked(answers)


def bound(sql):
    sql = sql.format(**EXPORTED).replace("$as_of", f"TIMESTAMP '{as_of}'")
    for period in ("per_week", "per_month"):
        sql = sql.replace(f"${period}", str(min((cap.get(period, NEVER) for cap in caps), default=NEVER)))
    return sql


for name, sql in (("time_in_stage", STAYS), ("revenue_weekly", WEEKS)):
    asked.answer(name, lambda sql=sql: con.execute(bound(sql)).fetchall())
with open(os.path.join(answers, "effects.json"), "w", encoding="utf-8") as out:
    found = {name: [float(cell) for sql in asks for cell in con.execute(bound(sql)).fetchone()] for name, asks in EFFECTS.items()}
    json.dump(found, out, indent=1)
