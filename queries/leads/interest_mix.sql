/*
title = { ru = "Чем интересуются", en = "Interest mix" }
grain = "one row per interest met"
needs = ["deals.created_at", "deals.interest"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "extra"]

about.ru = "Лиды, созданные за период, по интересу; пустой интерес — не указан. Доли одной группы складываются в единицу; интервал — Уилсона, 95 %."
about.en = "Leads created within the period by interest; an empty interest was not stated. The shares of a group add up to one; 95 % Wilson intervals."

columns = [
  { name = "interest", unit = "text", title = { ru = "Интерес", en = "Interest" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Название", en = "Title" } },
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "share", unit = "share", interval = true, title = { ru = "Доля", en = "Share" } },
]
*/
WITH counted AS (
    SELECT grp, coalesce(interest, '') AS interest, count(*) AS leads
    FROM scope
    WHERE created_at >= $from AND created_at < $to
    GROUP BY 1, 2
),

whole AS (
    SELECT grp, interest, leads, sum(leads) OVER (PARTITION BY grp) AS all_leads
    FROM counted
)

SELECT
    whole.grp,
    whole.interest,
    interests.title_ru,
    interests.title_en,
    whole.leads,
    whole.leads::double / whole.all_leads AS share,
    wilson_low(whole.leads, whole.all_leads) AS share_low,
    wilson_high(whole.leads, whole.all_leads) AS share_high
FROM whole
LEFT JOIN interests ON whole.interest = interests.interest
-- the regulation's order, then what it does not name
ORDER BY whole.grp, interests.position NULLS LAST, whole.interest
