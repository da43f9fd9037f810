/*
title = { ru = "Контакты по правилам", en = "Contacts by the rules" }
grain = "one row per rule"
needs = ["journeys.touch_at"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "extra"]

about.ru = """
Касания за период, проверенные по трём правилам. out_of_hours — вне разрешённых часов и дней контакта. after_refusal — раньше, чем прошло
silence_days регламента после отказа клиента по любой его сделке; если тишина не предписана, строки нет. after_opt_out — после отписки,
сколько бы времени ни прошло. Отказ или отписка, записанные в минуту самого касания, — его итог, а не нарушение. Сделка без клиента —
отдельный клиент; события без клиента и сделки не в счёт. Лимиты — в «Касаниях и лимитах»."""
about.en = """
Touches of the period held against three rules. out_of_hours: outside the allowed hours and days of contact. after_refusal: before the
regulation's silence_days had passed since the client refused, on whichever deal; no row where no silence is asked for. after_opt_out:
after an opt-out, however long ago. A refusal or opt-out in the very moment of a touch came out of it and breaks nothing. A deal that
names no client is a client of its own; events of neither client nor deal are left out. Caps stand under "Contacts and caps"."""

columns = [
  { name = "rule", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "title_ru", unit = "text", title = { ru = "Название", en = "Title (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Название (en)", en = "Title" } },
  { name = "checked", unit = "count", title = { ru = "Проверено касаний", en = "Contacts checked" } },
  { name = "broken", unit = "count", title = { ru = "Нарушено", en = "Broken" } },
  { name = "broken_share", unit = "share", title = { ru = "Доля нарушений", en = "Share broken" } },
  { name = "broken_share_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "broken_share_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH contacts AS (
    SELECT
        grp,
        at,
        coalesce('client ' || nullif(client_id, ''), 'deal ' || nullif(deal_id, '')) AS who
    FROM scope_events
    WHERE is_touch AND at >= $from AND at < $to AND (client_id <> '' OR deal_id <> '')
),

refusals AS (
    SELECT
        scope_events.at,
        rules.silence_days * 1440.0 AS silence_minutes,
        coalesce(
            'client ' || nullif(scope_events.client_id, ''), 'deal ' || nullif(scope_events.deal_id, '')
        ) AS who
    FROM scope_events
    CROSS JOIN rules
    WHERE
        scope_events.kind = 'refusal'
        AND scope_events.at < $to
        AND minutes_between(scope_events.at, $from) < rules.silence_days * 1440.0
),

opt_outs AS (
    SELECT
        coalesce('client ' || nullif(client_id, ''), 'deal ' || nullif(deal_id, '')) AS who,
        min(at) AS at
    FROM scope_events
    WHERE kind = 'opt_out' AND at < $to AND (client_id <> '' OR deal_id <> '')
    GROUP BY 1
),

checked AS (
    SELECT
        contacts.grp,
        count(*) AS checked,
        count(CASE WHEN NOT in_contact_hours(contacts.at) THEN 1 END) AS out_of_hours,
        count(CASE WHEN contacts.at > opt_outs.at THEN 1 END) AS after_opt_out
    FROM contacts
    LEFT JOIN opt_outs ON contacts.who = opt_outs.who
    GROUP BY contacts.grp
),

-- each contact once, however many refusals came before it
silenced AS (
    SELECT contacts.grp, count(*) AS after_refusal
    FROM contacts
    WHERE EXISTS (
        SELECT 1
        FROM refusals
        WHERE
            refusals.who = contacts.who
            AND refusals.at < contacts.at
            AND minutes_between(refusals.at, contacts.at) < refusals.silence_minutes
    )
    GROUP BY contacts.grp
),

judged AS (
    SELECT
        checked.grp,
        checked.checked,
        unnest(make_array('out_of_hours', 'after_refusal', 'after_opt_out')) AS rule,
        unnest(
            make_array(
                checked.out_of_hours,
                CASE WHEN rules.silence_days IS NOT NULL THEN coalesce(silenced.after_refusal, 0) END,
                checked.after_opt_out
            )
        ) AS broken
    FROM checked
    CROSS JOIN rules
    LEFT JOIN silenced ON checked.grp = silenced.grp
)

SELECT
    judged.grp,
    judged.rule,
    control.title_ru,
    control.title_en,
    judged.checked,
    judged.broken,
    judged.broken::double / judged.checked AS broken_share,
    wilson_low(judged.broken, judged.checked) AS broken_share_low,
    wilson_high(judged.broken, judged.checked) AS broken_share_high
FROM judged
LEFT JOIN control ON judged.rule = control.rule
WHERE judged.broken IS NOT NULL
ORDER BY judged.grp, control.position
