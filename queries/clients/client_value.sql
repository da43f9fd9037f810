/*
title = { ru = "Чего ждать от базы: покупки и ценность", en = "What the base will bring: purchases and value" }
partly.ru = "без повторных покупок модели нет: пусто; «ещё с нами» пусто, если не видно, чтобы кто-то уходил"
partly.en = "no model without repeat purchases: empty; still with us is empty where nobody is seen to leave"
grain = "one row for the group"
needs = ["deals.client_id", "deals.closed_at", "deals.status", "deals.amount"]
dimensions = "clients"

about.ru = """
Все клиенты хотя бы с одной покупкой на дату отчёта, независимо от периода. Модель BG/NBD: частота — число дней с повторной покупкой,
давность и возраст — в неделях от первой покупки до последней и до последнего видимого дня; покупки одного дня — одна. Средний чек
повторных дней — по гамма-гамма; день первой покупки в него не входит. Ожидаемые покупки всей базы за следующие 13 и 52 недели, их
ценность (покупки × ожидаемый чек) и средняя вероятность, что клиент ещё с нами. Пусто там, где модель не сошлась; «ещё с нами» — и там, где по вернувшимся не видно, что кто-то уходит: 100 % были бы выдумкой. Это модель для покупок
без договора и расписания: разовые и абонентские продажи она описывает плохо. Группа клиента — по его новейшей сделке; модель у каждой
группы своя. Продажи без даты не в счёт:
когда они были, неизвестно; сколько их в группе — в последнем столбце."""
about.en = """
All clients with at least one purchase by the as-of date, whatever the period. BG/NBD model: frequency is the number of days with a repeat
purchase, recency and age are weeks from the first purchase to the last and to the last day that is seen; purchases of one day are one.
Mean purchase of the repeat days by gamma-gamma; the day of the first purchase is no part of it. Expected purchases of the whole base
within the next 13 and 52 weeks, their value (purchases × expected purchase) and the mean probability that a client is still with us.
Empty where the model does not fit; "still with us" also where those who came back do not show that anybody leaves: 100 % would be made up. It is a model of purchases without contract or schedule: it describes one-off sales and subscriptions
badly. A client belongs to the group of the newest deal; each group has a model of its own. Wins without a date are left out: when
they were is not known; how many the group has stands in the last column."""

columns = [
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "repeaters", unit = "count", title = { ru = "Покупали не раз", en = "Bought again" } },
  { name = "r", unit = "ratio", title = { ru = "r", en = "r" } },
  { name = "alpha", unit = "ratio", title = { ru = "α", en = "α" } },
  { name = "a", unit = "ratio", title = { ru = "a", en = "a" } },
  { name = "b", unit = "ratio", title = { ru = "b", en = "b" } },
  { name = "purchases_13", unit = "ratio", title = { ru = "Покупок за 13 недель", en = "Purchases in 13 weeks" } },
  { name = "purchases_52", unit = "ratio", title = { ru = "Покупок за 52 недели", en = "Purchases in 52 weeks" } },
  { name = "value_13", unit = "money", title = { ru = "Ценность за 13 недель", en = "Value in 13 weeks" } },
  { name = "value_52", unit = "money", title = { ru = "Ценность за 52 недели", en = "Value in 52 weeks" } },
  { name = "alive_share", unit = "share", title = { ru = "Ещё с нами", en = "Still with us" } },
  { name = "undated", unit = "count", title = { ru = "Продаж без даты", en = "Wins without a date" } },
]
*/
WITH days AS (
    SELECT client_id, local_day(won_at)::int AS day, sum(amount) AS amount
    FROM scope
    WHERE status = 'won' AND won_at IS NOT NULL AND client_id <> ''
    GROUP BY 1, 2
),

firsts AS (
    SELECT client_id, min(day) AS first_day
    FROM days
    GROUP BY client_id
),

