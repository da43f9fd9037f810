/*
title = { ru = "Конверсия этапов к сроку", en = "Conversion of stages by a given day" }
partly.ru = "без истории этапов — по нынешнему этапу; где потеряна сделка, не известно, и доли пусты; срезы (snapshot) не говорят, что было до первого и между ними"
partly.en = "without the stage history by the present stage; where a deal was lost is not known, and shares are empty; snapshots do not tell what was before the first, nor between them"
grain = "one row per stage that was reached and that another follows, and horizon; the lost ones left out"
needs = ["deals.created_at", "deals.status", "journeys.entries"]
dimensions = "deals"

about.ru = """
Те же сделки, что в воронке: какая доля дошедших до этапа пройдёт дальше не позже чем через H дней. Оценка Аалена — Йохансена:
потеря — конкурирующий исход, открытая на дату отчёта сделка цензурирована, то есть не считается потерянной; интервал 95 %. Часы идут
с первого входа на этап или на любой более поздний, для первого этапа — с входа в воронку. Пусто: так долго ещё никого не наблюдали.
Завершённая конверсия: прошли / (прошли + потеряны), интервал Уилсона; открытых сделок она не видит. Переход, который виден лишь
сравнением двух срезов, стоит на конце промежутка между ними: дни верны до этого промежутка. Когда, неизвестно: до этапа дошли по
нынешнему этапу в CRM, а не по журналу, или закрыты без даты. Где стоят, неизвестно: как в «Воронке», потеряны неизвестно откуда, в работе
на неизвестном этапе или с неясным исходом; прошли + потеряны + в работе + пропали + эти = дошли. Пропавшая из полной выгрузки сделка ушла в тот день и с него цензурирована. «Не менее» и «не более» — крайние оценки при
любом ходе таких сделок; если они расходятся больше чем на 0,5 п. п., сама доля пуста. Если выигранных больше, чем открытых, а потерянных нет ни одной, потери не выгружены: доли пусты."""
about.en = """
The same deals as in the funnel: the share of those who reached a stage that goes on no later than H days after. The Aalen–Johansen
estimate, with a loss as the competing event; a deal still open at the as-of date is censored, not lost; 95 % interval. The clock
starts at the first entry into the stage or any later one, for the first stage at the entry into the funnel. Empty: nobody has been
observed for so long. Settled conversion: advanced / (advanced + lost), Wilson interval; it does not see open deals. A move that is
seen only by comparing two snapshots stands at the end of the time between them: days are right to within that time. When is unknown: the
stage was reached by the present stage in the CRM, not by the log, or the deal was closed without a date. Where is unknown: as in "Funnel",
lost from an unknown stage, open in an unknown stage, or unclear; advanced + lost + open + gone + these = reached. A deal that is gone from a full export left on that day: it is censored then. "At least" and "at most" are
the estimates at their extremes, whatever such deals did; where they differ by more than 0.5 points, the share itself is empty. Where more deals are won than open and not one is lost, losses are not exported: shares are empty."""

columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "horizon_days", unit = "days", title = { ru = "Срок, дней", en = "By day" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Название", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "longest", unit = "count", title = { ru = "Самый длинный срок", en = "The longest horizon" } },
  { name = "reached", unit = "count", title = { ru = "Дошли", en = "Reached" } },
  { name = "advanced", unit = "count", title = { ru = "Прошли дальше", en = "Advanced" } },
  { name = "lost", unit = "count", title = { ru = "Потеряны", en = "Lost" } },
  { name = "open", unit = "count", title = { ru = "В работе", en = "Open" } },
  { name = "gone", unit = "count", title = { ru = "Пропали", en = "Gone" } },
  { name = "unplaced", unit = "count", title = { ru = "Где стоят, неизвестно", en = "Where is unknown" } },
  { name = "undated", unit = "count", title = { ru = "Когда, неизвестно", en = "When is unknown" } },
  { name = "eventual", unit = "share", interval = true, ends = true, title = { ru = "Пройдут к сроку", en = "Will have advanced" } },
  { name = "settled", unit = "share", interval = true, ends = true, title = { ru = "Завершённая конверсия", en = "Settled conversion" } },
]
*/
WITH funnel_stages AS (
    SELECT stage, title_ru, title_en, position
    FROM stages
    WHERE NOT parking AND (terminal IS DISTINCT FROM 'lost')
),

ends AS (
    SELECT
        min(position) AS first_position,
        max(position) AS last_position,
        max(position) FILTER (WHERE terminal IS NULL) AS last_open_position
    FROM stages
    WHERE NOT parking AND (terminal IS DISTINCT FROM 'lost')
),

longest AS (
    SELECT max(days) AS days
    FROM horizons
),

