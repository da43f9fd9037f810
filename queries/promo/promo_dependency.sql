/*
title = { ru = "Зависимость от акций", en = "Promotion dependency" }
grain = "one row for the group"
needs = ["deals.client_id", "deals.created_at", "deals.closed_at", "deals.status", "deals.amount", "deals.promo", "promos.starts"]
dimensions = "leads"
about.ru = """
Индекс 0–100 — среднее четырёх долей, умноженное на 100: выручка по акциям за период; месяцы с акцией среди последних (их число задаёт
регламент, начиная с первого, о котором есть данные); клиенты периода, всегда покупавшие по акции; ждавшие — среди выигранных в первые дни акций
периода те, что до акции были открыты и без движения не меньше срока регламента. Ждавших видно, только если касания менеджера и филиала
сделки загружены за все эти дни (у скольких — рядом); не у всех — доли нет. Если какой-то доли нет, индекс пуст, а «не менее» и «не
более» говорят, каким он мог бы быть: неизвестная доля — от 0 до 1, а ждавшие — от замеченных до всех, о ком неизвестно. Выручка и её доля — по продажам с известной суммой; продажи без суммы и
без даты посчитаны рядом, проданное без даты ни в один период не попало. Доли сделок и клиентов — с интервалом Уилсона 95 %; у доли выручки и
доли месяцев интервала нет."""
about.en = """
The index, 0–100, is a hundred times the mean of four shares: revenue under promotion in the period; months with a promotion among the last
ones (the regulation says how many, from the first that the data know); the period's clients who always bought under one; waiting: of the
deals won in the first days of the period's promotions, those open and idle before it for at least the regulation's days. Who waited can be
seen only where touches of the deal's manager and branch are loaded of all those days (of how many stands beside); not of all: no share. Where a share is absent the index is empty, and "at least" and "at most" say what it may be: an unknown share lies between 0 and
1, the waiting between those seen and all of whom it is not known. Revenue and its share are of wins with a known amount; wins without an amount, and without a date, are counted beside; what was sold without a date
fell into no period. Shares of deals and of clients come with a 95 % Wilson interval; shares of revenue and of months have none."""
columns = [
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "undated", unit = "count", title = { ru = "Продаж без даты", en = "Wins without a date" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Продаж без суммы", en = "Wins without an amount" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка", en = "Revenue" } },
  { name = "depth", unit = "share", of = "won", title = { ru = "Глубина скидки", en = "Discount depth" } },
  { name = "promo_won", unit = "count", title = { ru = "Из них по акции", en = "Of them under promotion" } },
  { name = "promo_won_share", unit = "share", of = "won", interval = true, title = { ru = "Доля сделок по акции", en = "Share of wins under promotion" } },
  { name = "promo_revenue_share", unit = "share", of = "won", missed = "revenue", title = { ru = "Доля выручки по акции", en = "Share of revenue under promotion" } },
  { name = "promo_months_share", unit = "share", of = "won", title = { ru = "Доля месяцев с акцией", en = "Share of months with a promotion" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "promo_only", unit = "count", title = { ru = "Из них только по акции", en = "Of them promo-only" } },
  { name = "promo_only_share", unit = "share", of = "clients", interval = true, list = "promo_only", title = { ru = "Доля клиентов только по акции", en = "Share of promo-only clients" } },
  { name = "first_days_won", unit = "count", title = { ru = "Выиграны в первые дни акций", en = "Won in promotions' first days" } },
  { name = "waiting_judged", unit = "count", title = { ru = "Из них с известными касаниями", en = "Of them with known touches" } },
  { name = "waiting", unit = "count", title = { ru = "Из них ждали", en = "Of them waiting" } },
  { name = "waiting_share", unit = "share", of = "first_days_won", interval = true, list = "waiting", title = { ru = "Доля ждавших", en = "Waiting share" } },
  { name = "dependency_index", unit = "index", of = "won", ends = true, title = { ru = "Индекс зависимости", en = "Dependency index" } },
]
*/
WITH wins AS (
    SELECT
        deal_id,
        grp,
        client_id,
        created_at,
        won_at,
        amount,
        CASE WHEN amount IS NOT NULL THEN list_amount END AS list_amount,
        coalesce(promo, '') <> '' AS is_promo
    FROM scope
    WHERE status = 'won' AND won_at < $to
),

