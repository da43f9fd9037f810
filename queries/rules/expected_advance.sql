/*
title = { ru = "Доля прошедших этап и ожидание", en = "Share that advances, and what was expected" }
grain = "one row per stage with an expected share"
needs = ["deals.created_at", "deals.status"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]
about.ru = """
Сделки, вошедшие в воронку за период, как в «Воронке»: сколько достигли этапа, из них прошли дальше, потеряны на нём и ещё стоят. Доля
прошедших — от тех, чья судьба решена (прошли или потеряны), с интервалом Уилсона 95 %; рядом ожидание из регламента и разность.
Пока ожидание внутри интервала, данные ему не противоречат."""
about.en = """
Deals that entered the funnel within the period, as in "Funnel": how many reached the stage, and of them advanced, were lost in it, still
stand there. The share that advanced is of those settled (advanced or lost), with a 95 % Wilson interval; beside it what the regulation
expects, and the difference. While the expected share lies inside the interval, the data do not contradict it."""
columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "title_ru", unit = "text", title = { ru = "Название", en = "Title (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Название (en)", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "reached", unit = "count", title = { ru = "Достигли", en = "Reached" } },
  { name = "advanced", unit = "count", title = { ru = "Прошли дальше", en = "Advanced" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "Ещё стоят", en = "Still there" } },
  { name = "settled", unit = "share", title = { ru = "Доля прошедших", en = "Share advanced" } },
  { name = "settled_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "settled_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "expected", unit = "share", title = { ru = "Ожидалось", en = "Expected" } },
  { name = "gap", unit = "share", title = { ru = "Разность", en = "Gap" } },
]
*/
WITH ends AS (
    SELECT min(position) AS first_position, max(position) AS last_position
    FROM stages
    WHERE terminal IS DISTINCT FROM 'lost'
),

cohort AS (
    SELECT deal_id, grp, status, entries
    FROM scope
    WHERE
        coalesce(least(created_at, entries[1]['at']), closed_at) >= $from
        AND coalesce(least(created_at, entries[1]['at']), closed_at) < $to
),

moves AS (
    SELECT deal_id, unnest(entries) AS entry
    FROM cohort
),

furthest AS (
    SELECT moves.deal_id, max(stages.position) AS position
    FROM moves
    INNER JOIN stages ON moves.entry['stage'] = stages.stage
    WHERE stages.terminal IS DISTINCT FROM 'lost'
    GROUP BY moves.deal_id
),

-- a deal without any logged move stands in the first stage; a won one has come to the last
came_to AS (
    SELECT
        cohort.grp,
        CASE
            WHEN cohort.status = 'won' THEN ends.last_position
            ELSE coalesce(furthest.position, ends.first_position)
        END AS position,
        CASE WHEN cohort.status = 'lost' THEN 1 ELSE 0 END AS is_lost,
        count(*) AS deals
    FROM cohort
    CROSS JOIN ends
    LEFT JOIN furthest ON cohort.deal_id = furthest.deal_id
    GROUP BY 1, 2, 3
),

counted AS (
    SELECT
        came_to.grp,
        stages.stage,
        sum(CASE WHEN came_to.position >= stages.position THEN came_to.deals ELSE 0 END) AS reached,
        sum(CASE WHEN came_to.position > stages.position THEN came_to.deals ELSE 0 END) AS advanced,
        sum(CASE WHEN came_to.position = stages.position AND came_to.is_lost = 1 THEN came_to.deals ELSE 0 END) AS lost
    FROM came_to
    CROSS JOIN stages
    CROSS JOIN ends
    -- nothing comes after the last stage
    WHERE
        stages.expected_share IS NOT NULL
        AND stages.terminal IS NULL
        AND stages.position < ends.last_position
    GROUP BY came_to.grp, stages.stage
)

SELECT
    counted.grp,
    counted.stage,
    stages.title_ru,
    stages.title_en,
    stages.position,
    counted.reached,
    counted.advanced,
    counted.lost,
    counted.reached - counted.advanced - counted.lost AS open,
    counted.advanced::double / nullif(counted.advanced + counted.lost, 0) AS settled,
    wilson_low(counted.advanced, counted.advanced + counted.lost) AS settled_low,
    wilson_high(counted.advanced, counted.advanced + counted.lost) AS settled_high,
    stages.expected_share AS expected,
    counted.advanced::double / nullif(counted.advanced + counted.lost, 0) - stages.expected_share AS gap
FROM counted
INNER JOIN stages ON counted.stage = stages.stage
ORDER BY counted.grp, stages.position
