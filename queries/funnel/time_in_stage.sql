/*
title = { ru = "Время на этапе", en = "Time in stage" }
undated.ru = "сколько длился последний этап закрытых без даты, неизвестно: медианы пусты там, где от этого зависят"
undated.en = "how long the last stage of a closing without a date took is not known: medians are empty where they depend on it"
partly.ru = "сколько стоит сделка, впервые увиденная на этапе, не известно: она не судится"
partly.en = "how long a deal has stood that was first seen in its stage is not known: it is not judged"
grain = "one row per stage that is not terminal"
needs = ["journeys.entries"]
dimensions = "deals"

about.ru = """
От первого входа на этап в течение периода до ухода с него: вперёд, в потерю или на стоянку (parking). Потеря кончает пребывание, даже
если сделку потом вернули в работу; этап, впервые пройденный после этого, считается как любой другой: проигрыш, как и в «Воронке», не
более поздний этап. Вход после более позднего этапа — возврат: в медиану и перцентиль не входит. Медиана и 90-й перцентиль по Каплану —
Мейеру, открытые сделки цензурированы; пусто: кривая так низко не опустилась. Рабочие часы по графику регламента.
Между срезами: вход или уход виден лишь сравнением двух срезов. Пройден между срезами: этап, на котором ни один срез сделку не застал.
Закрыты без даты: ушли с этапа в неизвестный день. Где есть те, другие или третьи, медианы и перцентили пусты, а «не менее» и «не более» —
медиана, будь каждое такое пребывание самым коротким (пройденный этап — 0 часов) или самым длинным (пройденные не считаются) из возможных.
Вход относится к периоду по концу промежутка; сделка, созданная до периода, которую первый срез застал уже на этапе, не входит.
Стоят: открытые сделки там, куда пришли последним переходом, когда бы ни вошли; без журнала — на нынешнем этапе. Из переходов одного
момента последний — в более поздний этап регламента. Просрочены: стоят дольше SLA, даже если вошли в самый поздний возможный момент;
вернувшаяся — с последнего возврата. Неизвестно, просрочены ли: стоят может быть дольше SLA, а может быть и нет; они не в доле. Если между
последней выгрузкой сделок и кануном дня отчёта прошёл целый рабочий день, таковы все, кто к дню отчёта стоял бы дольше SLA: они могли уйти. Доля
просроченных — от остальных стоящих, интервал Уилсона 95 %; пусто, если о всех неизвестно или выгрузка отстала. «Не менее» и «не более»: доля от всех
стоящих, не будь просрочена ни одна из таких сделок или будь все."""
about.en = """
From the first entry into the stage, within the period, to leaving it: onward, lost, or to a parking place. A loss ends the stay even if
the deal was reopened later; a stage first entered after that counts as any other: being lost is, as in "Funnel", no later stage. An entry
after a later stage is a move back, and not timed in the median and the percentile. Median and 90th percentile by Kaplan–Meier, open deals
censored; empty: the curve does not fall that far. Working hours by the regulation's schedule.
Between snapshots: the entry or the leaving is seen only by comparing two snapshots. Passed between snapshots: a stage in which no
snapshot found the deal. Closed without a date: left the stage on an unknown day. Where there are any of these, medians and percentiles are
empty, and "at least" and "at most" are the median were each such stay as short (a stage passed: no time at all) or as long (those passed
left out) as it may have been. An entry belongs to the period by the end of that interval; a deal created before the period that its first
snapshot found in the stage already is left out.
Standing: open deals where their last move led, whenever they entered; without a log, in their present stage. Of moves of one moment the
last is the one into the regulation's later stage. Stale: standing longer than the SLA even if they entered at the latest possible moment;
one that returned, since its last return. Unknown whether stale: standing for perhaps more than the SLA, perhaps less; they are not in the
share. Where a whole working day passed between the last export of deals and the day before the as-of day, so are all that by then would have stood beyond
the SLA: they may have moved on. The stale share is of the others that stand, with a 95 % Wilson interval; empty where of all it is unknown, or
the export is behind. "At least" and "at most":
the share of all that stand, were none or all of these stale."""

columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Название", en = "Title" } },
  { name = "position", unit = "count", title = { ru = "№", en = "No." } },
  { name = "entered", unit = "count", title = { ru = "Вошли", en = "Entered" } },
  { name = "left_stage", unit = "count", title = { ru = "Ушли", en = "Left" } },
  { name = "open", unit = "count", title = { ru = "Ещё стоят", en = "Still there" } },
  { name = "interval_known", unit = "count", title = { ru = "Между срезами", en = "Between snapshots" } },
  { name = "passed_unseen", unit = "count", title = { ru = "Пройден между срезами", en = "Passed between snapshots" } },
  { name = "undated", unit = "count", title = { ru = "Без даты или пропали", en = "Undated or gone" } },
  { name = "median_hours", unit = "hours", title = { ru = "Медиана, ч", en = "Median, h" } },
  { name = "median_hours_low", unit = "hours", title = { ru = "Медиана не менее, ч", en = "Median at least, h" } },
  { name = "median_hours_high", unit = "hours", title = { ru = "Медиана не более, ч", en = "Median at most, h" } },
  { name = "p90_hours", unit = "hours", title = { ru = "90 %, ч", en = "90th percentile, h" } },
  { name = "median_working_hours", unit = "hours", title = { ru = "Медиана, раб. ч", en = "Median, working h" } },
  { name = "p90_working_hours", unit = "hours", title = { ru = "90 %, раб. ч", en = "90th percentile, working h" } },
  { name = "sla_hours", unit = "hours", title = { ru = "SLA, раб. ч", en = "SLA, working h" } },
  { name = "standing", unit = "count", title = { ru = "Стоят всего", en = "Standing, whenever entered" } },
  { name = "stale", unit = "count", ends = true, title = { ru = "Просрочены", en = "Stale" } },
  { name = "stale_unknown", unit = "count", title = { ru = "Неизвестно, просрочены ли", en = "Unknown whether stale" } },
  { name = "stale_share", unit = "share", of = "standing", interval = true, ends = true, list = "stale", at_stake = "stale_amount", title = { ru = "Доля просроченных", en = "Stale share" } },
  { name = "stale_amount", unit = "money", title = { ru = "Сумма просроченных", en = "Amount of the stale" } },
  { name = "worst_times_over", unit = "ratio", title = { ru = "Худшая, во сколько раз дольше", en = "Worst, times over" } },
]
*/
WITH working_day AS (
    -- the longest of the last fortnight
    SELECT max(working_minutes(days.day::date, (days.day + INTERVAL '1 day')::date)) AS minutes
    FROM (SELECT unnest(generate_series($as_of_day - INTERVAL '14 days', $as_of_day - INTERVAL '1 day', INTERVAL '1 day')) AS day) AS days
),

