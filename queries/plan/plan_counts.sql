/*
title = { ru = "План и факт: лиды, продажи, касания", en = "Plan and fact: leads, wins, touches" }
partly.ru = "как у «Плана и факта»: сравнивается то, что видно"
partly.en = "as in “Plan and fact”: what is seen is compared"
grain = "one row per period for which there is a plan, measure that is counted, and group"
so_far = true
needs = ["plans.value", "deals.created_at", "deals.status"]
dimensions = "deals"
row_title = "title_{lang}"
about.ru = """
То же, что plan_fact, для показателей в штуках: leads — пришедшие лиды, won — выигранные сделки, touches — касания. План на дату — по
рабочим дням и по прошлому году, темп, сколько нужно в рабочий день, сколько выйдет к концу при том же темпе. Касания, которых не загружено
вовсе, не ноль, а неизвестны."""
about.en = """
The same as plan_fact for measures that are counted: leads that came, deals won, touches. Plan to date by working days and by last year, pace,
how many are needed per working day, how many it comes to by the end at this rate. Touches that are not loaded at all are not zero but unknown."""
columns = [
  { name = "period", unit = "text", title = { ru = "Код периода", en = "Period code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Период", en = "Period" } },
  { name = "measure", unit = "text", title = { ru = "Код показателя", en = "Measure code" } },
  { name = "plan", unit = "ratio", title = { ru = "План", en = "Plan" } },
  { name = "fact", unit = "count", title = { ru = "Факт", en = "Fact" } },
  { name = "done", unit = "share", title = { ru = "Выполнено", en = "Done" } },
  { name = "plan_to_date", unit = "ratio", title = { ru = "План на дату", en = "Plan to date" } },
  { name = "plan_to_date_year", unit = "ratio", title = { ru = "План на дату по прошлому году", en = "Plan to date by last year" } },
  { name = "deviation", unit = "ratio", title = { ru = "Отклонение", en = "Deviation" } },
  { name = "pace", unit = "share", title = { ru = "Темп", en = "Pace" } },
  { name = "needed_per_day", unit = "ratio", title = { ru = "Нужно в день", en = "Needed per day" } },
  { name = "run_rate", unit = "ratio", title = { ru = "По темпу к концу", en = "At this rate by the end" } },
  { name = "days", unit = "count", title = { ru = "Рабочих дней", en = "Working days" } },
  { name = "days_passed", unit = "count", title = { ru = "Прошло рабочих дней", en = "Working days passed" } },
  { name = "days_left", unit = "count", title = { ru = "Осталось рабочих дней", en = "Working days left" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
]
*/
SELECT
    grp,
    period,
    period_name(period, 'ru') AS title_ru,
    period_name(period, 'en') AS title_en,
    measure,
    value::double AS plan,
    fact::bigint AS fact,
    fact::double / nullif(value, 0)::double AS done,
    to_date::double AS plan_to_date,
    to_date_year::double AS plan_to_date_year,
    CASE WHEN is_known THEN (fact - to_date)::double END AS deviation,
    CASE WHEN is_known THEN fact::double / nullif(to_date, 0)::double END AS pace,
    CASE WHEN days_left > 0 AND value IS NOT NULL AND fact IS NOT NULL THEN greatest((value - fact)::double, 0.0) / days_left END AS needed_per_day,
    CASE WHEN days_passed > 0 THEN fact::double + fact::double * days_unseen / days_passed END AS run_rate,
    days,
    days_passed,
    days_left,
    undated_won
FROM plan_progress
WHERE measure IN ('leads', 'won', 'touches')
ORDER BY grp, starts, days, measure
