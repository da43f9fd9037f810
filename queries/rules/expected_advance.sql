/*
title = { ru = "Доля прошедших этап и ожидание", en = "Share that advances, and what was expected" }
partly.ru = "без истории этапов — по нынешнему этапу; где потеряна сделка, не известно, и доли пусты; срезы (snapshot) не говорят, что было до первого и между ними"
partly.en = "without the stage history by the present stage; where a deal was lost is not known, and shares are empty; snapshots do not tell what was before the first, nor between them"
grain = "one row per stage with an expected share"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"
about.ru = """
Сделки, вошедшие в воронку за период, как в «Воронке»: сколько достигли этапа, из них прошли дальше, потеряны на нём, ещё стоят и пропали из выгрузки. Доля
прошедших — от тех, чья судьба решена (прошли или потеряны), с интервалом Уилсона 95 %; рядом ожидание из регламента и разность.
Пока ожидание внутри интервала, данные ему не противоречат. Где стоят, неизвестно: как в «Воронке», потеряны неизвестно откуда, в работе на
неизвестном этапе или с неясным исходом; «не менее» и «не более» — доля и разность при любом ходе таких сделок; если они расходятся больше
чем на 0,5 п. п., сама доля и разность пусты. Если выигранных больше, чем открытых, а потерянных нет ни одной, потери не выгружены: доли пусты."""
about.en = """
Deals that entered the funnel within the period, as in "Funnel": how many reached the stage, and of them advanced, were lost in it, still
stand there, or are gone from the export. The share that advanced is of those settled (advanced or lost), with a 95 % Wilson interval; beside it what the regulation
expects, and the difference. While the expected share lies inside the interval, the data do not contradict it. Where is unknown: as in "Funnel",
lost from an unknown stage, open in an unknown stage, or unclear; "at least" and "at most" are the share and the difference whatever such
deals did; where they differ by more than 0.5 points, the share and the difference themselves are empty. Where more deals are won than open and not one is lost, losses are not exported: shares are empty."""
columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Название", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "reached", unit = "count", title = { ru = "Достигли", en = "Reached" } },
  { name = "advanced", unit = "count", title = { ru = "Прошли дальше", en = "Advanced" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "Ещё стоят", en = "Still there" } },
  { name = "gone", unit = "count", title = { ru = "Пропали", en = "Gone" } },
  { name = "unplaced", unit = "count", title = { ru = "Где стоят, неизвестно", en = "Where is unknown" } },
  { name = "settled", unit = "share", interval = true, ends = true, needs = ["journeys.entries"], title = { ru = "Доля прошедших", en = "Share advanced" } },
  { name = "expected", unit = "share", title = { ru = "Ожидалось", en = "Expected" } },
  { name = "gap", unit = "share", ends = true, needs = ["journeys.entries"], title = { ru = "Разность", en = "Gap" } },
]
*/
WITH ends AS (
    SELECT
        min(position) AS first_position,
        max(position) AS last_position,
        max(position) FILTER (WHERE terminal IS NULL) AS last_open_position
    FROM stages
    WHERE NOT parking AND (terminal IS DISTINCT FROM 'lost')
),

cohort AS (
    SELECT grp, outcome, undated, present_position, has_stayed, funnel_path(moves)['furthest'] AS furthest
    FROM placed_deals
),

-- how far the deals came at least: by the log, by the stage in which they stand, by a win; else into the first stage
came_to AS (
    SELECT
        cohort.grp,
        cohort.outcome,
        CASE
            WHEN cohort.outcome = 'won' THEN ends.last_position
            ELSE coalesce(greatest(cohort.furthest, cohort.present_position), ends.first_position)
        END AS position,
        cohort.outcome = 'unclear'
        OR (
            cohort.outcome <> 'won'
            AND cohort.furthest IS NULL
            AND cohort.present_position IS NULL
            AND NOT cohort.has_stayed
            AND ends.first_position < ends.last_open_position
        ) AS is_unplaced,
        cohort.outcome = 'unclear' AND cohort.undated = 'won' AS may_win,
        cohort.outcome = 'lost' OR (cohort.outcome = 'unclear' AND cohort.undated = 'lost') AS may_lose,
        count(*) AS deals
    FROM cohort
    CROSS JOIN ends
    GROUP BY 1, 2, 3, 4, 5, 6
),

