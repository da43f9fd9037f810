/*
title = { ru = "Кому можно слать на ближайшей неделе", en = "Who may be mailed in the coming week" }
partly.ru = "клиенты, об отписках, отказах или рассылках которых не известно, — «не известно», а не «можно»"
partly.en = "clients of whom opt-outs, refusals or mailings are not known are “unknown”, not “may be mailed”"
grain = "one row per stage in which clients have an open deal, and one for clients without any"
needs = ["deals.status"]
dimensions = "clients"

about.ru = """
Скольким клиентам регламент позволяет отправить хотя бы одну рассылку на ближайшей неделе: первой целой, с понедельника, что начинается в
день отчёта или позже. Клиент стоит на самом дальнем этапе своих открытых сделок; без открытой сделки этап пуст; открытая сделка без
клиента — отдельный клиент. Нельзя, по порядку: отписался — никогда; отказался, и тишина регламента не кончается до последнего дня недели,
в который клиентов можно беспокоить; норма исчерпана: лимит mailing, правило рассылок для всех или правило любого из этапов его открытых
сделок, в каждом месяце, которого неделя касается (счёт — с начала месяца, при правиле этапа — пока сделка стояла на нём). Не известно:
отписки или, при предписанной тишине, отказы его менеджера и филиала, или, при любой норме, рассылки не загружены либо кончаются больше чем
за неделю до дня отчёта; если таких больше 0,5 %, «можно» пусто, и известно лишь, от скольких до скольких. Рассылок не больше: сколько всего
писем вмещают нормы тех, кому можно; пусто, если хотя бы одного ничто не ограничивает. Дни: сколько дней недели клиентов можно беспокоить; если ни одного, нельзя никому. Период роли не играет."""
about.en = """
To how many clients the regulation lets at least one mailing go in the coming week: the first whole one, from Monday, that begins on the
day of the report or later. A client stands in the furthest stage of its open deals; without an open deal the stage is empty; an open deal
that names no client is a client of its own. Not allowed, in this order: opted out, for ever; refused, and the regulation's silence is not over
before the last day of that week on which clients may be contacted; the allowed number used up: the cap for mailing, the mailing rule for
everybody, or that of any stage of its open deals, in each month that the week touches (counted from the beginning of the month; under the
rule of a stage, while the deal stood there). Unknown: opt-outs or, where silence is asked for, refusals of its manager and branch, or, where
there is any cap or rule, mailings are not loaded, or end more than a week before the day of the report; where these are more than 0.5 %, "may
be mailed" is empty, and known only between least and most. Mailings at most: how many the norms of those who may be mailed hold in all; empty where
one of them has no norm. Days: on how many days of the week clients may be contacted; where on none, nobody may be mailed. The period plays no part."""

columns = [
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Этап сделки", en = "Stage of the deal" } },
  { name = "week", unit = "date", title = { ru = "Неделя с", en = "Week from" } },
  { name = "days", unit = "count", title = { ru = "Дней", en = "Days" } },
  { name = "clients", unit = "count", title = { ru = "Клиенты", en = "Clients" } },
  { name = "may_be_mailed", unit = "count", ends = true, title = { ru = "Можно слать", en = "May be mailed" } },
  { name = "opted_out", unit = "count", title = { ru = "Отписались", en = "Opted out" } },
  { name = "in_silence", unit = "count", title = { ru = "Тишина после отказа", en = "Silence after a refusal" } },
  { name = "used_up", unit = "count", title = { ru = "Норма исчерпана", en = "Norm used up" } },
  { name = "unknown", unit = "count", title = { ru = "Не известно", en = "Unknown" } },
  { name = "mailings_at_most", unit = "count", title = { ru = "Рассылок не больше", en = "Mailings at most" } },
]
*/
WITH coming AS (
    SELECT
        local_week((local_day($as_of_day) + INTERVAL '6 days')::date) AS monday,
        local_month($as_of_day) AS this_month
),

each_day AS (
    SELECT unnest(generate_series(monday, (monday + INTERVAL '6 days')::date, INTERVAL '1 day'))::date AS day
    FROM coming
),

