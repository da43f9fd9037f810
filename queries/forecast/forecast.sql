/*
title = { ru = "Прогноз: конец месяца, 4 и 13 недель", en = "Forecast: the end of the month, 4 and 13 weeks" }
partly.ru = "без истории этапов шансы открытых сделок — по их возрасту; сумма без истории — как известна сейчас"
partly.en = "without the stage history the chances of open deals go by their age; an amount without a history is as now known"
undated.ru = "выигрыши без даты не входят ни в факт, ни в прогноз"
undated.en = "wins without a date are neither in the fact nor in the forecast"
grain = "three rows for the group: the month, 4 weeks, 13 weeks"
so_far = true
needs = ["deals.closed_at", "deals.status"]
dimensions = "leads"
about.ru = """
Сколько будет выиграно к концу месяца, в котором лежит день отчёта, и за 4 и 13 недель от него: уже выиграно + открытые сделки + лиды, которые
ещё придут; части складываются в «Ожидается всего», а средние групп — в среднее компании. День — день отчёта или первый, которого выгрузки
сделок не покрывают. Открытая сделка: шанс выиграть к сроку при её самом дальнем этапе и возрасте на нём (доли ушедших и вес этапов из всей
истории, недавнее весит больше, малые ячейки подтянуты к этапу) на её сумму с обычной скидкой; без суммы — обычный размер сделки группы. Лиды:
уровень × день недели и праздники × сезон (если известны два года) × затухающий тренд, дальше — путь новой сделки. Группы: доля выигранных и
размер сделки подтянуты к компании, затем части приведены к её сумме. P10, P50 и P90 — гамма-распределение вокруг среднего; ширина взята из того,
как ошибались прошлые прогнозы этой группы, сделанные заново на прошлые дни; P50 групп не складываются, складываются средние. Рядом всегда: как
год назад, прежним темпом по рабочим дням, взвешенная воронка (вероятность из CRM, а без неё — доля выигранных этапа, на сумму сделок,
намеченных к сроку, а если дат нет — всех открытых). Если на тех же прошлых днях одно из них ошибалось меньше (не меньше 6 прогнозов),
показано оно: «Что показано». Почему нет числа: few_wins — меньше 20 выигрышей за год; few_amounts — сумма известна меньше чем у 20; few_origins — прошлых прогнозов мало, полосы нет.
Прошлые дни видят только то, что было известно тогда; сумма, дата и вероятность без истории — как известны сейчас (forecast_score говорит, у
скольких)."""
about.en = """
What will be won by the end of the month in which the day lies, and within 4 and 13 weeks: won so far + open deals + leads that are still to come;
the parts add up to the expected total, and the means of groups to the company's. The day is the as-of date, or the first that exports of deals
do not cover. An open deal: the chance to be won by then given its furthest stage and its age there (occurrence over exposure from all history,
the recent weighing more, small cells shrunk to the stage), times its amount at the usual discount; without an amount, the usual size of the
group's deals. Leads: level × weekday and holidays × season (where two years are known) × damped trend, then the course of a new deal. Groups:
win rate and size are shrunk to the company's, then the parts are scaled to add up to its own. P10, P50 and P90 are of a gamma distribution about
the mean, as wide as forecasts made again on past days were wrong for the group; the P50 of groups do not add up, their means do. Always
beside it: as last year, at this pace by working days, the weighted pipeline (the CRM's probability, else the share won of the stage, times the
amount of deals planned to close by then, or of all open ones where no deal bears a plan). Where one of these was less wrong on the same past days (at least
6 forecasts), it is shown: `shown`. Why there is no number: few_wins — under 20 wins in a year; few_amounts — under 20 of them have an amount; few_origins — too few past forecasts for a band. Past
days see only what was known on them; an amount, plan or probability without a history is as now known (forecast_score says of how many)."""
columns = [
  { name = "horizon", unit = "text", title = { ru = "Горизонт", en = "Horizon" } },
  { name = "starts", unit = "date", title = { ru = "С", en = "From" } },
  { name = "ends", unit = "date", title = { ru = "До (не включая)", en = "Before" } },
  { name = "won", unit = "money", needs = ["deals.amount"], title = { ru = "Уже выиграно", en = "Won so far" } },
  { name = "open", unit = "money", needs = ["deals.amount"], title = { ru = "Из открытых сделок", en = "Of open deals" } },
  { name = "coming", unit = "money", needs = ["deals.amount"], title = { ru = "Из будущих лидов", en = "Of leads to come" } },
  { name = "expected", unit = "money", needs = ["deals.amount"], title = { ru = "Ожидается всего", en = "Expected in all" } },
  { name = "p10", unit = "money", needs = ["deals.amount"], title = { ru = "P10", en = "P10" } },
  { name = "p50", unit = "money", needs = ["deals.amount"], title = { ru = "P50", en = "P50" } },
  { name = "p90", unit = "money", needs = ["deals.amount"], title = { ru = "P90", en = "P90" } },
  { name = "last_year", unit = "money", needs = ["deals.amount"], title = { ru = "Как год назад", en = "As last year" } },
  { name = "run_rate", unit = "money", needs = ["deals.amount"], title = { ru = "Прежним темпом", en = "At this pace" } },
  { name = "weighted", unit = "money", needs = ["deals.amount"], title = { ru = "Взвешенная воронка", en = "Weighted pipeline" } },
  { name = "headline", unit = "money", needs = ["deals.amount"], title = { ru = "Прогноз", en = "Forecast" } },
  { name = "headline_low", unit = "money", needs = ["deals.amount"], title = { ru = "Прогноз, нижняя граница", en = "Forecast, low end" } },
  { name = "headline_high", unit = "money", needs = ["deals.amount"], title = { ru = "Прогноз, верхняя граница", en = "Forecast, high end" } },
  { name = "shown", unit = "text", needs = ["deals.amount"], title = { ru = "Что показано", en = "What is shown" } },
  { name = "wape", unit = "share", needs = ["deals.amount"], title = { ru = "Ошибка модели (WAPE)", en = "Error of the model (WAPE)" } },
  { name = "shown_wape", unit = "share", needs = ["deals.amount"], title = { ru = "Ошибка показанного", en = "Error of what is shown" } },
  { name = "wins", unit = "count", title = { ru = "Уже выиграно, сделок", en = "Won so far, deals" } },
  { name = "wins_open", unit = "ratio", title = { ru = "Из открытых, сделок", en = "Of open deals, deals" } },
  { name = "wins_coming", unit = "ratio", title = { ru = "Из будущих лидов, сделок", en = "Of leads to come, deals" } },
  { name = "wins_expected", unit = "ratio", title = { ru = "Ожидается всего, сделок", en = "Expected in all, deals" } },
  { name = "wins_p10", unit = "ratio", title = { ru = "P10, сделок", en = "P10, deals" } },
  { name = "wins_p50", unit = "ratio", title = { ru = "P50, сделок", en = "P50, deals" } },
  { name = "wins_p90", unit = "ratio", title = { ru = "P90, сделок", en = "P90, deals" } },
  { name = "wins_headline", unit = "ratio", title = { ru = "Прогноз, сделок", en = "Forecast, deals" } },
  { name = "wins_shown", unit = "text", title = { ru = "Что показано, сделки", en = "What is shown, deals" } },
  { name = "origins", unit = "count", title = { ru = "Прошлых прогнозов", en = "Past forecasts" } },
  { name = "covered", unit = "share", needs = ["deals.amount"], title = { ru = "Попало в полосу", en = "Within the band" } },
  { name = "why", unit = "text", title = { ru = "Почему нет числа", en = "Why there is no number" } },
]
*/
WITH answers AS (
    SELECT unnest(answer['horizons']) AS line
    FROM forecast_answers
),

