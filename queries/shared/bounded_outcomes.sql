/* Deals that entered the funnel within the period, with what may have become of them at the least and at the most, and after how many
   days (grp, week, status, is_open, undated, least_outcome, least_days, most_outcome, most_days). A closing before the entry takes no
   time; an open deal is seen open as long as exports of deals reach. */
SELECT
    grp,
    local_week(entered_at) AS week,
    status,
    is_open,
    undated,
    least_outcome,
    greatest(minutes_between(entered_at, least_until) / 1440.0, 0.0) AS least_days,
    most_outcome,
    greatest(minutes_between(entered_at, most_until) / 1440.0, 0.0) AS most_days
FROM scope
WHERE entered_at >= $from AND entered_at < $to
