/*
title = { ru = "Остывание: доля продаж от скорости ответа", en = "Cooling: win rate by speed of response" }
grain = "one row per response bucket of the regulation, and one for leads not answered"
needs = ["deals.created_at", "deals.status", "journeys.response_at"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Лиды, созданные за период, по времени первого ответа (рабочие минуты, если так велит регламент) и доля выигранных среди них с
интервалом Уилсона 95 %. Рядом конверсия к сроку — Аален — Йохансен на самом длинном сроке: открытые не считаются потерянными. Это связь,
а не доказанная причина. Последняя строка: лиды без ответа на дату отчёта; свежие из них ещё могут получить ответ."""
about.en = """
Leads created within the period by the time to the first response (working minutes if the regulation says so), and the share won
among them with its 95 % Wilson interval. Beside it the eventual win rate: Aalen–Johansen at the longest horizon, where open is not lost. An
association, not a proven cause. The last row: leads not answered at the as-of date; the fresh ones may yet be answered."""

columns = [
  { name = "bucket", unit = "count", title = { ru = "№", en = "No." } },
  { name = "label_ru", unit = "text", title = { ru = "Ответ", en = "Response (ru)" } },
  { name = "label_en", unit = "text", title = { ru = "Ответ (en)", en = "Response" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны", en = "Won" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "win_rate", unit = "share", title = { ru = "Доля выигранных", en = "Win rate" } },
  { name = "win_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "win_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "eventual_rate", unit = "share", title = { ru = "Конверсия к сроку", en = "Eventual win rate" } },
  { name = "eventual_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "eventual_rate_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH buckets AS (
    SELECT bucket, label_ru, label_en, from_minutes, to_minutes, FALSE AS is_unanswered
    FROM response_buckets
    UNION ALL
    SELECT max(bucket) + 1, 'без ответа', 'not answered', NULL, NULL, TRUE
    FROM response_buckets
),

longest AS (
    SELECT max(days)::double AS days
    FROM horizons
),

leads AS (
    SELECT
        scope.grp,
        scope.status,
        scope.response_at IS NULL AS is_unanswered,
        CASE scope.status WHEN 'won' THEN 1 WHEN 'lost' THEN 2 ELSE 0 END AS outcome,
        greatest(minutes_between(scope.created_at, coalesce(scope.closed_at, $as_of)) / 1440.0, 0.0) AS lived_days,
        greatest(
            CASE
                WHEN rules.response_working THEN working_minutes(scope.created_at, scope.response_at)
                ELSE minutes_between(scope.created_at, scope.response_at)
            END,
            0.0
        ) AS minutes
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
        cuminc(leads.lived_days, leads.outcome, longest.days) AS eventual
    FROM leads
    CROSS JOIN longest
    INNER JOIN buckets
        ON leads.is_unanswered = buckets.is_unanswered
        AND (
            leads.is_unanswered
            OR (leads.minutes >= buckets.from_minutes AND (buckets.to_minutes IS NULL OR leads.minutes < buckets.to_minutes))
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
    leads - won - lost AS open,
    won::double / leads AS win_rate,
    wilson_low(won, leads) AS win_rate_low,
    wilson_high(won, leads) AS win_rate_high,
    eventual['estimate'] AS eventual_rate,
    eventual['low'] AS eventual_rate_low,
    eventual['high'] AS eventual_rate_high
FROM counted
ORDER BY grp, bucket