money AS (
    SELECT line
    FROM answers
    WHERE line['measure'] = 0
),

deals AS (
    SELECT line
    FROM answers
    WHERE line['measure'] = 1
)

SELECT
    groups.grp,
    CASE money.line['horizon'] WHEN 0 THEN 'month' WHEN 4 THEN '4 weeks' ELSE '13 weeks' END AS horizon,
    money.line['starts']::int::date AS starts,
    money.line['ends']::int::date AS ends,
    money.line['won'] AS won,
    money.line['open'] AS open,
    money.line['coming'] AS coming,
    money.line['mean'] AS expected,
    money.line['p10'] AS p10,
    money.line['p50'] AS p50,
    money.line['p90'] AS p90,
    money.line['last_year'] AS last_year,
    money.line['run_rate'] AS run_rate,
    money.line['weighted'] AS weighted,
    money.line['headline'] AS headline,
    money.line['low'] AS headline_low,
    money.line['high'] AS headline_high,
    CASE money.line['method'] WHEN 0 THEN 'forecast' WHEN 1 THEN 'last_year' WHEN 2 THEN 'run_rate' WHEN 3 THEN 'weighted' END AS shown,
    money.line['wape'] AS wape,
    money.line['best_wape'] AS shown_wape,
    deals.line['won']::bigint AS wins,
    deals.line['open'] AS wins_open,
    deals.line['coming'] AS wins_coming,
    deals.line['mean'] AS wins_expected,
    deals.line['p10'] AS wins_p10,
    deals.line['p50'] AS wins_p50,
    deals.line['p90'] AS wins_p90,
    deals.line['headline'] AS wins_headline,
    CASE deals.line['method'] WHEN 0 THEN 'forecast' WHEN 1 THEN 'last_year' WHEN 2 THEN 'run_rate' WHEN 3 THEN 'weighted' END AS wins_shown,
    deals.line['origins']::bigint AS origins,
    money.line['covered'] / money.line['banded'] AS covered,
    CASE money.line['why'] WHEN 1 THEN 'few_wins' WHEN 2 THEN 'few_origins' WHEN 3 THEN 'few_amounts' END AS why
FROM money
INNER JOIN deals ON money.line['grp'] = deals.line['grp'] AND money.line['horizon'] = deals.line['horizon']
INNER JOIN forecast_groups AS groups ON money.line['grp'] = groups.number::double
ORDER BY groups.grp, money.line['horizon']
