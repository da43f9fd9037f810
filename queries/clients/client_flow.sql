/*
title = { ru = "Движение базы: пришли, вернулись, ушли", en = "Flow of the base: new, back, gone" }
partly.ru = "ушедшие и вернувшиеся пусты, пока от первой известной покупки не прошло lapsed_days"
partly.en = "lapsed and reactivated are empty until lapsed_days after the first known purchase"
grain = "one row per month that the period touches, from the first that the data know"
needs = ["deals.client_id", "deals.closed_at", "deals.status"]
dimensions = "deals"

about.ru = """
Покупатели по месяцам; первый и последний месяц — только в границах периода и до даты отчёта. Новые: первая известная покупка (в начале данных новыми кажутся и
покупавшие раньше). Повторные: купили не
впервые и без долгого перерыва. Реактивированы: купили после перерыва дольше, чем lapsed_days регламента. Ушли: в этом месяце с последней
покупки прошло больше lapsed_days. Пока от первой известной покупки не прошло lapsed_days, ушедших и вернувшихся увидеть нельзя: пусто. Активны на конец = активны на начало + новые + реактивированные − ушедшие. Сделки без клиента не в
счёт. Группа клиента — по его первой покупке. Продажи без даты не в счёт:
когда они были, неизвестно; сколько их в группе — в последнем столбце."""
about.en = """
Buyers by month; the first and the last month only within the period and before the as-of date. New: the first known purchase (where the data
begin, those who bought before look new too). Returning: bought
again without a long break. Reactivated: bought after a break longer than the regulation's lapsed_days. Lapsed: within this month the last
purchase became more than lapsed_days old. Until lapsed_days after the first known purchase nobody can be seen to go or to come back: empty. Active at the end = active at the start + new + reactivated − lapsed. Deals that name no client
are left out. A client belongs to the group of the first purchase. Wins without a date are left out: when
they were is not known; how many the group has stands in the last column."""

columns = [
  { name = "month", unit = "date", title = { ru = "Месяц", en = "Month" } },
  { name = "new", unit = "count", title = { ru = "Новые", en = "New" } },
  { name = "returning", unit = "count", title = { ru = "Повторные", en = "Returning" } },
  { name = "reactivated", unit = "count", title = { ru = "Реактивированы", en = "Reactivated" } },
  { name = "lapsed", unit = "count", title = { ru = "Ушли", en = "Lapsed" } },
  { name = "active", unit = "count", title = { ru = "Активны на конец", en = "Active at the end" } },
  { name = "undated", unit = "count", title = { ru = "Продаж без даты", en = "Wins without a date" } },
]
*/
WITH wins AS (
    SELECT
        client_id,
        first_value(grp) OVER (PARTITION BY client_id ORDER BY won_at, deal_id) AS grp,
        local_day(won_at)::int AS day,
        local_day(lag(won_at) OVER (PARTITION BY client_id ORDER BY won_at, deal_id))::int AS day_before,
        local_day(lead(won_at) OVER (PARTITION BY client_id ORDER BY won_at, deal_id))::int AS day_after
    FROM scope
    WHERE status = 'won' AND won_at IS NOT NULL AND client_id <> ''
),

judged AS (
    SELECT
        wins.grp,
        wins.client_id,
        wins.day,
        CASE WHEN wins.day_before IS NULL THEN 1 ELSE 0 END AS is_new,
        CASE WHEN wins.day - wins.day_before > rules.lapsed_days THEN 1 ELSE 0 END AS is_back,
        -- the first day on which the purchase is older than that, unless another came before
        CASE
            WHEN wins.day_after - wins.day <= rules.lapsed_days THEN NULL
            ELSE wins.day + rules.lapsed_days::int + 1
        END AS lapses_on
    FROM wins
    CROSS JOIN rules
),

-- each purchase gives up to two days on which something changes
changes AS (
    SELECT
        grp,
        client_id,
        is_new,
        is_back,
        unnest(make_array(0, 1)) AS is_lapse,
        unnest(make_array(day, lapses_on)) AS day
    FROM judged
),

by_client AS (
    SELECT
        grp,
        client_id,
        CASE WHEN day >= $from_day::int THEN local_month(arrow_cast(day, 'Date32')) END AS month,
        sum((1 - is_lapse) * is_new) AS new,
        sum((1 - is_lapse) * is_back) AS reactivated,
        sum(is_lapse) AS lapsed,
        max(1 - is_lapse) AS has_bought
    FROM changes
    WHERE day < least($to_day, $as_of_day)::int
    GROUP BY 1, 2, 3
),

-- what came before the period has no month
by_month AS (
    SELECT
        grp,
        month,
        sum(new) AS new,
        sum(CASE WHEN new + reactivated = 0 THEN has_bought ELSE 0 END) AS returning_clients,
        sum(reactivated) AS reactivated,
        sum(lapsed) AS lapsed
    FROM by_client
    GROUP BY grp, month
),

undated AS (
    SELECT grp, count(*) AS wins
    FROM scope
    WHERE undated = 'won' AND client_id <> ''
    GROUP BY grp
),

groups AS (
    SELECT grp, sum(CASE WHEN month IS NULL THEN new + reactivated - lapsed ELSE 0 END) AS active_before
    FROM by_month
    GROUP BY grp
),

known AS (
    SELECT local_month(min(won_at)) AS month, local_day(min(won_at))::int + max(rules.lapsed_days)::int AS lapse_from
    FROM scope
    CROSS JOIN rules
    WHERE status = 'won'
),

months AS (
    SELECT
        unnest(
            generate_series(
                greatest(local_month($from_day), known.month),
                least($to_day, $as_of_day) - INTERVAL '1 day',
                INTERVAL '1 month'
            )
        ) AS month,
        known.lapse_from
    FROM known
),

filled AS (
    SELECT
        groups.grp,
        groups.active_before,
        months.month,
        coalesce(by_month.new, 0) AS new,
        coalesce(by_month.returning_clients, 0) AS returning_clients,
        coalesce(by_month.reactivated, 0) AS reactivated,
        coalesce(by_month.lapsed, 0) AS lapsed,
        -- who bought before the data begin is not in them: until then nobody could be seen to go, or to come back
        arrow_cast(months.month, 'Date32')::int > months.lapse_from AS has_past
    FROM groups
    CROSS JOIN months
    LEFT JOIN by_month ON groups.grp = by_month.grp AND months.month = by_month.month
)

SELECT
    filled.grp,
    filled.month,
    filled.new,
    filled.returning_clients AS "returning",
    CASE WHEN filled.has_past OR filled.reactivated > 0 THEN filled.reactivated END AS reactivated,
    CASE WHEN filled.has_past OR filled.lapsed > 0 THEN filled.lapsed END AS lapsed,
    filled.active_before + sum(filled.new + filled.reactivated - filled.lapsed) OVER (PARTITION BY filled.grp ORDER BY filled.month) AS active,
    coalesce(undated.wins, 0) AS undated
FROM filled
LEFT JOIN undated ON filled.grp = undated.grp
ORDER BY filled.grp, filled.month
