/*
title = { ru = "Список дел", en = "Worklist" }
partly.ru = "правило, чьих событий нет за этот срок, у этого менеджера или филиала, не судится: названо в unjudged"
partly.en = "a rule whose events are not loaded for that span, manager or branch is not judged: unjudged names it"
grain = "one row per deal to be worked or client to be contacted"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"

about.ru = """
Что делать сегодня, то есть в день отчёта; период роли не играет. Строка — открытая сделка или клиент, которого пора коснуться; главная
причина стоит в «Почему», прочие — рядом, в том же порядке: response_broken — ответа нет дольше срока; response_due — ответа ещё нет, срок
идёт; planned_today — на сегодня назначено дело; stale — стоит на этапе дольше SLA; no_next_step — не назначено дело; overdue_client —
клиента не касались дольше, чем велит его вид, хотя можно (строка стоит на его новейшей сделке); evidence — стоит на этапе без
подтверждения. «Нельзя»: opted_out — отписался; silence — отказался, тишина ещё не кончилась; cap_reached — лимит этой недели или месяца
исчерпан (какого вида, сказано рядом; any — всех): с такими не связываются, с cap_reached по отдельным видам — только другими. Сумма —
прайс или сумма сделки; у overdue_client без открытой сделки — его средняя покупка. Сначала дорогие."""
about.en = """
What to do today, that is on the as-of day; the period plays no part. A row is an open deal, or a client who is due to be contacted; the
main reason stands under "Why", the others beside it, in the same order: response_broken — unanswered beyond the time allowed;
response_due — not answered yet, the time is running; planned_today — a task is planned for today; stale — in its stage beyond the SLA;
no_next_step — no task is planned; overdue_client — not contacted for longer than the client's kind asks for, though it may be (the row
stands on the newest deal); evidence — in its stage without evidence. "Forbidden": opted_out; silence — refused, and the silence is not
over; cap_reached — the cap of this week or month is used up (the kind is told beside it; any: all of them): such clients are not
contacted, or, where kinds are named, only by others. Amount is the deal's list price or amount; for an overdue_client without an open
deal, the mean purchase so far. The most costly first."""

columns = [
  { name = "why", unit = "text", title = { ru = "Почему", en = "Why" } },
  { name = "also", unit = "text", title = { ru = "Ещё", en = "Also" } },
  { name = "manager", unit = "text", title = { ru = "Менеджер", en = "Manager" } },
  { name = "client_id", unit = "text", title = { ru = "Клиент", en = "Client" } },
  { name = "deal_id", unit = "text", title = { ru = "Сделка", en = "Deal" } },
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "next_step_{lang}", unit = "text", title = { ru = "Что делать", en = "Next step" } },
  { name = "due_hours", unit = "hours", title = { ru = "Осталось, ч", en = "Due in, h" } },
  { name = "overdue_hours", unit = "hours", title = { ru = "Просрочка, ч", en = "Overdue, h" } },
  { name = "amount", unit = "money", title = { ru = "Сумма", en = "Amount" } },
  { name = "forbidden", unit = "text", title = { ru = "Нельзя", en = "Forbidden" } },
  { name = "capped_kinds", unit = "text", title = { ru = "Исчерпаны лимиты", en = "Caps used up" } },
  { name = "last_touch_at", unit = "date", title = { ru = "Последнее касание", en = "Last touch" } },
]
*/
WITH open_deals AS (
    SELECT
        deal_id,
        created_at,
        response_at,
        -- answers of its manager and branch are loaded from before it came until after
        coalesce(
            created_at >= known_from('answer', manager, branch) AND created_at < known_until('answer', manager, branch),
            FALSE
        ) AS is_known,
        -- a deal stands where it came last
        moves[-1] AS standing
    FROM scope
    WHERE is_open
),

broken AS (
    SELECT
        scope_checks.deal_id,
        CASE scope_checks.rule
            WHEN 'response' THEN 1
            WHEN 'stale' THEN 4
            WHEN 'next_step' THEN 5
            ELSE 7
        END AS priority,
        NULL AS due_hours,
        scope_checks.overdue_hours
    FROM scope_checks
    INNER JOIN open_deals ON scope_checks.deal_id = open_deals.deal_id
    WHERE
        scope_checks.rule IN ('response', 'stale', 'next_step', 'evidence')
        AND NOT scope_checks.kept
        AND (scope_checks.rule <> 'response' OR open_deals.response_at IS NULL)
        AND (scope_checks.rule NOT IN ('stale', 'evidence') OR scope_checks.stage = open_deals.standing['stage'])
        -- this stay, not one before it
        AND (scope_checks.rule <> 'stale' OR scope_checks.at >= open_deals.standing['at'])
),

waiting AS (
    SELECT
        open_deals.deal_id,
        (
            rules.response_sla_minutes
            - CASE
                WHEN rules.response_working THEN working_minutes(open_deals.created_at, $as_of)
                ELSE minutes_between(open_deals.created_at, $as_of)
            END
        ) / 60.0 AS due_hours
    FROM open_deals
    CROSS JOIN rules
    WHERE open_deals.response_at IS NULL AND open_deals.is_known
),

planned AS (
    SELECT scope_planned.deal_id, minutes_between($as_of, scope_planned.next_at) / 60.0 AS due_hours
    FROM scope_planned
    INNER JOIN open_deals ON scope_planned.deal_id = open_deals.deal_id
    WHERE local_day(scope_planned.next_at) = $as_of_day
),

-- days count from the first deal at the earliest; who may not be contacted is not due
due_clients AS (
    SELECT
        deal_id,
        known_day::int - contact_days - local_day(greatest(meaningful_at, first_at))::int AS overdue_days,
        revenue / nullif(won, 0) AS mean_purchase,
        advice_ru,
        advice_en
    FROM scope_coverage
    WHERE contact_days IS NOT NULL AND NOT is_forbidden AND is_known
),

