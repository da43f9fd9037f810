/*
title = { ru = "Конверсия по неделям прихода", en = "Conversion by week of arrival" }
grain = "one row per week in which deals came in"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"

about.ru = """
Вошедшие в воронку по неделям входа и что с ними стало к дате отчёта. Завершённая конверсия: выиграны / (выиграны + потеряны).
Конверсия к сроку: оценка Аалена — Йохансена на самом длинном сроке регламента. Молодая неделя: её срок ещё не вышел. Закрытые без даты закрылись когда-то между входом и
первой выгрузкой, где они закрыты: «не менее» и «не более» — оценка, будь каждый такой выигрыш самым поздним, а проигрыш самым ранним из
возможных, и наоборот; если они расходятся больше чем на 0,5 п. п., сама оценка и «купили к сроку» пусты. Выигранные, потерянные и открытые: известные на дату отчёта; закрыта ли
к ней сделка без даты, бывает неизвестно. Где в базе есть выигрыши и ни одной потери, потери не выгружены: доли пусты."""
about.en = """
Those who came into the funnel, by week, and what had become of them by the as-of date. Settled conversion: won / (won + lost).
Eventual conversion: the Aalen–Johansen estimate at the regulation's longest horizon. A young week has not lived that long yet. What was closed without a date was closed somewhen between its entry and the first export that shows it
closed: "at least" and "at most" are the estimates were each such win as late, each such loss as early as may be, and the other way
round; where they differ by more than 0.5 points, the estimate itself and what was bought by the horizon are empty. Won, lost and open are those known at the as-of date:
whether a deal without a date was closed by then may be unknown. Where the store has wins and not one loss, losses are not exported: shares are empty."""

columns = [
  { name = "week", unit = "date", title = { ru = "Неделя", en = "Week" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "undated", unit = "count", title = { ru = "Без даты или пропали", en = "Undated or gone" } },
  { name = "settled", unit = "share", interval = true, title = { ru = "Завершённая конверсия", en = "Settled conversion" } },
  { name = "eventual", unit = "share", interval = true, ends = true, title = { ru = "Конверсия к сроку", en = "Eventual conversion" } },
  { name = "so_far", unit = "share", title = { ru = "Купили к сроку, молодые — пока", en = "Bought by the horizon, young weeks so far" } },
  { name = "young", unit = "count", title = { ru = "Молодая", en = "Young" } },
]
*/
WITH longest AS (
    SELECT max(days) AS days
    FROM horizons
),

by_week AS (
    SELECT
        bounded.grp,
        bounded.week,
        longest.days AS horizon_days,
        count(*) AS leads,
        count(*) FILTER (WHERE bounded.status = 'won') AS won,
        count(*) FILTER (WHERE bounded.status = 'lost') AS lost,
        count(*) FILTER (WHERE bounded.is_open) AS open,
        count(bounded.undated) AS undated,
        count(*) FILTER (WHERE bounded.undated = 'won' AND bounded.status IS NULL) AS perhaps_won,
        count(*) FILTER (WHERE bounded.undated = 'lost' AND bounded.status IS NULL) AS perhaps_lost,
        cuminc(bounded.least_days, bounded.least_outcome, longest.days::double) FILTER (WHERE losses.any_lost) AS least,
        cuminc(bounded.most_days, bounded.most_outcome, longest.days::double) FILTER (WHERE losses.any_lost) AS most
    FROM bounded_outcomes AS bounded
    CROSS JOIN longest
    CROSS JOIN losses
    GROUP BY bounded.grp, bounded.week, longest.days
)

SELECT
    grp,
    week,
    leads,
    won,
    lost,
    open,
    undated,
    -- of what may be settled or not there is no share; nor is there any where no loss is known at all: losses are not exported, and the won
    -- alone would make 100 %
    CASE WHEN perhaps_won + perhaps_lost = 0 AND losses.any_lost THEN won::double / nullif(won + lost, 0) END AS settled,
    CASE WHEN losses.any_lost THEN wilson_low(won, won + lost + perhaps_lost) END AS settled_low,
    CASE WHEN losses.any_lost THEN wilson_high(won + perhaps_won, won + perhaps_won + lost) END AS settled_high,
    CASE WHEN most['estimate'] - least['estimate'] <= 0.005 THEN (least['estimate'] + most['estimate']) / 2.0 END AS eventual,
    least['low'] AS eventual_low,
    most['high'] AS eventual_high,
    least['estimate'] AS eventual_least,
    most['estimate'] AS eventual_most,
    -- a floor for a young week: what it has brought so far
    CASE WHEN most['at_least'] - least['at_least'] <= 0.005 THEN (least['at_least'] + most['at_least']) / 2.0 END AS so_far,
    -- the last of the week came in on its seventh day
    CASE WHEN week::int + 7 + horizon_days > $as_of_day::int THEN 1 ELSE 0 END AS young
FROM by_week
CROSS JOIN losses
ORDER BY grp, week
