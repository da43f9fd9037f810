/*
title = { ru = "Рассылки и нормы", en = "Mailings and their caps" }
grain = "one row for all mailings, and one per mailing rule of the regulation"
needs = ["events.kind"]
dimensions = "clients"

about.ru = """
Рассылки за период по клиентам и календарным месяцам. Строка cap — месячный лимит mailing из регламента (нет лимита — пусто, а не ноль);
строка rule — правило рассылок: для этапа или, если этап не назван, для всех. К правилу этапа относятся рассылки клиентам, у которых в ту
минуту открытая сделка стояла на этом этапе (от первого входа до входа в другой этап или закрытия; сделка без переходов стоит на первом, а
открытая на более позднем — неизвестно с каких пор и не в счёт).
Сверх нормы: рассылка, которая в месяце клиента идёт по счёту после нормы; счёт — с начала месяца, хотя бы он начался до периода. Сделка
без клиента — отдельный клиент. Рассылка, в которой менеджер не назван, — ничья. Рассылки тем, кто отписался или отказался, — в «Контактах
по правилам»."""
about.en = """
Mailings of the period by client and calendar month. The row cap is the regulation's monthly cap for mailing (no cap is empty, not zero);
a row rule is a mailing rule: for a stage or, where it names none, for everybody. To the rule of a stage belong the mailings to clients
one of whose open deals stood in that stage at that moment (from the first entry to the entry into another stage or the closing; a deal
without moves stands in the first, and an open one in a later stage nobody knows since when: it is left out). Over: the mailing that comes after the allowed number in the client's month; counting begins with the
month, even where it began before the period. A deal that names no client is a client of its own. A mailing that names no manager is
nobody's. Mailings to those who opted out or refused stand under "Contacts by the rules"."""

columns = [
  { name = "rule", unit = "text", title = { ru = "Чья норма", en = "Set by" } },
  { name = "stage", unit = "text", title = { ru = "Этап", en = "Stage" } },
  { name = "per_month", unit = "count", title = { ru = "Норма в месяц", en = "Allowed per month" } },
  { name = "mailings", unit = "count", title = { ru = "Рассылки", en = "Mailings" } },
  { name = "client_months", unit = "count", title = { ru = "Клиенто-месяцы", en = "Client-months" } },
  { name = "over_cap", unit = "count", title = { ru = "Сверх нормы", en = "Over" } },
  { name = "over_share", unit = "share", interval = true, title = { ru = "Доля сверх нормы", en = "Share over" } },
]
*/
WITH mailings AS (
    SELECT
        event_id,
        grp,
        at,
        coalesce('client ' || nullif(client_id, ''), 'deal ' || nullif(deal_id, '')) AS who
    FROM scope_events
    WHERE
        kind = 'mailing'
        AND at >= local_month($from_day) - INTERVAL '1 day'
        AND at < $to
        AND (client_id <> '' OR deal_id <> '')
),

-- each mailing under each norm that it has to keep, once, though two deals stand in the stage
ruled AS (
    SELECT DISTINCT
        mailings.event_id,
        mailings.grp,
        mailings.at,
        mailings.who,
        ruled_stays.stage,
        ruled_stays.per_month
    FROM mailings
    INNER JOIN ruled_stays
        ON mailings.who = ruled_stays.who
        AND mailings.at >= ruled_stays.entered_at
        AND (ruled_stays.left_at IS NULL OR mailings.at < ruled_stays.left_at)
),

normed AS (
    SELECT 1 AS place, NULL AS stage, caps.per_month, mailings.event_id, mailings.grp, mailings.at, mailings.who
    FROM mailings
    LEFT JOIN (SELECT per_month FROM caps WHERE kind = 'mailing') AS caps ON TRUE
    UNION ALL
    SELECT 2 AS place, NULL AS stage, anywhere.per_month, mailings.event_id, mailings.grp, mailings.at, mailings.who
    FROM mailings
    CROSS JOIN (SELECT per_month FROM mailing_rules WHERE stage IS NULL) AS anywhere
    UNION ALL
    SELECT 3 AS place, stage, per_month, event_id, grp, at, who
    FROM ruled
),

numbered AS (
    SELECT
        place,
        stage,
        per_month,
        grp,
        at,
        who,
        month,
        row_number() OVER (PARTITION BY place, stage, who, month ORDER BY at, event_id) AS in_month
    FROM (SELECT place, stage, per_month, event_id, grp, at, who, local_month(at) AS month FROM normed) AS dated
),

by_month AS (
    SELECT
        grp,
        place,
        stage,
        per_month,
        who,
        month,
        count(*) AS mailings,
        count(CASE WHEN in_month > per_month THEN 1 END) AS over_cap
    FROM numbered
    WHERE at >= $from
    GROUP BY 1, 2, 3, 4, 5, 6
),

counted AS (
    SELECT
        grp,
        place,
        stage,
        per_month,
        sum(mailings) AS mailings,
        count(*) AS client_months,
        CASE WHEN per_month IS NOT NULL THEN sum(over_cap) END AS over_cap
    FROM by_month
    GROUP BY grp, place, stage, per_month
)

SELECT
    counted.grp,
    CASE counted.place WHEN 1 THEN 'cap' ELSE 'rule' END AS rule,
    counted.stage,
    counted.per_month,
    counted.mailings,
    counted.client_months,
    counted.over_cap,
    counted.over_cap::double / counted.mailings AS over_share,
    wilson_low(counted.over_cap, counted.mailings) AS over_share_low,
    wilson_high(counted.over_cap, counted.mailings) AS over_share_high
FROM counted
LEFT JOIN stages ON counted.stage = stages.stage
ORDER BY counted.grp, counted.place, stages.position
