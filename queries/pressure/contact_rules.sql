/*
title = { ru = "Контакты по правилам", en = "Contacts by the rules" }
grain = "one row per rule"
needs = ["events.kind"]
dimensions = "clients"

about.ru = """
Касания и рассылки за период, проверенные по трём правилам. out_of_hours — касания вне разрешённых часов и дней контакта; рассылки и
касания, о которых известен лишь день, по часам не судят. after_refusal — касание или рассылка раньше, чем прошло silence_days регламента
после отказа клиента по любой его сделке; если тишина не предписана, строки нет. after_opt_out — касание или рассылка после отписки,
сколько бы времени ни прошло. Отказ или отписка, записанные в минуту самого касания, — его итог, а не нарушение; если у одного из двух
известен лишь день, нарушения в этот день нет: что было раньше, неизвестно. Правила, о котором нет данных (отказы или отписки не
загружены, не за это время, не этого менеджера или филиала), в таблице нет: соблюдённым оно не считается. Сделка без клиента — отдельный
клиент; события без клиента и сделки не в счёт; рассылка, в которой менеджер не назван, — ничья. Лимиты — в «Касаниях и лимитах» и
«Рассылках и нормах»."""
about.en = """
Touches and mailings of the period held against three rules. out_of_hours: touches outside the allowed hours and days of contact; mailings,
and touches of which the day alone is known, are not judged by the hour. after_refusal: a touch or mailing before the regulation's
silence_days had passed since the client refused, on whichever deal; no row where no silence is asked for. after_opt_out: a touch or mailing
after an opt-out, however long ago. A refusal or opt-out in the very moment of a touch came out of it and breaks nothing; where of one of the
two the day alone is known, nothing of that day is a breach: which came first is not known. A rule of which there are no data (refusals or
opt-outs not loaded, or not of that time, manager or branch) has no row: it does not count as kept. A deal that names no client is a client
of its own; events of neither client nor deal are left out; a mailing that names no manager is nobody's. Caps stand under "Contacts and caps"
and "Mailings and their caps"."""

columns = [
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Правило", en = "Rule" } },
  { name = "checked", unit = "count", title = { ru = "Проверено", en = "Checked" } },
  { name = "broken", unit = "count", needs = ["journeys.touch_at"], title = { ru = "Нарушено", en = "Broken" } },
  { name = "broken_share", unit = "share", of = "checked", interval = true, list = "broken", needs = ["journeys.touch_at"], title = { ru = "Доля нарушений", en = "Share broken" } },
]
*/
WITH counted AS (
    SELECT grp, rule, count(*) AS checked, count(*) FILTER (WHERE NOT kept) AS broken
    FROM period_checks
    WHERE
        rule IN ('out_of_hours', 'after_refusal', 'after_opt_out')
        AND kept IS NOT NULL
        AND at >= $from
        AND at < $to
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
