/* The periods for which anybody planned and that overlap the asked one: which days of each are seen (seen_from, seen_until), how many
   working days it has (days), how many of them are seen (days_passed), not seen (days_unseen) and still to come at the as-of date
   (days_left); where the calendar has no working day in it, all days count. The same days a year before: year_from, year_seen, year_until,
   null where the data do not reach back. */
WITH planned AS (
    SELECT DISTINCT period, starts, until
    FROM scope_plans
    WHERE starts < $to_day AND until > $from_day
),

began AS (
    SELECT local_day(least(min(created_at), min(closed_at))) AS day
    FROM scope
),

bounds AS (
    SELECT
        planned.period,
        planned.starts,
        planned.until,
        began.day AS began,
        least(greatest(planned.starts, coalesce(began.day, planned.starts)), planned.until) AS seen_from,
        greatest(least(planned.until, seen_days.until), planned.starts) AS seen_until,
        greatest(least(planned.until, $as_of_day), planned.starts) AS today,
        CASE
            WHEN planned.until::int - planned.starts::int = 7 THEN (planned.starts - INTERVAL '364 days')::date
            ELSE (planned.starts - INTERVAL '1 year')::date
        END AS year_from,
        CASE
            WHEN planned.until::int - planned.starts::int = 7 THEN (planned.until - INTERVAL '364 days')::date
            ELSE (planned.until - INTERVAL '1 year')::date
        END AS year_until,
        working_days(planned.starts, planned.until) AS works
    FROM planned
    CROSS JOIN began
    CROSS JOIN seen_days
),

spans AS (
    SELECT
        period,
        starts,
        until,
        began,
        seen_from,
        greatest(seen_until, seen_from) AS seen_until,
        today,
        works,
        year_from,
        year_until
    FROM bounds
)

SELECT
    period,
    starts,
    until,
    began,
    seen_from,
    seen_until,
    CASE WHEN works > 0 THEN works ELSE until::int - starts::int END AS days,
    CASE WHEN works > 0 THEN working_days(seen_from, seen_until) ELSE seen_until::int - seen_from::int END AS days_passed,
    CASE WHEN works > 0 THEN working_days(seen_until, until) ELSE until::int - seen_until::int END AS days_unseen,
    CASE WHEN works > 0 THEN working_days(today, until) ELSE until::int - today::int END AS days_left,
    CASE WHEN began <= year_from THEN year_from END AS year_from,
    CASE
        WHEN began <= year_from AND seen_until = until THEN year_until
        WHEN began <= year_from THEN least(year_until::int, year_from::int + (seen_until::int - starts::int))::date
    END AS year_seen,
    CASE WHEN began <= year_from THEN year_until END AS year_until
FROM spans