reasons AS (
    SELECT deal_id, priority, due_hours, overdue_hours
    FROM broken
    UNION ALL
    SELECT deal_id, 2 AS priority, due_hours, NULL AS overdue_hours
    FROM waiting
    WHERE due_hours >= 0.0
    UNION ALL
    SELECT deal_id, 3 AS priority, due_hours, NULL AS overdue_hours
    FROM planned
    UNION ALL
    SELECT deal_id, 6 AS priority, NULL AS due_hours, overdue_days * 24.0 AS overdue_hours
    FROM due_clients
    WHERE overdue_days > 0
),

-- one row per deal and reason, with the hours of that reason
each_reason AS (
    SELECT
        deal_id,
        priority,
        CASE priority
            WHEN 1 THEN 'response_broken'
            WHEN 2 THEN 'response_due'
            WHEN 3 THEN 'planned_today'
            WHEN 4 THEN 'stale'
            WHEN 5 THEN 'no_next_step'
            WHEN 6 THEN 'overdue_client'
            ELSE 'evidence'
        END AS reason,
        min(due_hours) AS due_hours,
        max(overdue_hours) AS overdue_hours
    FROM reasons
    GROUP BY deal_id, priority
),

ranked AS (
    SELECT
        deal_id,
        priority,
        reason,
        due_hours,
        overdue_hours,
        row_number() OVER (PARTITION BY deal_id ORDER BY priority) AS place
    FROM each_reason
),

listed AS (
    SELECT
        deal_id,
        min(priority) AS priority,
        max(CASE WHEN place = 1 THEN reason END) AS why,
        string_agg(reason, ', ' ORDER BY priority) FILTER (WHERE place > 1) AS also,
        max(CASE WHEN place = 1 THEN due_hours END) AS due_hours,
        max(CASE WHEN place = 1 THEN overdue_hours END) AS overdue_hours
    FROM ranked
    GROUP BY deal_id
),

-- this week's and this month's touches of those on the list, by kind
recent AS (
    SELECT
        coalesce('client ' || nullif(client_id, ''), 'deal ' || nullif(deal_id, '')) AS who,
        kind,
        count(CASE WHEN local_week(at) = local_week($as_of_day) THEN 1 END) AS in_week,
        count(CASE WHEN local_month(at) = local_month($as_of_day) THEN 1 END) AS in_month
    FROM scope_events
    WHERE
        is_touch
        AND at >= least(local_week($as_of_day), local_month($as_of_day)) - INTERVAL '1 day'
        AND (client_id <> '' OR deal_id <> '')
    GROUP BY 1, 2
),

by_slot AS (
    SELECT who, unnest(make_array(kind, 'any')) AS slot, in_week, in_month
    FROM recent
),

paces AS (
    SELECT who, slot, sum(in_week) AS in_week, sum(in_month) AS in_month
    FROM by_slot
    GROUP BY who, slot
),

capped AS (
    SELECT paces.who, string_agg(paces.slot, ', ' ORDER BY paces.slot) AS kinds
    FROM paces
    INNER JOIN caps ON paces.slot = caps.kind
    WHERE paces.in_week >= caps.per_week OR paces.in_month >= caps.per_month
    GROUP BY paces.who
),

faced AS (
    SELECT
        scope.grp,
        listed.priority,
        listed.why,
        listed.also,
        scope.manager,
        scope.client_id,
        listed.deal_id,
        scope.stage,
        CASE WHEN listed.why = 'overdue_client' THEN due_clients.advice_ru END AS advice_ru,
        CASE WHEN listed.why = 'overdue_client' THEN due_clients.advice_en END AS advice_en,
        listed.due_hours,
        listed.overdue_hours,
        CASE
            WHEN NOT scope.is_open THEN due_clients.mean_purchase
            ELSE coalesce(scope.list_amount, scope.amount)
        END AS amount,
        coalesce(clients.opted_out_at, scope.opted_out_at) AS opted_out_at,
        coalesce(clients.refused_at, scope.refused_at) AS refused_at,
        coalesce(clients.last_touch_at, array_element(scope.touch_at, -1)) AS last_touch_at,
        coalesce('client ' || nullif(scope.client_id, ''), 'deal ' || scope.deal_id) AS who
    FROM listed
    INNER JOIN scope ON listed.deal_id = scope.deal_id
    LEFT JOIN scope_coverage AS clients ON scope.client_id = clients.client_id
    LEFT JOIN due_clients ON listed.deal_id = due_clients.deal_id
)

SELECT
    faced.grp,
    faced.why,
    faced.also,
    faced.manager,
    faced.client_id,
    faced.deal_id,
    faced.stage,
    coalesce(faced.advice_ru, stages.next_step_ru) AS next_step_ru,
    coalesce(faced.advice_en, stages.next_step_en) AS next_step_en,
    faced.due_hours,
    faced.overdue_hours,
    faced.amount,
    CASE
        WHEN faced.opted_out_at IS NOT NULL THEN 'opted_out'
        WHEN minutes_between(faced.refused_at, $as_of) < rules.silence_days * 1440.0 THEN 'silence'
        WHEN capped.kinds IS NOT NULL THEN 'cap_reached'
    END AS forbidden,
    capped.kinds AS capped_kinds,
    local_day(faced.last_touch_at) AS last_touch_at
FROM faced
CROSS JOIN rules
LEFT JOIN stages ON faced.stage = stages.stage
LEFT JOIN capped ON faced.who = capped.who
ORDER BY
    faced.grp,
    faced.amount DESC NULLS LAST,
    faced.priority,
    faced.overdue_hours DESC NULLS LAST,
    faced.deal_id
