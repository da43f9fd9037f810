/*
title = { ru = "Конверсия этапов к сроку", en = "Conversion of stages by a given day" }
grain = "one row per stage that was reached and that another follows, and horizon; the lost ones left out"
needs = ["deals.created_at", "deals.status", "journeys.entries"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Те же сделки, что в воронке: какая доля дошедших до этапа пройдёт дальше не позже чем через H дней. Оценка Аалена — Йохансена:
потеря — конкурирующий исход, открытая на дату отчёта сделка цензурирована, то есть не считается потерянной; интервал 95 %. Часы идут
с первого входа на этап или на любой более поздний, для первого этапа — с входа в воронку. Пусто: так долго ещё никого не наблюдали.
Завершённая конверсия: прошли / (прошли + потеряны), интервал Уилсона; открытых сделок она не видит. Переход, который виден лишь
сравнением двух срезов, стоит на конце промежутка между ними: дни верны до этого промежутка."""
about.en = """
The same deals as in the funnel: the share of those who reached a stage that goes on no later than H days after. The Aalen–Johansen
estimate, with a loss as the competing event; a deal still open at the as-of date is censored, not lost; 95 % interval. The clock
starts at the first entry into the stage or any later one, for the first stage at the entry into the funnel. Empty: nobody has been
observed for so long. Settled conversion: advanced / (advanced + lost), Wilson interval; it does not see open deals. A move that is
seen only by comparing two snapshots stands at the end of the time between them: days are right to within that time."""

columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "horizon_days", unit = "days", title = { ru = "Срок, дней", en = "By day" } },
  { name = "title_ru", unit = "text", title = { ru = "Название", en = "Title (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Название (en)", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "longest", unit = "count", title = { ru = "Самый длинный срок", en = "The longest horizon" } },
  { name = "reached", unit = "count", title = { ru = "Дошли", en = "Reached" } },
  { name = "advanced", unit = "count", title = { ru = "Прошли дальше", en = "Advanced" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "eventual", unit = "share", title = { ru = "Пройдут к сроку", en = "Will have advanced" } },
  { name = "eventual_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "eventual_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "settled", unit = "share", title = { ru = "Завершённая конверсия", en = "Settled conversion" } },
  { name = "settled_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "settled_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH funnel_stages AS (
    SELECT stage, title_ru, title_en, position
    FROM stages
    WHERE terminal IS DISTINCT FROM 'lost'
),

ends AS (
    SELECT min(position) AS first_position, max(position) AS last_position
    FROM funnel_stages
),

longest AS (
    SELECT max(days) AS days
    FROM horizons
),

dated AS (
    SELECT
        deal_id,
        grp,
        entries,
        status,
        -- a closing without a date has happened by the as-of date
        coalesce(closed_at, $as_of) AS seen_until,
        coalesce(least(created_at, entries[1]['at']), closed_at) AS entered_at
    FROM scope
),

cohort AS (
    SELECT
        deal_id,
        grp,
        entries,
        CASE status WHEN 'won' THEN 1 WHEN 'lost' THEN 2 ELSE 0 END AS outcome,
        seen_until,
        entered_at
    FROM dated
    WHERE entered_at >= $from AND entered_at < $to
),

logged AS (
    SELECT deal_id, grp, outcome, seen_until, unnest(entries) AS entry
    FROM cohort
),

-- the entry into the funnel, first entries into later stages, and the win, logged or not
points AS (
    SELECT cohort.deal_id, cohort.grp, cohort.outcome, cohort.seen_until, ends.first_position AS position, cohort.entered_at AS at
    FROM cohort
    CROSS JOIN ends
    UNION ALL
    SELECT logged.deal_id, logged.grp, logged.outcome, logged.seen_until, funnel_stages.position, logged.entry['at'] AS at
    FROM logged
    INNER JOIN funnel_stages ON logged.entry['stage'] = funnel_stages.stage
    CROSS JOIN ends
    WHERE funnel_stages.position > ends.first_position
    UNION ALL
    SELECT cohort.deal_id, cohort.grp, cohort.outcome, cohort.seen_until, ends.last_position AS position, cohort.seen_until AS at
    FROM cohort
    CROSS JOIN ends
    WHERE cohort.outcome = 1
),

-- a stage is reached with the first entry into it or any later one, so the times never fall from stage to stage. A win that
-- was logged too stands here twice, with the earlier time in the second place; only the last row of a stage is kept.
reaching AS (
    SELECT
        grp,
        outcome,
        seen_until,
        position,
        min(at) OVER (
            PARTITION BY deal_id
            ORDER BY position, at DESC
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS reached_at,
        min(at) OVER (
            PARTITION BY deal_id
            ORDER BY position, at DESC
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS advanced_at,
        lead(position) OVER (PARTITION BY deal_id ORDER BY position, at DESC) AS next_position
    FROM points
),

-- a row per deal and stage that it reached; a skipped stage was reached and left at one moment, that of the next entry
stays AS (
    SELECT
        reaching.grp,
        funnel_stages.position,
        CASE WHEN reaching.next_position IS NOT NULL THEN 1 WHEN reaching.outcome = 2 THEN 2 ELSE 0 END AS outcome,
        CASE
            WHEN funnel_stages.position > reaching.position THEN 0.0
            ELSE
                greatest(
                    minutes_between(reaching.reached_at, coalesce(reaching.advanced_at, reaching.seen_until)) / 1440.0,
                    0.0
                )
        END AS lived_days
    FROM reaching
    INNER JOIN funnel_stages
        ON
            reaching.position <= funnel_stages.position
            AND coalesce(reaching.next_position, reaching.position + 1) > funnel_stages.position
    CROSS JOIN ends
    WHERE
        funnel_stages.position < ends.last_position
        AND reaching.position IS DISTINCT FROM reaching.next_position
),

by_horizon AS (
    SELECT
        stays.grp,
        stays.position,
        horizons.days,
        count(*) AS reached,
        count(*) FILTER (WHERE stays.outcome = 1) AS advanced,
        count(*) FILTER (WHERE stays.outcome = 2) AS lost,
        count(*) FILTER (WHERE stays.outcome = 0) AS open,
        cuminc(stays.lived_days, stays.outcome, horizons.days::double) AS eventual
    FROM stays
    CROSS JOIN horizons
    GROUP BY stays.grp, stays.position, horizons.days
)

SELECT
    h.grp,
    funnel_stages.stage,
    h.days AS horizon_days,
    funnel_stages.title_ru,
    funnel_stages.title_en,
    h.position,
    CASE WHEN h.days = longest.days THEN 1 ELSE 0 END AS longest,
    h.reached,
    h.advanced,
    h.lost,
    h.open,
    h.eventual['estimate'] AS eventual,
    h.eventual['low'] AS eventual_low,
    h.eventual['high'] AS eventual_high,
    h.advanced::double / nullif(h.advanced + h.lost, 0) AS settled,
    wilson_low(h.advanced, h.advanced + h.lost) AS settled_low,
    wilson_high(h.advanced, h.advanced + h.lost) AS settled_high
FROM by_horizon AS h
INNER JOIN funnel_stages ON h.position = funnel_stages.position
CROSS JOIN longest
ORDER BY h.grp, h.position, h.days
