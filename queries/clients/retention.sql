/*
title = { ru = "Удержание по когортам", en = "Retention by cohort" }
grain = "one row per month of the first purchase and age in whole months over by the as-of date"
needs = ["deals.client_id", "deals.closed_at", "deals.status"]
dimensions = "deals"

about.ru = """
Клиенты, чья первая покупка пришлась на период, по месяцу этой покупки; возраст 0 — тот же месяц, 1 — следующий и так далее. Удержаны:
купили в месяце этого возраста. Доля — от всех клиентов когорты, интервал Уилсона 95 %. Месяца, который на дату отчёта не кончился, в
таблице нет. Сделки без клиента не в счёт. Группа клиента — по его первой покупке. Продажи без даты не в счёт:
когда они были, неизвестно; сколько их в группе — в последнем столбце."""
about.en = """
Clients whose first purchase fell within the period, by the month of that purchase; age 0 is the same month, 1 the next, and so on.
Retained: bought in the month of that age. The share is of all clients of the cohort, with a 95 % Wilson interval. A month not over at the
as-of date is absent. Deals that name no client are left out. A client belongs to the group of the first purchase. Wins without a date are left out: when
they were is not known; how many the group has stands in the last column."""

columns = [
  { name = "month", unit = "date", title = { ru = "Месяц первой покупки", en = "Month of the first purchase" } },
  { name = "age", unit = "count", title = { ru = "Возраст, мес.", en = "Age, months" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты когорты", en = "Clients of the cohort" } },
  { name = "retained", unit = "count", title = { ru = "Купили", en = "Retained" } },
  { name = "retained_share", unit = "share", interval = true, title = { ru = "Удержание", en = "Retention" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "undated", unit = "count", title = { ru = "Продаж без даты", en = "Wins without a date" } },
]
*/
WITH wins AS (
    SELECT
        client_id,
        first_value(grp) OVER (PARTITION BY client_id ORDER BY won_at, deal_id) AS grp,
        first_value(won_at) OVER (PARTITION BY client_id ORDER BY won_at, deal_id) AS first_at,
        local_month(won_at) AS month,
        amount
    FROM scope
    WHERE status = 'won' AND won_at IS NOT NULL AND client_id <> ''
),

-- months are counted from year 0, so that an age is a difference
bought AS (
    SELECT
        grp,
        client_id,
        local_month(first_at) AS cohort,
        (
            date_part('year', month) * 12 + date_part('month', month)
            - date_part('year', local_month(first_at)) * 12 - date_part('month', local_month(first_at))
        )::bigint AS age,
        sum(amount) AS revenue
    FROM wins
    WHERE first_at >= $from AND first_at < $to
    GROUP BY 1, 2, 3, 4
),

-- every client of a cohort bought at age 0, so that its size is known from there
earned AS (
    SELECT grp, cohort, age, count(*) AS retained, sum(revenue) AS revenue
    FROM bought
    GROUP BY grp, cohort, age
),

undated AS (
    SELECT grp, count(*) AS wins
    FROM scope
    WHERE undated = 'won' AND client_id <> ''
    GROUP BY grp
),

cells AS (
    SELECT
        grp,
        cohort,
        retained AS clients,
        unnest(
            range(
                0,
                (
                    -- the month of the as-of date is the first that is not over
                    date_part('year', $as_of_day) * 12 + date_part('month', $as_of_day)
                    - date_part('year', cohort) * 12 - date_part('month', cohort)
                )::bigint
            )
        ) AS age
    FROM earned
    WHERE age = 0
),

filled AS (
    SELECT
        cells.grp,
        cells.cohort,
        cells.age,
        cells.clients,
        coalesce(earned.retained, 0) AS retained,
        CASE WHEN earned.age IS NULL THEN 0 ELSE earned.revenue END AS revenue
    FROM cells
    LEFT JOIN earned ON cells.grp = earned.grp AND cells.cohort = earned.cohort AND cells.age = earned.age
)

SELECT
    filled.grp,
    filled.cohort AS month,
    filled.age,
    filled.clients,
    filled.retained,
    filled.retained::double / filled.clients AS retained_share,
    wilson_low(filled.retained, filled.clients) AS retained_share_low,
    wilson_high(filled.retained, filled.clients) AS retained_share_high,
    filled.revenue,
    coalesce(undated.wins, 0) AS undated
FROM filled
LEFT JOIN undated ON filled.grp = undated.grp
ORDER BY filled.grp, filled.cohort, filled.age
