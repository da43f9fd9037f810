/*
title = { ru = "Воронка по этапам", en = "Funnel by stage" }
grain = "one row per stage of the regulation, the lost ones left out"
needs = ["deals.created_at"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Сделки, впервые вошедшие в воронку за период, и что с ними стало к дате отчёта. Дошла до этапа: вошла в него или в любой
более поздний; выигранная сделка дошла до конца, даже если перехода в журнале нет. Вход в воронку: создание сделки или первый
переход, что раньше. Прошли дальше + потеряны + в работе = дошли. Завершённая конверсия: прошли / (прошли + потеряны)."""
about.en = """
Deals that first came into the funnel within the period, and what had become of them by the as-of date. A deal reached a stage
if it entered it or any later one; a won deal reached the last, even where no move was logged. Entry into the funnel: creation or
the first logged move, whichever is earlier. Advanced + lost + open = reached. Settled conversion: advanced / (advanced + lost)."""

columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "title_ru", unit = "text", title = { ru = "Название", en = "Title (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Название (en)", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "reached", unit = "count", title = { ru = "Дошли", en = "Reached" } },
  { name = "skipped", unit = "count", title = { ru = "Минуя этап", en = "Skipped it" } },
  { name = "moved_back", unit = "count", title = { ru = "Возвращены", en = "Moved back" } },
  { name = "re_entered", unit = "count", title = { ru = "Входили повторно", en = "Re-entered" } },
  { name = "advanced", unit = "count", title = { ru = "Прошли дальше", en = "Advanced" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "from_previous", unit = "share", title = { ru = "От предыдущего", en = "From previous" } },
  { name = "from_first", unit = "share", title = { ru = "От первого", en = "From first" } },
  { name = "settled", unit = "share", title = { ru = "Завершённая конверсия", en = "Settled conversion" } },
  { name = "settled_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "settled_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH funnel_stages AS (
    SELECT
        stage,
        title_ru,
        title_en,
        position,
        position = max(position) OVER () AS is_last
    FROM stages
    WHERE terminal IS DISTINCT FROM 'lost'
),

ends AS (
    SELECT min(position) AS first_position, max(position) AS last_position
    FROM funnel_stages
),

dated AS (
    SELECT
        deal_id,
        grp,
        status,
        entries,
        coalesce(least(created_at, entries[1]['at']), closed_at) AS entered_at
    FROM scope
),

cohort AS (
    SELECT deal_id, grp, status, entries
    FROM dated
    WHERE entered_at >= $from AND entered_at < $to
),

moves AS (
    SELECT deal_id, grp, unnest(entries) AS entry
    FROM cohort
),

-- the first entry of every deal into every stage, and when it first stood in any later one
entered AS (
    SELECT
        moves.deal_id,
        moves.grp,
        funnel_stages.position,
        moves.entry['at'] AS at,
        moves.entry['times'] AS times,
        min(moves.entry['at']) OVER (
            PARTITION BY moves.deal_id
            ORDER BY funnel_stages.position
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS later_at
    FROM moves
    INNER JOIN funnel_stages ON moves.entry['stage'] = funnel_stages.stage
),

entered_by_stage AS (
    SELECT
        grp,
        position,
        count(*) AS entered,
        count(*) FILTER (WHERE at > later_at OR (times > 1 AND later_at IS NOT NULL)) AS moved_back,
        count(*) FILTER (WHERE times > 1) AS re_entered
    FROM entered
    GROUP BY grp, position
),

furthest AS (
    SELECT deal_id, max(position) AS position
    FROM entered
    GROUP BY deal_id
),

-- how far the deals came, counted; a deal without any logged move stands where it was created: in the first stage
came_to AS (
    SELECT
        cohort.grp,
        CASE
            WHEN cohort.status = 'won' THEN ends.last_position
            ELSE coalesce(furthest.position, ends.first_position)
        END AS position,
        cohort.status IS NOT DISTINCT FROM 'lost' AS is_lost,
        furthest.position IS NULL AS unlogged,
        count(*) AS deals
    FROM cohort
    CROSS JOIN ends
    LEFT JOIN furthest ON cohort.deal_id = furthest.deal_id
    GROUP BY 1, 2, 3, 4
),

counted AS (
    SELECT
        came_to.grp,
        funnel_stages.stage,
        funnel_stages.title_ru,
        funnel_stages.title_en,
        funnel_stages.position,
        funnel_stages.is_last,
        funnel_stages.position = ends.first_position AS is_first,
        sum(CASE WHEN came_to.position >= funnel_stages.position THEN came_to.deals ELSE 0 END) AS reached,
        sum(
            CASE
                WHEN funnel_stages.is_last AND came_to.position = funnel_stages.position THEN came_to.deals
                WHEN came_to.position > funnel_stages.position THEN came_to.deals
                ELSE 0
            END
        ) AS advanced,
        sum(
            CASE
                WHEN came_to.is_lost AND NOT funnel_stages.is_last AND came_to.position = funnel_stages.position
                    THEN came_to.deals
                ELSE 0
            END
        ) AS lost,
        sum(CASE WHEN came_to.unlogged THEN came_to.deals ELSE 0 END) AS unlogged
    FROM came_to
    CROSS JOIN funnel_stages
    CROSS JOIN ends
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)

SELECT
    counted.grp,
    counted.stage,
    counted.title_ru,
    counted.title_en,
    counted.position,
    counted.reached,
    CASE
        WHEN counted.is_last THEN 0
        WHEN counted.is_first THEN counted.reached - coalesce(e.entered, 0) - counted.unlogged
        ELSE counted.reached - coalesce(e.entered, 0)
    END AS skipped,
    coalesce(e.moved_back, 0) AS moved_back,
    coalesce(e.re_entered, 0) AS re_entered,
    counted.advanced,
    counted.lost,
    counted.reached - counted.advanced - counted.lost AS open,
    counted.reached::double
    / nullif(lag(counted.reached) OVER (PARTITION BY counted.grp ORDER BY counted.position), 0) AS from_previous,
    counted.reached::double
    / nullif(first_value(counted.reached) OVER (PARTITION BY counted.grp ORDER BY counted.position), 0) AS from_first,
    -- nothing comes after the last stage, so it has no conversion of its own
    CASE WHEN NOT counted.is_last THEN counted.advanced::double / nullif(counted.advanced + counted.lost, 0) END AS settled,
    CASE WHEN NOT counted.is_last THEN wilson_low(counted.advanced, counted.advanced + counted.lost) END AS settled_low,
    CASE WHEN NOT counted.is_last THEN wilson_high(counted.advanced, counted.advanced + counted.lost) END AS settled_high
FROM counted
LEFT JOIN entered_by_stage AS e ON counted.grp = e.grp AND counted.position = e.position
ORDER BY counted.grp, counted.position
