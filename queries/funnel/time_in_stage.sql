/*
title = { ru = "Время на этапе", en = "Time in stage" }
partly.ru = "сколько стоит сделка, впервые увиденная на этапе, не известно: она не судится"
partly.en = "how long a deal has stood that was first seen in its stage is not known: it is not judged"
grain = "one row per stage that is not terminal"
needs = ["journeys.entries"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
От первого входа на этап в течение периода до ухода с него: вперёд или в потерю. Медиана и 90-й перцентиль по Каплану — Мейеру,
открытые сделки цензурированы; пусто: кривая так низко не опустилась. Рабочие часы по графику регламента. Просрочены: сделки,
которые на дату отчёта стоят на этапе дольше его SLA, когда бы ни вошли; вернувшаяся — с последнего возврата. Время возвратов
в медиану и перцентиль не входит. Доля просроченных — от стоящих, интервал Уилсона 95 %. Между срезами: вход
или уход виден лишь сравнением двух срезов. Пройден между срезами: этап, на котором ни один срез сделку не застал. Где есть те или
другие, медианы и перцентили пусты, а «не менее» и «не более» — медиана, будь каждое такое пребывание самым коротким (пройденный
этап — 0 часов) или самым длинным (пройденные не считаются) из возможных. Вход относится к периоду по концу промежутка; сделка,
созданная до периода, которую первый срез застал уже на этапе, не входит. Стоящая считается с самого позднего возможного входа."""
about.en = """
From the first entry into the stage, within the period, to leaving it: onward or lost. Median and 90th percentile by
Kaplan–Meier, open deals censored; empty: the curve does not fall that far. Working hours by the regulation's schedule. Stale:
deals that stand in the stage at the as-of date longer than its SLA, whenever they entered; one that returned, since its last
return. Moves back are not timed in the median and the percentile. The stale share is of those standing, with a 95 % Wilson interval.
Between snapshots: the entry or the leaving is seen only by comparing two snapshots. Passed between snapshots: a stage in which no
snapshot found the deal. Where there are any of these, medians and percentiles are empty, and "at least" and "at most" are the median
were each such stay as short (a stage passed: no time at all) or as long (those passed left out) as it may have been. An entry belongs to
the period by the end of that interval; a deal created before the period that its first snapshot found in the stage already is left out.
A deal that stands is counted from its latest possible entry."""

columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "title_ru", unit = "text", title = { ru = "Название", en = "Title (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Название (en)", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "entered", unit = "count", title = { ru = "Вошли", en = "Entered" } },
  { name = "left_stage", unit = "count", title = { ru = "Ушли", en = "Left" } },
  { name = "open", unit = "count", title = { ru = "Ещё стоят", en = "Still there" } },
  { name = "interval_known", unit = "count", title = { ru = "Между срезами", en = "Between snapshots" } },
  { name = "passed_unseen", unit = "count", title = { ru = "Пройден между срезами", en = "Passed between snapshots" } },
  { name = "median_hours", unit = "hours", title = { ru = "Медиана, ч", en = "Median, h" } },
  { name = "median_hours_low", unit = "hours", title = { ru = "Медиана не менее, ч", en = "Median at least, h" } },
  { name = "median_hours_high", unit = "hours", title = { ru = "Медиана не более, ч", en = "Median at most, h" } },
  { name = "p90_hours", unit = "hours", title = { ru = "90 %, ч", en = "90th percentile, h" } },
  { name = "median_working_hours", unit = "hours", title = { ru = "Медиана, раб. ч", en = "Median, working h" } },
  { name = "p90_working_hours", unit = "hours", title = { ru = "90 %, раб. ч", en = "90th percentile, working h" } },
  { name = "sla_hours", unit = "hours", title = { ru = "SLA, раб. ч", en = "SLA, working h" } },
  { name = "standing", unit = "count", title = { ru = "Стоят всего", en = "Standing, whenever entered" } },
  { name = "stale", unit = "count", title = { ru = "Просрочены", en = "Stale" } },
  { name = "stale_share", unit = "share", title = { ru = "Доля просроченных", en = "Stale share" } },
  { name = "stale_share_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "stale_share_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "worst_times_over", unit = "ratio", title = { ru = "Худшая, во сколько раз дольше", en = "Worst, times over" } },
]
*/
WITH first_entries AS (
    SELECT
        deal_id,
        grp,
        status,
        created_at,
        closed_at,
        moves[-1] AS last_move,
        unnest(moves) AS entry
    FROM scope
    -- a deal closed before the period entered nothing in it and stands nowhere
    WHERE coalesce(status, 'open') NOT IN ('won', 'lost') OR closed_at >= $from
),

