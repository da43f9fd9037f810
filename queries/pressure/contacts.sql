/*
title = { ru = "Касания и лимиты", en = "Contacts and caps" }
grain = "one row per kind of contact in the period, and one for all touches together (any)"
needs = ["journeys.touch_at"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "extra"]

about.ru = """
Касания за период: исходящие звонки, письма, SMS, сообщения и все встречи; any — все вместе; рассылки (mailing) — отдельно, по своему
лимиту. Сверх лимита: касание, которое в местной календарной неделе клиента идёт по счёту после per_week или в календарном месяце — после
per_month (строка any — по лимиту any, строка вида — по лимиту вида). Счёт идёт с начала недели и месяца, хотя бы они начались до периода,
и по клиенту целиком, кто бы его ни касался; в строку попадает само лишнее касание. Нет лимита — пусто, а не ноль. Сделка без клиента —
отдельный клиент; события без клиента и сделки не в счёт."""
about.en = """
Touches of the period: outgoing calls, letters, SMS, messages, and all meetings; any is all of them together; mailings stand apart, under
their own cap. Over the cap: the touch that comes after per_week in the client's local calendar week, or after per_month in the calendar
month (the row any by the cap any, the row of a kind by the kind's). Counting begins with the week and the month, even where these began
before the period, and goes over the client as a whole, whoever touched; the row counts the touch that was too many. No cap is empty, not
zero. A deal that names no client is a client of its own; events of neither client nor deal are left out."""

columns = [
  { name = "kind", unit = "text", title = { ru = "Вид", en = "Kind" } },
  { name = "per_week", unit = "count", title = { ru = "Лимит в неделю", en = "Cap per week" } },
  { name = "per_month", unit = "count", title = { ru = "Лимит в месяц", en = "Cap per month" } },
  { name = "contacts", unit = "count", title = { ru = "Касания", en = "Contacts" } },
  { name = "client_weeks", unit = "count", title = { ru = "Клиенто-недели с касанием", en = "Client-weeks with a contact" } },
  { name = "over_cap", unit = "count", title = { ru = "Сверх лимита", en = "Over the cap" } },
  { name = "over_share", unit = "share", title = { ru = "Доля сверх лимита", en = "Share over the cap" } },
  { name = "over_share_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "over_share_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
-- from the beginning of the period's first week and month, so that what it cuts off is counted; a local day begins up to a day before
-- or after the day by which instants are compared here
WITH contacts AS (
    SELECT
        event_id,
        grp,
        kind,
        at,
        coalesce('client ' || nullif(client_id, ''), 'deal ' || nullif(deal_id, '')) AS who
    FROM scope_events
    WHERE
        at >= least(local_week($from_day), local_month($from_day)) - INTERVAL '1 day'
        AND at < $to
        AND (is_touch OR kind = 'mailing')
        AND (client_id <> '' OR deal_id <> '')
),

-- the fewest contacts with which anybody can be over any cap
tightest AS (
    SELECT min(least(per_week, per_month)) AS cap
    FROM caps
),

crowded AS (
    SELECT contacts.who
    FROM contacts
    CROSS JOIN tightest
    GROUP BY contacts.who, tightest.cap
    HAVING count(*) > tightest.cap
),

-- a mailing is no touch: it counts by its own cap alone
numbered AS (
    SELECT
        grp,
        kind,
        at,
        row_number() OVER (PARTITION BY who, kind, local_week(at) ORDER BY at, event_id) AS of_kind_in_week,
        row_number() OVER (PARTITION BY who, kind, local_month(at) ORDER BY at, event_id) AS of_kind_in_month,
        row_number() OVER (PARTITION BY who, kind = 'mailing', local_week(at) ORDER BY at, event_id) AS in_week,
        row_number() OVER (PARTITION BY who, kind = 'mailing', local_month(at) ORDER BY at, event_id) AS in_month
    FROM contacts
    WHERE who IN (SELECT who FROM crowded)
),

-- each contact under its own kind and, if it is a touch, under all of them
slotted AS (
    SELECT
        grp,
        unnest(CASE WHEN kind = 'mailing' THEN make_array(kind) ELSE make_array(kind, 'any') END) AS slot,
        unnest(
            CASE
                WHEN kind = 'mailing' THEN make_array(of_kind_in_week)
                ELSE make_array(of_kind_in_week, in_week)
            END
        ) AS in_week,
        unnest(
            CASE
                WHEN kind = 'mailing' THEN make_array(of_kind_in_month)
                ELSE make_array(of_kind_in_month, in_month)
            END
        ) AS in_month
    FROM numbered
    WHERE at >= $from
),

exceeded AS (
    SELECT
        slotted.grp,
        slotted.slot,
        count(
            CASE WHEN slotted.in_week > caps.per_week OR slotted.in_month > caps.per_month THEN 1 END
        ) AS over_cap
    FROM slotted
    INNER JOIN caps ON slotted.slot = caps.kind
    GROUP BY slotted.grp, slotted.slot
),

by_kind AS (
    SELECT grp, kind, who, local_week(at) AS week, count(*) AS contacts
    FROM contacts
    WHERE at >= $from
    GROUP BY 1, 2, 3, 4
),

by_slot AS (
    SELECT
        grp,
        unnest(CASE WHEN kind = 'mailing' THEN make_array(kind) ELSE make_array(kind, 'any') END) AS slot,
        who,
        week,
        contacts
    FROM by_kind
),

by_week AS (
    SELECT grp, slot, who, week, sum(contacts) AS contacts
    FROM by_slot
    GROUP BY grp, slot, who, week
),

counted AS (
    SELECT grp, slot, sum(contacts) AS contacts, count(*) AS client_weeks
    FROM by_week
    GROUP BY grp, slot
),

judged AS (
    SELECT
        counted.grp,
        counted.slot,
        caps.per_week,
        caps.per_month,
        counted.contacts,
        counted.client_weeks,
        CASE WHEN caps.kind IS NOT NULL THEN coalesce(exceeded.over_cap, 0) END AS over_cap
    FROM counted
    LEFT JOIN caps ON counted.slot = caps.kind
    LEFT JOIN exceeded ON counted.grp = exceeded.grp AND counted.slot = exceeded.slot
)

SELECT
    grp,
    slot AS kind,
    per_week,
    per_month,
    contacts,
    client_weeks,
    over_cap,
    over_cap::double / contacts AS over_share,
    wilson_low(over_cap, contacts) AS over_share_low,
    wilson_high(over_cap, contacts) AS over_share_high
FROM judged
ORDER BY
    grp,
    CASE kind
        WHEN 'any' THEN 1
        WHEN 'call' THEN 2
        WHEN 'message' THEN 3
        WHEN 'sms' THEN 4
        WHEN 'email' THEN 5
        WHEN 'meeting' THEN 6
        ELSE 7
    END
