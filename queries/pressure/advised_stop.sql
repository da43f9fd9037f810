/*
title = { ru = "Когда остановиться", en = "When to stop" }
partly.ru = "где остановиться, не говорится, пока не загружены отказы, жалобы или отписки"
partly.en = "where to stop is not said until refusals, complaints or opt-outs are loaded"
grain = "one row for the group"
needs = [
  "deals.created_at",
  "deals.status",
  "deals.closed_at",
  "journeys.touch_at",
  "journeys.refused_at|journeys.opted_out_at|journeys.complained_at",
]
dimensions = "deals"

about.ru = """
По таблице «Что добавляет ещё одно касание»: первое касание, у которого верхняя граница доли выигранных ниже нижней границы доли вреда
(отказ, отписка, жалоба). Дальше касания доказанно вредят чаще, чем приносят сделку. Пусто — такого касания не найдено, и это тоже ответ.
Точка перелома: первое касание, у которого сама доля выигранных ниже доли вреда; «доказанно полезно до» — последнее касание перед ней, у
которого доказано обратное. Остановиться следует между «доказанно полезно до» и советом. Если ни одного отказа, отписки или жалобы в группе
не загружено, вред неизвестен: совета нет ни в ту, ни в другую сторону. Если о закрытии или вреде известен только день, касания этого дня
считаются бывшими до них. Оба вывода — там, где интервалы 95 % не пересекаются: в группах, где касания не вредят и не помогают, так бывает реже,
чем в одной из двадцати. Это связь, а не доказанная причина."""
about.en = """
From the table "What one more touch adds": the first touch where the upper bound of the win hazard lies below the lower bound of the harm
hazard (refusal, opt-out, complaint). From there on touches provably harm more often than they win. Empty: no such touch was found, which
is an answer too. Turning point: the first touch where the win hazard itself is below the harm hazard; "proven useful up to": the last
touch before it where the opposite is proven. The stop lies between "proven useful up to" and the advice. Where not one refusal, opt-out or
complaint of the group was loaded, the harm is not known: there is no advice either way. Where only the day of a closing or of harm is
known, the touches of that day count as before it. Both are told where the 95 % intervals do not overlap: of groups whose touches neither harm nor
help that befalls fewer than one in twenty. An association, not a proven cause."""

columns = [
  { name = "deals_touched", unit = "count", title = { ru = "Сделки с касанием", en = "Deals touched" } },
  { name = "until_touch", unit = "count", title = { ru = "Доказанно полезно до", en = "Proven useful up to" } },
  { name = "from_touch", unit = "count", title = { ru = "Точка перелома", en = "Turning point" } },
  { name = "advised_stop", unit = "count", title = { ru = "Остановиться на касании", en = "Advised stop" } },
  { name = "deals", unit = "count", title = { ru = "Сделки у этого касания", en = "Deals at that touch" } },
  { name = "won_next", unit = "count", title = { ru = "Выиграны до следующего", en = "Won before the next" } },
  { name = "win_hazard", unit = "share", interval = true, title = { ru = "Доля выигранных", en = "Win hazard" } },
  { name = "harm_next", unit = "count", title = { ru = "Отказ, отписка или жалоба", en = "Refused, opted out or complained" } },
  { name = "harm_hazard", unit = "share", interval = true, title = { ru = "Доля вреда", en = "Harm hazard" } },
]
*/
-- the harm of a group of which no harm was ever loaded is unknown, and tells nothing
WITH turns AS (
    SELECT
        grp,
        -- whoever was touched more often was touched once
        max(CASE WHEN touch = 1 THEN deals END) AS deals_touched,
        min(CASE WHEN win_hazard_high < harm_hazard_low THEN touch END) AS advised_stop,
        min(CASE WHEN won_next < harm_next THEN touch END) AS from_touch
    FROM touch_hazard
    GROUP BY grp
),

useful AS (
    SELECT hazards.grp, max(hazards.touch) AS until_touch
    FROM touch_hazard AS hazards
    INNER JOIN turns ON hazards.grp = turns.grp
    WHERE
        hazards.win_hazard_low > hazards.harm_hazard_high
        AND (turns.from_touch IS NULL OR hazards.touch < turns.from_touch)
    GROUP BY hazards.grp
)

SELECT
    turns.grp,
    turns.deals_touched,
    useful.until_touch,
    turns.from_touch,
    turns.advised_stop,
    hazards.deals,
    hazards.won_next,
    hazards.win_hazard,
    hazards.win_hazard_low,
    hazards.win_hazard_high,
    hazards.harm_next,
    hazards.harm_hazard,
    hazards.harm_hazard_low,
    hazards.harm_hazard_high
FROM turns
LEFT JOIN useful ON turns.grp = useful.grp
LEFT JOIN touch_hazard AS hazards ON turns.grp = hazards.grp AND turns.advised_stop = hazards.touch
ORDER BY turns.grp
