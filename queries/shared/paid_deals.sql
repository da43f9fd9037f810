/* Deals created within the period that advertising paid for: the month of arrival, the age in months at which each was won, and what
   it brought (grp, month, age, is_undated, is_unpaid, amount, margin). Months are counted from year 0, so that an age is a difference. */
SELECT
    scope.grp,
    local_month(scope.created_at) AS month,
    -- won before it was created is dirt: such a deal is of age 0, and an open one of none
    CASE
        WHEN scope.won_at IS NOT NULL
            THEN greatest(
                date_part('year', local_month(scope.won_at)) * 12 + date_part('month', local_month(scope.won_at))
                - date_part('year', local_month(scope.created_at)) * 12 - date_part('month', local_month(scope.created_at)),
                0
            )
    END AS age,
    scope.status = 'won' AND scope.won_at IS NULL AS is_undated,
    -- of an earlier month than the first known spend of its way: what it cost is not known
    local_month(scope.created_at) < local_month(paid_ways.first_day) AS is_unpaid,
    scope.amount,
    CASE basis.basis WHEN 'margin' THEN scope.amount - scope.cost ELSE scope.amount END AS margin
FROM scope
CROSS JOIN margin_basis AS basis
INNER JOIN paid_ways
    ON coalesce(scope.source, '') = paid_ways.source
    AND coalesce(scope.contractor, '') = paid_ways.contractor
    AND coalesce(scope.campaign, '') = paid_ways.campaign
WHERE scope.created_at >= $from AND scope.created_at < $to
