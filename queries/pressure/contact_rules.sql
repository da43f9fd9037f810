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
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_ru", unit = "text", title = { ru = "Правило", en = "Rule (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Правило (en)", en = "Rule" } },
  { name = "checked", unit = "count", title = { ru = "Проверено касаний", en = "Contacts checked" } },
  { name = "broken", unit = "count", title = { ru = "Нарушено", en = "Broken" } },
  { name = "broken_share", unit = "share", title = { ru = "Доля нарушений", en = "Share broken" } },
  { name = "broken_share_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "broken_share_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH counted AS (
    SELECT grp, rule, count(*) AS checked, count(*) FILTER (WHERE NOT kept) AS broken
    FROM scope_checks
    WHERE rule IN ('out_of_hours', 'after_refusal', 'after_opt_out') AND at >= $from AND at < $to
    GROUP BY grp, rule
)

SELECT
    counted.grp,
    counted.rule,
    control.title_ru,
    control.title_en,
    counted.checked,
    counted.broken,
    counted.broken::double / counted.checked AS broken_share,
    wilson_low(counted.broken, counted.checked) AS broken_share_low,
    wilson_high(counted.broken, counted.checked) AS broken_share_high
FROM counted
LEFT JOIN control ON counted.rule = control.rule
ORDER BY counted.grp, control.position
