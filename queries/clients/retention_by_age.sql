/*
title = { ru = "Удержание по возрасту", en = "Retention by age" }
grain = "one row per age in whole months, from 1, over by the as-of date"
needs = ["deals.client_id", "deals.closed_at", "deals.status"]
dimensions = "deals"

about.ru = """
То же, что «Удержание по когортам», но когорты периода вместе: какая доля клиентов купила в месяце этого возраста (1 — следующий за
месяцем первой покупки). Знаменатель — только когорты, у которых этот месяц уже кончился: поэтому с возрастом он убывает, и соседние точки говорят
не совсем об одних и тех же клиентах. Интервал Уилсона 95 %. Продажи без даты не в счёт:
когда они были, неизвестно; сколько их в группе — в последнем столбце."""
about.en = """
As "Retention by cohort", with the cohorts of the period together: what share of clients bought in the month of this age (1: the month after that of
the first purchase). The denominator is only the cohorts for which that month is over: it shrinks with age, and neighbouring points do not
speak of quite the same clients. 95 % Wilson interval. Wins without a date are left out: when
they were is not known; how many the group has stands in the last column."""

columns = [
  { name = "age", unit = "count", title = { ru = "Возраст, мес.", en = "Age, months" } },
  { name = "cohorts", unit = "count", title = { ru = "Когорты", en = "Cohorts" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "retained", unit = "count", title = { ru = "Купили", en = "Retained" } },
  { name = "retained_share", unit = "share", interval = true, title = { ru = "Удержание", en = "Retention" } },
  { name = "undated", unit = "count", title = { ru = "Продаж без даты", en = "Wins without a date" } },
]
*/
WITH summed AS (
    SELECT
        grp,
        age,
        count(*) AS cohorts,
        sum(clients) AS clients,
        sum(retained) AS retained
    FROM retention
    -- at age 0 every client bought
    WHERE age > 0
    GROUP BY grp, age
),

undated AS (
    SELECT grp, count(*) AS wins
    FROM scope
    WHERE undated = 'won' AND client_id <> ''
    GROUP BY grp
)

SELECT
    summed.grp,
    summed.age,
    summed.cohorts,
    summed.clients,
    summed.retained,
    summed.retained::double / summed.clients AS retained_share,
    wilson_low(summed.retained, summed.clients) AS retained_share_low,
    wilson_high(summed.retained, summed.clients) AS retained_share_high,
    coalesce(undated.wins, 0) AS undated
FROM summed
LEFT JOIN undated ON summed.grp = undated.grp
ORDER BY summed.grp, summed.age
