/*
title = { ru = "Чем интересуются", en = "Interest mix" }
grain = "one row per interest met"
needs = ["deals.created_at", "deals.interest"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "extra"]

about.ru = "Лиды, созданные за период, по интересу; пустой интерес — не указан. Доли одной группы складываются в единицу."
about.en = "Leads created within the period by interest; an empty interest was not stated. The shares of a group add up to one."

columns = [
  { name = "interest", unit = "text", title = { ru = "Интерес", en = "Interest" } },
  { name = "title_ru", unit = "text", title = { ru = "Название", en = "Title (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Название (en)", en = "Title" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "share", unit = "share", title = { ru = "Доля", en = "Share" } },
]
*/
WITH counted AS (
    SELECT grp, coalesce(interest, '') AS interest, count(*) AS leads
    FROM scope
    WHERE created_at >= $from AND created_at < $to
    GROUP BY 1, 2
)

SELECT
    counted.grp,
    counted.interest,
    interests.title_ru,
    interests.title_en,
    counted.leads,
    counted.leads::double / sum(counted.leads) OVER (PARTITION BY counted.grp) AS share
FROM counted
LEFT JOIN interests ON counted.interest = interests.interest
-- the regulation's order, then what it does not name
ORDER BY counted.grp, interests.position NULLS LAST, counted.interest
