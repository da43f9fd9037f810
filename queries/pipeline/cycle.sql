/*
title = { ru = "Цикл сделки", en = "Sales cycle" }
undated.ru = "выигранные без даты выиграны в неизвестный день: медиана и 90 % даны границами"
undated.en = "deals won without a date were won on an unknown day: median and 90th percentile are bounds"
grain = "one row per group"
needs = ["deals.created_at", "deals.status"]
dimensions = "leads"

about.ru = """
Сколько дней проходит от создания сделки до выигрыша у тех, что будут выиграны: сделки, созданные за период. Медиана и 90-й перцентиль по кривой Аалена —
Йохансена: потеря — конкурирующий исход, открытая на дату отчёта сделка цензурирована. Открытые после последнего закрытия кончатся так же, как кончились остальные.
Если ничто не потеряно, это Каплан — Мейер; если всё закрыто — обычный квантиль выигранных. Медиана одних уже выигранных слишком коротка: долгие выигрыши ещё
открыты; Каплан — Мейер с цензурированными потерями слишком длинна: потерянные у него выигрывают позже. Пусто: кривая так низко не опустилась, то есть
половина (10 %) созданных ещё открыта. Интервал 95 % (Брукмайер — Кроули, дельта-метод); пустой конец: неизвестен. Закрытые без даты закрылись когда-то между созданием и первой
выгрузкой, где они закрыты: «не менее» и «не более» — будь каждый такой выигрыш самым ранним, а проигрыш самым поздним из возможных, и наоборот; если они расходятся больше чем на день,
само значение пусто. Если выигранных больше, чем открытых, а потерянных нет ни одной, потери не выгружены: дни пусты."""
about.en = """
How many days pass from the creation of a deal to its win, of the deals that will be won: deals created within the period. Median and 90th percentile are read off the
Aalen–Johansen curve: a loss is a competing event, a deal open at the as-of date is censored. Those open after the last closing are taken to end as the others did.
Where nothing is lost this is Kaplan–Meier; where all are closed, the plain quantile of the won. The median of the won so far is too short: slow wins
are still open; Kaplan–Meier with losses censored is too long: it has the lost win later. Empty: the curve does not fall that far, since half (10 %) of the
created are still open. 95 % interval (Brookmeyer–Crowley, delta method); an empty end is not known. What was closed without a date was closed somewhen between creation and the first export
that shows it closed: "at least" and "at most" are the values were each such win as early, each such loss as late as may be, and the other way round; where they differ by more than a day,
the value itself is empty. Where more deals are won than open and not one is lost, losses are not exported: the days are empty."""

columns = [
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "undated", unit = "count", title = { ru = "Без даты или пропали", en = "Undated or gone" } },
  { name = "median_days", unit = "days", of = "won", interval = true, ends = true, title = { ru = "Медиана, дней", en = "Median, days" } },
  { name = "p90_days", unit = "days", of = "won", interval = true, ends = true, title = { ru = "90 % за, дней", en = "90th percentile, days" } },
]
*/
WITH timed AS (
    -- the bounds of conversion, read for time: a win as late as may be is the least conversion
    SELECT
        grp,
        status,
        is_open,
        undated,
        least_outcome AS late_outcome,
        greatest(minutes_between(created_at, least_until) / 1440.0, 0.0) AS late_days,
        most_outcome AS early_outcome,
        greatest(minutes_between(created_at, most_until) / 1440.0, 0.0) AS early_days
    FROM scope
    WHERE created_at >= $from AND created_at < $to
),

cycles AS (
    SELECT
        timed.grp,
        count(*) AS deals,
        count(*) FILTER (WHERE timed.status = 'won') AS won,
        count(*) FILTER (WHERE timed.status = 'lost') AS lost,
        count(*) FILTER (WHERE timed.is_open) AS open,
        count(timed.undated) AS undated,
        event_time(timed.early_days, timed.early_outcome, 0.5) FILTER (WHERE losses.any_lost) AS early_half,
        event_time(timed.late_days, timed.late_outcome, 0.5) FILTER (WHERE losses.any_lost) AS late_half,
        event_time(timed.early_days, timed.early_outcome, 0.9) FILTER (WHERE losses.any_lost) AS early_most,
        event_time(timed.late_days, timed.late_outcome, 0.9) FILTER (WHERE losses.any_lost) AS late_most
    FROM timed
    CROSS JOIN losses
    GROUP BY timed.grp
)

SELECT
    grp,
    deals,
    won,
    lost,
    open,
    undated,
    CASE
        WHEN late_half['estimate'] - early_half['estimate'] <= 1.0 THEN (early_half['estimate'] + late_half['estimate']) / 2.0
    END AS median_days,
    early_half['low'] AS median_days_low,
    late_half['high'] AS median_days_high,
    early_half['estimate'] AS median_days_least,
    late_half['estimate'] AS median_days_most,
    CASE
        WHEN late_most['estimate'] - early_most['estimate'] <= 1.0 THEN (early_most['estimate'] + late_most['estimate']) / 2.0
    END AS p90_days,
    early_most['low'] AS p90_days_low,
    late_most['high'] AS p90_days_high,
    early_most['estimate'] AS p90_days_least,
    late_most['estimate'] AS p90_days_most
FROM cycles
ORDER BY grp