entered AS (
    SELECT
        first_entries.grp,
        stages.stage,
        stages.terminal,
        first_entries.entry['at'] AS at,
        first_entries.entry['earliest'] AS earliest,
        first_entries.entry['seen'] AS seen,
        -- when a deal came to where its first snapshot found it, nothing tells but its creation
        first_entries.entry['earliest'] >= $from
        OR coalesce(
            first_entries.entry['earliest'] > first_entries.created_at,
            first_entries.entry['earliest'] IS NOT NULL
        ) AS is_dated,
        stages.position,
        lag(stages.position) OVER (PARTITION BY first_entries.deal_id ORDER BY stages.position) AS previous,
        CASE WHEN first_entries.status IN ('won', 'lost') THEN 1 ELSE 0 END AS closed,
        first_entries.closed_at,
        first_entries.last_move['stage'] AS last_stage,
        first_entries.last_move['at'] AS last_at,
        first_entries.last_move['first'] AS last_is_first,
        min(first_entries.entry['at']) OVER (
            PARTITION BY first_entries.deal_id
            ORDER BY stages.position
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS later_at,
        min(coalesce(first_entries.entry['earliest'], first_entries.entry['at'])) OVER (
            PARTITION BY first_entries.deal_id
            ORDER BY stages.position
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS later_earliest
    FROM first_entries
    INNER JOIN stages ON first_entries.entry['stage'] = stages.stage
    WHERE first_entries.entry['first']
),

stays AS (
    SELECT
        grp,
        stage,
        at,
        earliest,
        CASE WHEN closed = 1 OR later_at >= at THEN 1 ELSE 0 END AS gone,
        -- an entry made after a later stage is a move back: its time says nothing of the way forward
        is_dated AND at >= $from AND at < $to AND (later_at IS NULL OR later_at >= at) AS is_timed,
        -- a deal stands where it came last; of stages first entered at one moment, in the latest
        closed = 0
        AND CASE
            WHEN last_is_first THEN at = last_at AND (later_at IS NULL OR later_at < at)
            ELSE stage = last_stage
        END AS is_standing,
        last_at,
        CASE WHEN closed = 1 THEN least(later_at, closed_at) ELSE coalesce(later_at, $as_of) END AS until,
        CASE WHEN closed = 1 THEN least(later_earliest, closed_at) ELSE coalesce(later_earliest, $as_of) END AS until_earliest
    FROM entered
    -- closed on an unknown day: how long it stayed is unknown too
    WHERE terminal IS NULL AND NOT (closed = 1 AND closed_at IS NULL)
),

-- stages that a deal did not stand in when it was seen, and that lie before the one in which it was seen next
passed AS (
    SELECT entered.grp, stages.stage
    FROM entered
    INNER JOIN stages ON entered.position > stages.position AND coalesce(entered.previous, 0) < stages.position
    WHERE
        entered.seen
        AND entered.is_dated
        AND entered.at >= $from
        AND entered.at < $to
        AND (entered.terminal IS DISTINCT FROM 'lost')
        AND stages.terminal IS NULL
),

timed AS (
    SELECT
        grp,
        stage,
        gone,
        is_timed,
        is_standing AND last_at = at AS is_standing,
        minutes_between(at, greatest(at, until)) / 60.0 AS hours,
        working_minutes(at, greatest(at, until)) / 60.0 AS working_hours,
        (earliest IS DISTINCT FROM at) OR until_earliest < until AS is_between,
        minutes_between(at, greatest(at, until_earliest)) / 60.0 AS hours_low,
        minutes_between(earliest, greatest(at, until)) / 60.0 AS hours_high,
        FALSE AS is_passed
    FROM stays
    WHERE is_timed
    UNION ALL
    SELECT
        grp,
        stage,
        gone,
        FALSE AS is_timed,
        is_standing,
        minutes_between(last_at, $as_of) / 60.0 AS hours,
        working_minutes(last_at, $as_of) / 60.0 AS working_hours,
        FALSE AS is_between,
        NULL AS hours_low,
        NULL AS hours_high,
        FALSE AS is_passed
    FROM stays
    WHERE is_standing AND NOT (is_timed AND last_at = at)
    UNION ALL
    SELECT
        grp,
        stage,
        1 AS gone,
        FALSE AS is_timed,
        FALSE AS is_standing,
        NULL AS hours,
        NULL AS working_hours,
        FALSE AS is_between,
        0.0 AS hours_low,
        NULL AS hours_high,
        TRUE AS is_passed
    FROM passed
),

counted AS (
    SELECT
        timed.grp,
        timed.stage,
        count(*) FILTER (WHERE timed.is_timed) AS entered,
        count(*) FILTER (WHERE timed.is_timed AND timed.gone = 1) AS left_stage,
        count(*) FILTER (WHERE timed.is_timed AND timed.gone = 0) AS open,
        km_quantile(timed.hours, timed.gone = 1, 0.5) FILTER (WHERE timed.is_timed) AS median_hours,
        count(*) FILTER (WHERE timed.is_timed AND timed.is_between) AS interval_known,
        count(*) FILTER (WHERE timed.is_passed) AS passed_unseen,
        km_quantile(timed.hours_low, timed.gone = 1, 0.5) FILTER (WHERE timed.is_timed OR timed.is_passed) AS median_hours_low,
        km_quantile(timed.hours_high, timed.gone = 1, 0.5) FILTER (WHERE timed.is_timed) AS median_hours_high,
        km_quantile(timed.hours, timed.gone = 1, 0.9) FILTER (WHERE timed.is_timed) AS p90_hours,
        km_quantile(timed.working_hours, timed.gone = 1, 0.5) FILTER (WHERE timed.is_timed) AS median_working_hours,
        km_quantile(timed.working_hours, timed.gone = 1, 0.9) FILTER (WHERE timed.is_timed) AS p90_working_hours,
        count(*) FILTER (WHERE timed.is_standing) AS standing,
        count(*) FILTER (WHERE timed.is_standing AND timed.working_hours > stages.sla_hours) AS stale,
        max(timed.working_hours / nullif(stages.sla_hours, 0.0))
            FILTER (WHERE timed.is_standing AND timed.working_hours > stages.sla_hours) AS worst_times_over
    FROM timed
    INNER JOIN stages ON timed.stage = stages.stage
    GROUP BY timed.grp, timed.stage
)

SELECT
    counted.grp,
    stages.stage,
    stages.title_ru,
    stages.title_en,
    stages.position,
    counted.entered,
    counted.left_stage,
    counted.open,
    counted.interval_known,
    counted.passed_unseen,
    -- of what was not seen, no figure looks as if it were known
    CASE WHEN counted.interval_known + counted.passed_unseen = 0 THEN counted.median_hours END AS median_hours,
    counted.median_hours_low,
    counted.median_hours_high,
    CASE WHEN counted.interval_known + counted.passed_unseen = 0 THEN counted.p90_hours END AS p90_hours,
    CASE WHEN counted.interval_known + counted.passed_unseen = 0 THEN counted.median_working_hours END AS median_working_hours,
    CASE WHEN counted.interval_known + counted.passed_unseen = 0 THEN counted.p90_working_hours END AS p90_working_hours,
    stages.sla_hours,
    counted.standing,
    -- a stage without an SLA cannot be overstayed
    CASE WHEN stages.sla_hours IS NOT NULL THEN counted.stale END AS stale,
    CASE WHEN stages.sla_hours IS NOT NULL THEN counted.stale::double / nullif(counted.standing, 0) END AS stale_share,
    CASE WHEN stages.sla_hours IS NOT NULL THEN wilson_low(counted.stale, counted.standing) END AS stale_share_low,
    CASE WHEN stages.sla_hours IS NOT NULL THEN wilson_high(counted.stale, counted.standing) END AS stale_share_high,
    counted.worst_times_over
FROM counted
INNER JOIN stages ON counted.stage = stages.stage
ORDER BY counted.grp, stages.position
