"""The eight report questions, by DuckDB.

    eight_duckdb.py load EXPORTS DB_FILE               exports → its own database file
    eight_duckdb.py add EXPORTS DB_FILE                further exports into that file, by key
    eight_duckdb.py ask DB_FILE ANSWERS AS_OF          the eight questions of that file
    eight_duckdb.py ask-store STORE ANSWERS AS_OF      the same of the Parquet files of a Voronka store

The types are proper ones, words that recur are ENUMs, what a row says twice is kept once, and rows whose dates are none are refused,
as Voronka refuses them. All settings but those of the reader are DuckDB's own: as many threads as there are cores.
"""

import os
import sys

import duckdb
from answers import STAGES, Asked
from store_files import data_files

# of an export: its columns that are used, in its own words
DEALS = {
    "ID": "BIGINT",
    "Название сделки": "VARCHAR",
    "Воронка": "VARCHAR",
    "Стадия сделки": "VARCHAR",
    "Сумма": "DECIMAL(18,2)",
    "Сумма до скидки": "DECIMAL(18,2)",
    "Себестоимость": "DECIMAL(18,2)",
    "ID контакта": "BIGINT",
    "Ответственный": "VARCHAR",
    "Филиал": "VARCHAR",
    "Источник": "VARCHAR",
    "Подрядчик": "VARCHAR",
    "Кампания": "VARCHAR",
    "Дата создания": "TIMESTAMP",
    "Дата закрытия": "TIMESTAMP",
    "Сделка закрыта": "VARCHAR",
    "Акция": "VARCHAR",
    "Интерес": "VARCHAR",
    "Причина отказа": "VARCHAR",
    "Плановая дата закрытия": "VARCHAR",
    "Вероятность, %": "VARCHAR",
}
EVENTS = {
    "ID": "VARCHAR",
    "Дата": "TIMESTAMP",
    "Тип": "VARCHAR",
    "Сделка": "BIGINT",
    "Контакт": "BIGINT",
    "Сотрудник": "VARCHAR",
    "Куда": "VARCHAR",
    "Итог": "VARCHAR",
    "Секунд": "BIGINT",
    "Стадия": "VARCHAR",
    "Балл": "DECIMAL(9,2)",
}
SPEND = {
    "Дата": "DATE",
    "Площадка": "VARCHAR",
    "Подрядчик": "VARCHAR",
    "Кампания": "VARCHAR",
    "Показы": "BIGINT",
    "Клики": "BIGINT",
    "Расход (руб.)": "DECIMAL(18,2)",
    "Конверсии": "BIGINT",
    "Заказы": "BIGINT",
    "Доход (руб.)": "DECIMAL(18,2)",
}
CHANGES = {
    "ID": "VARCHAR",
    "Дата": "TIMESTAMP",
    "Сделка": "BIGINT",
    "Поле": "VARCHAR",
    "Сумма": "DECIMAL(18,2)",
    "Плановая дата": "DATE",
    "Вероятность, %": "DECIMAL(9,2)",
}
CLIENTS = {"ID": "BIGINT", "Тип": "VARCHAR", "Филиал": "VARCHAR", "Первое обращение": "DATE"}
# the words of the exports, and those of the store
EXPORTED = {
    "new": "Новая",
    "contacted": "Контакт",
    "qualified": "Квалификация",
    "proposal": "Предложение",
    "negotiation": "Переговоры",
    "won_stage": "Сделка успешна",
    "lost_stage": "Сделка провалена",
    "stage": "Стадия",
    "answers": "'Звонок', 'Письмо', 'Чат'",
    "meeting": "Встреча",
    "harms": "'Отказ', 'Отписка', 'Жалоба'",
    "out": "исх",
    "invalid": "'Дубль', 'Спам', 'Неверный номер'",
    "too_dear": "'Дорого', 'Дешевле у других'",
    "price": "Цена",
}
STORED = {
    "new": "new",
    "contacted": "contacted",
    "qualified": "qualified",
    "proposal": "proposal",
    "negotiation": "negotiation",
    "won_stage": "won",
    "lost_stage": "lost",
    "stage": "stage",
    "answers": "'call', 'email', 'sms', 'message'",
    "meeting": "meeting",
    "harms": "'refusal', 'opt_out', 'complaint'",
    "out": "outgoing",
    "invalid": "'duplicate', 'spam', 'wrong_number'",
    "too_dear": "'expensive', 'competitor_price'",
    "price": "price",
}

