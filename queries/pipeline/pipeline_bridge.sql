/*
title = { ru = "Куда ушла воронка: мост", en = "Where the pipeline went: the bridge" }
grain = "one row per set of deals (all, due) and period: the whole asked one, its months, its weeks"
so_far = true
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"
undated.ru = "вышли из воронки в день выгрузки, которая первой показала их закрытыми"
undated.en = "left the pipeline on the day of the export that first showed them closed"
partly.ru = "без срезов (snapshot) и без событий amount изменения сумм не видны: столбцы изменений пусты, verdict = unknown"
partly.en = "without snapshots and without amount events changes of amounts are not seen: their columns are empty, verdict = unknown"

about.ru = """
Открытые сделки и их деньги от начала периода к концу: было + созданы + возвращены + выросли − уменьшились − выиграны − потеряны − пропали + вошли − вышли = стало, точно до копейки, в каждом периоде и
в каждой группе; «стало» периода — «было» следующего. Строки: весь период, его месяцы и недели (крайние обрезаны периодом). covers = all — все открытые сделки; due — те, что намечены к закрытию внутри
запрошенного периода: из неё сделка выходит и входит в неё, когда меняется намеченная дата. Суммы и намеченные даты — какими их знали: из срезов (snapshot) и событий amount, expected_close; первая известная
сумма считается суммой с создания. Изменение, видимое лишь сравнением срезов, стоит на дне второго. Если такой срез показал и новую сумму, и закрытие, сначала считается изменение, и сделка уходит с суммой, с которой выиграна или потеряна;
counted_first = "closing" в [funnel] регламента — наоборот: уходит с прежней суммой. Возвращены: вернулись из завершающего этапа или в срез. Отложены, приближены, просрочены — намеченная дата сдвинута позже, раньше, прошла, а сделка открыта; на итог
«все» они не влияют, их деньги — сумма сделки в тот день. Группа сделки — нынешняя: кому она принадлежала раньше, выгрузки не говорят. Сделки без даты создания и переходов не в счёт: см. «Можно ли верить мосту». verdict: ok; unknown — мосту этого периода верить нельзя, why говорит почему."""
about.en = """
Open deals and their money from the beginning of a period to its end: opening + created + reopened + expanded − contracted − won − lost − gone + moved in − moved out = closing, exact to the last digit, in each period and
each group; the closing of one is the opening of the next. Rows: the whole period, its months and weeks (cut by the period at both ends). covers = all: all open deals; due: those that are expected to close within
the period asked for; a deal moves out of it, and into it, when its expected date changes. Amounts and expected dates are those known at the time: from snapshots and from events amount, expected_close; the first known
amount counts from the creation on. A change that is seen only by comparing two snapshots stands on the day of the second. If that one shows a new amount and the closing, the change is counted first, and the deal leaves with the amount it was won or lost with;
counted_first = "closing" in [funnel] of the regulation turns it round: it leaves with the amount it had. Reopened: back from a terminal stage, or back in the snapshot. Pushed, advanced, slipped: the expected date was moved later, earlier, or went by while the deal was open; they do not change
"all", and their money is what the deal was worth that day. A deal's group is the present one: whose it was before no export tells. Deals without a date of creation or a move are left out: see "Can the bridge be trusted". verdict: ok; unknown: the bridge of this period cannot be judged, and why says so."""

columns = [
  { name = "covers", unit = "text", title = { ru = "Каких сделок", en = "Which deals" } },
  { name = "unit", unit = "text", title = { ru = "Чего", en = "Of a" } },
  { name = "starts", unit = "date", title = { ru = "С", en = "From" } },
  { name = "ends", unit = "date", title = { ru = "До", en = "Until" } },
  { name = "opening", unit = "money", title = { ru = "Было", en = "Opening" } },
  { name = "created", unit = "money", title = { ru = "Созданы", en = "Created" } },
  { name = "reopened", unit = "money", title = { ru = "Возвращены", en = "Reopened" } },
  { name = "expanded", unit = "money", title = { ru = "Выросли", en = "Expanded" } },
  { name = "contracted", unit = "money", title = { ru = "Уменьшились", en = "Contracted" } },
  { name = "moved_in", unit = "money", title = { ru = "Вошли", en = "Moved in" } },
  { name = "moved_out", unit = "money", title = { ru = "Вышли", en = "Moved out" } },
  { name = "won", unit = "money", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "money", title = { ru = "Потеряны", en = "Lost" } },
  { name = "gone", unit = "money", title = { ru = "Пропали", en = "Gone" } },
  { name = "closing", unit = "money", title = { ru = "Стало", en = "Closing" } },
  { name = "opening_deals", unit = "count", title = { ru = "Было сделок", en = "Opening deals" } },
  { name = "created_deals", unit = "count", title = { ru = "Создано", en = "Created deals" } },
  { name = "reopened_deals", unit = "count", title = { ru = "Возвращено", en = "Reopened deals" } },
  { name = "moved_in_deals", unit = "count", title = { ru = "Вошло", en = "Moved in, deals" } },
  { name = "moved_out_deals", unit = "count", title = { ru = "Вышло", en = "Moved out, deals" } },
  { name = "won_deals", unit = "count", title = { ru = "Выиграно", en = "Won deals" } },
  { name = "lost_deals", unit = "count", title = { ru = "Потеряно", en = "Lost deals" } },
  { name = "gone_deals", unit = "count", title = { ru = "Пропало", en = "Gone deals" } },
  { name = "closing_deals", unit = "count", title = { ru = "Стало сделок", en = "Closing deals" } },
  { name = "expansions", unit = "count", title = { ru = "Увеличений", en = "Expansions" } },
  { name = "contractions", unit = "count", title = { ru = "Уменьшений", en = "Contractions" } },
  { name = "pushes", unit = "count", title = { ru = "Отложено раз", en = "Pushes" } },
  { name = "pushed", unit = "money", title = { ru = "Отложены", en = "Pushed" } },
  { name = "slips", unit = "count", title = { ru = "Просрочено раз", en = "Slips" } },
  { name = "slipped", unit = "money", title = { ru = "Просрочены", en = "Slipped" } },
  { name = "advances", unit = "count", title = { ru = "Приближено раз", en = "Advances" } },
  { name = "advanced", unit = "money", title = { ru = "Приближены", en = "Advanced" } },
  { name = "verdict", unit = "text", title = { ru = "Вывод", en = "Verdict" } },
  { name = "why", unit = "text", title = { ru = "Почему", en = "Why" } },
]
*/
WITH starts AS (
    SELECT 'period' AS unit, $from_day AS starts, $to_day AS ends
    UNION ALL
    SELECT 'week' AS unit, day AS starts, (day + INTERVAL '7 days')::date AS ends
    FROM (SELECT unnest(generate_series(local_week($from_day), $to_day - INTERVAL '1 day', INTERVAL '7 days'))::date AS day) AS weeks
    UNION ALL
    SELECT 'month' AS unit, day AS starts, (day + INTERVAL '1 month')::date AS ends
    FROM (SELECT unnest(generate_series(local_month($from_day), $to_day - INTERVAL '1 day', INTERVAL '1 month'))::date AS day) AS months
),