-- where open deals stand is known up to the moment at which their export was taken; a working day later who knows who has moved on. The last day before
-- the cut does not count: by default it is today, and not over
shown AS (
    SELECT
        seen.shown_until,
        working_day.minutes > 0.0 AND working_minutes(seen.shown_until, ($as_of_day - INTERVAL '1 day')::date) >= working_day.minutes AS is_behind
    FROM (SELECT max(seen_until) AS shown_until FROM scope) AS seen
    CROSS JOIN working_day
),

entered AS (
    SELECT
        grp,
        -- whether it was closed by the cut; nobody knows: null
        CASE WHEN is_open THEN FALSE WHEN status IS NOT NULL THEN TRUE END AS is_closed,
        undated IS NOT NULL AS is_undated,
        created_at,
        closed_at,
        closed_after,
        least(coalesce(closed_by, $as_of), $as_of) AS ends_by,
        unnest(first_stays(moves)) AS stay
    FROM scope
    -- a deal closed before the period entered nothing in it
    WHERE is_open OR undated IS NOT NULL OR closed_at >= $from
),

dated AS (
    SELECT
        grp,
        is_closed,
        is_undated,
        closed_at,
        closed_after,
        ends_by,
        stay['stage'] AS stage,
        stay['is_passed'] AS is_passed,
        stay['at'] AS at,
        stay['earliest'] AS earliest,
        stay['left_at'] AS left_at,
        stay['left_earliest'] AS left_earliest
    FROM entered
    WHERE
        stay['at'] >= $from
        AND stay['at'] < $to
        -- when a deal came to where its first snapshot found it, nothing tells but its creation
        AND (stay['earliest'] >= $from OR coalesce(stay['earliest'] > created_at, stay['earliest'] IS NOT NULL))
        AND NOT stay['is_terminal']
        -- an entry made after a later stage is a move back: its time says nothing of the way forward
        AND (stay['is_passed'] OR stay['later_at'] IS NULL OR stay['later_at'] >= stay['at'])
),