# the first entry of each deal into each stage
ENTRIES = """
entries AS (
    SELECT
        deal_id,
        min("at") FILTER (WHERE stage = '{new}') AS t1,
        min("at") FILTER (WHERE stage = '{contacted}') AS t2,
        min("at") FILTER (WHERE stage = '{qualified}') AS t3,
        min("at") FILTER (WHERE stage = '{proposal}') AS t4,
        min("at") FILTER (WHERE stage = '{negotiation}') AS t5,
        min("at") FILTER (WHERE stage = '{won_stage}') AS t6,
        min("at") FILTER (WHERE stage = '{lost_stage}') AS lost_at
    FROM events
    WHERE kind = '{stage}' AND "at" < $as_of
    GROUP BY deal_id
)"""

QUESTIONS = {
    "funnel": f"""
WITH {ENTRIES},
paths AS (
    SELECT
        coalesce(source::VARCHAR, '') AS source,
        status,
        CASE
            WHEN status = 'won' OR t6 IS NOT NULL THEN 6
            WHEN t5 IS NOT NULL THEN 5
            WHEN t4 IS NOT NULL THEN 4
            WHEN t3 IS NOT NULL THEN 3
            WHEN t2 IS NOT NULL THEN 2
            ELSE 1
        END AS furthest,
        CASE
            WHEN coalesce(t1, t2, t3, t4, t5, t6) IS NULL THEN 1
            WHEN t1 IS NULL THEN 0
            WHEN t2 IS NULL OR t2 < t1 THEN 1
            WHEN t3 IS NULL OR t3 < t2 THEN 2
            WHEN t4 IS NULL OR t4 < t3 THEN 3
            WHEN t5 IS NULL OR t5 < t4 THEN 4
            WHEN status = 'won' OR t6 >= t5 THEN 6
            ELSE 5
        END AS in_order
    FROM deals
    LEFT JOIN entries USING (deal_id)
),
counted AS (SELECT source, status, furthest, in_order, count(*) AS deals FROM paths GROUP BY ALL)
SELECT
    source,
    stage,
    coalesce(sum(deals) FILTER (WHERE furthest >= nth), 0)::BIGINT,
    coalesce(sum(deals) FILTER (WHERE in_order >= nth), 0)::BIGINT,
    coalesce(sum(deals) FILTER (WHERE furthest = nth AND nth < 6 AND status = 'lost'), 0)::BIGINT,
    coalesce(sum(deals) FILTER (WHERE furthest = nth AND nth < 6 AND status = 'open'), 0)::BIGINT
FROM counted
CROSS JOIN (VALUES (1, 'new'), (2, 'contacted'), (3, 'qualified'), (4, 'proposal'), (5, 'negotiation'), (6, 'won')) AS stages (nth, stage)
GROUP BY source, stage""",
    # a stay lasts from the first entry to the first entry into any later stage, to the loss, or to the closing
    "time_in_stage": f"""
WITH {ENTRIES},
closed AS (SELECT entries.*, closed_at FROM entries JOIN deals USING (deal_id)),
later AS (
    SELECT
        [t1, t2, t3, t4, t5] AS entered,
        [least(t2, t3, t4, t5, t6), least(t3, t4, t5, t6), least(t4, t5, t6), least(t5, t6), t6] AS onward,
        lost_at,
        closed_at
    FROM closed
),
stays AS (
    SELECT unnest([1, 2, 3, 4, 5]) AS nth, unnest(entered) AS since, unnest(onward) AS onward, lost_at, closed_at
    FROM later
),
timed AS (
    SELECT
        nth,
        epoch(least(onward, CASE WHEN lost_at >= since THEN lost_at END, closed_at) - since) / 3600 AS hours
    FROM stays
    WHERE since IS NOT NULL AND (onward IS NULL OR onward >= since)
)
SELECT
    ['new', 'contacted', 'qualified', 'proposal', 'negotiation'][nth],
    count(*),
    count(hours),
    quantile_cont(hours, [0.5, 0.9])[1],
    quantile_cont(hours, [0.5, 0.9])[2]
FROM timed
GROUP BY nth""",
    "lead_quality": """
WITH worked AS (
    SELECT
        deal_id,
        min("at") FILTER (WHERE kind IN ({answers}) AND direction = '{out}') AS answered_at,
        bool_or(stage IN ('{qualified}', '{proposal}', '{negotiation}', '{won_stage}')) AS is_qualified
    FROM events
    WHERE "at" < $as_of AND kind IN ('{stage}', {answers})
    GROUP BY deal_id
)
SELECT
    coalesce(contractor::VARCHAR, ''),
    count(*),
    count(*) FILTER (WHERE (status = 'lost' AND lost_reason IN ({invalid})) IS NOT TRUE),
    count(*) FILTER (WHERE status = 'won' OR is_qualified),
    count(*) FILTER (WHERE status = 'won'),
    count(*) FILTER (WHERE status = 'lost'),
    count(*) FILTER (WHERE status = 'open'),
    count(*) FILTER (WHERE promo IS NOT NULL OR interest = '{price}' OR (status = 'lost' AND lost_reason IN ({too_dear}))),
    count(answered_at),
    quantile_cont(epoch(answered_at - created_at) / 60, 0.5)
FROM deals
LEFT JOIN worked USING (deal_id)
GROUP BY 1""",
    "promo_clients": """
WITH clients AS (
    SELECT count(promo) AS promoted, count(*) AS won, sum(amount) AS revenue
    FROM deals
    WHERE status = 'won' AND closed_at < $as_of AND client_id IS NOT NULL
    GROUP BY client_id
)
SELECT CASE promoted WHEN won THEN 'promo_only' WHEN 0 THEN 'never' ELSE 'mixed' END, count(*), sum(revenue)
FROM clients
GROUP BY 1""",
    # leads of ways on which money was spent, by month of arrival and whole months until the win
    "payback": """
WITH ways AS (SELECT DISTINCT source::VARCHAR AS source, contractor::VARCHAR AS contractor, campaign::VARCHAR AS campaign FROM spend WHERE cost > 0),
paid AS (
    SELECT
        campaign::VARCHAR AS campaign,
        date_trunc('month', created_at)::DATE AS month,
        CASE WHEN status = 'won' THEN datediff('month', created_at, closed_at) END AS age,
        amount,
        amount - cost AS margin
    FROM deals
    SEMI JOIN ways ON deals.source::VARCHAR = ways.source AND deals.contractor::VARCHAR = ways.contractor AND deals.campaign::VARCHAR = ways.campaign
),
earned AS (SELECT campaign, month, age, count(*) AS deals, sum(amount) AS revenue, sum(margin) AS margin FROM paid GROUP BY ALL),
arrived AS (SELECT campaign, month, sum(deals)::BIGINT AS leads FROM earned GROUP BY ALL),
spent AS (SELECT campaign::VARCHAR AS campaign, date_trunc('month', day)::DATE AS month, sum(cost) AS spend FROM spend WHERE day < $as_of GROUP BY ALL),
cells AS (
    SELECT campaign, month, leads, spend, unnest(range(0, datediff('month', month, $as_of - INTERVAL 1 DAY) + 1)) AS age
    FROM arrived
    FULL JOIN spent USING (campaign, month)
)
SELECT
    campaign,
    month,
    age,
    coalesce(leads, 0),
    spend,
    coalesce(revenue, 0.00),
    coalesce(margin, 0.00),
    sum(coalesce(margin, 0.00)) OVER (PARTITION BY campaign, month ORDER BY age)
FROM cells
LEFT JOIN earned USING (campaign, month, age)""",
    # the k-th touch of each deal that was open and unharmed when it came
    "touch_hazard": """
WITH touches AS (
    SELECT
        deal_id,
        "at",
        row_number() OVER of_deal AS touch,
        lead("at") OVER of_deal AS next_at
    FROM events
    WHERE "at" < $as_of AND deal_id IS NOT NULL AND ((kind IN ({answers}) AND direction = '{out}') OR kind = '{meeting}')
    WINDOW of_deal AS (PARTITION BY deal_id ORDER BY "at")
),
harms AS (SELECT deal_id, min("at") AS harmed_at FROM events WHERE kind IN ({harms}) AND "at" < $as_of GROUP BY deal_id)
SELECT
    touch,
    count(*),
    count(*) FILTER (WHERE status = 'won' AND closed_at >= "at" AND (next_at IS NULL OR closed_at < next_at)),
    count(*) FILTER (WHERE harmed_at >= "at" AND (next_at IS NULL OR harmed_at < next_at))
FROM touches
JOIN deals USING (deal_id)
LEFT JOIN harms USING (deal_id)
WHERE (closed_at IS NULL OR closed_at >= "at") AND (harmed_at IS NULL OR harmed_at >= "at")
GROUP BY touch""",
    "retention": """
WITH bought AS (
    SELECT client_id, date_trunc('month', closed_at)::DATE AS month, sum(amount) AS revenue
    FROM deals
    WHERE status = 'won' AND closed_at < $as_of AND client_id IS NOT NULL
    GROUP BY ALL
),
aged AS (
    SELECT client_id, min(month) OVER (PARTITION BY client_id) AS cohort, month, revenue
    FROM bought
),
earned AS (
    SELECT cohort, datediff('month', cohort, month) AS age, count(*) AS retained, sum(revenue) AS revenue
    FROM aged
    GROUP BY ALL
),
cells AS (
    SELECT cohort, retained AS clients, unnest(range(0, datediff('month', cohort, $as_of))) AS age
    FROM earned
    WHERE age = 0
)
SELECT cohort, age, clients, coalesce(retained, 0), coalesce(revenue, 0.00)
FROM cells
LEFT JOIN earned USING (cohort, age)""",
    "revenue_weekly": """
WITH wins AS (
    SELECT
        closed_at,
        amount,
        promo IS NOT NULL AS is_promo,
        row_number() OVER (PARTITION BY client_id ORDER BY closed_at, deal_id) = 1 AS is_first
    FROM deals
    WHERE status = 'won' AND closed_at < $as_of
),
by_week AS (
    SELECT
        date_trunc('week', closed_at)::DATE AS week,
        count(*) AS won,
        sum(amount) AS revenue,
        sum(amount) FILTER (WHERE is_promo) AS promo,
        sum(amount) FILTER (WHERE NOT is_promo AND is_first) AS new,
        sum(amount) FILTER (WHERE NOT is_promo AND NOT is_first) AS repeat
    FROM wins
    GROUP BY 1
),
weeks AS (SELECT unnest(generate_series((SELECT min(week) FROM by_week)::TIMESTAMP, $as_of - INTERVAL 1 DAY, INTERVAL 7 DAY))::DATE AS week)
SELECT week, coalesce(won, 0), coalesce(revenue, 0.00), coalesce(promo, 0.00), coalesce(new, 0.00), coalesce(repeat, 0.00)
FROM weeks
LEFT JOIN by_week USING (week)""",
}


