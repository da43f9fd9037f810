/* The weeks of the period in which a group's wins had begun, with those that the period's edges or the end of the exports cut (grp, week). */
SELECT
    grp,
    unnest(
        generate_series(
            greatest(local_week($from_day), local_week(day)),
            least($to_day, seen_days.until) - INTERVAL '1 day',
            INTERVAL '7 days'
        )
    ) AS week
FROM begun_groups
CROSS JOIN seen_days
