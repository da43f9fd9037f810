"""The eight report questions, by chdb (ClickHouse within the process).

    eight_chdb.py load EXPORTS FOLDER              exports → MergeTree tables
    eight_chdb.py ask FOLDER ANSWERS AS_OF         the eight questions of those tables

As ClickHouse likes it: no nulls where an empty text or a zero says the same, LowCardinality for words that recur, events sorted by kind
and deal, so that a question reads the kinds that it asks for, and lists of touches as arrays. All settings are ClickHouse's own: as many
threads as there are cores.
"""

import csv
import io
import os
import shutil
import sys

from answers import Asked, key_and_values
from chdb import session

CSV = "SETTINGS format_csv_delimiter = ';'"
MOMENT = "parseDateTimeOrNull({0}, '%d.%m.%Y %H:%i:%s', 'UTC')".format
MONEY = "toDecimal64OrZero(replaceOne({0}, ',', '.'), 2)".format

DEALS = """`ID` UInt64, `Название сделки` String, `Воронка` String, `Стадия сделки` String, `Сумма` String, `Сумма до скидки` String,
    `Себестоимость` String, `ID контакта` UInt64, `Ответственный` String, `Филиал` String, `Источник` String, `Подрядчик` String,
    `Кампания` String, `Дата создания` String, `Дата закрытия` String, `Сделка закрыта` String, `Акция` String, `Интерес` String,
    `Причина отказа` String, `Плановая дата закрытия` String, `Вероятность, %` String"""
EVENTS = """`ID` String, `Дата` String, `Тип` String, `Сделка` UInt64, `Контакт` UInt64, `Сотрудник` String, `Куда` String, `Итог` String,
    `Секунд` UInt32, `Стадия` String, `Балл` String"""
SPEND = """`Дата` String, `Площадка` String, `Подрядчик` String, `Кампания` String, `Показы` UInt64, `Клики` UInt64,
    `Расход (руб.)` String, `Конверсии` UInt32, `Заказы` UInt32, `Доход (руб.)` String"""

TABLES = [
    """CREATE TABLE deals (
        deal_id UInt64, client_id UInt64, pipeline LowCardinality(String), stage LowCardinality(String),
        status Enum8('open' = 0, 'won' = 1, 'lost' = 2), manager LowCardinality(String), branch LowCardinality(String),
        source LowCardinality(String), contractor LowCardinality(String), campaign LowCardinality(String),
        created_at DateTime('UTC'), closed_at Nullable(DateTime('UTC')), amount Decimal(18, 2), list_amount Decimal(18, 2),
        cost Decimal(18, 2), promo LowCardinality(String), interest LowCardinality(String), lost_reason LowCardinality(String),
        product LowCardinality(String)
    ) ENGINE = MergeTree ORDER BY deal_id""",
    """CREATE TABLE events (
        event_id String, at DateTime('UTC'), kind LowCardinality(String), deal_id UInt64, client_id UInt64,
        manager LowCardinality(String), direction LowCardinality(String), outcome LowCardinality(String), duration_s UInt32,
        stage LowCardinality(String), score LowCardinality(String)
    ) ENGINE = MergeTree ORDER BY (kind, deal_id, at)""",
    """CREATE TABLE spend (
        day Date, source LowCardinality(String), contractor LowCardinality(String), campaign LowCardinality(String), impressions UInt64,
        clicks UInt64, cost Decimal(18, 2), claimed_leads UInt32, claimed_orders UInt32, claimed_revenue Decimal(18, 2)
    ) ENGINE = MergeTree ORDER BY (day, source, contractor, campaign)""",
]

