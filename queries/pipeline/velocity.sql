/*
title = { ru = "Скорость продаж", en = "Sales velocity" }
undated.ru = "если закрытых без даты, что могли закрыться в периоде, больше 0,5 %, доля выигранных и скорость пусты"
undated.en = "where closings without a date that may have been in the period are more than 0.5 %, win rate and velocity are empty"
grain = "one row per group"
needs = ["deals.created_at", "deals.status", "deals.amount"]
dimensions = "leads"

about.ru = """
Скорость = открытые сделки × доля выигранных × средний чек ÷ цикл: сколько денег в день приносит нынешняя воронка, если будет закрываться так, как закрывалась в периоде. Открытые: на
дату отчёта. Доля выигранных: среди закрытых в периоде (интервал Уилсона). Средний чек: выигранные в периоде с известной суммой (интервал Стьюдента по логарифму дельта-методом).
Цикл: медиана из «Цикла сделки» для созданных в периоде. Интервал скорости 95 %, дельта-метод по логарифму: складываются относительные дисперсии трёх множителей; число открытых
известно точно, множители считаются независимыми. Пусто, если нет хоть одного множителя: например, цикл не достигнут или выигрышей меньше двух. Рядом то, что
выиграно на деле, на день периода. Это множители одной формулы, а не прогноз: она не знает ни этапов, ни возраста сделок, ни сезона."""
about.en = """
Velocity = open deals × win rate × average deal ÷ cycle: how much money a day the present pipeline brings if it closes as deals closed within the period. Open: at the as-of
date. Win rate: of the deals closed within the period (Wilson interval). Average deal: of the wins within the period whose amount is known (interval of its logarithm, delta method).
Cycle: the median of "Sales cycle" for deals created within the period. 95 % interval of velocity by the delta method on the logarithm: the relative variances of three factors are added; the number
of open deals is known exactly, and factors are taken as independent. Empty where a factor is missing: the cycle is not reached, say, or there are fewer than two wins. Beside it what was in fact
won, per day of the period. These are the factors of one formula and no forecast: it knows neither stages nor the age of deals nor the season."""

columns = [
  { name = "open", unit = "count", title = { ru = "Открытые", en = "Open" } },
  { name = "closed", unit = "count", title = { ru = "Закрыты", en = "Closed" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "undated", unit = "count", title = { ru = "Закрыты без даты", en = "Closed without a date" } },
  { name = "win_rate", unit = "share", of = "closed", interval = true, title = { ru = "Доля выигранных", en = "Win rate" } },
  { name = "average_deal", unit = "money", of = "won", interval = true, title = { ru = "Средний чек", en = "Average deal" } },
  { name = "cycle_days", unit = "days", of = "won", interval = true, title = { ru = "Цикл, дней", en = "Cycle, days" } },
  { name = "velocity", unit = "money", of = "won", interval = true, title = { ru = "Скорость, в день", en = "Velocity, a day" } },
  { name = "won_a_day", unit = "money", title = { ru = "Выиграно на деле, в день", en = "In fact won, a day" } },
]
*/
WITH days AS (
    SELECT greatest(reached.until - $from_day, 0)::double AS days
    FROM (SELECT least($to_day, seen_days.until) AS until FROM seen_days) AS reached
),

counted AS (
    SELECT
        scope.grp,
        count(*) FILTER (WHERE scope.is_open) AS open,
        count(*) FILTER (WHERE scope.status IN ('won', 'lost') AND scope.closed_at >= $from AND scope.closed_at < $to) AS closed,
        count(*) FILTER (WHERE scope.won_at >= $from AND scope.won_at < $to) AS won,
        -- closed, and on a day that may have been one of the period's
        count(*) FILTER (
            WHERE scope.status IN ('won', 'lost')
            AND scope.closed_at IS NULL
            AND coalesce(scope.created_at < $to, TRUE)
            AND coalesce(scope.closed_after < $to, TRUE)
            AND coalesce(scope.closed_by >= $from, TRUE)
        ) AS undated,
        count(scope.amount) FILTER (WHERE scope.won_at >= $from AND scope.won_at < $to) AS priced,
        sum(scope.amount) FILTER (WHERE scope.won_at >= $from AND scope.won_at < $to) AS revenue,
        stddev_samp(scope.amount::double) FILTER (WHERE scope.won_at >= $from AND scope.won_at < $to) AS spread
    FROM scope
    GROUP BY scope.grp
),

factors AS (
    SELECT
        counted.grp,
        counted.open,
        counted.closed,
        counted.won,
        counted.undated,
        counted.revenue,
        losses.any_lost AND 200 * counted.undated <= counted.closed AS is_known,
        counted.won::double / nullif(counted.closed, 0) AS win_rate,
        counted.revenue::double / nullif(counted.priced, 0) AS average_deal,
        -- the standard error of the logarithm of each factor
        CASE WHEN counted.priced > 1 THEN counted.spread / sqrt(counted.priced::double) / nullif(counted.revenue::double / counted.priced, 0.0) END AS deal_error,
        sqrt((1.0 - counted.won::double / nullif(counted.closed, 0)) / nullif(counted.won, 0)::double) AS rate_error,
        cycle.median_days,
        cycle.median_days_low,
        cycle.median_days_high,
        ln(nullif(cycle.median_days_high, 0.0) / nullif(cycle.median_days_low, 0.0)) / (2.0 * 1.959963984540054) AS cycle_error,
        days.days
    FROM counted
    LEFT JOIN cycle ON counted.grp = cycle.grp
    CROSS JOIN losses
    CROSS JOIN days
),

told AS (
    SELECT
        grp,
        open,
        closed,
        won,
        undated,
        revenue,
        is_known,
        win_rate,
        average_deal,
        deal_error,
        median_days,
        median_days_low,
        median_days_high,
        days,
        CASE WHEN is_known THEN open::double * win_rate * average_deal / nullif(median_days, 0.0) END AS velocity,
        exp(1.959963984540054 * sqrt(rate_error * rate_error + deal_error * deal_error + cycle_error * cycle_error)) AS times
    FROM factors
    WHERE open > 0 OR closed > 0 OR undated > 0
)

SELECT
    grp,
    open,
    closed,
    won,
    undated,
    CASE WHEN is_known THEN win_rate END AS win_rate,
    CASE WHEN is_known THEN wilson_low(won, closed) END AS win_rate_low,
    CASE WHEN is_known THEN wilson_high(won, closed) END AS win_rate_high,
    average_deal,
    average_deal / exp(1.959963984540054 * deal_error) AS average_deal_low,
    average_deal * exp(1.959963984540054 * deal_error) AS average_deal_high,
    median_days AS cycle_days,
    median_days_low AS cycle_days_low,
    median_days_high AS cycle_days_high,
    -- a value of which nobody knows how far it is off is none
    CASE WHEN times IS NOT NULL THEN velocity END AS velocity,
    velocity / times AS velocity_low,
    velocity * times AS velocity_high,
    revenue::double / nullif(days, 0.0) AS won_a_day
FROM told
ORDER BY grp
