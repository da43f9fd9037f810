/*
title = { ru = "Список супервайзера", en = "Control list" }
partly.ru = "правило, чьих событий нет за этот срок, у этого менеджера или филиала, не судится: названо в unjudged"
partly.en = "a rule whose events are not loaded for that span, manager or branch is not judged: unjudged names it"
grain = "one row per open deal and rule it breaks, and per overloaded manager"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"
about.ru = """
На что посмотреть сегодня, то есть на дату отчёта; период роли не играет. Только открытые сделки. response: ответа нет дольше срока (поздно
ответили — уже не сегодняшнее дело: оно сосчитано в «Соблюдении регламента»); response_soon: ответа ещё нет, и срок выйдет в ближайший час (рабочий, если срок в рабочих минутах);
stale: стоит на этапе дольше SLA; evidence: стоит на этапе без основания; required: не заполнено обязательное поле пройденного
или нынешнего этапа; next_step: нет назначенного дела; over_cap: за последние 7 дней с клиентом связались сверх лимита; load: у менеджера
открытых сделок больше нормы (строка на менеджера, его число открытых сделок по всем группам). Сначала дорогие, при равной сумме — самые
просроченные."""
about.en = """
What to look at today, that is at the as-of date; the period plays no part. Open deals only. response: unanswered beyond the time allowed
(a late answer is past, and counted in "Is the regulation kept"); response_soon: not answered yet, and the time is over within the next hour (a working one
where the time is in working minutes); stale: in its stage beyond the SLA; evidence: in its stage without evidence; required: a required
field of this or of an earlier stage is missing; next_step: no task is planned; over_cap: the client was contacted over the cap within the
last 7 days; load: the manager has more open deals than the regulation allows (a row per manager, with the open deals of all groups). The
most costly first; of equal amounts, the longest overdue."""
columns = [
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "look", unit = "text", title = { ru = "Когда смотреть", en = "Looked at" } },
  { name = "manager", unit = "text", title = { ru = "Менеджер", en = "Manager" } },
  { name = "deal_id", unit = "text", title = { ru = "Сделка", en = "Deal" } },
  { name = "client_id", unit = "text", title = { ru = "Клиент", en = "Client" } },
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "since", unit = "date", title = { ru = "С какого дня", en = "Since" } },
  { name = "overdue_hours", unit = "hours", title = { ru = "Просрочка, раб. ч", en = "Overdue, working h" } },
  { name = "amount", unit = "money", title = { ru = "Сумма", en = "Amount" } },
  { name = "open_deals", unit = "count", title = { ru = "Открытых сделок", en = "Open deals" } },
  { name = "advice_{lang}", unit = "text", title = { ru = "Что делать", en = "Advice" } },
]
*/
WITH open_deals AS (
    SELECT
        grp,
        deal_id,
        client_id,
        manager,
        stage,
        created_at,
        response_at,
        -- answers of its manager and branch are loaded from before it came until after
        coalesce(
            created_at >= known_from('answer', manager, branch) AND created_at < known_until('answer', manager, branch),
            FALSE
        ) AS is_known,
        -- a deal stands where it came last
        moves[-1] AS standing,
        coalesce(list_amount, amount) AS deal_amount
    FROM scope
    WHERE is_open
),

broken AS (
    SELECT
        checks.grp,
        checks.rule,
        coalesce(checks.manager, open_deals.manager) AS manager,
        checks.deal_id,
        checks.client_id,
        coalesce(checks.stage, open_deals.stage) AS stage,
        CASE checks.rule
            WHEN 'response' THEN open_deals.created_at
            WHEN 'stale' THEN open_deals.standing['at']
            WHEN 'next_step' THEN coalesce(open_deals.standing['at'], open_deals.created_at)
            ELSE checks.at
        END AS since,
        checks.overdue_hours,
        checks.amount
    FROM scope_checks AS checks
    INNER JOIN open_deals ON checks.deal_id = open_deals.deal_id
    WHERE
        NOT checks.kept
        AND (
            checks.rule IN ('required', 'next_step')
            OR (checks.rule = 'evidence' AND checks.stage = open_deals.standing['stage'])
            -- this stay, not one before it
            OR (checks.rule = 'stale' AND checks.stage = open_deals.standing['stage'] AND checks.at >= open_deals.standing['at'])
            -- a late answer is past: there is nobody to call
            OR (checks.rule = 'response' AND open_deals.response_at IS NULL)
            OR (checks.rule = 'over_cap' AND local_day(checks.at) >= $as_of_day - INTERVAL '7 days')
        )
),

-- a row per deal and rule, though two fields are missing or three calls were too many
listed AS (
    SELECT
        grp,
        rule,
        rule AS ruled_by,
        manager,
        deal_id,
        max(client_id) AS client_id,
        max(stage) AS stage,
        local_day(min(since)) AS since,
        max(overdue_hours) AS overdue_hours,
        max(amount) AS amount,
        NULL AS open_deals
    FROM broken
    GROUP BY grp, rule, manager, deal_id
),

waiting AS (
    SELECT
        open_deals.grp,
        open_deals.manager,
        open_deals.deal_id,
        open_deals.client_id,
        open_deals.stage,
        open_deals.created_at,
        open_deals.deal_amount,
        rules.response_sla_minutes
        - CASE
            WHEN rules.response_working THEN working_minutes(open_deals.created_at, $as_of)
            ELSE minutes_between(open_deals.created_at, $as_of)
        END AS left_minutes
    FROM open_deals
    CROSS JOIN rules
    WHERE open_deals.response_at IS NULL AND open_deals.is_known
),

loads AS (
    SELECT
        grp,
        manager,
        sum(count(*)) OVER (PARTITION BY manager) AS open_deals
    FROM open_deals
    WHERE manager <> ''
    GROUP BY grp, manager
),

everything AS (
    SELECT grp, rule, ruled_by, manager, deal_id, client_id, stage, since, overdue_hours, amount, open_deals
    FROM listed
    UNION ALL
    SELECT
        grp,
        'response_soon' AS rule,
        'response' AS ruled_by,
        manager,
        deal_id,
        client_id,
        stage,
        local_day(created_at) AS since,
        NULL AS overdue_hours,
        deal_amount AS amount,
        NULL AS open_deals
    FROM waiting
    WHERE left_minutes >= 0.0 AND left_minutes <= 60.0
    UNION ALL
    SELECT
        loads.grp,
        'load' AS rule,
        'load' AS ruled_by,
        loads.manager,
        NULL AS deal_id,
        NULL AS client_id,
        NULL AS stage,
        NULL AS since,
        NULL AS overdue_hours,
        NULL AS amount,
        loads.open_deals
    FROM loads
    CROSS JOIN rules
    WHERE loads.open_deals > rules.load_open_deals
)

SELECT
    everything.grp,
    everything.rule,
    CASE
        WHEN everything.rule = 'response_soon' THEN concat(control.title_ru, ': срок истекает')
        ELSE control.title_ru
    END AS title_ru,
    CASE
        WHEN everything.rule = 'response_soon' THEN concat(control.title_en, ': almost due')
        ELSE control.title_en
    END AS title_en,
    control.look,
    everything.manager,
    everything.deal_id,
    everything.client_id,
    everything.stage,
    everything.since,
    everything.overdue_hours,
    everything.amount,
    everything.open_deals,
    control.advice_ru,
    control.advice_en
FROM everything
LEFT JOIN control ON everything.ruled_by = control.rule
ORDER BY
    everything.grp,
    everything.amount DESC NULLS LAST,
    everything.overdue_hours DESC NULLS LAST,
    control.position,
    everything.rule,
    everything.deal_id,
    everything.manager