-- the days on which clients may be contacted, by the month whose norms they fall under
parts AS (
    SELECT local_month(day) AS month, max(day) AS last_day, count(*) AS days
    FROM each_day
    WHERE contact_minutes(day, (day + INTERVAL '1 day')::date) > 0.0
    GROUP BY local_month(day)
),

-- null: no norm of that kind
norms AS (
    SELECT
        mailing_cap.per_week,
        least(mailing_cap.per_month, for_all.per_month) AS per_month,
        mailing_cap.per_week IS NOT NULL OR mailing_cap.per_month IS NOT NULL OR for_all.per_month IS NOT NULL AS has_any
    FROM (SELECT max(per_week) AS per_week, max(per_month) AS per_month FROM caps WHERE kind = 'mailing') AS mailing_cap
    CROSS JOIN (SELECT min(per_month) AS per_month FROM mailing_rules WHERE stage IS NULL) AS for_all
),

-- whether mailings are known until now: whoever sends them, they are marketing's
mailings_known AS (
    SELECT coalesce(local_day(known_until('mailing', NULL, NULL))::int >= local_day($as_of_day)::int - 7, FALSE) AS are_known
),

mailings AS (
    SELECT
        event_id,
        at,
        coalesce('client ' || nullif(client_id, ''), 'deal ' || nullif(deal_id, '')) AS who
    FROM scope_events
    WHERE
        kind = 'mailing'
        AND at >= local_month($as_of_day) - INTERVAL '1 day'
        AND local_month(at) = local_month($as_of_day)
        AND (client_id <> '' OR deal_id <> '')
),

used AS (
    SELECT who, count(*) AS mailings
    FROM mailings
    WHERE who IS NOT NULL
    GROUP BY who
),

used_in_stage AS (
    SELECT mailings.who, ruled_stays.stage, count(DISTINCT mailings.event_id) AS mailings
    FROM mailings
    INNER JOIN ruled_stays
        ON mailings.who = ruled_stays.who
        AND mailings.at >= ruled_stays.entered_at
        AND (ruled_stays.left_at IS NULL OR mailings.at < ruled_stays.left_at)
    GROUP BY mailings.who, ruled_stays.stage
),

open_deals AS (
    SELECT
        coalesce('client ' || nullif(scope.client_id, ''), 'deal ' || scope.deal_id) AS who,
        stages.position,
        mailing_rules.per_month AS stage_norm,
        mailing_rules.per_month - coalesce(used_in_stage.mailings, 0) AS stage_left
    FROM scope
    LEFT JOIN stages ON scope.stage = stages.stage
    LEFT JOIN mailing_rules ON scope.stage = mailing_rules.stage
    LEFT JOIN used_in_stage
        ON coalesce('client ' || nullif(scope.client_id, ''), 'deal ' || scope.deal_id) = used_in_stage.who
        AND scope.stage = used_in_stage.stage
    WHERE scope.is_open
),

standing AS (
    SELECT who, max(position) AS position, min(stage_norm) AS stage_norm, min(stage_left) AS stage_left
    FROM open_deals
    GROUP BY who
),

faces AS (
    SELECT
        clients.grp,
        'client ' || clients.client_id AS who,
        clients.client_id,
        clients.deal_id,
        newest.manager,
        newest.branch,
        clients.opted_out_at,
        clients.refused_at
    FROM scope_coverage AS clients
    INNER JOIN scope AS newest ON clients.deal_id = newest.deal_id
    UNION ALL
    SELECT
        grp,
        'deal ' || deal_id AS who,
        client_id,
        deal_id,
        manager,
        branch,
        opted_out_at,
        refused_at
    FROM scope
    WHERE is_open AND coalesce(client_id, '') = ''
),

facts AS (
    SELECT
        faces.grp,
        faces.who,
        faces.client_id,
        faces.deal_id,
        standing.position,
        standing.stage_norm,
        standing.stage_left,
        coalesce(used.mailings, 0) AS used,
        faces.opted_out_at IS NOT NULL AS is_opted_out,
        faces.refused_at,
        rules.silence_days * 1440.0 AS silence_minutes,
        norms.per_week,
        norms.per_month,
        coalesce(local_day(known_until('opt_out', faces.manager, faces.branch))::int >= local_day($as_of_day)::int - 7, FALSE)
        AND (
            rules.silence_days IS NULL
            OR coalesce(local_day(known_until('refusal', faces.manager, faces.branch))::int >= local_day($as_of_day)::int - 7, FALSE)
        )
        AND (mailings_known.are_known OR (NOT norms.has_any AND standing.stage_norm IS NULL)) AS is_known
    FROM faces
    CROSS JOIN rules
    CROSS JOIN norms
    CROSS JOIN mailings_known
    LEFT JOIN standing ON faces.who = standing.who
    LEFT JOIN used ON faces.who = used.who
),