LOADS = [
    f"""INSERT INTO deals
    SELECT
        `ID`, `ID контакта`, `Воронка`, `Стадия сделки`,
        multiIf(`Стадия сделки` = 'Сделка успешна', 'won', `Стадия сделки` = 'Сделка провалена', 'lost', 'open'),
        `Ответственный`, `Филиал`, `Источник`, `Подрядчик`, `Кампания`, assumeNotNull({MOMENT("`Дата создания`")}),
        {MOMENT("`Дата закрытия`")}, {MONEY("`Сумма`")}, {MONEY("`Сумма до скидки`")}, {MONEY("`Себестоимость`")}, `Акция`, `Интерес`,
        `Причина отказа`, `Название сделки`
    FROM file('{{exports}}/deals.csv', CSVWithNames, '{DEALS}')
    WHERE `Название сделки` != 'Итого' AND {MOMENT("`Дата создания`")} IS NOT NULL
    LIMIT 1 BY `ID`
    {CSV}""",
    f"""INSERT INTO events
    SELECT `ID`, assumeNotNull({MOMENT("`Дата`")}), `Тип`, `Сделка`, `Контакт`, `Сотрудник`, `Куда`, `Итог`, `Секунд`, `Стадия`, `Балл`
    FROM file('{{exports}}/events_*.csv', CSVWithNames, '{EVENTS}')
    WHERE {MOMENT("`Дата`")} IS NOT NULL
    {CSV}""",
    f"""INSERT INTO spend
    SELECT toDate(assumeNotNull(parseDateTimeOrNull(`Дата`, '%d.%m.%Y', 'UTC'))), `Площадка`, `Подрядчик`, `Кампания`, `Показы`, `Клики`,
        {MONEY("`Расход (руб.)`")}, `Конверсии`, `Заказы`, {MONEY("`Доход (руб.)`")}
    FROM file('{{exports}}/spend.csv', CSVWithNames, '{SPEND}')
    WHERE `Дата` != 'Итого'
    {CSV}""",
]

# the first entry of each deal into each stage
ENTRIES = """
entries AS (
    SELECT
        deal_id,
        minOrNullIf(at, stage = 'Новая') AS t1,
        minOrNullIf(at, stage = 'Контакт') AS t2,
        minOrNullIf(at, stage = 'Квалификация') AS t3,
        minOrNullIf(at, stage = 'Предложение') AS t4,
        minOrNullIf(at, stage = 'Переговоры') AS t5,
        minOrNullIf(at, stage = 'Сделка успешна') AS t6,
        minOrNullIf(at, stage = 'Сделка провалена') AS lost_at
    FROM events
    WHERE kind = 'Стадия' AND at < $as_of AND deal_id != 0
    GROUP BY deal_id
)"""
ANSWERS = "('Звонок', 'Письмо', 'Чат')"

