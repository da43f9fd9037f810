-- The facts of which `scope_clients` is made: a row per client. $as_of_day is the cut.
--
-- A client is where its newest deal is: the group, the manager and the branch are that deal's.
WITH today AS (
    SELECT arrow_cast($as_of_day, 'Date32') AS day
),

deals_of_clients AS (
    SELECT
        client_id,
        deal_id,
        grp,
        manager,
        branch,
        status,
        created_at,
        won_at,
        CASE WHEN status = 'won' THEN coalesce(amount, 0) ELSE 0 END AS revenue,
        coalesce(array_length(touch_at)::bigint, 0) AS touches,
        touch_at[-1] AS last_touch_at,
        refused_at,
        opted_out_at,
        complained_at,
        row_number() OVER (PARTITION BY client_id ORDER BY created_at DESC NULLS LAST, deal_id DESC) AS back
    FROM scope
    WHERE coalesce(client_id, '') <> ''
),

together AS (
    SELECT
        client_id,
        max(CASE WHEN back = 1 THEN grp END) AS grp,
        max(CASE WHEN back = 1 THEN deal_id END) AS deal_id,
        max(CASE WHEN back = 1 THEN manager END) AS manager,
        max(CASE WHEN back = 1 THEN branch END) AS branch,
        min(created_at) AS first_at,
        max(created_at) AS last_created_at,
        count(*) FILTER (WHERE status = 'won') AS won,
        sum(revenue) AS revenue,
        min(won_at) AS first_won_at,
        max(won_at) AS last_won_at,
        count(*) FILTER (WHERE status = 'open') AS open_deals,
        sum(touches) AS touches,
        max(last_touch_at) AS last_touch_at,
        max(refused_at) AS refused_at,
        min(opted_out_at) AS opted_out_at,
        max(complained_at) AS complained_at
    FROM deals_of_clients
    GROUP BY client_id
)

SELECT
    together.grp,
    together.client_id,
    together.deal_id,
    together.manager,
    together.branch,
    clients.segment,
    together.first_at,
    together.last_created_at,
    together.won,
    together.revenue,
    together.first_won_at,
    together.last_won_at,
    together.open_deals,
    together.touches,
    together.last_touch_at,
    together.refused_at,
    together.opted_out_at,
    together.complained_at,
    minutes_between(local_day(together.first_at), today.day) / 1440.0 AS days_since_first,
    minutes_between(local_day(together.last_created_at), today.day) / 1440.0 AS days_since_deal,
    minutes_between(local_day(together.last_won_at), today.day) / 1440.0 AS days_since_won,
    minutes_between(local_day(together.last_touch_at), today.day) / 1440.0 AS days_since_touch
FROM together
-- a client has many columns, and its segment is one: that side is held
LEFT JOIN segments AS clients ON together.client_id = clients."key of the held side"
CROSS JOIN today
