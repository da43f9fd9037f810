/*
title = { ru = "Месяц: факт, план и веер прогноза", en = "The month: fact, plan and the fan of the forecast" }
partly.ru = "плана нет: его линия пуста; выигрышей мало: пуст веер"
partly.en = "no plan: its line is empty; few wins: the fan is empty"
undated.ru = "выигрыши без даты не входят ни в факт, ни в прогноз"
undated.en = "wins without a date are neither in the fact nor in the forecast"
grain = "one row per day of the month in which the day of the forecast lies"
so_far = true
needs = ["deals.created_at", "deals.closed_at", "deals.status", "deals.amount"]
dimensions = "leads"
about.ru = """
Накопленным итогом к концу каждого дня месяца: факт и веер прогноза — из «Месяц день за днём», план — план месяца, разложенный по рабочим дням регламента (если их нет — по
всем дням). Спрашивайте период, который задевает месяц, как this_month."""
about.en = """
Cumulated to the end of each day of the month: the fact and the fan of the forecast are those of "The month day by day", the plan is the month's, spread over the regulation's working days (over
all days where there are none). Ask a period that overlaps the month, such as this_month."""
columns = [
  { name = "day", unit = "date", title = { ru = "День", en = "Day" } },
  { name = "fact", unit = "money", title = { ru = "Факт", en = "Fact" } },
  { name = "plan", unit = "money", title = { ru = "План", en = "Plan" } },
  { name = "p10", unit = "money", title = { ru = "P10", en = "P10" } },
  { name = "p50", unit = "money", title = { ru = "P50", en = "P50" } },
  { name = "p90", unit = "money", title = { ru = "P90", en = "P90" } },
]
*/
WITH days AS (
    SELECT
        grp,
        day,
        fact,
        p10,
        p50,
        p90,
        local_month(day) AS month,
        (day + INTERVAL '1 day')::date AS next_day,
        (local_month(day) + INTERVAL '1 month')::date AS next_month
    FROM forecast_path
),

planned AS (
    SELECT grp, starts, until, value AS plan
    FROM plan_progress
    WHERE measure = 'revenue'
)

SELECT
    days.grp,
    days.day,
    days.fact,
    round(
        planned.plan::double * CASE
            WHEN working_days(days.month, days.next_month) > 0
                THEN working_days(days.month, days.next_day)::double / working_days(days.month, days.next_month)
            ELSE (days.next_day::int - days.month::int)::double / (days.next_month::int - days.month::int)
        END,
        2
    ) AS plan,
    days.p10,
    days.p50,
    days.p90
FROM days
LEFT JOIN planned ON days.grp = planned.grp AND days.month = planned.starts AND days.next_month = planned.until
ORDER BY days.grp, days.day