def exported(path, columns, empty=()):
    """An export, read with its types; rows that do not fit them go to reject_errors."""
    names = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    nulls = ", ".join(f"'{text}'" for text in ("", *empty))
    return f"""read_csv('{path}', delim = ';', header = true, quote = '"', escape = '"', decimal_separator = ',',
        timestampformat = '%d.%m.%Y %H:%M:%S', dateformat = '%d.%m.%Y', columns = {{{names}}}, nullstr = [{nulls}], auto_detect = false, store_rejects = true)"""


def typed(exports):
    """Each table as a query over the exports."""
    return {
        "deals": f"""
        SELECT
            "ID" AS deal_id,
            "ID контакта" AS client_id,
            "Воронка" AS pipeline,
            "Стадия сделки"::stage AS stage,
            (CASE "Стадия сделки" WHEN 'Сделка успешна' THEN 'won' WHEN 'Сделка провалена' THEN 'lost' ELSE 'open' END)::status AS status,
            "Ответственный" AS manager,
            "Филиал" AS branch,
            "Источник" AS source,
            "Подрядчик" AS contractor,
            "Кампания" AS campaign,
            "Дата создания" AS created_at,
            "Дата закрытия" AS closed_at,
            "Сумма" AS amount,
            "Сумма до скидки" AS list_amount,
            "Себестоимость" AS cost,
            "Акция" AS promo,
            "Интерес" AS interest,
            "Причина отказа" AS lost_reason,
            "Название сделки" AS product
        FROM {exported(f"{exports}/deals.csv", DEALS, ["не закрыта"])}
        WHERE "Название сделки" IS DISTINCT FROM 'Итого'
        QUALIFY row_number() OVER (PARTITION BY "ID") = 1""",
        "events": f"""
        SELECT
            "ID" AS event_id,
            "Дата" AS "at",
            "Тип"::kind AS kind,
            "Сделка" AS deal_id,
            "Контакт" AS client_id,
            "Сотрудник" AS manager,
            "Куда"::direction AS direction,
            "Итог" AS outcome,
            "Секунд" AS duration_s,
            "Стадия"::stage AS stage,
            "Балл" AS score
        FROM {exported(f"{exports}/events_*.csv", EVENTS)}""",
        "spend": f"""
        SELECT "Дата" AS day, "Площадка" AS source, "Подрядчик" AS contractor, "Кампания" AS campaign, "Показы" AS impressions,
            "Клики" AS clicks, "Расход (руб.)" AS cost, "Конверсии" AS claimed_leads, "Заказы" AS claimed_orders, "Доход (руб.)" AS claimed_revenue
        FROM {exported(f"{exports}/spend.csv", SPEND)}""",
        # what no question asks for, and Voronka stores as well
        "changes": f"""
        SELECT "ID" AS event_id, "Дата" AS "at", "Сделка" AS deal_id, "Поле" AS field, "Сумма" AS amount, "Плановая дата" AS expected_close,
            "Вероятность, %" AS probability
        FROM {exported(f"{exports}/changes.csv", CHANGES)}""",
        "clients": f"""
        SELECT "ID" AS client_id, "Тип" AS segment, "Филиал" AS branch, "Первое обращение" AS first_seen
        FROM {exported(f"{exports}/clients.csv", CLIENTS)}""",
    }


