/*
title = { ru = "Хватит ли воронки до плана", en = "Does the pipeline cover the plan" }
partly.ru = "сумма, дата и вероятность без истории — как известны сейчас"
partly.en = "an amount, plan or probability without a history is as now known"
undated.ru = "выигрыши без даты не входят ни в факт, ни в прошлые месяцы"
undated.en = "wins without a date are neither in the fact nor in past months"
grain = "two rows for the group: revenue and wins"
so_far = true
needs = ["deals.closed_at", "deals.status"]
dimensions = "leads"
about.ru = """
Покрытие: взвешенная открытая воронка (вероятность из CRM, а без неё — доля выигранных этапа, на сумму; сделки, намеченные на этот месяц или раньше, а
если дат нет — все) на то, чего не хватает до плана месяца. Рядом — сколько нужно было: такая же воронка в тот же день каждого из последних 12 месяцев на
то, что до его конца ещё выиграли; медиана, наименьшее и наибольшее. Покрытие ниже нужного говорит, что плана этой воронкой не выполнить; покрытие само
по себе (пресловутые «3») не говорит ничего. План — месячный, этого разреза. Почему нет числа: no_plan — плана нет, загрузите таблицу plans; made — план
уже выполнен; few_months — меньше трёх прошлых месяцев, в которых после этого дня что-то выиграно."""
about.en = """
Coverage: the weighted open pipeline (the CRM's probability, else the share won of the stage, times the amount; deals planned for this month or earlier, or
all where no deal bears a plan) over what is still missing to the month's plan. Beside it what was needed: the same pipeline on the same day of each
of the last 12 months over what was still won by its end; median, least and most. A coverage below what was needed says that this pipeline does not make the
plan; the coverage alone (the proverbial 3) says nothing. The plan is that of the month and of this split. Why there is no number: no_plan — there is no
plan, load the table plans; made — the plan is made already; few_months — under three past months in which anything was won after that day."""
columns = [
  { name = "measure", unit = "text", title = { ru = "Показатель", en = "Measure" } },
  { name = "starts", unit = "date", title = { ru = "Месяц", en = "Month" } },
  { name = "day", unit = "date", title = { ru = "На день", en = "On the day" } },
  { name = "plan", unit = "ratio", title = { ru = "План", en = "Plan" } },
  { name = "achieved", unit = "ratio", title = { ru = "Факт", en = "Fact" } },
  { name = "missing", unit = "ratio", title = { ru = "Не хватает", en = "Missing" } },
  { name = "weighted_open", unit = "ratio", title = { ru = "Взвешенная открытая воронка", en = "Weighted open pipeline" } },
  { name = "coverage", unit = "ratio", title = { ru = "Покрытие", en = "Coverage" } },
  { name = "needed", unit = "ratio", title = { ru = "Нужно было раньше, медиана", en = "Needed before, median" } },
  { name = "needed_low", unit = "ratio", title = { ru = "Наименьшее", en = "The least" } },
  { name = "needed_high", unit = "ratio", title = { ru = "Наибольшее", en = "The most" } },
  { name = "months", unit = "count", title = { ru = "Прошлых месяцев", en = "Past months" } },
  { name = "why", unit = "text", title = { ru = "Почему нет числа", en = "Why there is no number" } },
]
*/
WITH answers AS (
    SELECT unnest(answer['coverage']) AS line
    FROM forecast_answers
),

months AS (
    SELECT
        line['grp'] AS number,
        CASE line['measure'] WHEN 0 THEN 'revenue' ELSE 'won' END AS measure,
        line['month']::int::date AS starts,
        line['day']::int::date AS day,
        line['open'] AS open,
        line['won'] AS won,
        line['open'] / nullif(line['still'], 0) AS needed
    FROM answers
),

-- the present month alone is not over
present AS (
    SELECT number, measure, max(starts) AS starts, count(needed) AS months, median(needed) AS needed, min(needed) AS least, max(needed) AS most
    FROM months
    GROUP BY number, measure
),

beside AS (
    SELECT
        groups.grp,
        present.measure,
        present.starts,
        months.day,
        plans.value::double AS plan,
        months.won,
        plans.value::double - months.won AS missing,
        months.open,
        present.months,
        present.needed,
        present.least,
        present.most
    FROM present
    INNER JOIN months ON present.number = months.number AND present.measure = months.measure AND present.starts = months.starts
    INNER JOIN forecast_groups AS groups ON present.number = groups.number::double
    LEFT JOIN scope_plans AS plans
        ON groups.grp = plans.grp
        AND present.measure = plans.measure
        AND plans.starts = present.starts
        AND plans.until = (present.starts + INTERVAL '1 month')::date
)

SELECT
    grp,
    measure,
    starts,
    day,
    plan,
    won AS achieved,
    missing,
    open AS weighted_open,
    CASE WHEN missing > 0 THEN open / missing END AS coverage,
    CASE WHEN months >= 3 THEN needed END AS needed,
    CASE WHEN months >= 3 THEN least END AS needed_low,
    CASE WHEN months >= 3 THEN most END AS needed_high,
    months,
    CASE WHEN plan IS NULL THEN 'no_plan' WHEN missing <= 0 THEN 'made' WHEN months < 3 THEN 'few_months' END AS why
FROM beside
ORDER BY grp, measure
