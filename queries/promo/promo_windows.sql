/*
title = { ru = "Продажи вокруг акций", en = "Sales around promotions" }
grain = "one row per kind of day"
needs = ["deals.closed_at", "deals.status", "promos.starts"]
dimensions = "leads"
about.ru = """
Каждый день периода — один из пяти: первые дни акции (first), остальные её дни (during), дни перед акцией (before), дни после неё (after), прочие
(other); длину окон задаёт регламент, день нескольких акций берётся по этому порядку. Продаж в день и отношение к прочим дням. Провал до и после
— продажи, взятые у обычных дней. День окончания акции входит в неё. Акция, которая на дату отчёта ещё не началась, не видна: дни перед ней пока
прочие. Дни считаются с первого выигрыша группы (у ничего не продавшей — с первого её лида после первого выигрыша компании): раньше продать было
нельзя. Выигрыши без даты, которые могли прийтись на период, стоят отдельной строкой (undated): к каким дням они относятся, неизвестно."""
about.en = """
Every day of the period is one of five: a promotion's first days (first), its other days (during), the days before it (before), the days after it
(after), any other (other); the regulation sets the windows, and a day of several promotions takes the first that fits in this order. Wins per
day, and their ratio to other days. A dip before and after is sales taken from ordinary days. A promotion's last day is part of it. A promotion
that has not begun by the as-of date is not seen: the days before it are other days yet. Days count from the group's first win on (of a group
that never sold: from its first lead after the company's first win): before, nothing could be sold. Wins without a date that may have been of the
period stand in a row of their own (undated): of which days they are is not known."""
columns = [
  { name = "window", unit = "text", title = { ru = "Дни", en = "Days" } },
  { name = "days", unit = "count", title = { ru = "Число дней", en = "Number of days" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "won_per_day", unit = "ratio", title = { ru = "Продаж в день", en = "Wins per day" } },
  { name = "ratio_to_other", unit = "ratio", title = { ru = "К прочим дням", en = "Ratio to other days" } },
]
*/
WITH days AS (
    SELECT
        unnest(
            generate_series(
                greatest($from_day, earliest.day),
                least($to_day, seen_days.until) - INTERVAL '1 day',
                INTERVAL '1 day'
            )
        ) AS day
    FROM (SELECT min(day) AS day FROM begun_groups) AS earliest
    CROSS JOIN seen_days
),

-- days as numbers, so that windows are sums; what the as-of date lets be seen: a promotion still to come is unknown, an endless one runs on
campaigns AS (
    SELECT starts::int AS starts, coalesce(ends, $as_of_day)::int AS ends
    FROM promos
    WHERE starts < $as_of_day
),

placed AS (
    SELECT
        days.day,
        min(
            CASE
                WHEN days.day::int BETWEEN campaigns.starts
                    AND least(campaigns.starts + rules.waiting_first_days - 1, campaigns.ends) THEN 1
                WHEN days.day::int BETWEEN campaigns.starts AND campaigns.ends THEN 2
                WHEN days.day::int BETWEEN campaigns.starts - rules.dip_days AND campaigns.starts - 1 THEN 3
                WHEN days.day::int BETWEEN campaigns.ends + 1 AND campaigns.ends + rules.dip_days THEN 4
                ELSE 5
            END
        ) AS place
    FROM days
    CROSS JOIN rules
    LEFT JOIN campaigns ON TRUE
    GROUP BY days.day
),

windows AS (
    SELECT
        day,
        place,
        CASE place WHEN 1 THEN 'first' WHEN 2 THEN 'during' WHEN 3 THEN 'before' WHEN 4 THEN 'after' ELSE 'other' END AS name
    FROM placed
),

wins AS (
    SELECT grp, local_day(won_at) AS day, count(*) AS won
    FROM scope
    WHERE won_at >= $from AND won_at < $to
    GROUP BY 1, 2
),

counted AS (
    SELECT
        groups.grp,
        windows.place,
        windows.name,
        count(*) AS days,
        coalesce(sum(wins.won), 0) AS won
    FROM begun_groups AS groups
    INNER JOIN windows ON windows.day >= groups.day
    LEFT JOIN wins ON groups.grp = wins.grp AND windows.day = wins.day
    GROUP BY groups.grp, windows.place, windows.name
),

told AS (
    SELECT
        grp,
        place,
        name,
        days,
        won,
        won::double / days AS won_per_day,
        max(CASE WHEN place = 5 THEN won::double / days END) OVER (PARTITION BY grp) AS other_per_day
    FROM counted
    UNION ALL
    SELECT
        undated.grp,
        6 AS place,
        'undated' AS name,
        NULL AS days,
        undated.won,
        NULL AS won_per_day,
        NULL AS other_per_day
    FROM undated_wins AS undated
)

SELECT
    grp,
    name AS window,
    days,
    won,
    won_per_day,
    won_per_day / nullif(other_per_day, 0) AS ratio_to_other
FROM told
ORDER BY grp, CASE place WHEN 3 THEN 0 ELSE place END
