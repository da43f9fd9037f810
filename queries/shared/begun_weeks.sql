/* The weeks of the period in which a group's wins had begun, with those that the period's edges cut (grp, week). */
SELECT
    grp,
    unnest(
        generate_series(
            greatest(local_week($from_day), local_week(day)),
            least($to_day, $as_of_day) - INTERVAL '1 day',
            INTERVAL '7 days'
        )
    ) AS week
FROM begun_groups