QUESTIONS = {
    "funnel": f"""
WITH {ENTRIES},
paths AS (
    SELECT
        source,
        status,
        multiIf(
            status = 'won' OR t6 IS NOT NULL, 6, t5 IS NOT NULL, 5, t4 IS NOT NULL, 4, t3 IS NOT NULL, 3, t2 IS NOT NULL, 2, 1
        ) AS furthest,
        multiIf(
            coalesce(t1, t2, t3, t4, t5, t6) IS NULL, 1,
            t1 IS NULL, 0,
            t2 IS NULL OR t2 < t1, 1,
            t3 IS NULL OR t3 < t2, 2,
            t4 IS NULL OR t4 < t3, 3,
            t5 IS NULL OR t5 < t4, 4,
            status = 'won' OR ifNull(t6 >= t5, 0), 6,
            5
        ) AS in_order
    FROM deals
    LEFT JOIN entries USING (deal_id)
),
counted AS (SELECT source, status, furthest, in_order, count() AS deals FROM paths GROUP BY source, status, furthest, in_order)
SELECT
    source,
    ['new', 'contacted', 'qualified', 'proposal', 'negotiation', 'won'][nth],
    sumIf(deals, furthest >= nth),
    sumIf(deals, in_order >= nth),
    sumIf(deals, furthest = nth AND nth < 6 AND status = 'lost'),
    sumIf(deals, furthest = nth AND nth < 6 AND status = 'open')
FROM counted
ARRAY JOIN [1, 2, 3, 4, 5, 6] AS nth
GROUP BY source, nth""",
    # a stay lasts from the first entry to the first entry into any later stage, to the loss, or to the closing
    "time_in_stage": f"""
WITH {ENTRIES},
stays AS (
    SELECT
        nth,
        [t1, t2, t3, t4, t5][nth] AS since,
        arrayMin(arrayFilter(x -> x IS NOT NULL, arraySlice([t1, t2, t3, t4, t5, t6], nth + 1))) AS onward,
        length(arrayFilter(x -> x IS NOT NULL, arraySlice([t1, t2, t3, t4, t5, t6], nth + 1))) > 0 AS has_onward,
        lost_at,
        closed_at
    FROM entries
    INNER JOIN deals USING (deal_id)
    ARRAY JOIN [1, 2, 3, 4, 5] AS nth
),
timed AS (
    SELECT
        nth,
        arrayFilter(
            x -> x IS NOT NULL, [if(has_onward, onward, NULL), if(lost_at >= since, lost_at, NULL), closed_at]
        ) AS ends,
        (toUnixTimestamp(arrayMin(ends)) - toUnixTimestamp(since)) / 3600 AS hours
    FROM stays
    WHERE since IS NOT NULL AND (NOT has_onward OR onward >= since)
)
SELECT
    ['new', 'contacted', 'qualified', 'proposal', 'negotiation'][nth],
    count(),
    countIf(notEmpty(ends)),
    quantileExactInclusiveIf(0.5)(assumeNotNull(hours), notEmpty(ends)),
    quantileExactInclusiveIf(0.9)(assumeNotNull(hours), notEmpty(ends))
FROM timed
GROUP BY nth""",
    "lead_quality": f"""
WITH worked AS (
    SELECT
        deal_id,
        minOrNullIf(at, kind IN {ANSWERS} AND direction = 'исх') AS answered_at,
        max(stage IN ('Квалификация', 'Предложение', 'Переговоры', 'Сделка успешна')) AS is_qualified
    FROM events
    WHERE at < $as_of AND kind IN ('Стадия', 'Звонок', 'Письмо', 'Чат') AND deal_id != 0
    GROUP BY deal_id
)
SELECT
    contractor,
    count(),
    countIf(NOT (status = 'lost' AND lost_reason IN ('Дубль', 'Спам', 'Неверный номер'))),
    countIf(status = 'won' OR ifNull(is_qualified, 0)),
    countIf(status = 'won'),
    countIf(status = 'lost'),
    countIf(status = 'open'),
    countIf(promo != '' OR interest = 'Цена' OR (status = 'lost' AND lost_reason IN ('Дорого', 'Дешевле у других'))),
    count(answered_at),
    quantileExactInclusiveIf(0.5)((toUnixTimestamp(assumeNotNull(answered_at)) - toUnixTimestamp(created_at)) / 60, answered_at IS NOT NULL)
FROM deals
LEFT JOIN worked USING (deal_id)
GROUP BY contractor""",
    "promo_clients": """
SELECT multiIf(promoted = won, 'promo_only', promoted = 0, 'never', 'mixed') AS buys, count(), sum(spent)
FROM (
    SELECT countIf(promo != '') AS promoted, count() AS won, sum(amount) AS spent
    FROM deals
    WHERE status = 'won' AND closed_at < $as_of AND client_id != 0
    GROUP BY client_id
)
GROUP BY buys""",
    # leads of ways on which money was spent, by month of arrival and whole months until the win
    "payback": """
WITH paid AS (
    SELECT
        campaign,
        toStartOfMonth(created_at) AS month,
        if(status = 'won', dateDiff('month', created_at, closed_at), NULL) AS age,
        amount,
        amount - cost AS margin
    FROM deals
    WHERE (source, contractor, campaign) IN (SELECT source, contractor, campaign FROM spend WHERE cost > 0)
),
earned AS (
    SELECT campaign, month, age, count() AS deals, sum(paid.amount) AS revenue, sum(paid.margin) AS margin
    FROM paid
    GROUP BY campaign, month, age
),
arrived AS (SELECT campaign, month, sum(deals) AS leads FROM earned GROUP BY campaign, month),
spent AS (SELECT campaign, toStartOfMonth(day) AS month, sum(cost) AS spend FROM spend WHERE day < $as_of GROUP BY campaign, month),
cells AS (
    SELECT campaign, month, leads, spend, age
    FROM arrived
    FULL JOIN spent USING (campaign, month)
    ARRAY JOIN range(toUInt64(dateDiff('month', month, $as_of - INTERVAL 1 DAY) + 1)) AS age
)
SELECT
    cells.campaign,
    cells.month,
    cells.age,
    ifNull(leads, 0),
    spend,
    ifNull(earned.revenue, 0),
    ifNull(earned.margin, 0),
    sum(ifNull(earned.margin, 0)) OVER (PARTITION BY cells.campaign, cells.month ORDER BY cells.age)
FROM cells
LEFT JOIN (SELECT campaign, month, toUInt64(age) AS age, revenue, margin FROM earned WHERE age IS NOT NULL) AS earned
    ON cells.campaign = earned.campaign AND cells.month = earned.month AND cells.age = earned.age""",
    # the k-th touch of each deal that was open and unharmed when it came
    "touch_hazard": f"""
WITH touches AS (
    SELECT deal_id, arraySort(groupArray(at)) AS moments
    FROM events
    WHERE kind IN ('Звонок', 'Письмо', 'Чат', 'Встреча') AND (direction = 'исх' OR kind = 'Встреча') AND deal_id != 0 AND at < $as_of
    GROUP BY deal_id
),
harms AS (
    SELECT deal_id, min(at) AS harmed_at
    FROM events
    WHERE kind IN ('Отказ', 'Отписка', 'Жалоба') AND at < $as_of AND deal_id != 0
    GROUP BY deal_id
)
SELECT
    touch,
    count(),
    countIf(status = 'won' AND closed_at >= moment AND (touch = length(moments) OR closed_at < moments[touch + 1])),
    countIf(harmed_at >= moment AND (touch = length(moments) OR harmed_at < moments[touch + 1]))
FROM touches
INNER JOIN deals USING (deal_id)
LEFT JOIN harms USING (deal_id)
ARRAY JOIN moments AS moment, arrayEnumerate(moments) AS touch
WHERE (closed_at IS NULL OR closed_at >= moment) AND (harmed_at IS NULL OR harmed_at >= moment)
GROUP BY touch""",
    "retention": """
WITH bought AS (
    SELECT client_id, toStartOfMonth(assumeNotNull(closed_at)) AS month, sum(amount) AS revenue
    FROM deals
    WHERE status = 'won' AND closed_at < $as_of AND client_id != 0
    GROUP BY client_id, month
),
aged AS (SELECT min(month) OVER (PARTITION BY client_id) AS cohort, month, revenue FROM bought),
earned AS (
    SELECT cohort, toUInt64(dateDiff('month', cohort, month)) AS age, count() AS retained, sum(aged.revenue) AS revenue
    FROM aged
    GROUP BY cohort, age
),
cells AS (
    SELECT cohort, clients, age
    FROM (SELECT cohort, retained AS clients FROM earned WHERE age = 0)
    ARRAY JOIN range(toUInt64(dateDiff('month', cohort, $as_of))) AS age
)
SELECT cells.cohort, cells.age, clients, ifNull(retained, 0), ifNull(revenue, 0)
FROM cells
LEFT JOIN earned ON cells.cohort = earned.cohort AND cells.age = earned.age""",
    "revenue_weekly": """
WITH wins AS (
    SELECT
        closed_at,
        amount,
        promo != '' AS is_promo,
        row_number() OVER (PARTITION BY client_id ORDER BY closed_at, deal_id) = 1 AS is_first
    FROM deals
    WHERE status = 'won' AND closed_at < $as_of
)
SELECT
    toMonday(assumeNotNull(closed_at)) AS week,
    count(),
    sum(amount),
    sumIf(amount, is_promo),
    sumIf(amount, NOT is_promo AND is_first),
    sumIf(amount, NOT is_promo AND NOT is_first)
FROM wins
GROUP BY week
ORDER BY week WITH FILL TO toDate($as_of) STEP 7""",
}


