/*
title = { ru = "Остывание: доля продаж от скорости ответа", en = "Cooling: win rate by speed of response" }
grain = "one row per response bucket of the regulation, one for leads not answered, and one for those of which it is not known"
needs = ["deals.created_at", "deals.status", "journeys.response_at"]
dimensions = "deals"

about.ru = """
Лиды, созданные за период, по времени первого ответа (рабочие минуты, если так велит регламент) и доля выигранных среди них с
интервалом Уилсона 95 %. Границы корзины: позже нижней и не позже верхней, как и срок ответа — «не позже». Рядом конверсия к сроку —
Аален — Йохансен на самом длинном сроке: открытые не считаются потерянными. Сделки, закрытые без даты (столбец «Без даты»), могли
закрыться когда угодно между созданием и первой выгрузкой, где они закрыты: если от этого конверсия к сроку меняется больше чем на 0,5 %,
она пуста, а границы — крайние. Это связь, а не доказанная причина. Без ответа — на дату отчёта; свежие из них ещё могут получить ответ.
Последняя строка — лиды, о которых ответ неизвестен: ответы за это время, этого менеджера или филиала не загружены, либо известен день
без времени. Где в базе есть выигрыши и ни одной потери, потери не выгружены: доли пусты."""
about.en = """
Leads created within the period by the time to the first response (working minutes if the regulation says so), and the share won
among them with its 95 % Wilson interval. A bucket holds what is later than its lower bound and no later than its upper one, as the time
allowed for a response does. Beside it the eventual win rate: Aalen–Johansen at the longest horizon, where open is not lost. Deals closed
without a date (column "Undated") may have closed at any moment between their creation and the first export that shows them closed: where
that changes the eventual rate by more than 0.5 %, it is empty, and the bounds are the outer ones. An association, not a proven cause. Not
answered: at the as-of date; the fresh ones may yet be answered. The last row are leads of whose response nothing is known: answers of that
time, manager or branch are not loaded, or the day is known without a time. Where the store has wins and not one loss, losses are not exported: shares are empty."""

columns = [
  { name = "bucket", unit = "count", title = { ru = "№", en = "No." } },
  { name = "label_{lang}", unit = "text", title = { ru = "Ответ", en = "Response" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "win_rate", unit = "share", interval = true, title = { ru = "Доля выигранных", en = "Win rate" } },
  { name = "undated", unit = "count", title = { ru = "Без даты", en = "Undated" } },
  { name = "eventual_rate", unit = "share", of = "leads", interval = true, title = { ru = "Конверсия к сроку", en = "Eventual win rate" } },
]
*/
WITH buckets AS (
    SELECT bucket, label_ru, label_en, from_minutes, to_minutes, 'answered' AS known
    FROM response_buckets
    UNION ALL
    SELECT max(bucket) + 1, 'без ответа', 'not answered', NULL, NULL, 'unanswered'
    FROM response_buckets
    UNION ALL
    SELECT max(bucket) + 2, 'неизвестно', 'not known', NULL, NULL, 'unknown'
    FROM response_buckets
),

longest AS (
    SELECT max(days)::double AS days
    FROM horizons
),

-- `undated` leads are closed, and no export tells when: at the earliest when they came, at the latest when one showed them closed
leads AS (
    SELECT
        scope.grp,
        scope.status,
        scope.undated,
        CASE
            WHEN scope.response_at IS NOT NULL AND ends_at(scope.created_at) = scope.created_at AND ends_at(scope.response_at) = scope.response_at
                THEN 'answered'
            WHEN scope.response_at IS NOT NULL THEN 'unknown'
            WHEN
                scope.created_at >= known_from('answer', scope.manager, scope.branch)
                AND scope.created_at < known_until('answer', scope.manager, scope.branch)
                THEN 'unanswered'
            ELSE 'unknown'
        END AS known,
        -- the least and the most that may have been won by any day
        scope.least_outcome,
        greatest(minutes_between(scope.created_at, scope.least_until) / 1440.0, 0.0) AS least_days,
        scope.most_outcome,
        greatest(minutes_between(scope.created_at, scope.most_until) / 1440.0, 0.0) AS most_days,
        CASE
            WHEN scope.response_at < scope.created_at THEN 0.0
            WHEN rules.response_working THEN working_minutes(scope.created_at, scope.response_at)
            ELSE minutes_between(scope.created_at, scope.response_at)
        END AS minutes
    FROM scope
    CROSS JOIN rules
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

counted AS (
    SELECT
        leads.grp,
        buckets.bucket,
        buckets.label_ru,
        buckets.label_en,
        count(*) AS leads,
        count(*) FILTER (WHERE leads.status = 'won') AS won,
        count(*) FILTER (WHERE leads.status = 'lost') AS lost,
        count(*) FILTER (WHERE leads.undated IS NOT NULL AND leads.status IS NULL) AS unclear,
        count(leads.undated) AS undated,
        bool_and(losses.any_lost) AS any_lost,
        cuminc(leads.least_days, leads.least_outcome, longest.days) FILTER (WHERE losses.any_lost) AS least,
        cuminc(leads.most_days, leads.most_outcome, longest.days) FILTER (WHERE losses.any_lost) AS most
    FROM leads
    CROSS JOIN longest
    CROSS JOIN losses
    INNER JOIN buckets
        ON leads.known = buckets.known
        AND (
            leads.known <> 'answered'
            OR (
                -- the first holds those answered at once
                (leads.minutes > buckets.from_minutes OR buckets.from_minutes = 0.0)
                AND (buckets.to_minutes IS NULL OR leads.minutes <= buckets.to_minutes)
            )
        )
    GROUP BY 1, 2, 3, 4
)

SELECT
    grp,
    bucket,
    label_ru,
    label_en,
    leads,
    won,
    lost,
    leads - won - lost - unclear AS open,
    -- closed by now, if not by the as-of day for certain: neither won nor lost nor open
    CASE WHEN any_lost AND unclear = 0 THEN won::double / leads END AS win_rate,
    CASE WHEN any_lost AND unclear = 0 THEN wilson_low(won, leads) END AS win_rate_low,
    CASE WHEN any_lost AND unclear = 0 THEN wilson_high(won, leads) END AS win_rate_high,
    undated,
    CASE
        WHEN most['estimate'] - least['estimate'] <= 0.005 THEN (least['estimate'] + most['estimate']) / 2.0
    END AS eventual_rate,
    least['low'] AS eventual_rate_low,
    most['high'] AS eventual_rate_high
FROM counted
ORDER BY grp, bucket