stays AS (
    SELECT
        dated.grp,
        dated.stage,
        dated.is_passed,
        dated.at,
        dated.earliest,
        dated.is_undated AND dated.left_at IS NULL AND NOT dated.is_passed AS is_undated,
        -- an end that is known to have come, or that may have
        CASE WHEN dated.left_at IS NOT NULL OR dated.is_passed THEN TRUE ELSE dated.is_closed END AS is_left,
        CASE
            WHEN NOT dated.is_closed THEN coalesce(dated.left_at, shown.shown_until)
            WHEN dated.is_undated THEN coalesce(dated.left_at, dated.ends_by)
            WHEN dated.is_closed THEN least(dated.left_at, dated.closed_at)
            ELSE coalesce(dated.left_at, shown.shown_until)
        END AS until,
        CASE
            WHEN NOT dated.is_closed THEN coalesce(dated.left_earliest, shown.shown_until)
            WHEN dated.is_undated THEN coalesce(dated.left_earliest, dated.closed_after, dated.at)
            ELSE least(dated.left_earliest, dated.closed_at)
        END AS until_earliest
    FROM dated
    CROSS JOIN shown
),

-- where the open deals came last, told before the joins, which would copy the lists
came AS (
    SELECT
        grp,
        amount,
        stage,
        created_at,
        moves[-1]['stage'] AS moved_to,
        moves[-1]['at'] AS moved_at,
        moves[-1]['earliest'] AS moved_earliest
    FROM scope
    WHERE is_open
),

-- where the open deals stand, and since when, at the latest and at the earliest. A deal stands where it came last; where the log
-- does not tell, in its present stage, into which it came nobody knows when after its last move, or after its creation
standing AS (
    SELECT
        came.grp,
        came.amount,
        coalesce(arrived.stage, present.stage) AS stage,
        CASE WHEN arrived.stage IS NOT NULL THEN came.moved_at END AS at,
        CASE WHEN arrived.stage IS NOT NULL THEN came.moved_earliest ELSE coalesce(came.moved_at, came.created_at) END AS earliest
    FROM came
    LEFT JOIN stages AS arrived ON came.moved_to = arrived.stage AND arrived.terminal IS NULL
    LEFT JOIN stages AS present ON came.stage = present.stage AND present.terminal IS NULL
),

stood AS (
    SELECT
        standing.grp,
        standing.amount,
        standing.stage,
        stages.sla_hours,
        -- a day without a time is at the latest that day's end
        coalesce(working_minutes(least(ends_at(standing.at), shown.shown_until), shown.shown_until), 0.0) / 60.0 AS hours_least,
        working_minutes(standing.earliest, CASE WHEN shown.is_behind THEN $as_of ELSE shown.shown_until END) / 60.0 AS hours_most,
        shown.is_behind
    FROM standing
    CROSS JOIN shown
    INNER JOIN stages ON standing.stage = stages.stage
),

standing_by_stage AS (
    SELECT
        grp,
        stage,
        count(*) AS standing,
        count(*) FILTER (WHERE hours_least > sla_hours AND NOT is_behind) AS stale,
        sum(amount) FILTER (WHERE hours_least > sla_hours AND NOT is_behind) AS stale_amount,
        count(*) FILTER (
            WHERE (hours_least <= sla_hours OR (is_behind AND sla_hours IS NOT NULL)) AND (hours_most <= sla_hours) IS NOT TRUE
        ) AS stale_unknown,
        bool_or(is_behind) AS is_behind,
        max(hours_least / nullif(sla_hours, 0.0)) FILTER (WHERE hours_least > sla_hours AND NOT is_behind) AS worst_times_over
    FROM stood
    GROUP BY grp, stage
),

timed AS (
    SELECT
        grp,
        stage,
        is_left,
        is_passed,
        is_undated,
        NOT is_passed AND ((earliest IS DISTINCT FROM at) OR (until_earliest < until AND NOT is_undated)) AS is_between,
        CASE WHEN NOT is_passed THEN minutes_between(at, greatest(at, until)) / 60.0 END AS hours,
        CASE WHEN NOT is_passed THEN working_minutes(at, greatest(at, until)) / 60.0 END AS working_hours,
        CASE WHEN is_passed THEN 0.0 ELSE minutes_between(at, greatest(at, until_earliest)) / 60.0 END AS hours_low,
        CASE WHEN NOT is_passed THEN minutes_between(earliest, greatest(at, until)) / 60.0 END AS hours_high
    FROM stays
),

