/*
title = { ru = "Воронка по этапам", en = "Funnel by stage" }
partly.ru = "без истории этапов — по нынешнему этапу: сделка дошла не ниже него"
partly.en = "without the stage history by the present stage: a deal came at least that far"
undated.ru = "выиграны или проиграны с выгрузки, которая это показала"
undated.en = "won or lost from the export on that showed it"
grain = "one row per stage of the regulation, the lost ones left out"
needs = ["deals.created_at"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Сделки, впервые вошедшие в воронку за период, и что с ними стало к дате отчёта. Дошла до этапа: вошла в него или в любой
более поздний; выигранная сделка дошла до конца, даже если перехода в журнале нет. Вход в воронку: создание сделки или первый
переход, что раньше. Прошли дальше + потеряны + в работе = дошли. Завершённая конверсия: прошли / (прошли + потеряны).
По порядку: вошла в каждый этап до этого включительно, и ни один первый вход не раньше первого входа в предыдущий этап.
Возвращены на этап: вошли в него, впервые или снова, прямо из более позднего этапа, который не был концом воронки; сделка на этапе
считается один раз. Входили повторно: вошли на этап ещё раз, откуда угодно. Доли с интервалом Уилсона 95 %. Вход между срезами:
переход виден лишь сравнением двух срезов, и когда он был, известно до промежутка между ними; дошедшие до этапа от этого верны, но
этап, пройденный между двумя срезами целиком, стоит в пропущенных, а потерянная сделка могла дойти дальше, чем показал срез."""
about.en = """
Deals that first came into the funnel within the period, and what had become of them by the as-of date. A deal reached a stage
if it entered it or any later one; a won deal reached the last, even where no move was logged. Entry into the funnel: creation or
the first logged move, whichever is earlier. Advanced + lost + open = reached. Settled conversion: advanced / (advanced + lost).
In order: entered every stage up to this one, no first entry being earlier than the first entry into the stage before.
Moved back to a stage: entered it, for the first time or again, directly from a later stage that was no end of the funnel; a deal
counts once per stage. Re-entered: entered the stage again, wherever from. Rates have 95 % Wilson intervals. Entered between
snapshots: the move is seen only by comparing two snapshots, so when it was is known to the time between them; a stage that was
reached is counted all the same, but one passed wholly between two snapshots stands among the skipped, and a lost deal may have
come further than a snapshot showed."""

columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "title_ru", unit = "text", title = { ru = "Название", en = "Title (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Название (en)", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "reached", unit = "count", title = { ru = "Дошли", en = "Reached" } },
  { name = "reached_strict", unit = "count", title = { ru = "Дошли по порядку", en = "Reached in order" } },
  { name = "skipped", unit = "count", title = { ru = "Минуя этап", en = "Skipped it" } },
  { name = "moved_back", unit = "count", title = { ru = "Возвращены", en = "Moved back" } },
  { name = "re_entered", unit = "count", title = { ru = "Входили повторно", en = "Re-entered" } },
  { name = "interval_known", unit = "count", title = { ru = "Вход между срезами", en = "Entered between snapshots" } },
  { name = "advanced", unit = "count", title = { ru = "Прошли дальше", en = "Advanced" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "from_previous", unit = "share", title = { ru = "От предыдущего", en = "From previous" } },
  { name = "from_previous_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "from_previous_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "from_first", unit = "share", title = { ru = "От первого", en = "From first" } },
  { name = "from_first_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "from_first_high", unit = "share", title = { ru = "до", en = "high" } },
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
        row_number() OVER (ORDER BY position) AS nth,
        position = max(position) OVER () AS is_last
    FROM stages
    WHERE terminal IS DISTINCT FROM 'lost'
),

ends AS (
    SELECT min(position) AS first_position, max(position) AS last_position, max(nth) AS last_nth
    FROM funnel_stages
),

dated AS (
    SELECT
        deal_id,
        grp,
        status,
        moves,
        coalesce(least(created_at, entries[1]['at']), closed_at) AS entered_at
    FROM scope
),

cohort AS (
    SELECT deal_id, grp, status, moves
    FROM dated
    WHERE entered_at >= $from AND entered_at < $to
),

every_move AS (
    SELECT deal_id, grp, unnest(moves) AS move
    FROM cohort
),

-- every entry into a stage of the funnel, and whether it led back; of stages entered at one moment none is earlier
entered AS (
    SELECT
        every_move.deal_id,
        every_move.grp,
        funnel_stages.position,
        funnel_stages.nth,
        every_move.move['at'] AS at,
        every_move.move['first'] AS is_first,
        every_move.move['earliest'] IS DISTINCT FROM every_move.move['at'] AS is_between,
        left_stage.position > funnel_stages.position AND every_move.move['since'] < every_move.move['at'] AS is_back
    FROM every_move
    INNER JOIN funnel_stages ON every_move.move['stage'] = funnel_stages.stage
    LEFT JOIN stages AS left_stage ON every_move.move['from'] = left_stage.stage AND left_stage.terminal IS NULL
),

entered_by_stage AS (
    SELECT
        grp,
        position,
        count(*) FILTER (WHERE is_first) AS entered,
        count(*) FILTER (WHERE is_first AND is_between) AS interval_known,
        count(DISTINCT deal_id) FILTER (WHERE is_back) AS moved_back,
        count(DISTINCT deal_id) FILTER (WHERE NOT is_first) AS re_entered
    FROM entered
    GROUP BY grp, position
),

-- first entries in the order of the stages: counted, and whether none is missing and none earlier than the one before
in_order AS (
    SELECT
        deal_id,
        position,
        row_number() OVER (PARTITION BY deal_id ORDER BY position) AS entry,
        row_number() OVER (PARTITION BY deal_id ORDER BY position) = nth
        AND at >= coalesce(lag(at) OVER (PARTITION BY deal_id ORDER BY position), at) AS is_next
    FROM entered
    WHERE is_first
),

-- how far each deal came, and how far in order: up to the first entry that is not the next
furthest AS (
    SELECT
        deal_id,
        max(position) AS position,
        coalesce(min(entry) FILTER (WHERE NOT is_next) - 1, max(entry)) AS strict_nth
    FROM in_order
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
        CASE
            WHEN furthest.position IS NULL THEN 1
            -- a win is an entry into the last stage, even where it was not logged
            WHEN cohort.status = 'won' AND furthest.strict_nth = ends.last_nth - 1 THEN ends.last_nth
            ELSE furthest.strict_nth
        END AS strict_nth,
        cohort.status IS NOT DISTINCT FROM 'lost' AS is_lost,
        furthest.position IS NULL AS unlogged,
        count(*) AS deals
    FROM cohort
    CROSS JOIN ends
    LEFT JOIN furthest ON cohort.deal_id = furthest.deal_id
    GROUP BY 1, 2, 3, 4, 5
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
        sum(CASE WHEN came_to.strict_nth >= funnel_stages.nth THEN came_to.deals ELSE 0 END) AS reached_strict,
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
),

-- what a stage's conversion is measured against; of the first stage, nothing
compared AS (
    SELECT
        grp,
        stage,
        title_ru,
        title_en,
        position,
        is_last,
        is_first,
        reached,
        reached_strict,
        advanced,
        lost,
        unlogged,
        lag(reached) OVER (PARTITION BY grp ORDER BY position) AS previous,
        first_value(reached) OVER (PARTITION BY grp ORDER BY position) AS came_in
    FROM counted
)

SELECT
    c.grp,
    c.stage,
    c.title_ru,
    c.title_en,
    c.position,
    c.reached,
    c.reached_strict,
    CASE
        WHEN c.is_last THEN 0
        WHEN c.is_first THEN c.reached - coalesce(e.entered, 0) - c.unlogged
        ELSE c.reached - coalesce(e.entered, 0)
    END AS skipped,
    coalesce(e.moved_back, 0) AS moved_back,
    coalesce(e.re_entered, 0) AS re_entered,
    coalesce(e.interval_known, 0) AS interval_known,
    c.advanced,
    c.lost,
    c.reached - c.advanced - c.lost AS open,
    c.reached::double / nullif(c.previous, 0) AS from_previous,
    wilson_low(c.reached, c.previous) AS from_previous_low,
    wilson_high(c.reached, c.previous) AS from_previous_high,
    c.reached::double / nullif(c.came_in, 0) AS from_first,
    -- the first stage is all of itself, without any doubt
    CASE WHEN NOT c.is_first THEN wilson_low(c.reached, c.came_in) END AS from_first_low,
    CASE WHEN NOT c.is_first THEN wilson_high(c.reached, c.came_in) END AS from_first_high,
    -- nothing comes after the last stage, so it has no conversion of its own
    CASE WHEN NOT c.is_last THEN c.advanced::double / nullif(c.advanced + c.lost, 0) END AS settled,
    CASE WHEN NOT c.is_last THEN wilson_low(c.advanced, c.advanced + c.lost) END AS settled_low,
    CASE WHEN NOT c.is_last THEN wilson_high(c.advanced, c.advanced + c.lost) END AS settled_high
FROM compared AS c
LEFT JOIN entered_by_stage AS e ON c.grp = e.grp AND c.position = e.position
ORDER BY c.grp, c.position
