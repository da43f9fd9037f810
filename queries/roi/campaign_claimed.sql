/*
title = { ru = "Что заявляет рекламный кабинет", en = "What the advertising cabinet claims" }
grain = "one row for the group"
needs = ["spend.cost", "spend.claimed_leads|spend.claimed_orders|spend.claimed_revenue"]
dimensions = "spend"
about.ru = """
Показы, клики, лиды, заказы и выручка так, как их приписывает себе рекламный кабинет, за дни периода. Это не данные CRM, и с ними не
складывается. ROMI = (выручка − расход) / расход, ДРР = расход / выручка; пусто при расходе (для ДРР — и при выручке) не больше нуля."""
about.en = """
Impressions, clicks, leads, orders and revenue as the advertising cabinet claims them, over the period's days. These are not the CRM's
figures and are never added to them. ROMI = (revenue − spend) / spend, DRR = spend / revenue; empty
with a spend not above zero, DRR also with such a revenue."""
columns = [
  { name = "impressions", unit = "count", title = { ru = "Показы", en = "Impressions" } },
  { name = "clicks", unit = "count", title = { ru = "Клики", en = "Clicks" } },
  { name = "leads", unit = "count", title = { ru = "Лиды (кабинет)", en = "Leads (claimed)" } },
  { name = "orders", unit = "count", title = { ru = "Заказы (кабинет)", en = "Orders (claimed)" } },
  { name = "revenue", unit = "money", title = { ru = "Выручка (кабинет)", en = "Revenue (claimed)" } },
  { name = "spend", unit = "money", spend = "sum", title = { ru = "Расход", en = "Spend" } },
  { name = "romi", unit = "share", spend = "against", title = { ru = "ROMI (кабинет)", en = "ROMI (claimed)" } },
  { name = "drr", unit = "share", spend = "against", title = { ru = "ДРР (кабинет)", en = "Spend to revenue (claimed)" } },
  { name = "cpl", unit = "money", spend = "against", title = { ru = "CPL (кабинет)", en = "CPL (claimed)" } },
  { name = "cpo", unit = "money", spend = "against", title = { ru = "CPO (кабинет)", en = "CPO (claimed)" } },
]
*/
WITH claimed AS (
    SELECT
        grp,
        sum(impressions) AS impressions,
        sum(clicks) AS clicks,
        sum(claimed_leads) AS leads,
        sum(claimed_orders) AS orders,
        sum(claimed_revenue) AS revenue,
        sum(cost) AS spend
    FROM scope_spend
    WHERE day >= $from_day AND day < $to_day
    GROUP BY grp
)

SELECT
    grp,
    impressions,
    clicks,
    leads,
    orders,
    revenue,
    spend,
    CASE WHEN spend > 0 THEN (revenue - spend)::double / spend::double END AS romi,
    CASE WHEN spend > 0 AND revenue > 0 THEN spend::double / revenue::double END AS drr,
    CASE WHEN spend > 0 THEN spend / nullif(leads, 0) END AS cpl,
    CASE WHEN spend > 0 THEN spend / nullif(orders, 0) END AS cpo
FROM claimed
ORDER BY grp