KEYS = {
    "deals": ["deal_id"],
    "events": ["event_id"],
    "spend": ["day", "source", "contractor", "campaign"],
    "changes": ["event_id"],
    "clients": ["client_id"],
}


def load(exports, file):
    """Exports into tables; a deal that stands twice is kept once, as Voronka keeps it."""
    con = duckdb.connect(file)
    stages = ", ".join(f"'{stage}'" for stage in STAGES)
    con.execute(f"CREATE TYPE stage AS ENUM ({stages})")
    con.execute("""CREATE TYPE kind AS ENUM ('Стадия', 'Звонок', 'Письмо', 'Чат', 'Встреча', 'Рассылка', 'Отказ', 'Жалоба', 'Отписка',
        'Возврат', 'Дело', 'КП', 'Проверка ОКК')""")
    con.execute("CREATE TYPE direction AS ENUM ('исх', 'вх')")
    con.execute("CREATE TYPE status AS ENUM ('open', 'won', 'lost')")
    for table, sql in typed(exports).items():
        con.execute(f"CREATE TABLE {table} AS {sql}")
    tell(con)


def add(exports, file):
    """Exports into tables that are there: what has a known key replaces its row, the rest is added."""
    con = duckdb.connect(file)
    con.execute("BEGIN")
    for table, sql in typed(exports).items():
        con.execute(f"""MERGE INTO {table} USING ({sql}) AS fresh USING ({", ".join(KEYS[table])})
            WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT""")
    con.execute("COMMIT")
    tell(con)


