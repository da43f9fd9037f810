/* Plan beside fact: a row per group, period for which anybody planned, and measure (grp, period, measure). value: the plan of the group, null
   where it has none; fact, as far as it is seen, null where nothing of the period is; to_date: the plan by the working days passed;
   to_date_year: by how much of last year's same period had come by then; known: whether the fact may be judged, which too many wins without a date
   prevent. */
WITH planned AS (
    SELECT grp, period, measure, sum(value) AS value
    FROM scope_plans
    WHERE grp IS NOT NULL
    GROUP BY grp, period, measure
),

measured AS (
    SELECT DISTINCT scope_plans.period, scope_plans.measure
    FROM scope_plans
    INNER JOIN plan_days ON scope_plans.period = plan_days.period
    WHERE scope_plans.measure IN ('revenue', 'won', 'leads', 'margin', 'touches')
),

counted AS (
    SELECT
        plan_days.period,
        plan_facts.grp,
        sum(CASE WHEN plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until THEN 1 ELSE 0 END) AS met,
        sum(plan_facts.leads) FILTER (WHERE plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until) AS leads,
        sum(plan_facts.won) FILTER (WHERE plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until) AS won,
        sum(plan_facts.blank) FILTER (WHERE plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until) AS blank,
        sum(plan_facts.revenue) FILTER (WHERE plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until) AS revenue,
        sum(plan_facts.costless) FILTER (WHERE plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until) AS costless,
        sum(plan_facts.margin) FILTER (WHERE plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until) AS margin,
        sum(plan_facts.touches) FILTER (WHERE plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until) AS touches,
        sum(plan_facts.leads) FILTER (WHERE plan_facts.day < plan_days.year_seen) AS leads_by,
        sum(plan_facts.leads) FILTER (WHERE plan_facts.day < plan_days.year_until) AS leads_of,
        sum(plan_facts.won) FILTER (WHERE plan_facts.day < plan_days.year_seen) AS won_by,
        sum(plan_facts.won) FILTER (WHERE plan_facts.day < plan_days.year_until) AS won_of,
        sum(plan_facts.revenue) FILTER (WHERE plan_facts.day < plan_days.year_seen) AS revenue_by,
        sum(plan_facts.revenue) FILTER (WHERE plan_facts.day < plan_days.year_until) AS revenue_of,
        sum(plan_facts.margin) FILTER (WHERE plan_facts.day < plan_days.year_seen) AS margin_by,
        sum(plan_facts.margin) FILTER (WHERE plan_facts.day < plan_days.year_until) AS margin_of,
        sum(plan_facts.touches) FILTER (WHERE plan_facts.day < plan_days.year_seen) AS touches_by,
        sum(plan_facts.touches) FILTER (WHERE plan_facts.day < plan_days.year_until) AS touches_of
    FROM plan_days
    CROSS JOIN plan_facts
    WHERE
        (plan_facts.day >= plan_days.seen_from AND plan_facts.day < plan_days.seen_until)
        OR (plan_facts.day >= plan_days.year_from AND plan_facts.day < plan_days.year_until)
    GROUP BY plan_days.period, plan_facts.grp
),

known AS (
    SELECT
        count(amount) > 0 AS amounts,
        count(cost) > 0 AS costs,
        sum(coalesce(array_length(touch_at), 0)) > 0 AS touches
    FROM scope
),

-- won on a day that nobody knows, which may be one of those
undated AS (
    SELECT plan_days.period, scope.grp, count(*) AS won
    FROM scope
    CROSS JOIN plan_days
    WHERE
        scope.status = 'won'
        AND scope.won_at IS NULL
        AND coalesce(local_day(greatest(scope.created_at, scope.closed_after)), plan_days.seen_from) < plan_days.seen_until
        AND coalesce(local_day(scope.closed_by), plan_days.seen_from) >= plan_days.seen_from
    GROUP BY plan_days.period, scope.grp
),

-- whoever has a plan, and whoever did anything in a period for which others have one
cells AS (
    SELECT planned.grp, planned.period, planned.measure
    FROM planned
    INNER JOIN measured ON planned.period = measured.period AND planned.measure = measured.measure
    UNION
    SELECT counted.grp, counted.period, measured.measure
    FROM counted
    INNER JOIN measured ON counted.period = measured.period
    WHERE counted.met > 0
),

facts AS (
    SELECT
        cells.grp,
        cells.period,
        cells.measure,
        planned.value,
        coalesce(undated.won, 0) AS undated_won,
        coalesce(counted.won, 0) AS won,
        coalesce(counted.leads, 0) AS leads,
        coalesce(counted.blank, 0) AS blank,
        coalesce(counted.costless, 0) AS costless,
        CASE
            WHEN plan_days.seen_until <= plan_days.seen_from THEN NULL
            WHEN cells.measure = 'revenue' AND known.amounts THEN coalesce(counted.revenue, 0)::decimal(28, 4)
            WHEN cells.measure = 'margin' AND known.amounts AND known.costs AND 200 * coalesce(counted.costless, 0) <= coalesce(counted.won, 0)
                THEN coalesce(counted.margin, 0)::decimal(28, 4)
            WHEN cells.measure = 'won' THEN coalesce(counted.won, 0)::decimal(28, 4)
            WHEN cells.measure = 'leads' THEN coalesce(counted.leads, 0)::decimal(28, 4)
            WHEN cells.measure = 'touches' AND known.touches THEN coalesce(counted.touches, 0)::decimal(28, 4)
        END AS fact,
        CASE cells.measure
            WHEN 'revenue' THEN counted.revenue_by::double / nullif(counted.revenue_of, 0)::double
            WHEN 'margin' THEN counted.margin_by::double / nullif(counted.margin_of, 0)::double
            WHEN 'won' THEN counted.won_by::double / nullif(counted.won_of, 0)::double
            WHEN 'leads' THEN counted.leads_by::double / nullif(counted.leads_of, 0)::double
            WHEN 'touches' THEN counted.touches_by::double / nullif(counted.touches_of, 0)::double
        END AS year_share,
        plan_days.days,
        plan_days.days_passed,
        plan_days.days_unseen,
        plan_days.days_left,
        plan_days.starts,
        plan_days.until,
        plan_days.year_seen
    FROM cells
    INNER JOIN plan_days ON cells.period = plan_days.period
    CROSS JOIN known
    LEFT JOIN planned ON cells.grp = planned.grp AND cells.period = planned.period AND cells.measure = planned.measure
    LEFT JOIN counted ON cells.grp = counted.grp AND cells.period = counted.period
    LEFT JOIN undated ON cells.grp = undated.grp AND cells.period = undated.period
)

SELECT
    grp,
    period,
    measure,
    starts,
    until,
    value,
    fact,
    won,
    leads,
    blank,
    costless,
    undated_won,
    days,
    days_passed,
    days_unseen,
    days_left,
    measure NOT IN ('revenue', 'margin', 'won') OR 200 * undated_won <= won AS is_known,
    round((value * days_passed)::decimal(28, 6) / days, 2)::decimal(28, 4) AS to_date,
    CASE WHEN year_seen IS NOT NULL THEN round(value::double * year_share, 2)::decimal(28, 4) END AS to_date_year
FROM facts