-- of each part of the week: whether the silence is over by then, and how many mailings the norms of its month leave; null: no norm
rooms AS (
    SELECT
        facts.who,
        coalesce(minutes_between(facts.refused_at, (parts.last_day + INTERVAL '1 day')::date) <= facts.silence_minutes, FALSE) AS is_silent,
        greatest(
            CASE
                WHEN parts.month = coming.this_month THEN least(facts.per_month - facts.used, facts.stage_left)
                ELSE least(facts.per_month, facts.stage_norm)
            END,
            0
        ) AS room,
        facts.per_month IS NULL AND facts.stage_norm IS NULL AS is_unlimited
    FROM facts
    CROSS JOIN parts
    CROSS JOIN coming
),

weeks AS (
    SELECT
        who,
        bool_and(is_silent) AS is_silent,
        bool_or(NOT is_silent AND (is_unlimited OR room > 0)) AS has_room,
        sum(CASE WHEN is_silent THEN 0 WHEN NOT is_unlimited THEN room END) AS room,
        bool_or(is_unlimited) AS is_unlimited
    FROM rooms
    GROUP BY who
),

judged AS (
    SELECT
        facts.grp,
        facts.client_id,
        facts.deal_id,
        facts.position,
        CASE
            WHEN facts.is_opted_out THEN 'opted_out'
            WHEN weeks.who IS NULL THEN 'no_day'
            WHEN weeks.is_silent THEN 'in_silence'
            WHEN NOT weeks.has_room THEN 'used_up'
            WHEN NOT facts.is_known THEN 'unknown'
            ELSE 'may'
        END AS verdict,
        -- without a monthly norm the weekly one alone bounds
        CASE WHEN weeks.is_unlimited THEN facts.per_week ELSE least(weeks.room, facts.per_week) END AS mailings
    FROM facts
    LEFT JOIN weeks ON facts.who = weeks.who
),

counted AS (
    SELECT
        grp,
        position,
        count(*) AS clients,
        count(CASE WHEN verdict = 'may' THEN 1 END) AS may_be_mailed,
        count(CASE WHEN verdict = 'opted_out' THEN 1 END) AS opted_out,
        count(CASE WHEN verdict = 'in_silence' THEN 1 END) AS in_silence,
        count(CASE WHEN verdict = 'used_up' THEN 1 END) AS used_up,
        count(CASE WHEN verdict = 'unknown' THEN 1 END) AS unknown,
        count(CASE WHEN verdict = 'may' AND mailings IS NULL THEN 1 END) AS unbounded,
        sum(CASE WHEN verdict = 'may' THEN mailings ELSE 0 END) AS mailings
    FROM judged
    GROUP BY grp, position
)

SELECT
    counted.grp,
    stages.stage,
    coalesce(stages.title_ru, 'Без открытой сделки') AS title_ru,
    coalesce(stages.title_en, 'No open deal') AS title_en,
    coming.monday AS week,
    coalesce(allowed.days, 0) AS days,
    counted.clients,
    CASE WHEN 200 * counted.unknown <= counted.clients THEN counted.may_be_mailed END AS may_be_mailed,
    counted.may_be_mailed AS may_be_mailed_least,
    counted.may_be_mailed + counted.unknown AS may_be_mailed_most,
    counted.opted_out,
    counted.in_silence,
    counted.used_up,
    counted.unknown,
    CASE WHEN counted.unbounded = 0 AND 200 * counted.unknown <= counted.clients THEN counted.mailings END AS mailings_at_most
FROM counted
CROSS JOIN coming
CROSS JOIN (SELECT sum(days) AS days FROM parts) AS allowed
LEFT JOIN stages ON counted.position = stages.position
ORDER BY counted.grp, stages.position NULLS LAST