sold AS (
    SELECT
        grp,
        count(*) AS won,
        count(*) FILTER (WHERE is_promo) AS promo_won,
        count(*) - count(amount) AS won_without_amount,
        -- won without any amount is unknown revenue
        sum(amount) AS revenue,
        coalesce(sum(amount) FILTER (WHERE is_promo), 0) AS promo_revenue,
        sum(list_amount) AS list_amount,
        sum(list_amount - amount) AS discount
    FROM wins
    WHERE won_at >= $from
    GROUP BY grp
),

-- won on an unknown day: of no period
dateless AS (
    SELECT grp, count(*) AS undated
    FROM scope
    WHERE undated = 'won'
    GROUP BY grp
),

-- a client is promo-only by everything bought so far, not by the period alone
kinds AS (
    SELECT client_id, bool_and(is_promo) AS is_promo_only
    FROM wins
    WHERE client_id <> ''
    GROUP BY client_id
),

buyers AS (
    SELECT DISTINCT grp, client_id
    FROM wins
    WHERE won_at >= $from AND client_id <> ''
),

clients AS (
    SELECT buyers.grp, count(*) AS clients, count(*) FILTER (WHERE kinds.is_promo_only) AS promo_only
    FROM buyers
    INNER JOIN kinds ON buyers.client_id = kinds.client_id
    GROUP BY buyers.grp
),

-- what the as-of date lets be seen; a promotion's last day is part of it, an endless one runs on
campaigns AS (
    SELECT coalesce(promo, '') AS promo, starts, coalesce(ends, $as_of_day) AS ends
    FROM promos
    WHERE starts < $as_of_day
),

known AS (
    SELECT local_month(earliest.at) AS month
    FROM (SELECT least(created_at, closed_at) AS at FROM scope ORDER BY at LIMIT 1) AS earliest
),

months AS (
    SELECT
        unnest(
            generate_series(
                known.month,
                local_month(least($to_day, $as_of_day) - INTERVAL '1 day'),
                INTERVAL '1 month'
            )
        ) AS month
    FROM known
),

last_months AS (
    SELECT counted_back.month
    FROM (SELECT month, row_number() OVER (ORDER BY month DESC) AS back FROM months) AS counted_back
    CROSS JOIN rules
    WHERE counted_back.back <= rules.promo_months
),

-- a month without a promotion counts, also where none has begun yet
promo_months AS (
    SELECT
        count(DISTINCT last_months.month) AS months,
        count(DISTINCT CASE WHEN campaigns.promo IS NOT NULL THEN last_months.month END) AS with_promo
    FROM last_months
    LEFT JOIN campaigns
        ON campaigns.starts < last_months.month + INTERVAL '1 month'
        AND campaigns.ends >= last_months.month
),

-- deals won in the first days of a promotion that began within the period
first_days AS (
    SELECT
        scope.deal_id,
        scope.grp,
        scope.touch_at,
        scope.entries,
        coalesce(
            local_day(known_from('touch', scope.manager, scope.branch))::int <= campaigns.starts::int - rules.waiting_idle_days
            AND local_day(known_until('touch', scope.manager, scope.branch))::int >= campaigns.starts::int,
            FALSE
        ) AS is_known,
        campaigns.starts::int AS starts,
        local_day(scope.created_at)::int AS created
    FROM scope
    CROSS JOIN rules
    INNER JOIN campaigns
        ON local_day(scope.won_at) >= campaigns.starts
        AND local_day(scope.won_at)::int < campaigns.starts::int + rules.waiting_first_days
        AND local_day(scope.won_at) <= campaigns.ends
    WHERE
        scope.status = 'won'
        AND scope.won_at >= $from
        AND scope.won_at < $to
        AND campaigns.starts >= $from_day
),

moves AS (
    SELECT deal_id, starts, unnest(entries) AS entry
    FROM first_days
),

activity AS (
    SELECT deal_id, starts, unnest(touch_at) AS at
    FROM first_days
    UNION ALL
    SELECT deal_id, starts, entry['at'] AS at
    FROM moves
),

stirred AS (
    SELECT DISTINCT activity.deal_id, activity.starts
    FROM activity
    CROSS JOIN rules
    WHERE
        local_day(activity.at)::int < activity.starts
        AND local_day(activity.at)::int >= activity.starts - rules.waiting_idle_days
),

