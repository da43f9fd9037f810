/*
title = { ru = "Месяц день за днём: факт и прогноз", en = "The month day by day: fact and forecast" }
partly.ru = "день, покрытый выгрузками не до конца, — уже прогноз"
partly.en = "a day that exports cover in part is forecast"
undated.ru = "выигрыши без даты не входят ни в факт, ни в прогноз"
undated.en = "wins without a date are neither in the fact nor in the forecast"
grain = "one row per day of the month in which the day of the forecast lies"
so_far = true
needs = ["deals.closed_at", "deals.status"]
dimensions = "leads"
about.ru = """
Накопленным итогом с начала месяца к концу каждого дня: до дня прогноза — факт, с него — P10, P50 и P90 того же прогноза, что в forecast; последний день
месяца — его срок «month». Полоса ширины этого срока; пусто, где forecast не называет числа."""
about.en = """
Cumulated from the beginning of the month to the end of each day: the fact before the day of the forecast, and from it on P10, P50 and P90 of the
forecast that `forecast` tells; the last day of the month is its horizon `month`. The band is scaled as that horizon's; empty where forecast tells no number."""
columns = [
  { name = "day", unit = "date", title = { ru = "День", en = "Day" } },
  { name = "fact", unit = "money", needs = ["deals.amount"], title = { ru = "Факт", en = "Fact" } },
  { name = "p10", unit = "money", needs = ["deals.amount"], title = { ru = "P10", en = "P10" } },
  { name = "p50", unit = "money", needs = ["deals.amount"], title = { ru = "P50", en = "P50" } },
  { name = "p90", unit = "money", needs = ["deals.amount"], title = { ru = "P90", en = "P90" } },
  { name = "wins_fact", unit = "ratio", title = { ru = "Факт, сделок", en = "Fact, deals" } },
  { name = "wins_p10", unit = "ratio", title = { ru = "P10, сделок", en = "P10, deals" } },
  { name = "wins_p50", unit = "ratio", title = { ru = "P50, сделок", en = "P50, deals" } },
  { name = "wins_p90", unit = "ratio", title = { ru = "P90, сделок", en = "P90, deals" } },
]
*/
WITH answers AS (
    SELECT unnest(answer['days']) AS line
    FROM forecast_answers
)

SELECT
    groups.grp,
    answers.line['day']::int::date AS day,
    max(answers.line['fact']) FILTER (WHERE answers.line['measure'] = 0) AS fact,
    max(answers.line['p10']) FILTER (WHERE answers.line['measure'] = 0) AS p10,
    max(answers.line['p50']) FILTER (WHERE answers.line['measure'] = 0) AS p50,
    max(answers.line['p90']) FILTER (WHERE answers.line['measure'] = 0) AS p90,
    max(answers.line['fact']) FILTER (WHERE answers.line['measure'] = 1) AS wins_fact,
    max(answers.line['p10']) FILTER (WHERE answers.line['measure'] = 1) AS wins_p10,
    max(answers.line['p50']) FILTER (WHERE answers.line['measure'] = 1) AS wins_p50,
    max(answers.line['p90']) FILTER (WHERE answers.line['measure'] = 1) AS wins_p90
FROM answers
INNER JOIN forecast_groups AS groups ON answers.line['grp'] = groups.number::double
GROUP BY 1, 2
ORDER BY 1, 2
