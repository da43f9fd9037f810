"""Eight questions as an analyst would first ask DuckDB of its tables: shorter than those of eight_duckdb.py, and their answers are not
Voronka's. A funnel by source and week of single entries; all moves and not first stays, by windows; touches counted by deal, without their
order. They were what speed was first measured against, so their time stands beside that of the others; the answers are not compared.

    plain_duckdb.py DB_FILE          prints the seconds and rows of each
"""

import sys
import time

import duckdb

QUESTIONS = {
    "funnel": """
WITH entries AS (
    SELECT
        deal_id,
        min("at") FILTER (WHERE stage = 'Новая') AS t0,
        min("at") FILTER (WHERE stage = 'Контакт') AS t1,
        min("at") FILTER (WHERE stage = 'Квалификация') AS t2,
        min("at") FILTER (WHERE stage = 'Предложение') AS t3,
        min("at") FILTER (WHERE stage = 'Переговоры') AS t4,
        min("at") FILTER (WHERE stage = 'Сделка успешна') AS t5
    FROM events
    WHERE kind = 'Стадия'
    GROUP BY 1
)
SELECT source, date_trunc('week', t0) AS week, count(t0), count(t1), count(t2), count(t3), count(t4), count(t5)
FROM entries
JOIN deals USING (deal_id)
GROUP BY 1, 2
ORDER BY 1, 2""",
    "time_in_stage": """
WITH moves AS (
    SELECT stage, epoch(lead("at") OVER (PARTITION BY deal_id ORDER BY "at")) - epoch("at") AS seconds
    FROM events
    WHERE kind = 'Стадия'
)
SELECT stage, count(*), avg(seconds), quantile_cont(seconds, [0.5, 0.9])
FROM moves
WHERE seconds IS NOT NULL
GROUP BY 1
ORDER BY 1""",
    "lead_quality": """
WITH answered AS (
    SELECT deal_id, min("at") AS first_touch
    FROM events
    WHERE kind IN ('Звонок', 'Письмо', 'Чат', 'Встреча') AND direction = 'исх'
    GROUP BY 1
),
qualified AS (
    SELECT DISTINCT deal_id
    FROM events
    WHERE kind = 'Стадия' AND stage IN ('Квалификация', 'Предложение', 'Переговоры', 'Сделка успешна')
)
SELECT
    contractor,
    count(*),
    count(qualified.deal_id),
    count(*) FILTER (WHERE status = 'won'),
    sum(amount) FILTER (WHERE status = 'won'),
    quantile_cont(epoch(first_touch) - epoch(created_at), 0.5)
FROM deals
LEFT JOIN answered USING (deal_id)
LEFT JOIN qualified USING (deal_id)
GROUP BY 1
ORDER BY 1""",
    "promo_clients": """
WITH clients AS (SELECT client_id, count(promo) AS promoted, count(*) AS won FROM deals WHERE status = 'won' GROUP BY 1)
SELECT count(*) FILTER (WHERE promoted = won), count(*) FILTER (WHERE promoted = 0), count(*)
FROM clients""",
    "roi": """
WITH earned AS (
    SELECT campaign, date_trunc('month', created_at) AS month, count(*) AS leads, sum(amount) FILTER (WHERE status = 'won') AS revenue
    FROM deals
    GROUP BY 1, 2
),
spent AS (SELECT campaign, date_trunc('month', day) AS month, sum(cost) AS cost FROM spend GROUP BY 1, 2)
SELECT campaign, month, leads, revenue, cost, revenue / cost - 1
FROM earned
JOIN spent USING (campaign, month)
ORDER BY 1, 2""",
    "pressure": """
WITH touches AS (
    SELECT deal_id, count(*) FILTER (WHERE kind <> 'Отписка') AS touches, count(*) FILTER (WHERE kind = 'Отписка') AS opted_out
    FROM events
    WHERE kind IN ('Звонок', 'Письмо', 'Чат', 'Встреча', 'Отписка')
    GROUP BY 1
)
SELECT least(touches, 15), count(*), count(*) FILTER (WHERE status = 'won'), sum(opted_out)
FROM touches
JOIN deals USING (deal_id)
GROUP BY 1
ORDER BY 1""",
    "retention": """
WITH firsts AS (SELECT client_id, min(date_trunc('month', closed_at)) AS cohort FROM deals WHERE status = 'won' GROUP BY 1)
SELECT cohort, date_trunc('month', closed_at) AS month, count(DISTINCT deals.client_id), sum(amount)
FROM deals
JOIN firsts USING (client_id)
WHERE status = 'won'
GROUP BY 1, 2
ORDER BY 1, 2""",
    "revenue_weekly": """
SELECT
    date_trunc('week', closed_at) AS week,
    sum(amount),
    sum(amount) FILTER (WHERE promo IS NOT NULL),
    count(*),
    count(DISTINCT client_id)
FROM deals
WHERE status = 'won'
GROUP BY 1
ORDER BY 1""",
}

con = duckdb.connect(sys.argv[1], read_only=True)
for name, sql in QUESTIONS.items():
    begun = time.monotonic()
    rows = con.execute(sql).fetchall()
    print(f"{name:16s} {time.monotonic() - begun:7.3f} s  {len(rows)} rows")
