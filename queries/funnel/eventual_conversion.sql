/*
title = { ru = "Конверсия в продажу к сроку", en = "Conversion to a win by a given day" }
grain = "one row per horizon of the regulation"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"

about.ru = """
Доля вошедших в воронку за период, кто будет выигран не позже чем через H дней после входа: оценка Аалена — Йохансена, где
потеря — конкурирующий исход, а открытая на дату отчёта сделка цензурирована, то есть не считается потерянной. Интервал 95 %. Закрытые без даты закрылись когда-то между входом и
первой выгрузкой, где они закрыты: «не менее» и «не более» — оценка, будь каждый такой выигрыш самым поздним, а проигрыш самым ранним из
возможных, и наоборот; если они расходятся больше чем на 0,5 п. п., сама оценка пуста. Выигранные, потерянные и открытые: известные на дату отчёта; закрыта ли
к ней сделка без даты, бывает неизвестно. Где в базе есть выигрыши и ни одной потери, потери не выгружены: доли пусты."""
about.en = """
The share of those who came into the funnel within the period that is won no later than H days after: the Aalen–Johansen
estimate, with a loss as the competing event; a deal still open at the as-of date is censored, not lost. 95 % interval. What was closed without a date was closed somewhen between its entry and the first export that shows it
closed: "at least" and "at most" are the estimates were each such win as late, each such loss as early as may be, and the other way
round; where they differ by more than 0.5 points, the estimate itself is empty. Won, lost and open are those known at the as-of date:
whether a deal without a date was closed by then may be unknown. Where the store has wins and not one loss, losses are not exported: shares are empty."""

columns = [
  { name = "horizon_days", unit = "days", title = { ru = "Срок, дней", en = "By day" } },
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "undated", unit = "count", title = { ru = "Без даты или пропали", en = "Undated or gone" } },
  { name = "eventual", unit = "share", interval = true, ends = true, title = { ru = "Конверсия к сроку", en = "Eventual conversion" } },
]
*/
WITH by_horizon AS (
    SELECT
        bounded.grp,
        horizons.days,
        count(*) AS deals,
        count(*) FILTER (WHERE bounded.status = 'won') AS won,
        count(*) FILTER (WHERE bounded.status = 'lost') AS lost,
        count(*) FILTER (WHERE bounded.is_open) AS open,
        count(bounded.undated) AS undated,
        cuminc(bounded.least_days, bounded.least_outcome, horizons.days::double) FILTER (WHERE losses.any_lost) AS least,
        cuminc(bounded.most_days, bounded.most_outcome, horizons.days::double) FILTER (WHERE losses.any_lost) AS most
    FROM bounded_outcomes AS bounded
    CROSS JOIN horizons
    CROSS JOIN losses
    GROUP BY bounded.grp, horizons.days
)

SELECT
    grp,
    days AS horizon_days,
    deals,
    won,
    lost,
    open,
    undated,
    CASE WHEN most['estimate'] - least['estimate'] <= 0.005 THEN (least['estimate'] + most['estimate']) / 2.0 END AS eventual,
    least['low'] AS eventual_low,
    most['high'] AS eventual_high,
    least['estimate'] AS eventual_least,
    most['estimate'] AS eventual_most
FROM by_horizon
ORDER BY grp, horizon_days