cohort AS (
    SELECT
        grp,
        outcome,
        undated,
        present_position,
        has_stayed,
        closed_at,
        seen_until,
        entered_at,
        path['furthest'] AS furthest,
        path['stays'] AS stays
    FROM (
        SELECT
            grp,
            outcome,
            undated,
            present_position,
            has_stayed,
            closed_at,
            seen_until,
            entered_at,
            stages_reached(entries, outcome, present_position, entered_at, closed_at) AS path
        FROM placed_deals
    ) AS placed
),

came AS (
    SELECT
        cohort.grp,
        cohort.outcome,
        cohort.stays,
        greatest(minutes_between(cohort.entered_at, cohort.seen_until) / 1440.0, 0.0) AS longest_days,
        cohort.seen_until,
        cohort.closed_at IS NOT NULL AS is_dated,
        coalesce(greatest(cohort.furthest, cohort.present_position), ends.first_position) AS position,
        cohort.outcome = 'unclear'
        OR (
            cohort.outcome <> 'won'
            AND cohort.furthest IS NULL
            AND cohort.present_position IS NULL
            AND NOT cohort.has_stayed
            AND ends.first_position < ends.last_open_position
        ) AS is_unplaced,
        cohort.outcome = 'unclear' AND cohort.undated = 'won' AS may_win,
        cohort.outcome = 'lost' OR (cohort.outcome = 'unclear' AND cohort.undated = 'lost') AS may_lose
    FROM ends
    CROSS JOIN cohort
),

reaching AS (
    SELECT
        grp,
        outcome,
        longest_days,
        seen_until,
        is_dated,
        is_unplaced,
        may_win,
        may_lose,
        unnest(stays) AS stay
    FROM came
),

-- a row per deal and stage that it reached, by the first entry into it or any later one, so that the times never fall from stage to stage; a skipped
-- stage was reached and left at one moment, that of the next entry
reached AS (
    SELECT
        grp,
        stay['position'] AS position,
        outcome,
        is_unplaced AND NOT stay['has_advanced'] AS is_unplaced,
        may_win,
        may_lose,
        stay['has_advanced'] AS has_advanced,
        longest_days,
        CASE
            WHEN stay['has_advanced'] AND stay['advanced_at'] IS NULL THEN NULL
            WHEN stay['is_passed'] THEN 0.0
            WHEN stay['reached_at'] IS NULL THEN NULL
            WHEN NOT stay['has_advanced'] AND outcome = 'lost' AND NOT is_dated THEN NULL
            WHEN NOT stay['has_advanced'] AND outcome = 'unclear' THEN NULL
            ELSE greatest(minutes_between(stay['reached_at'], coalesce(stay['advanced_at'], seen_until)) / 1440.0, 0.0)
        END AS lived_days
    FROM reaching
),

-- and a row per stage that a deal may have reached, though nothing says so
stays AS (
    SELECT
        grp,
        position,
        TRUE AS is_counted,
        outcome,
        is_unplaced,
        may_win,
        may_lose,
        has_advanced,
        longest_days,
        lived_days
    FROM reached
    UNION ALL
    SELECT
        came.grp,
        funnel_stages.position,
        FALSE AS is_counted,
        came.outcome,
        TRUE AS is_unplaced,
        came.may_win,
        came.may_lose,
        FALSE AS has_advanced,
        came.longest_days,
        NULL AS lived_days
    FROM came
    CROSS JOIN ends
    INNER JOIN funnel_stages ON came.position < funnel_stages.position AND ends.last_position > funnel_stages.position
    WHERE came.is_unplaced
),

-- each stay as it was, or as late and as unhappy, or as early and as happy, as it may have been
bounded AS (
    SELECT
        stays.grp,
        stays.position,
        stays.is_counted,
        stays.outcome,
        stays.is_unplaced,
        stays.may_lose,
        stays.has_advanced,
        stays.lived_days,
        stays.is_unplaced AND (stays.may_win OR stays.position < ends.last_open_position) AS may_advance,
        CASE
            WHEN stays.has_advanced AND stays.lived_days IS NULL THEN 0
            WHEN stays.has_advanced THEN 1
            WHEN stays.may_lose THEN 2
            ELSE 0
        END AS least_outcome,
        coalesce(stays.lived_days, CASE WHEN stays.may_lose AND NOT stays.has_advanced THEN 0.0 ELSE stays.longest_days END)
            AS least_days,
        CASE
            WHEN stays.has_advanced THEN 1
            WHEN stays.is_unplaced AND (stays.may_win OR stays.position < ends.last_open_position) THEN 1
            WHEN NOT stays.is_counted THEN NULL
            WHEN stays.may_lose AND stays.lived_days IS NOT NULL THEN 2
            ELSE 0
        END AS most_outcome,
        CASE
            WHEN stays.has_advanced THEN coalesce(stays.lived_days, 0.0)
            WHEN stays.is_unplaced AND (stays.may_win OR stays.position < ends.last_open_position) THEN 0.0
            WHEN stays.lived_days IS NULL AND stays.outcome IN ('open', 'gone') THEN 0.0
            ELSE coalesce(stays.lived_days, stays.longest_days)
        END AS most_days
    FROM stays
    CROSS JOIN ends
),