def load(exports, folder):
    """Exports into tables; duplicates by key are kept once, as Voronka keeps them."""
    chdb = session.Session(folder)
    chdb.query("CREATE DATABASE voronka ENGINE = Atomic")
    chdb.query("USE voronka")
    for sql in TABLES:
        chdb.query(sql)
    for sql in LOADS:
        chdb.query(sql.replace("{exports}", os.path.abspath(exports)))
    for table in ("deals", "events", "spend"):
        print(table, str(chdb.query(f"SELECT count() FROM {table}", "CSV")).strip())
    chdb.close()


def typed(rows, name):
    """A CSV answer with decimals as written elsewhere: two places for money, six for quantiles."""
    key, values = key_and_values(name)
    money = {"revenue", "spend", "margin", "cumulative_margin", "promo", "new", "repeat"}
    real = {"median_hours", "p90_hours", "median_response_minutes"}
    for row in csv.reader(io.StringIO(rows)):
        cells = []
        for column, value in zip(key + values, row):
            if value == "\\N":
                cells.append(None)
            elif column in money and column not in key:
                cells.append(f"{float(value):.2f}")
            elif column in real:
                cells.append(float(value))
            else:
                cells.append(value)
        yield cells


def ask(folder, answers, as_of):
    chdb = session.Session(folder)
    chdb.query("USE voronka")
    chdb.query("SET join_use_nulls = 1")
    asked = Asked(answers)
    for name, sql in QUESTIONS.items():
        sql = sql.replace("$as_of", f"toDateTime('{as_of} 00:00:00', 'UTC')")
        asked.answer(name, lambda sql=sql, name=name: list(typed(str(chdb.query(sql, "CSV")), name)))
    asked.finish()
    chdb.close()


def main():
    what, source, target = sys.argv[1:4]
    if what == "load":
        shutil.rmtree(target, ignore_errors=True)
        load(source, target)
    elif what == "ask":
        ask(source, target, sys.argv[4])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