summary AS (
    SELECT
        scope_clients.grp,
        scope_clients.client_id,
        (count(*) - 1)::double AS frequency,
        (max(days.day) - firsts.first_day)::double / 7 AS recency,
        -- the day before the as-of date is the last that is seen
        ($as_of_day::int - 1 - firsts.first_day)::double / 7 AS age,
        sum(CASE WHEN days.day > firsts.first_day THEN days.amount END)::double
        / nullif(count(CASE WHEN days.day > firsts.first_day THEN days.amount END), 0) AS monetary
    FROM days
    INNER JOIN firsts ON days.client_id = firsts.client_id
    INNER JOIN scope_clients ON days.client_id = scope_clients.client_id
    GROUP BY scope_clients.grp, scope_clients.client_id, firsts.first_day
),

fits AS (
    SELECT
        grp,
        count(*) AS clients,
        count(*) FILTER (WHERE frequency > 0) AS repeaters,
        bgnbd(frequency, recency, age) AS bought,
        gamma_gamma(frequency, monetary) AS spent
    FROM summary
    GROUP BY grp
),

undated AS (
    SELECT grp, count(*) AS wins
    FROM scope
    WHERE undated = 'won' AND client_id <> ''
    GROUP BY grp
),

-- who came on the last day that is seen is taken as seen for a day: from nothing nothing can be foretold
expected AS (
    SELECT
        summary.grp,
        bgnbd_expected(
            fits.bought['r'], fits.bought['alpha'], fits.bought['a'], fits.bought['b'],
            summary.frequency, summary.recency, greatest(summary.age, 1.0 / 7), 13.0
        ) AS purchases_13,
        bgnbd_expected(
            fits.bought['r'], fits.bought['alpha'], fits.bought['a'], fits.bought['b'],
            summary.frequency, summary.recency, greatest(summary.age, 1.0 / 7), 52.0
        ) AS purchases_52,
        bgnbd_alive(
            fits.bought['r'], fits.bought['alpha'], fits.bought['a'], fits.bought['b'],
            summary.frequency, summary.recency, summary.age
        ) AS alive,
        -- who has no repeat purchase with an amount is expected to spend what the base does
        gamma_gamma_expected(
            fits.spent['p'], fits.spent['q'], fits.spent['v'],
            CASE WHEN summary.monetary > 0 THEN summary.frequency ELSE 0.0 END, coalesce(summary.monetary, 0.0)
        ) AS purchase
    FROM summary
    INNER JOIN fits ON summary.grp = fits.grp
),

-- added as decimals: the same sum on any number of threads; what is not known of everybody is not known of all
summed AS (
    SELECT
        grp,
        sum(purchases_13::decimal(38, 12)) AS purchases_13,
        sum(purchases_52::decimal(38, 12)) AS purchases_52,
        CASE WHEN count(purchase) = count(*) THEN sum((purchases_13 * purchase)::decimal(38, 6)) END AS value_13,
        CASE WHEN count(purchase) = count(*) THEN sum((purchases_52 * purchase)::decimal(38, 6)) END AS value_52,
        sum(alive::decimal(38, 12)) AS alive
    FROM expected
    GROUP BY grp
)

SELECT
    fits.grp,
    fits.clients,
    fits.repeaters,
    fits.bought['r'] AS r,
    fits.bought['alpha'] AS alpha,
    fits.bought['a'] AS a,
    fits.bought['b'] AS b,
    summed.purchases_13,
    summed.purchases_52,
    summed.value_13,
    summed.value_52,
    -- where the model finds that nobody ever leaves, it has seen too few who came back to tell
    CASE WHEN fits.bought['a'] / (fits.bought['a'] + fits.bought['b']) > 1e-4 THEN summed.alive::double / fits.clients END AS alive_share,
    coalesce(undated.wins, 0) AS undated
FROM fits
INNER JOIN summed ON fits.grp = summed.grp
LEFT JOIN undated ON fits.grp = undated.grp
ORDER BY fits.grp