judged AS (
    SELECT
        first_days.grp,
        first_days.deal_id,
        -- what came later than that did not wait, whatever touched it
        bool_and(first_days.is_known OR first_days.created > first_days.starts - rules.waiting_idle_days) AS is_known,
        bool_or(
            first_days.created <= first_days.starts - rules.waiting_idle_days AND stirred.deal_id IS NULL
        ) AS has_waited
    FROM first_days
    CROSS JOIN rules
    LEFT JOIN stirred ON first_days.deal_id = stirred.deal_id AND first_days.starts = stirred.starts
    GROUP BY first_days.grp, first_days.deal_id
),

waiters AS (
    SELECT
        grp,
        count(*) AS first_days_won,
        count(*) FILTER (WHERE is_known) AS waiting_judged,
        count(*) FILTER (WHERE is_known AND has_waited) AS waiting
    FROM judged
    GROUP BY grp
),

shares AS (
    SELECT
        sold.grp,
        sold.won,
        coalesce(dateless.undated, 0) AS undated,
        sold.won_without_amount,
        sold.revenue,
        CASE WHEN sold.list_amount > 0 THEN sold.discount::double / sold.list_amount::double END AS depth,
        sold.promo_won,
        sold.promo_won::double / nullif(sold.won, 0) AS promo_won_share,
        -- with money given back, a part may be more than the whole, or less than nothing: no share
        CASE
            WHEN sold.revenue > 0 AND sold.promo_revenue BETWEEN 0 AND sold.revenue
                THEN sold.promo_revenue::double / sold.revenue::double
        END AS promo_revenue_share,
        promo_months.with_promo::double / nullif(promo_months.months, 0) AS promo_months_share,
        coalesce(clients.clients, 0) AS clients,
        coalesce(clients.promo_only, 0) AS promo_only,
        clients.promo_only::double / nullif(clients.clients, 0) AS promo_only_share,
        coalesce(waiters.first_days_won, 0) AS first_days_won,
        coalesce(waiters.waiting_judged, 0) AS waiting_judged,
        CASE WHEN waiters.waiting_judged > 0 OR waiters.grp IS NULL THEN coalesce(waiters.waiting, 0) END AS waiting,
        CASE
            WHEN waiters.waiting_judged = waiters.first_days_won THEN waiters.waiting::double / nullif(waiters.first_days_won, 0)
        END AS waiting_share,
        coalesce(waiters.waiting::double / waiters.first_days_won, 0.0) AS waiting_least,
        coalesce((waiters.waiting + waiters.first_days_won - waiters.waiting_judged)::double / waiters.first_days_won, 1.0)
            AS waiting_most
    FROM sold
    CROSS JOIN promo_months
    LEFT JOIN dateless ON sold.grp = dateless.grp
    LEFT JOIN clients ON sold.grp = clients.grp
    LEFT JOIN waiters ON sold.grp = waiters.grp
)

SELECT
    grp,
    won,
    undated,
    won_without_amount,
    revenue,
    depth,
    promo_won,
    promo_won_share,
    wilson_low(promo_won, won) AS promo_won_share_low,
    wilson_high(promo_won, won) AS promo_won_share_high,
    promo_revenue_share,
    promo_months_share,
    clients,
    promo_only,
    promo_only_share,
    wilson_low(promo_only, clients) AS promo_only_share_low,
    wilson_high(promo_only, clients) AS promo_only_share_high,
    first_days_won,
    waiting_judged,
    waiting,
    waiting_share,
    CASE WHEN waiting_share IS NOT NULL THEN wilson_low(waiting, first_days_won) END AS waiting_share_low,
    CASE WHEN waiting_share IS NOT NULL THEN wilson_high(waiting, first_days_won) END AS waiting_share_high,
    100 * (promo_revenue_share + promo_months_share + promo_only_share + waiting_share) / 4 AS dependency_index,
    100 * (
        coalesce(promo_revenue_share, 0.0) + coalesce(promo_months_share, 0.0) + coalesce(promo_only_share, 0.0) + waiting_least
    ) / 4 AS dependency_index_least,
    100 * (
        coalesce(promo_revenue_share, 1.0) + coalesce(promo_months_share, 1.0) + coalesce(promo_only_share, 1.0) + waiting_most
    ) / 4 AS dependency_index_most
FROM shares
ORDER BY grp