periods AS (
    SELECT unit, greatest(starts, $from_day) AS starts, least(ends, $to_day) AS ends
    FROM starts
),

groups AS (
    SELECT DISTINCT covers, grp
    FROM pipeline_days
),

summed AS (
    SELECT
        g.covers,
        g.grp,
        p.unit,
        p.starts,
        p.ends,
        sum(CASE WHEN d.day < p.starts THEN d.amount ELSE 0 END) AS opening,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'created' THEN d.amount ELSE 0 END) AS created,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'reopened' THEN d.amount ELSE 0 END) AS reopened,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'expanded' THEN d.amount ELSE 0 END) AS expanded,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'contracted' THEN -d.amount ELSE 0 END) AS contracted,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'moved_in' THEN d.amount ELSE 0 END) AS moved_in,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'moved_out' THEN -d.amount ELSE 0 END) AS moved_out,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'won' THEN -d.amount ELSE 0 END) AS won,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'lost' THEN -d.amount ELSE 0 END) AS lost,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'gone' THEN -d.amount ELSE 0 END) AS gone,
        coalesce(sum(d.amount), 0) AS closing,
        sum(CASE WHEN d.day < p.starts THEN d.deals ELSE 0 END) AS opening_deals,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'created' THEN d.deals ELSE 0 END) AS created_deals,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'reopened' THEN d.deals ELSE 0 END) AS reopened_deals,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'moved_in' THEN d.deals ELSE 0 END) AS moved_in_deals,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'moved_out' THEN -d.deals ELSE 0 END) AS moved_out_deals,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'won' THEN -d.deals ELSE 0 END) AS won_deals,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'lost' THEN -d.deals ELSE 0 END) AS lost_deals,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'gone' THEN -d.deals ELSE 0 END) AS gone_deals,
        coalesce(sum(d.deals), 0) AS closing_deals,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'expanded' THEN d.times ELSE 0 END) AS expansions,
        sum(CASE WHEN d.day >= p.starts AND d.effect = 'contracted' THEN d.times ELSE 0 END) AS contractions,
        sum(CASE WHEN d.day >= p.starts AND d.kind = 'pushed' THEN d.times ELSE 0 END) AS pushes,
        sum(CASE WHEN d.day >= p.starts AND d.kind = 'pushed' THEN d.held ELSE 0 END) AS pushed,
        sum(CASE WHEN d.day >= p.starts AND d.kind = 'slipped' THEN d.times ELSE 0 END) AS slips,
        sum(CASE WHEN d.day >= p.starts AND d.kind = 'slipped' THEN d.held ELSE 0 END) AS slipped,
        sum(CASE WHEN d.day >= p.starts AND d.kind = 'advanced' THEN d.times ELSE 0 END) AS advances,
        sum(CASE WHEN d.day >= p.starts AND d.kind = 'advanced' THEN d.held ELSE 0 END) AS advanced
    FROM groups AS g
    CROSS JOIN periods AS p
    LEFT JOIN pipeline_days AS d ON g.covers = d.covers AND g.grp = d.grp AND p.ends > d.day
    GROUP BY g.covers, g.grp, p.unit, p.starts, p.ends
),

