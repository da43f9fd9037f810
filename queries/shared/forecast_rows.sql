/* What the function `forecast` takes: a row per deal with its group, the day on
   which it entered the funnel, how it ended (0 open, 1 won, 2 lost or gone, 3 nobody knows when) and on which day, amount, list amount,
   probability, planned day, a number of its own, and the facts of its course (see the function deal_facts); and a row
   per day of the calendar with the day from which on nothing is seen (today), its month and its working minutes (grp, today, is_calendar, a, b, c, d, e, f, g, h, i, facts). */
WITH deals AS (
    SELECT
        scope.deal_id,
        scope.grp,
        groups.number,
        local_day(scope.entered_at)::int AS entered,
        CASE
            WHEN scope.won_at IS NOT NULL THEN 1
            WHEN scope.status = 'lost' AND scope.closed_at IS NOT NULL THEN 2
            WHEN scope.undated = 'gone' THEN 2
            WHEN scope.is_open THEN 0
            ELSE 3
        END AS ending,
        local_day(coalesce(scope.closed_at, scope.gone_at, scope.closed_after))::int AS ended,
        scope.amount,
        scope.list_amount,
        scope.probability,
        scope.expected_close,
        deal_facts(scope.entries, scope.amount_history, scope.expected_close_history, scope.probability_history) AS facts
    FROM scope
    INNER JOIN forecast_groups AS groups ON scope.grp = groups.grp
    WHERE scope.entered_at IS NOT NULL
),

begun AS (
    SELECT DISTINCT local_day(entered_at)::int AS day
    FROM scope
    WHERE entered_at IS NOT NULL
),

-- deals of more than ten years ago tell nothing of the next weeks
calendar AS (
    SELECT
        span.today,
        unnest(generate_series(span.first_day, span.last_day, INTERVAL '1 day'))::date AS day
    FROM (
        SELECT
            min(seen_days.until)::int AS today,
            min(begun.day)::date AS first_day,
            (min(seen_days.until)::int + 100)::date AS last_day
        FROM begun
        CROSS JOIN seen_days
        WHERE begun.day BETWEEN seen_days.until::int - 3650 AND seen_days.until::int - 1
    ) AS span
    WHERE span.today IS NOT NULL
)

SELECT
    deals.grp,
    NULL::int AS today,
    0 AS is_calendar,
    deals.number::double AS a,
    deals.entered::double AS b,
    deals.ending::double AS c,
    CASE WHEN deals.ending > 0 THEN deals.ended::double END AS d,
    deals.amount::double AS e,
    deals.list_amount::double AS f,
    deals.probability AS g,
    deals.expected_close::int::double AS h,
    seeded(0, deals.deal_id) AS i,
    deals.facts
FROM deals
UNION ALL
SELECT
    '' AS grp,
    today,
    1 AS is_calendar,
    day::int::double AS a,
    date_part('year', day)::double * 12 + date_part('month', day)::double AS b,
    working_minutes(day, (day + INTERVAL '1 day')::date) AS c,
    NULL AS d,
    NULL AS e,
    NULL AS f,
    NULL AS g,
    NULL AS h,
    NULL AS i,
    arrow_cast(NULL, 'List(Float64)') AS facts
FROM calendar