def tell(con):
    rows = {table: con.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in KEYS}
    refused = con.execute("SELECT count(*) FROM reject_errors").fetchone()[0]
    print(rows, "refused", refused)
    con.close()
    # dirt is a few rows in a thousand: more means that the exports have other columns than are listed here
    if refused * 100 > rows["deals"]:
        sys.exit(f"{refused} errors beside {rows['deals']} deals: do the exports have new columns?")


def ask(con, words, answers, as_of):
    asked = Asked(answers)
    for name, sql in QUESTIONS.items():
        sql = sql.replace("$as_of", f"TIMESTAMP '{as_of}'").format(**words)
        asked.answer(name, lambda sql=sql: con.execute(sql).fetchall())
    asked.finish()


def store_views(con, store):
    """Views over the files of the store's newest version. The company's hours are Moscow's, three hours ahead of UTC all these years."""
    con.execute("SET TimeZone = 'UTC'")
    for table in ("deals", "events", "spend"):
        files = ", ".join(f"'{file}'" for file in data_files(store, table))
        con.execute(f"CREATE VIEW stored_{table} AS SELECT * FROM read_parquet([{files}])")
    local = "{0}::TIMESTAMP + INTERVAL 3 HOUR AS {0}".format
    con.execute(f"""CREATE VIEW deals AS SELECT deal_id, client_id, stage, status, source, contractor, campaign, {local("created_at")},
        {local("closed_at")}, amount, cost, promo, interest, lost_reason FROM stored_deals""")
    con.execute(f"""CREATE VIEW events AS SELECT event_id, {local('"at"')}, kind, deal_id, direction, stage FROM stored_events""")
    con.execute("CREATE VIEW spend AS SELECT day, source, contractor, campaign, cost FROM stored_spend")


def main():
    what, source, target = sys.argv[1:4]
    if what == "load":
        if os.path.exists(target):
            os.remove(target)
        load(source, target)
    elif what == "add":
        add(source, target)
    elif what == "ask":
        ask(duckdb.connect(source, read_only=True), EXPORTED, target, sys.argv[4])
    elif what == "ask-store":
        con = duckdb.connect()
        store_views(con, source)
        ask(con, STORED, target, sys.argv[4])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