timed_by_stage AS (
    SELECT
        grp,
        stage,
        count(*) FILTER (WHERE NOT is_passed) AS entered,
        count(*) FILTER (WHERE NOT is_passed AND is_left) AS left_stage,
        count(*) FILTER (WHERE NOT is_left) AS open,
        count(*) FILTER (WHERE is_between) AS interval_known,
        count(*) FILTER (WHERE is_passed) AS passed_unseen,
        count(*) FILTER (WHERE is_undated) AS undated,
        stay_quantiles(hours, hours_low, hours_high, working_hours, is_left) AS took
    FROM timed
    GROUP BY grp, stage
),

counted AS (
    SELECT
        coalesce(t.grp, s.grp) AS grp,
        coalesce(t.stage, s.stage) AS stage,
        coalesce(t.entered, 0) AS entered,
        coalesce(t.left_stage, 0) AS left_stage,
        coalesce(t.open, 0) AS open,
        coalesce(t.interval_known, 0) AS interval_known,
        coalesce(t.passed_unseen, 0) AS passed_unseen,
        coalesce(t.undated, 0) AS undated,
        coalesce(t.interval_known + t.passed_unseen + t.undated, 0) = 0 AS is_known,
        t.took['median'] AS median_hours,
        t.took['median_low'] AS median_hours_low,
        t.took['median_high'] AS median_hours_high,
        t.took['p90'] AS p90_hours,
        t.took['working_median'] AS median_working_hours,
        t.took['working_p90'] AS p90_working_hours,
        coalesce(s.standing, 0) AS standing,
        coalesce(s.stale, 0) AS stale,
        s.stale_amount,
        coalesce(s.stale_unknown, 0) AS stale_unknown,
        -- all that are stale are among the unknown ones: the others are no sample
        CASE WHEN s.is_behind AND s.stale_unknown > 0 THEN 0 ELSE coalesce(s.standing - s.stale_unknown, 0) END AS judged,
        s.worst_times_over
    FROM timed_by_stage AS t
    FULL JOIN standing_by_stage AS s ON t.grp = s.grp AND t.stage = s.stage
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
    counted.undated,
    -- of what was not seen, no figure looks as if it were known
    CASE WHEN counted.is_known THEN counted.median_hours END AS median_hours,
    counted.median_hours_low,
    counted.median_hours_high,
    CASE WHEN counted.is_known THEN counted.p90_hours END AS p90_hours,
    CASE WHEN counted.is_known THEN counted.median_working_hours END AS median_working_hours,
    CASE WHEN counted.is_known THEN counted.p90_working_hours END AS p90_working_hours,
    stages.sla_hours,
    counted.standing,
    -- a stage without an SLA cannot be overstayed
    -- none known is not none, where it is unknown of some
    CASE
        WHEN stages.sla_hours IS NOT NULL AND 200 * counted.stale_unknown <= counted.standing THEN counted.stale
    END AS stale,
    CASE WHEN stages.sla_hours IS NOT NULL THEN counted.stale END AS stale_least,
    CASE WHEN stages.sla_hours IS NOT NULL THEN counted.stale + counted.stale_unknown END AS stale_most,
    CASE WHEN stages.sla_hours IS NOT NULL THEN counted.stale_unknown END AS stale_unknown,
    -- where those of whom it is unknown matter, the share lies between its bounds
    CASE
        WHEN stages.sla_hours IS NOT NULL AND 200 * counted.stale_unknown <= counted.standing
            THEN counted.stale::double / nullif(counted.judged, 0)
    END AS stale_share,
    CASE WHEN stages.sla_hours IS NOT NULL THEN wilson_low(counted.stale, counted.judged) END AS stale_share_low,
    CASE WHEN stages.sla_hours IS NOT NULL THEN wilson_high(counted.stale, counted.judged) END AS stale_share_high,
    CASE WHEN stages.sla_hours IS NOT NULL THEN counted.stale::double / nullif(counted.standing, 0) END AS stale_share_least,
    CASE
        WHEN stages.sla_hours IS NOT NULL
            THEN (counted.stale + counted.stale_unknown)::double / nullif(counted.standing, 0)
    END AS stale_share_most,
    -- nothing stale is nothing at stake; an unknown amount is not nothing
    CASE
        WHEN stages.sla_hours IS NULL THEN NULL
        WHEN counted.stale > 0 THEN counted.stale_amount
        WHEN 200 * counted.stale_unknown <= counted.standing THEN 0
    END AS stale_amount,
    counted.worst_times_over
FROM counted
INNER JOIN stages ON counted.stage = stages.stage
ORDER BY counted.grp, stages.position