-- since when amounts and expected dates are seen to change, and whether they may be added up at all
seen AS (
    SELECT
        local_day(min(amount_known_since)) AS amounts_since,
        CASE WHEN count(expected_close) > 0 THEN local_day(min(expected_close_known_since)) END AS dates_since,
        count(amount) > 0 AS has_amounts,
        count(expected_close) > 0 AS has_dates,
        count(DISTINCT stated_currency) > 1 AS is_mixed,
        count(amount) > 0 AND count(DISTINCT stated_currency) <= 1 AS has_money
    FROM scope
),

judged AS (
    SELECT
        sets.covers,
        periods.unit,
        periods.starts,
        CASE
            WHEN NOT seen.has_amounts THEN 'no_amounts'
            WHEN seen.is_mixed THEN 'currencies'
            WHEN sets.covers = 'due' AND NOT seen.has_dates THEN 'no_dates'
            WHEN coalesce(seen.amounts_since > periods.starts, TRUE) THEN 'no_history'
            WHEN sets.covers = 'due' AND coalesce(seen.dates_since > periods.starts, TRUE) THEN 'no_history'
            WHEN periods.ends > seen_days.until THEN 'not_covered'
        END AS why
    FROM periods
    CROSS JOIN (VALUES ('all'), ('due')) AS sets (covers)
    CROSS JOIN seen
    CROSS JOIN seen_days
)

SELECT
    s.grp,
    s.covers,
    s.unit,
    s.starts,
    s.ends,
    CASE WHEN seen.has_money THEN s.opening END AS opening,
    CASE WHEN seen.has_money THEN s.created END AS created,
    CASE WHEN seen.has_money THEN s.reopened END AS reopened,
    CASE WHEN seen.has_money AND seen.amounts_since < s.ends THEN s.expanded END AS expanded,
    CASE WHEN seen.has_money AND seen.amounts_since < s.ends THEN s.contracted END AS contracted,
    CASE WHEN seen.has_money THEN s.moved_in END AS moved_in,
    CASE WHEN seen.has_money THEN s.moved_out END AS moved_out,
    CASE WHEN seen.has_money THEN s.won END AS won,
    CASE WHEN seen.has_money THEN s.lost END AS lost,
    CASE WHEN seen.has_money THEN s.gone END AS gone,
    CASE WHEN seen.has_money THEN s.closing END AS closing,
    s.opening_deals,
    s.created_deals,
    s.reopened_deals,
    s.moved_in_deals,
    s.moved_out_deals,
    s.won_deals,
    s.lost_deals,
    s.gone_deals,
    s.closing_deals,
    CASE WHEN seen.amounts_since < s.ends THEN s.expansions END AS expansions,
    CASE WHEN seen.amounts_since < s.ends THEN s.contractions END AS contractions,
    CASE WHEN seen.dates_since < s.ends THEN s.pushes END AS pushes,
    CASE WHEN seen.dates_since < s.ends AND seen.has_money THEN s.pushed END AS pushed,
    CASE WHEN seen.dates_since < s.ends THEN s.slips END AS slips,
    CASE WHEN seen.dates_since < s.ends AND seen.has_money THEN s.slipped END AS slipped,
    CASE WHEN seen.dates_since < s.ends THEN s.advances END AS advances,
    CASE WHEN seen.dates_since < s.ends AND seen.has_money THEN s.advanced END AS advanced,
    CASE WHEN judged.why IS NULL THEN 'ok' ELSE 'unknown' END AS verdict,
    judged.why
FROM summed AS s
INNER JOIN judged ON s.covers = judged.covers AND s.unit = judged.unit AND s.starts = judged.starts
CROSS JOIN seen
ORDER BY s.grp, s.covers, CASE s.unit WHEN 'period' THEN 1 WHEN 'month' THEN 2 ELSE 3 END, s.starts
