/*
title = { ru = "Чьи лиды лучше: с поправкой на случай", en = "Whose leads are better, chance allowed for" }
grain = "one row for all leads of the group"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"

about.ru = """
Доля выигранных и квалифицированных по группам — как есть и стянутая к общей (эмпирический Байес): разброс групп оценён бета-биномиальным
распределением по всем группам сразу, и чем меньше у группы лидов, тем ближе её доля к общей. Поэтому группа из трёх лидов не окажется ни первой,
ни последней. Интервал 95 % — апостериорный. Различаются ли группы, решает критерий хи-квадрат на уровне 5 % (группы, где не ждали и одного случая,
слиты); не различаются — они равны: столбец scatter говорит equal, и у всех общая доля. То же отдельно для квалифицированных. Места — по стянутой доле выигранных. В счёт идут лиды, прожившие самый длинный срок регламента, и продажи не позже него: открытые
не считаются потерянными. Лиды, у которых разрез не заполнен, места не занимают. Группа, где больше чем у 1 лида из 200 продажа без даты, места
не занимает тоже: в срок она или нет, не известно. Долей квалифицированных нет, если хоть у одной группы больше чем о 1 лиде из 200 не известно, как далеко он дошёл. Где в базе есть выигрыши и ни одной потери, потери не выгружены: доли пусты."""
about.en = """
The share won and the share qualified by group, raw and shrunk to the common one (empirical Bayes): how groups scatter is estimated by the
beta-binomial distribution of all of them, and the fewer leads a group has, the nearer its rate is to the common one. So a group of three leads
is neither first nor last. 95 % credible interval. Whether groups differ, a chi-square test decides at 5 % (groups of which not one case is
expected are taken together); where they do not, they are equal: the column `scatter` says so, and all have the common rate. The qualified are
tested by themselves. Ranked by the shrunk win rate. Counted are leads that have lived the regulation's longest horizon, and
wins within it: open is not lost. Leads that have no value of the split take no place; nor does a group of which more than 1 lead in 200 was
won on an unknown day, in time or not. There are no rates of the qualified if of any group it is not known of more than 1 lead in 200 how far it
came. Where the store has wins and not one loss, losses are not exported: shares are empty."""

columns = [
  { name = "place", unit = "count", title = { ru = "Место", en = "Rank" } },
  { name = "leads", unit = "count", title = { ru = "Дозревшие лиды", en = "Ripe leads" } },
  { name = "won", unit = "count", title = { ru = "Выиграны в срок", en = "Won in time" } },
  { name = "raw_rate", unit = "share", interval = true, title = { ru = "Доля выигранных как есть", en = "Win rate, raw" } },
  { name = "eb_rate", unit = "share", interval = true, title = { ru = "Доля выигранных с поправкой на случай", en = "Win rate, shrunk" } },
  { name = "scatter", unit = "text", title = { ru = "Различаются ли группы", en = "Do groups differ" } },
  { name = "qualified", unit = "count", title = { ru = "Квалифицированы", en = "Qualified" } },
  { name = "eb_qualified_rate", unit = "share", interval = true, title = { ru = "Доля квалифицированных с поправкой", en = "Qualified rate, shrunk" } },
  { name = "undated", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "unplaced", unit = "count", title = { ru = "Квалификация не известна", en = "Qualification unknown" } },
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
        CASE WHEN minutes_between(scope.created_at, scope.won_at) <= longest.days * 1440 THEN 1 ELSE 0 END AS won,
        CASE WHEN scope.undated = 'won' THEN 1 ELSE 0 END AS undated,
        -- a present stage, and a win, tell how far a lead came; of others without a log nobody knows
        CASE
            WHEN coalesce(scope.undated, scope.status) = 'won' THEN 1
            WHEN standing.position >= qualifying.position AND standing.terminal IS NULL AND NOT standing.parking THEN 1
            ELSE 0
        END AS stands_qualified,
        CASE
            -- between two snapshots a lead may have passed the stage unseen
            WHEN known_from('stage', scope.manager, scope.branch) <= scope.created_at AND NOT coalesce(scope.moves[-1]['seen'], FALSE)
                THEN 0
            WHEN standing.stage IS NOT NULL AND standing.terminal IS NULL AND NOT standing.parking THEN 0
            ELSE 1
        END AS unplaced
    FROM scope
    CROSS JOIN longest
    CROSS JOIN (SELECT min(position) AS position FROM stages WHERE qualified) AS qualifying
    LEFT JOIN stages AS standing ON scope.stage = standing.stage
    WHERE
        scope.created_at >= $from
        AND scope.created_at < $to
        AND minutes_between(scope.created_at, scope.seen_until) >= longest.days * 1440
),

-- a won deal was qualified, whatever was logged
qualified_deals AS (
    SELECT scope_entries.deal_id
    FROM scope_entries
    CROSS JOIN (SELECT min(position) AS position FROM stages WHERE qualified) AS qualifying
    WHERE scope_entries.position >= qualifying.position AND (scope_entries.terminal IS DISTINCT FROM 'lost')
    UNION
    SELECT deal_id
    FROM leads
    WHERE stands_qualified = 1
),

grouped AS (
    SELECT
        leads.grp,
        count(*) AS leads,
        sum(leads.won) AS won,
        sum(leads.undated) AS undated,
        sum(CASE WHEN qualified_deals.deal_id IS NULL THEN leads.unplaced ELSE 0 END) AS unplaced,
        count(qualified_deals.deal_id) AS qualified
    FROM leads
    LEFT JOIN qualified_deals ON leads.deal_id = qualified_deals.deal_id
    GROUP BY leads.grp
),

-- leads of nobody take no place among those of somebody: a group that lacks a value of any split is left out, unless none was asked for
named AS (
    SELECT grp, leads, won, qualified, undated, unplaced
    FROM grouped
    WHERE
        strpos(concat(chr(31), grp, chr(31)), concat(chr(31), chr(31))) = 0
        OR (SELECT max(grp) FROM grouped) = ''
),

counted AS (
    SELECT grp, leads, won, qualified
    FROM named
    WHERE
        undated * 200 <= leads
        -- where the store has wins and not one loss, losses are not exported: the won are no share of anything
        AND (
            SELECT
                count(*) FILTER (WHERE scope.exported_status = 'lost') > 0
                OR count(*) FILTER (WHERE scope.exported_status = 'won') = 0
            FROM scope
        )
),

-- whether it is known of nearly all leads how far they came
placed AS (
    SELECT coalesce(max(CASE WHEN unplaced * 200 > leads THEN 1 ELSE 0 END), 0) = 0 AS is_known
    FROM named
),

-- Do the groups differ? Pearson's chi-square of all of them against equal rates. Its first two moments are exact for given numbers of leads
-- and wins (Dawson 1954), so small groups do no harm; the tail is that of a gamma distribution with these moments, by Wilson and Hilferty
outcomes AS (
    SELECT 'won' AS what, grp, leads::double AS leads, won::double AS cases
    FROM counted
    UNION ALL
    SELECT 'qualified' AS what, grp, leads::double AS leads, qualified::double AS cases
    FROM counted
),

totals AS (
    SELECT what, sum(leads) AS leads, sum(cases) AS cases
    FROM outcomes
    GROUP BY what
),

-- groups of which less than one case is expected are one: each says next to nothing, and one case would look like proof
merged AS (
    SELECT
        outcomes.what,
        totals.leads AS all_leads,
        totals.cases AS all_cases,
        sum(outcomes.leads) AS leads,
        sum(outcomes.cases) AS cases
    FROM outcomes
    INNER JOIN totals ON outcomes.what = totals.what
    WHERE totals.cases > 0.0 AND totals.cases < totals.leads
    GROUP BY
        outcomes.what,
        totals.leads,
        totals.cases,
        CASE
            WHEN outcomes.leads * least(totals.cases, totals.leads - totals.cases) < totals.leads THEN concat(chr(31), chr(31))
            ELSE outcomes.grp
        END
),

squares AS (
    SELECT
        what,
        all_leads AS n,
        all_cases AS k,
        count(*)::double AS r,
        sum((1.0 / leads)::decimal(30, 18))::double AS inverse,
        sum((power(cases - leads * all_cases / all_leads, 2.0) / leads)::decimal(30, 12))::double * all_leads * all_leads
        / (all_cases * (all_leads - all_cases)) AS chi_square
    FROM merged
    GROUP BY what, all_leads, all_cases
    HAVING count(*) > 1 AND all_leads > 3.0
),

moments AS (
    SELECT
        what,
        chi_square,
        n / (n - 1.0) * (r - 1.0) AS mean,
        2.0 * n / (n - 3.0)
        * ((n - r) * (r - 1.0) / (n - 1.0) - (n * inverse - r * r) / (n - 2.0))
        * ((n - 2.0) / (n - 1.0) - (n * n / (k * (n - k)) - 4.0) / (n - 2.0))
        + n * n / (n - 1.0) * (n * inverse - r * r) / (n - 2.0) * (n * n / (k * (n - k)) - 4.0) / (n - 2.0) AS variance
    FROM squares
),

-- 1.750686: one in 25 by chance. The gamma's tail is a little too light, so that this is at most one in 20
scattered AS (
    SELECT
        bool_or(what = 'won') AS by_won,
        bool_or(what = 'qualified') AS by_qualified
    FROM moments
    WHERE
        variance > 0.0
        AND (power(chi_square / mean, 1.0 / 3.0) - (1.0 - variance / (9.0 * mean * mean))) / sqrt(variance / (9.0 * mean * mean)) >= 1.750686
),

prior AS (
    SELECT
        beta_binomial(counted.won, counted.leads) AS of_won,
        beta_binomial(counted.qualified, counted.leads) AS of_qualified,
        sum(counted.leads) AS leads,
        sum(counted.won) AS won,
        sum(counted.qualified) AS qualified
    FROM counted
),

-- what was seen of all groups as if seen of each; where groups are equal, all cases are one group's
shrunk AS (
    SELECT
        counted.grp,
        counted.leads,
        counted.won,
        counted.qualified,
        CASE WHEN scattered.by_won THEN prior.of_won['alpha'] + counted.won END AS won_alpha,
        CASE WHEN scattered.by_won THEN prior.of_won['beta'] + counted.leads - counted.won END AS won_beta,
        CASE WHEN scattered.by_qualified THEN prior.of_qualified['alpha'] + counted.qualified END AS qualified_alpha,
        CASE WHEN scattered.by_qualified THEN prior.of_qualified['beta'] + counted.leads - counted.qualified END AS qualified_beta,
        prior.leads AS all_leads,
        prior.won AS all_won,
        prior.qualified AS all_qualified
    FROM counted
    CROSS JOIN prior
    CROSS JOIN scattered
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
    named.grp,
    CASE WHEN rated.grp IS NOT NULL THEN rank() OVER (ORDER BY rated.eb_rate DESC NULLS LAST) END AS place,
    named.leads,
    CASE WHEN rated.grp IS NOT NULL THEN named.won END AS won,
    rated.won::double / rated.leads AS raw_rate,
    wilson_low(rated.won, rated.leads) AS raw_rate_low,
    wilson_high(rated.won, rated.leads) AS raw_rate_high,
    rated.eb_rate,
    rated.eb_rate_low,
    rated.eb_rate_high,
    rated.scatter,
    CASE WHEN placed.is_known THEN named.qualified END AS qualified,
    CASE WHEN placed.is_known THEN rated.eb_qualified_rate END AS eb_qualified_rate,
    CASE WHEN placed.is_known THEN rated.eb_qualified_rate_low END AS eb_qualified_rate_low,
    CASE WHEN placed.is_known THEN rated.eb_qualified_rate_high END AS eb_qualified_rate_high,
    named.undated,
    named.unplaced
FROM named
CROSS JOIN placed
LEFT JOIN rated ON named.grp = rated.grp
ORDER BY rated.eb_rate DESC NULLS LAST, named.grp
