/*
title = { ru = "Сходится ли план между уровнями", en = "Whether the plan adds up across levels" }
grain = "one row per plan, period and measure whose parts do not add up to it"
needs = ["plans.value"]
dimensions = []
row_title = "title_{lang}"
about.ru = """
Планы, которые расходятся с суммой своих частей: компания — с суммой менеджеров, филиалов и каждого другого разреза, у которого есть план;
филиал, отдел и руководитель — с суммой планов своих менеджеров (кто чей, говорит список сотрудников); квартал и год — с суммой своих
месяцев, если есть план на каждый. Сходится — строки нет. Часть разреза, у которой плана нет, ничего не прибавляет: parts говорит,
из скольких планов сумма."""
about.en = """
Plans that differ from the sum of their parts: the company from the sum of managers, of branches and of every other dimension that has a
plan; a branch, a team and a supervisor from the sum of the plans of its managers (the list of staff says whose they are); a quarter
and a year from the sum of their months, if each has a plan. Where they agree there is no row. A part that has no plan adds nothing: parts says of
how many plans the sum is."""
columns = [
  { name = "level", unit = "text", title = { ru = "Чей план", en = "Whose plan" } },
  { name = "name", unit = "text", title = { ru = "Имя", en = "Name" } },
  { name = "below", unit = "text", title = { ru = "Против суммы", en = "Against the sum of" } },
  { name = "period", unit = "text", title = { ru = "Код периода", en = "Period code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Период", en = "Period" } },
  { name = "measure", unit = "text", title = { ru = "Код показателя", en = "Measure code" } },
  { name = "plan", unit = "ratio", title = { ru = "План", en = "Plan" } },
  { name = "sum_below", unit = "ratio", title = { ru = "Сумма частей", en = "Sum of the parts" } },
  { name = "difference", unit = "ratio", title = { ru = "Расхождение", en = "Difference" } },
  { name = "parts", unit = "count", title = { ru = "Планов в сумме", en = "Plans in the sum" } },
]
*/
WITH plans_now AS (
    SELECT dimension, name, period, starts, until, measure, value
    FROM scope_plans
    WHERE starts < $to_day AND until > $from_day
),

placed AS (
    SELECT manager, 'branch' AS level, branch AS place
    FROM staff
    WHERE branch IS NOT NULL
    UNION ALL
    SELECT manager, 'team' AS level, team AS place
    FROM staff
    WHERE team IS NOT NULL
    UNION ALL
    SELECT manager, 'supervisor' AS level, supervisor AS place
    FROM staff
    WHERE supervisor IS NOT NULL
),

sums AS (
    -- all of a dimension against the company
    SELECT '' AS level, '' AS name, dimension AS below, period, measure, sum(value) AS value, count(*) AS parts
    FROM plans_now
    WHERE dimension <> ''
    GROUP BY dimension, period, measure
    UNION ALL
    SELECT
        placed.level,
        placed.place AS name,
        'manager' AS below,
        plans_now.period,
        plans_now.measure,
        sum(plans_now.value) AS value,
        count(*) AS parts
    FROM plans_now
    INNER JOIN placed ON plans_now.name = placed.manager
    WHERE plans_now.dimension = 'manager'
    GROUP BY placed.level, placed.place, plans_now.period, plans_now.measure
    UNION ALL
    -- a quarter has three months, a year twelve
    SELECT
        longer.dimension AS level,
        longer.name,
        'month' AS below,
        longer.period,
        longer.measure,
        sum(months.value) AS value,
        count(*) AS parts
    FROM plans_now AS longer
    INNER JOIN scope_plans AS months
        ON
            longer.dimension = months.dimension
            AND longer.name = months.name
            AND longer.measure = months.measure
            AND longer.starts <= months.starts
            AND longer.until >= months.until
    WHERE
        months.period NOT LIKE '%W%'
        AND months.period NOT LIKE '%Q%'
        AND months.until::int - months.starts::int < 32
        AND longer.until::int - longer.starts::int > 80
    GROUP BY longer.dimension, longer.name, longer.period, longer.measure, longer.starts, longer.until
    HAVING count(*) = CASE WHEN longer.until::int - longer.starts::int > 100 THEN 12 ELSE 3 END
)

SELECT
    '' AS grp,
    plans_now.dimension AS level,
    plans_now.name,
    sums.below,
    plans_now.period,
    period_name(plans_now.period, 'ru') AS title_ru,
    period_name(plans_now.period, 'en') AS title_en,
    plans_now.measure,
    plans_now.value::double AS plan,
    sums.value::double AS sum_below,
    (plans_now.value - sums.value)::double AS difference,
    sums.parts
FROM plans_now
INNER JOIN sums
    ON
        plans_now.dimension = sums.level
        AND plans_now.name = sums.name
        AND plans_now.period = sums.period
        AND plans_now.measure = sums.measure
WHERE plans_now.value <> sums.value
ORDER BY plans_now.starts, plans_now.period, plans_now.measure, plans_now.dimension, plans_now.name, sums.below
