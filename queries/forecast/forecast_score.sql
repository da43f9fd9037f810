/*
title = { ru = "Насколько ошибались прогнозы", en = "How wrong forecasts were" }
partly.ru = "сумма без истории — как известна сейчас: доля таких сделок стоит рядом"
partly.en = "an amount without a history is as now known: the share of such deals stands beside"
undated.ru = "выигрыши без даты не входят ни в факт, ни в прогноз"
undated.en = "wins without a date are neither in the fact nor in the forecast"
grain = "one row per kind of forecast, measure and method"
so_far = true
needs = ["deals.closed_at", "deals.status"]
dimensions = "leads"
about.ru = """
Прогнозы, сделанные заново на прошлые дни — за 21, 14 и 7 дней до конца каждого из последних 36 месяцев и с его первого дня на 4 и 13 недель, если
до того дня известны полгода и 20 выигрышей за год, — против того, что вышло. Каждый видит только то, что было известно в тот день. WAPE — сумма
модулей ошибок на сумму факта; смещение — сумма ошибок на ту же сумму: плюс значит, что обещали больше. У каждого простого способа рядом
ошибка модели на тех же днях (год назад известен не всем). Полоса P10–P90 должна накрывать 80 % факта; её ширину прогноз знает только из
прогнозов, срок которых к тому дню прошёл, и первые четыре стоят без неё. «Суммы без истории» — доля сделок, сумму которых на прошлый день
взять неоткуда: она как известна сейчас, и ошибка на них может выглядеть меньше, чем была бы."""
about.en = """
Forecasts made again on past days — 21, 14 and 7 days before the end of each of the last 36 months, and from its first day for 4 and 13 weeks, where half
a year before it and 20 wins within the year before are known — beside what came. Each sees only what was known on its day. WAPE is the sum of
absolute errors over the sum of what came; bias the sum of errors over the same: above zero, too much was promised. Beside each baseline stands the
error of the model on the same days (last year is not known of all). The band P10–P90 is to cover 80 % of what came; its width is learnt only from
forecasts whose period was over on that day, and the first four have none. Amounts without a history: the share of deals whose amount on a past
day nothing tells; it is as now known, and the error may look smaller than it would have been."""
columns = [
  { name = "ahead", unit = "text", title = { ru = "Прогноз", en = "Forecast" } },
  { name = "measure", unit = "text", title = { ru = "Показатель", en = "Measure" } },
  { name = "method", unit = "text", title = { ru = "Способ", en = "Method" } },
  { name = "past_forecasts", unit = "count", title = { ru = "Прошлых прогнозов", en = "Past forecasts" } },
  { name = "first_day", unit = "date", title = { ru = "Первый", en = "First" } },
  { name = "last_day", unit = "date", title = { ru = "Последний", en = "Last" } },
  { name = "wape", unit = "share", title = { ru = "Ошибка (WAPE)", en = "Error (WAPE)" } },
  { name = "bias", unit = "share", title = { ru = "Смещение", en = "Bias" } },
  { name = "model_wape", unit = "share", title = { ru = "Ошибка модели на тех же днях", en = "Error of the model on the same days" } },
  { name = "banded", unit = "count", title = { ru = "Прогнозов с полосой", en = "Forecasts with a band" } },
  { name = "within", unit = "count", title = { ru = "Попало в полосу", en = "Within the band" } },
  { name = "covered", unit = "share", of = "banded", title = { ru = "Доля в полосе", en = "Share within the band" } },
  { name = "hindsight", unit = "share", title = { ru = "Суммы без истории", en = "Amounts without a history" } },
]
*/
WITH answers AS (
    SELECT unnest(answer['scores']) AS line
    FROM forecast_answers
),

amounts AS (
    SELECT grp, avg(CASE WHEN array_length(amount_history) > 0 THEN 0.0 ELSE 1.0 END) AS hindsight
    FROM scope
    WHERE amount IS NOT NULL
    GROUP BY grp
)

SELECT
    groups.grp,
    CASE answers.line['days']
        WHEN 28 THEN '4 weeks'
        WHEN 91 THEN '13 weeks'
        ELSE 'T-' || (answers.line['days']::int)::text
    END AS ahead,
    CASE answers.line['measure'] WHEN 0 THEN 'revenue' ELSE 'won' END AS measure,
    CASE answers.line['method'] WHEN 0 THEN 'forecast' WHEN 1 THEN 'last_year' WHEN 2 THEN 'run_rate' WHEN 3 THEN 'weighted' END AS method,
    answers.line['origins']::bigint AS past_forecasts,
    answers.line['first']::int::date AS first_day,
    answers.line['last']::int::date AS last_day,
    answers.line['wape'] AS wape,
    answers.line['bias'] AS bias,
    answers.line['ours'] AS model_wape,
    CASE WHEN answers.line['method'] = 0 THEN answers.line['banded']::bigint END AS banded,
    CASE WHEN answers.line['method'] = 0 THEN answers.line['covered']::bigint END AS within,
    CASE WHEN answers.line['method'] = 0 THEN answers.line['covered'] / answers.line['banded'] END AS covered,
    CASE WHEN answers.line['measure'] = 0 THEN amounts.hindsight END AS hindsight
FROM answers
INNER JOIN forecast_groups AS groups ON answers.line['grp'] = groups.number::double
LEFT JOIN amounts ON groups.grp = amounts.grp
ORDER BY groups.grp, answers.line['measure'], answers.line['days'], answers.line['method']