asked AS (
    SELECT array_agg(days::double ORDER BY days) AS days
    FROM horizons
),

-- all horizons from one reading of the stays
counted AS (
    SELECT
        bounded.grp,
        bounded.position,
        count(*) FILTER (WHERE bounded.is_counted) AS reached,
        count(*) FILTER (WHERE bounded.has_advanced) AS advanced,
        count(*) FILTER (WHERE bounded.is_counted AND NOT bounded.has_advanced AND NOT bounded.is_unplaced AND bounded.outcome = 'lost')
            AS lost,
        count(*) FILTER (WHERE bounded.is_counted AND NOT bounded.has_advanced AND NOT bounded.is_unplaced AND bounded.outcome = 'open')
            AS open,
        count(*) FILTER (WHERE bounded.is_counted AND NOT bounded.has_advanced AND NOT bounded.is_unplaced AND bounded.outcome = 'gone')
            AS gone,
        count(*) FILTER (WHERE bounded.is_counted AND bounded.is_unplaced) AS unplaced,
        count(*) FILTER (WHERE bounded.is_counted AND NOT bounded.is_unplaced AND bounded.lived_days IS NULL) AS undated,
        count(*) FILTER (WHERE bounded.may_advance) AS may_advance,
        count(*) FILTER (WHERE bounded.is_unplaced AND bounded.may_lose) AS may_lose,
        cuminc_at(bounded.least_days, bounded.least_outcome, asked.days) FILTER (WHERE losses.any_lost) AS least,
        cuminc_at(bounded.most_days, bounded.most_outcome, asked.days)
            FILTER (WHERE bounded.most_outcome IS NOT NULL AND losses.any_lost) AS most
    FROM bounded
    CROSS JOIN asked
    CROSS JOIN losses
    GROUP BY bounded.grp, bounded.position
),

by_horizon AS (
    SELECT
        counted.grp,
        counted.position,
        horizons.days,
        counted.reached,
        counted.advanced,
        counted.lost,
        counted.open,
        counted.gone,
        counted.unplaced,
        counted.undated,
        counted.may_advance,
        counted.may_lose,
        counted.least[array_position(asked.days, horizons.days::double)::bigint] AS least,
        counted.most[array_position(asked.days, horizons.days::double)::bigint] AS most
    FROM counted
    CROSS JOIN asked
    CROSS JOIN horizons
),

compared AS (
    SELECT
        grp,
        position,
        days,
        reached,
        advanced,
        lost,
        open,
        gone,
        unplaced,
        undated,
        may_advance,
        may_lose,
        least,
        most,
        CASE WHEN losses.any_lost THEN advanced::double / nullif(advanced + lost + may_lose, 0) END AS settled_least,
        CASE WHEN losses.any_lost THEN (advanced + may_advance)::double / nullif(advanced + may_advance + lost, 0) END AS settled_most
    FROM by_horizon
    CROSS JOIN losses
    WHERE reached > 0
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
    h.gone,
    h.unplaced,
    h.undated,
    CASE WHEN h.most['estimate'] - h.least['estimate'] <= 0.005 THEN (h.least['estimate'] + h.most['estimate']) / 2.0 END AS eventual,
    CASE WHEN h.most['estimate'] IS NOT NULL THEN h.least['low'] END AS eventual_low,
    CASE WHEN h.least['estimate'] IS NOT NULL THEN h.most['high'] END AS eventual_high,
    CASE WHEN h.most['estimate'] IS NOT NULL THEN h.least['estimate'] END AS eventual_least,
    CASE WHEN h.least['estimate'] IS NOT NULL THEN h.most['estimate'] END AS eventual_most,
    CASE WHEN h.settled_most - h.settled_least <= 0.005 THEN (h.settled_least + h.settled_most) / 2.0 END AS settled,
    CASE WHEN h.settled_most IS NOT NULL THEN wilson_low(h.advanced, h.advanced + h.lost + h.may_lose) END AS settled_low,
    CASE
        WHEN h.settled_least IS NOT NULL
            THEN wilson_high(h.advanced + h.may_advance, h.advanced + h.may_advance + h.lost)
    END AS settled_high,
    -- where perhaps nothing is settled, there is no bound either
    CASE WHEN h.settled_most IS NOT NULL THEN h.settled_least END AS settled_least,
    CASE WHEN h.settled_least IS NOT NULL THEN h.settled_most END AS settled_most
FROM compared AS h
INNER JOIN funnel_stages ON h.position = funnel_stages.position
CROSS JOIN longest
ORDER BY h.grp, h.position, h.days
