/*
title = { ru = "Касания и лимиты", en = "Contacts and caps" }
grain = "one row per kind of contact in the period, and one for all touches together (any)"
needs = ["events.kind"]
dimensions = "clients"

about.ru = """
Касания за период: исходящие звонки, письма, SMS, сообщения и все встречи; any — все вместе; рассылки (mailing) — отдельно, по своему
лимиту. Сверх лимита: касание, которое в местной календарной неделе клиента идёт по счёту после per_week или в календарном месяце — после
per_month (строка any — по лимиту any, строка вида — по лимиту вида). Счёт идёт с начала недели и месяца, хотя бы они начались до периода,
и по клиенту целиком, кто бы его ни касался; в строку попадает само лишнее касание. Нет лимита — пусто, а не ноль. Сделка без клиента —
отдельный клиент; события без клиента и сделки не в счёт. Рассылка, в которой менеджер не назван, — ничья."""
about.en = """
Touches of the period: outgoing calls, letters, SMS, messages, and all meetings; any is all of them together; mailings stand apart, under
their own cap. Over the cap: the touch that comes after per_week in the client's local calendar week, or after per_month in the calendar
month (the row any by the cap any, the row of a kind by the kind's). Counting begins with the week and the month, even where these began
before the period, and goes over the client as a whole, whoever touched; the row counts the touch that was too many. No cap is empty, not
zero. A deal that names no client is a client of its own; events of neither client nor deal are left out. A mailing that names no manager is
nobody's."""

columns = [
  { name = "kind", unit = "text", title = { ru = "Вид", en = "Kind" } },
  { name = "per_week", unit = "count", title = { ru = "Лимит в неделю", en = "Cap per week" } },
  { name = "per_month", unit = "count", title = { ru = "Лимит в месяц", en = "Cap per month" } },
  { name = "contacts", unit = "count", title = { ru = "Касания", en = "Contacts" } },
  { name = "client_weeks", unit = "count", title = { ru = "Клиенто-недели с касанием", en = "Client-weeks with a contact" } },
  { name = "over_cap", unit = "count", needs = ["journeys.touch_at"], title = { ru = "Сверх лимита", en = "Over the cap" } },
  { name = "over_share", unit = "share", of = "contacts", interval = true, needs = ["journeys.touch_at"], title = { ru = "Доля сверх лимита", en = "Share over the cap" } },
]
*/
-- from the beginning of the period's first week and month, so that what it cuts off is counted; a local day begins up to a day before
-- or after the day by which instants are compared here
WITH contacts AS (
    SELECT
        grp,
        kind,
        at,
        who,
        judge_contact(kind, is_touch, at) OVER (PARTITION BY who ORDER BY at, is_touch DESC, event_id) AS answers
    FROM scope_contacts
    WHERE
        at >= least(local_week($from_day), local_month($from_day)) - INTERVAL '1 day'
        AND at < $to
        AND kind NOT IN ('refusal', 'opt_out')
),

-- each contact under its own kind and, if it is a touch, under all of them; the answers say with 2 that it is over the cap of all, with
-- 4 that it is over that of its kind
slotted AS (
    SELECT
        grp,
        who,
        local_week(at) AS week,
        answers,
        unnest(CASE WHEN kind = 'mailing' THEN make_array(kind) ELSE make_array(kind, 'any') END) AS slot,
        unnest(CASE WHEN kind = 'mailing' THEN make_array(4) ELSE make_array(4, 2) END) AS over
    FROM contacts
    WHERE at >= $from
),

by_week AS (
    SELECT grp, slot, who, week, count(*) AS contacts, count(CASE WHEN answers & over <> 0 THEN 1 END) AS over_cap
    FROM slotted
    GROUP BY grp, slot, who, week
),

counted AS (
    SELECT grp, slot, sum(contacts) AS contacts, count(*) AS client_weeks, sum(over_cap) AS over_cap
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
        CASE WHEN caps.kind IS NOT NULL THEN counted.over_cap END AS over_cap
    FROM counted
    LEFT JOIN caps ON counted.slot = caps.kind
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
