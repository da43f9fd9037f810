/*
title = { ru = "Чьи лиды лучше: с поправкой на случай", en = "Whose leads are better, chance allowed for" }
grain = "one row for all leads of the group"
needs = ["deals.created_at", "deals.status"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
Доля выигранных и квалифицированных по группам — как есть и стянутая к общей (эмпирический Байес): разброс групп оценён бета-биномиальным
распределением по всем группам сразу, и чем меньше у группы лидов, тем ближе её доля к общей. Поэтому группа из трёх лидов не окажется ни первой,
ни последней. Интервал 95 % — апостериорный. Если группы разбросаны не сильнее, чем велит случай, они равны: столбец scatter говорит equal, и у
всех общая доля. Места — по стянутой доле выигранных. В счёт идут лиды, прожившие самый длинный срок регламента, и продажи не позже него: открытые
не считаются потерянными. Лиды, у которых разрез не заполнен, места не занимают."""
about.en = """
The share won and the share qualified by group, raw and shrunk to the common one (empirical Bayes): how groups scatter is estimated by the
beta-binomial distribution of all of them, and the fewer leads a group has, the nearer its rate is to the common one. So a group of three leads
is neither first nor last. 95 % credible interval. Where groups scatter no more than chance lets them, they are equal: the column `scatter`
says so, and all have the common rate. Ranked by the shrunk win rate. Counted are leads that have lived the regulation's longest horizon, and
wins within it: open is not lost. Leads that have no value of the split take no place."""

columns = [
  { name = "place", unit = "count", title = { ru = "Место", en = "Rank" } },
  { name = "leads", unit = "count", title = { ru = "Дозревшие лиды", en = "Ripe leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны в срок", en = "Won in time" } },
  { name = "raw_rate", unit = "share", title = { ru = "Доля выигранных как есть", en = "Win rate, raw" } },
  { name = "raw_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "raw_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "eb_rate", unit = "share", title = { ru = "Доля выигранных с поправкой на случай", en = "Win rate, shrunk" } },
  { name = "eb_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "eb_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "scatter", unit = "text", title = { ru = "Различаются ли группы", en = "Do groups differ" } },
  { name = "qualified", unit = "count", title = { ru = "Квалифицированы", en = "Qualified" } },
  { name = "eb_qualified_rate", unit = "share", title = { ru = "Доля квалифицированных с поправкой", en = "Qualified rate, shrunk" } },
  { name = "eb_qualified_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "eb_qualified_rate_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH longest AS (
    SELECT max(days) AS days
    FROM horizons
),

leads AS (
    SELECT
        scope.deal_id,
        scope.grp,
        CASE WHEN minutes_between(scope.created_at, scope.won_at) <= longest.days * 1440 THEN 1 ELSE 0 END AS won
    FROM scope
    CROSS JOIN longest
    WHERE
        scope.created_at >= $from
        AND scope.created_at < $to
        AND minutes_between(scope.created_at, $as_of) >= longest.days * 1440
),

-- a won deal was qualified, whatever was logged
qualified_deals AS (
    SELECT scope_entries.deal_id
    FROM scope_entries
    CROSS JOIN (SELECT min(position) AS position FROM stages WHERE qualified) AS qualifying
    WHERE scope_entries.position >= qualifying.position AND scope_entries.terminal IS DISTINCT FROM 'lost'
    UNION
    SELECT deal_id
    FROM leads
    WHERE won = 1
),

grouped AS (
    SELECT
        leads.grp,
        count(*) AS leads,
        sum(leads.won) AS won,
        count(qualified_deals.deal_id) AS qualified
    FROM leads
    LEFT JOIN qualified_deals ON leads.deal_id = qualified_deals.deal_id
    GROUP BY leads.grp
),

-- leads of nobody take no place among those of somebody
counted AS (
    SELECT grp, leads, won, qualified
    FROM grouped
    WHERE grp <> '' OR (SELECT max(grp) FROM grouped) = ''
),

prior AS (
    SELECT
        beta_binomial(won, leads) AS of_won,
        beta_binomial(qualified, leads) AS of_qualified,
        sum(leads) AS leads,
        sum(won) AS won,
        sum(qualified) AS qualified
    FROM counted
),

-- what was seen of all groups as if seen of each; where groups are equal, all cases are one group's
shrunk AS (
    SELECT
        counted.grp,
        counted.leads,
        counted.won,
        counted.qualified,
        prior.of_won['alpha'] + counted.won AS won_alpha,
        prior.of_won['beta'] + counted.leads - counted.won AS won_beta,
        prior.of_qualified['alpha'] + counted.qualified AS qualified_alpha,
        prior.of_qualified['beta'] + counted.leads - counted.qualified AS qualified_beta,
        prior.leads AS all_leads,
        prior.won AS all_won,
        prior.qualified AS all_qualified
    FROM counted
    CROSS JOIN prior
),

rated AS (
    SELECT
        grp,
        leads,
        won,
        qualified,
        coalesce(won_alpha / (won_alpha + won_beta), all_won::double / all_leads) AS eb_rate,
        coalesce(beta_low(won_alpha, won_beta), wilson_low(all_won, all_leads)) AS eb_rate_low,
        coalesce(beta_high(won_alpha, won_beta), wilson_high(all_won, all_leads)) AS eb_rate_high,
        CASE WHEN won_alpha IS NULL THEN 'equal' ELSE 'differ' END AS scatter,
        coalesce(qualified_alpha / (qualified_alpha + qualified_beta), all_qualified::double / all_leads) AS eb_qualified_rate,
        coalesce(beta_low(qualified_alpha, qualified_beta), wilson_low(all_qualified, all_leads)) AS eb_qualified_rate_low,
        coalesce(beta_high(qualified_alpha, qualified_beta), wilson_high(all_qualified, all_leads)) AS eb_qualified_rate_high
    FROM shrunk
)

SELECT
    grp,
    rank() OVER (ORDER BY eb_rate DESC) AS place,
    leads,
    won,
    won::double / leads AS raw_rate,
    wilson_low(won, leads) AS raw_rate_low,
    wilson_high(won, leads) AS raw_rate_high,
    eb_rate,
    eb_rate_low,
    eb_rate_high,
    scatter,
    qualified,
    eb_qualified_rate,
    eb_qualified_rate_low,
    eb_qualified_rate_high
FROM rated
ORDER BY eb_rate DESC, grp
