/*
title = { ru = "Воронка по этапам", en = "Funnel by stage" }
partly.ru = "без истории этапов — по нынешнему этапу; где потеряна сделка, не известно, и доли пусты; срезы (snapshot) не говорят, что было до первого и между ними"
partly.en = "without the stage history by the present stage; where a deal was lost is not known, and shares are empty; snapshots do not tell what was before the first, nor between them"
undated.ru = "выиграны или проиграны с выгрузки, которая это показала"
undated.en = "won or lost from the export on that showed it"
grain = "one row per stage of the regulation, the lost ones left out"
needs = ["deals.created_at"]
dimensions = "deals"

about.ru = """
Сделки, впервые вошедшие в воронку за период, и что с ними стало к дате отчёта. Дошла до этапа: по журналу переходов вошла в него или
в любой более поздний, или там стоит по нынешнему этапу в CRM; из двух — что дальше. Выигранная сделка дошла до конца, даже если
перехода в журнале нет; завершающий этап, который не сходится со статусом, не говорит ничего: решает статус. Этап-стоянка (parking) —
не шаг воронки. Вход в воронку: создание сделки или первый переход, что раньше. Прошли дальше + потеряны + потеряны неизвестно откуда +
в работе + в работе, этап неизвестен + пропали + исход неясен = дошли. Пропали: полная выгрузка (snapshot) их больше не показывает; они ушли в тот день, не
потеряны и не открыты, и в доли не входят. Потеряны неизвестно откуда: журнал с её входа не загружен, а нынешний этап — сам «проигрыш»;
сделка могла зайти дальше этапа, на котором показана. Исход неясен: закрыта без даты, и была ли закрыта к дате отчёта, неизвестно.
Завершённая конверсия: прошли / (прошли + потеряны). «Не менее» и «не более» — крайние конверсии при любом ходе сделок, о которых не всё
известно; если они расходятся больше чем на 0,5 п. п., сама конверсия пуста.
По порядку, минуя этап, возвраты — только по журналу; у группы без журнала пусто. По порядку: вошла в каждый этап до этого включительно, и ни один первый вход не раньше первого входа в предыдущий этап.
Возвращены на этап: вошли в него, впервые или снова, прямо из более позднего этапа, который не был концом воронки; сделка на этапе
считается один раз. Входили повторно: вошли на этап ещё раз, откуда угодно. Доли с интервалом Уилсона 95 %. Вход между срезами:
переход виден лишь сравнением двух срезов, и когда он был, известно до промежутка между ними; дошедшие до этапа от этого верны. Этап,
пройденный между двумя срезами целиком, не пропущен; потерянная сделка могла дойти дальше, чем показал срез, а впервые увиденная уже
потерянной потеряна неизвестно откуда. Если выигранных больше, чем открытых, а потерянных нет ни одной, потери не выгружены: доли пусты."""
about.en = """
Deals that first came into the funnel within the period, and what had become of them by the as-of date. A deal reached a stage if the
log says that it entered it or any later one, or if it stands there by its present stage in the CRM; of the two, the further. A won deal
reached the last, even where no move was logged; a terminal stage that contradicts the status says nothing: the status decides. A parking
place is no step of the funnel. Entry into the funnel: creation or the first logged move, whichever is earlier. Advanced + lost + lost
from an unknown stage + open + open in an unknown stage + gone + unclear = reached. Gone: a full export (snapshot) lists them no longer; they left on that
day, are neither lost nor open, and are in no share. Lost from an unknown stage: no log is loaded since its entry, and the
present stage is the lost one itself; the deal may have come further than where it is shown. Unclear: closed without a date, and whether it was
by the as-of date is not known. Settled conversion: advanced / (advanced + lost). "At least" and "at most" are the conversions at their
extremes, whatever the deals of which not all is known did; where they differ by more than 0.5 points, the conversion itself is empty.
In order, skipped, moved back and re-entered come from the log alone; empty for a group without any. In order: entered every stage up to this one, no first entry being earlier than the first entry into the stage before.
Moved back to a stage: entered it, for the first time or again, directly from a later stage that was no end of the funnel; a deal
counts once per stage. Re-entered: entered the stage again, wherever from. Rates have 95 % Wilson intervals. Entered between
snapshots: the move is seen only by comparing two snapshots, so when it was is known to the time between them; a stage that was
reached is counted all the same. A stage passed wholly between two snapshots is not skipped; a lost deal may have come further than a
snapshot showed, and one that was lost when first seen is lost from an unknown stage. Where more deals are won than open and not one is lost, losses are not exported: shares are empty."""

columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Название", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "reached", unit = "count", title = { ru = "Дошли", en = "Reached" } },
  { name = "reached_strict", unit = "count", title = { ru = "Дошли по порядку", en = "Reached in order" } },
  { name = "skipped", unit = "count", title = { ru = "Минуя этап", en = "Skipped it" } },
  { name = "moved_back", unit = "count", title = { ru = "Возвращены", en = "Moved back" } },
  { name = "re_entered", unit = "count", title = { ru = "Входили повторно", en = "Re-entered" } },
  { name = "interval_known", unit = "count", title = { ru = "Вход между срезами", en = "Entered between snapshots" } },
  { name = "advanced", unit = "count", title = { ru = "Прошли дальше", en = "Advanced" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "lost_unplaced", unit = "count", title = { ru = "Потеряны неизвестно откуда", en = "Lost from an unknown stage" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "open_unplaced", unit = "count", title = { ru = "В работе, этап неизвестен", en = "Open in an unknown stage" } },
  { name = "gone", unit = "count", title = { ru = "Пропали", en = "Gone" } },
  { name = "unclear", unit = "count", title = { ru = "Исход неясен", en = "Unclear" } },
  { name = "lost_total", unit = "count", title = { ru = "Потеряны всего", en = "Lost in all" } },
  { name = "remaining", unit = "count", title = { ru = "Остались, этап известен или нет", en = "Remaining, in a known stage or not" } },
  { name = "from_previous", unit = "share", interval = true, ends = true, title = { ru = "От предыдущего", en = "From previous" } },
  { name = "from_first", unit = "share", interval = true, ends = true, title = { ru = "От первого", en = "From first" } },
  { name = "settled", unit = "share", interval = true, ends = true, title = { ru = "Завершённая конверсия", en = "Settled conversion" } },
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
    WHERE NOT parking AND (terminal IS DISTINCT FROM 'lost')
),

ends AS (
    SELECT
        min(position) AS first_position,
        max(position) AS last_position,
        max(position) FILTER (WHERE NOT is_last) AS last_open_position,
        max(nth) AS last_nth
    FROM funnel_stages
),

-- the parts of a path apart, so that whatever asks for one of them does not copy the list
cohort AS (
    SELECT
        grp,
        outcome,
        undated,
        present_position,
        was_seen,
        has_stayed,
        path['furthest'] AS furthest,
        path['in_order'] AS in_order,
        path['steps'] AS steps
    FROM (
        SELECT grp, outcome, undated, present_position, was_seen, has_stayed, funnel_path(moves) AS path
        FROM placed_deals
    ) AS placed
),

entered AS (
    SELECT grp, was_seen, unnest(steps) AS step
    FROM cohort
),

entered_by_stage AS (
    SELECT
        grp,
        step['position'] AS position,
        count(*) FILTER (WHERE step['is_first'] AND NOT was_seen) AS entered,
        count(*) FILTER (WHERE step['is_between']) AS interval_known,
        count(*) FILTER (WHERE step['is_back']) AS moved_back,
        count(*) FILTER (WHERE step['is_again']) AS re_entered
    FROM entered
    GROUP BY grp, step['position']
),

-- how far the deals came at least, counted: by the log, by the stage in which they stand, by a win. Where neither log nor stage
-- tells, they came into the first stage, and may have come further; so may those of which nobody knows whether they are closed
came_to AS (
    SELECT
        cohort.grp,
        cohort.outcome,
        CASE
            WHEN cohort.outcome = 'won' THEN ends.last_position
            ELSE coalesce(greatest(cohort.furthest, cohort.present_position), ends.first_position)
        END AS position,
        -- the same by the log alone; between two snapshots a stage may have been passed unseen, which is no skipping
        CASE
            WHEN cohort.furthest IS NULL OR cohort.was_seen THEN 0
            WHEN cohort.outcome = 'won' THEN ends.last_position
            ELSE cohort.furthest
        END AS log_position,
        CASE
            WHEN cohort.furthest IS NULL THEN 1
            -- a win is an entry into the last stage, even where it was not logged
            WHEN cohort.outcome = 'won' AND cohort.in_order = ends.last_nth - 1 THEN ends.last_nth
            ELSE cohort.in_order
        END AS strict_nth,
        cohort.outcome = 'unclear'
        OR (
            cohort.outcome <> 'won'
            AND cohort.furthest IS NULL
            AND cohort.present_position IS NULL
            AND NOT cohort.has_stayed
            -- of one step alone there is no doubt
            AND ends.first_position < ends.last_open_position
        ) AS is_unplaced,
        cohort.outcome = 'unclear' AND cohort.undated = 'won' AS may_win,
        cohort.outcome = 'lost' OR (cohort.outcome = 'unclear' AND cohort.undated = 'lost') AS may_lose,
        count(*) AS deals
    FROM cohort
    CROSS JOIN ends
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
),

-- each of them beside each stage
beside AS (
    SELECT
        came_to.grp,
        funnel_stages.stage,
        funnel_stages.title_ru,
        funnel_stages.title_en,
        funnel_stages.position,
        funnel_stages.is_last,
        funnel_stages.position = ends.first_position AS is_first,
        came_to.outcome,
        came_to.position >= funnel_stages.position AS has_reached,
        came_to.strict_nth >= funnel_stages.nth AS has_reached_strict,
        came_to.log_position >= funnel_stages.position AS is_logged,
        came_to.log_position > 0 AS has_log,
        came_to.position > funnel_stages.position
        OR (funnel_stages.is_last AND came_to.position = funnel_stages.position) AS has_advanced,
        came_to.position = funnel_stages.position AND NOT funnel_stages.is_last AS is_here,
        came_to.is_unplaced,
        came_to.may_win,
        came_to.may_lose,
        came_to.deals
    FROM came_to
    CROSS JOIN funnel_stages
    CROSS JOIN ends
),

counted AS (
    SELECT
        grp,
        stage,
        title_ru,
        title_en,
        position,
        is_last,
        is_first,
        sum(CASE WHEN has_reached THEN deals ELSE 0 END) AS reached,
        sum(CASE WHEN has_reached_strict THEN deals ELSE 0 END) AS reached_strict,
        sum(CASE WHEN is_logged THEN deals ELSE 0 END) AS reached_logged,
        sum(CASE WHEN has_log THEN deals ELSE 0 END) AS logged,
        sum(CASE WHEN has_advanced THEN deals ELSE 0 END) AS advanced,
        sum(CASE WHEN is_here AND outcome = 'lost' AND NOT is_unplaced THEN deals ELSE 0 END) AS lost,
        sum(CASE WHEN is_here AND outcome = 'lost' AND is_unplaced THEN deals ELSE 0 END) AS lost_unplaced,
        sum(CASE WHEN is_here AND outcome = 'open' AND NOT is_unplaced THEN deals ELSE 0 END) AS open,
        sum(CASE WHEN is_here AND outcome = 'open' AND is_unplaced THEN deals ELSE 0 END) AS open_unplaced,
        sum(CASE WHEN is_here AND outcome = 'gone' THEN deals ELSE 0 END) AS gone,
        sum(CASE WHEN is_here AND outcome = 'unclear' THEN deals ELSE 0 END) AS unclear,
        -- who may have reached the stage, though nothing says so
        sum(CASE WHEN is_unplaced AND NOT has_reached AND NOT is_last THEN deals ELSE 0 END) AS may_have,
        sum(CASE WHEN is_unplaced AND NOT has_reached AND may_win THEN deals ELSE 0 END) AS may_have_won,
        -- who may have been lost here
        sum(CASE WHEN is_unplaced AND may_lose AND NOT has_advanced THEN deals ELSE 0 END) AS may_have_lost,
        -- who may stand here
        sum(CASE WHEN is_unplaced AND NOT may_lose AND NOT has_advanced AND outcome <> 'gone' THEN deals ELSE 0 END) AS may_stand
    FROM beside
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
        reached_logged,
        logged,
        advanced,
        lost,
        lost_unplaced,
        open,
        open_unplaced,
        gone,
        unclear,
        may_have_lost,
        may_stand,
        first_value(reached) OVER (PARTITION BY grp ORDER BY position) AS came_in,
        CASE WHEN is_last THEN may_have_won ELSE may_have END AS more,
        lag(reached + may_have) OVER (PARTITION BY grp ORDER BY position) AS previous_most,
        -- only who may have won has come to the last stage: of the others the fewest came near it
        CASE
            WHEN is_last THEN lag(reached + may_have_won) OVER (PARTITION BY grp ORDER BY position)
            ELSE lag(reached + may_have) OVER (PARTITION BY grp ORDER BY position)
        END AS previous_for_most,
        lead(CASE WHEN is_last THEN may_have_won ELSE may_have END) OVER (PARTITION BY grp ORDER BY position) AS more_advanced
    FROM counted
),

bounded AS (
    SELECT
        grp,
        position,
        losses.any_lost,
        CASE WHEN losses.any_lost THEN reached::double / nullif(previous_most, 0) END AS previous_least,
        CASE WHEN losses.any_lost THEN (reached + more)::double / nullif(previous_for_most, 0) END AS previous_most,
        CASE WHEN losses.any_lost OR is_first THEN reached::double / nullif(came_in, 0) END AS first_least,
        CASE WHEN losses.any_lost OR is_first THEN (reached + more)::double / nullif(came_in, 0) END AS first_most,
        -- nothing comes after the last stage, so it has no conversion of its own
        CASE WHEN losses.any_lost AND NOT is_last THEN advanced::double / nullif(advanced + lost + may_have_lost, 0) END AS settled_least,
        CASE
            WHEN losses.any_lost AND NOT is_last THEN (advanced + more_advanced)::double / nullif(advanced + more_advanced + lost, 0)
        END AS settled_most
    FROM compared
    CROSS JOIN losses
)

SELECT
    c.grp,
    c.stage,
    c.title_ru,
    c.title_en,
    c.position,
    c.reached,
    CASE WHEN c.logged > 0 THEN c.reached_strict END AS reached_strict,
    CASE WHEN c.logged > 0 AND c.is_last THEN 0 WHEN c.logged > 0 THEN c.reached_logged - coalesce(e.entered, 0) END AS skipped,
    CASE WHEN c.logged > 0 THEN coalesce(e.moved_back, 0) END AS moved_back,
    CASE WHEN c.logged > 0 THEN coalesce(e.re_entered, 0) END AS re_entered,
    coalesce(e.interval_known, 0) AS interval_known,
    c.advanced,
    -- none known is not none, where some may have been lost, or may stand, here
    CASE WHEN c.lost > 0 OR c.is_last OR c.may_have_lost = 0 THEN c.lost END AS lost,
    c.lost_unplaced,
    CASE WHEN c.open > 0 OR c.is_last OR c.may_stand = 0 THEN c.open END AS open,
    c.open_unplaced,
    c.gone,
    c.unclear,
    c.lost + c.lost_unplaced AS lost_total,
    c.open + c.open_unplaced + c.unclear AS remaining,
    CASE WHEN b.previous_most - b.previous_least <= 0.005 THEN (b.previous_least + b.previous_most) / 2.0 END AS from_previous,
    CASE WHEN b.any_lost THEN wilson_low(c.reached, c.previous_most) END AS from_previous_low,
    CASE WHEN b.any_lost THEN wilson_high(c.reached + c.more, c.previous_for_most) END AS from_previous_high,
    b.previous_least AS from_previous_least,
    b.previous_most AS from_previous_most,
    CASE WHEN b.first_most - b.first_least <= 0.005 THEN (b.first_least + b.first_most) / 2.0 END AS from_first,
    -- the first stage is all of itself, without any doubt
    CASE WHEN b.any_lost AND NOT c.is_first THEN wilson_low(c.reached, c.came_in) END AS from_first_low,
    CASE WHEN b.any_lost AND NOT c.is_first THEN wilson_high(c.reached + c.more, c.came_in) END AS from_first_high,
    b.first_least AS from_first_least,
    b.first_most AS from_first_most,
    CASE WHEN b.settled_most - b.settled_least <= 0.005 THEN (b.settled_least + b.settled_most) / 2.0 END AS settled,
    CASE WHEN b.settled_most IS NOT NULL THEN wilson_low(c.advanced, c.advanced + c.lost + c.may_have_lost) END AS settled_low,
    CASE
        WHEN b.settled_least IS NOT NULL AND b.settled_most IS NOT NULL
            THEN wilson_high(c.advanced + c.more_advanced, c.advanced + c.more_advanced + c.lost)
    END AS settled_high,
    -- where perhaps nothing is settled, there is no bound either
    CASE WHEN b.settled_most IS NOT NULL THEN b.settled_least END AS settled_least,
    CASE WHEN b.settled_least IS NOT NULL THEN b.settled_most END AS settled_most
FROM compared AS c
INNER JOIN bounded AS b ON c.grp = b.grp AND c.position = b.position
LEFT JOIN entered_by_stage AS e ON c.grp = e.grp AND c.position = e.position
ORDER BY c.grp, c.position