beside AS (
    SELECT
        came_to.grp,
        stages.stage,
        came_to.outcome,
        came_to.position >= stages.position AS has_reached,
        came_to.position > stages.position AS has_advanced,
        came_to.position = stages.position AS is_here,
        came_to.is_unplaced,
        came_to.may_lose,
        came_to.may_win OR stages.position < ends.last_open_position AS may_advance,
        came_to.deals
    FROM came_to
    CROSS JOIN stages
    CROSS JOIN ends
    -- nothing comes after the last stage
    WHERE
        stages.expected_share IS NOT NULL
        AND stages.terminal IS NULL
        AND NOT stages.parking
        AND stages.position < ends.last_position
),

counted AS (
    SELECT
        grp,
        stage,
        sum(CASE WHEN has_reached THEN deals ELSE 0 END) AS reached,
        sum(CASE WHEN has_advanced THEN deals ELSE 0 END) AS advanced,
        sum(CASE WHEN is_here AND outcome = 'lost' AND NOT is_unplaced THEN deals ELSE 0 END) AS lost,
        sum(CASE WHEN is_here AND outcome = 'open' AND NOT is_unplaced THEN deals ELSE 0 END) AS open,
        sum(CASE WHEN is_here AND outcome = 'gone' AND NOT is_unplaced THEN deals ELSE 0 END) AS gone,
        sum(CASE WHEN is_here AND is_unplaced THEN deals ELSE 0 END) AS unplaced,
        sum(CASE WHEN is_unplaced AND NOT has_advanced AND may_advance THEN deals ELSE 0 END) AS may_have_advanced,
        sum(CASE WHEN is_unplaced AND NOT has_advanced AND may_lose THEN deals ELSE 0 END) AS may_have_lost,
        sum(CASE WHEN is_unplaced AND NOT has_advanced AND outcome NOT IN ('lost', 'gone') THEN deals ELSE 0 END) AS may_stand
    FROM beside
    GROUP BY grp, stage
),

bounded AS (
    SELECT
        grp,
        stage,
        reached,
        advanced,
        lost,
        open,
        gone,
        unplaced,
        may_have_advanced,
        may_have_lost,
        may_stand,
        -- where perhaps nothing is settled, there is no bound
        CASE WHEN losses.any_lost AND advanced + may_have_advanced + lost > 0 THEN advanced::double / nullif(advanced + lost + may_have_lost, 0) END AS least,
        CASE
            WHEN losses.any_lost AND advanced + lost + may_have_lost > 0
                THEN (advanced + may_have_advanced)::double / nullif(advanced + may_have_advanced + lost, 0)
        END AS most
    FROM counted
    CROSS JOIN losses
)

SELECT
    bounded.grp,
    bounded.stage,
    stages.title_ru,
    stages.title_en,
    stages.position,
    bounded.reached,
    bounded.advanced,
    -- none is not known where some may have been lost, or may stand, here
    CASE WHEN bounded.lost > 0 OR bounded.may_have_lost = 0 THEN bounded.lost END AS lost,
    CASE WHEN bounded.open > 0 OR bounded.may_stand = 0 THEN bounded.open END AS open,
    bounded.gone,
    bounded.unplaced,
    CASE WHEN bounded.most - bounded.least <= 0.005 THEN (bounded.least + bounded.most) / 2.0 END AS settled,
    CASE WHEN bounded.most IS NOT NULL THEN wilson_low(bounded.advanced, bounded.advanced + bounded.lost + bounded.may_have_lost) END
        AS settled_low,
    CASE
        WHEN bounded.least IS NOT NULL
            THEN wilson_high(bounded.advanced + bounded.may_have_advanced, bounded.advanced + bounded.may_have_advanced + bounded.lost)
    END AS settled_high,
    bounded.least AS settled_least,
    bounded.most AS settled_most,
    stages.expected_share AS expected,
    CASE WHEN bounded.most - bounded.least <= 0.005 THEN (bounded.least + bounded.most) / 2.0 - stages.expected_share END AS gap,
    bounded.least - stages.expected_share AS gap_least,
    bounded.most - stages.expected_share AS gap_most
FROM bounded
INNER JOIN stages ON bounded.stage = stages.stage
ORDER BY bounded.grp, stages.position
