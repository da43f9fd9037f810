/*
title = { ru = "Базы на одной шкале", en = "Client bases on one scale" }
grain = "one row per figure and group"
needs = ["deals.created_at", "deals.status"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]
about.ru = """
Группы (филиалы или любой другой разрез) рядом, по сделкам, созданным за период. win_rate: выигранные от закрытых; average_deal:
средняя сумма выигранной; revenue_per_lead: выручка на закрытый лид; repeat_share: доля выигранных у клиентов, купивших прежде; price_share:
доля движимых ценой (как в «Качестве лидов»), здесь лучше меньше. Интервал 95 %: Уилсона для долей, нормальный для денег. Перцентиль:
доля других групп, которые хуже (равные за половину). Лучший квартиль: худшее значение в лучшей четверти групп; отставание от него не бывает
меньше нуля. С поправкой на состав: прямая стандартизация по источникам с весами всех групп вместе; источники, которых в группе нет,
пропускаются. Вывод better или worse — только если отличие от остальных групп вместе значимо (5 %) с поправкой Бенджамини — Хохберга на число
групп. Группа, где случаев меньше, чем требует регламент, помечена too_small и ни с кем не сравнивается."""
about.en = """
Groups (branches, or any other split) side by side, by the deals created within the period. win_rate: won of closed; average_deal: mean
amount of a won deal; revenue_per_lead: revenue per closed lead; repeat_share: share of won deals whose client had bought before; price_share:
price-driven share (as in "Lead quality"), where less is better. 95 % interval: Wilson for shares, normal for money. Percentile: the share of
other groups that are worse (equal ones count half). Best quartile: the worst value within the best quarter of groups; the distance to it is never below zero.
Standardised: directly over sources, with the weights of all groups together; sources that a group lacks are left out. The verdict is better or
worse only if the difference from all other groups together is significant (5 %) after the Benjamini–Hochberg correction for the number of groups. A
group with fewer cases than the regulation asks for is marked too_small and is compared with nobody."""
columns = [
  { name = "figure", unit = "text", title = { ru = "Показатель", en = "Figure" } },
  { name = "title_ru", unit = "text", title = { ru = "Название", en = "Title (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Название (en)", en = "Title" } },
  { name = "value", unit = "ratio", title = { ru = "Значение", en = "Value" } },
  { name = "value_low", unit = "ratio", title = { ru = "от", en = "low" } },
  { name = "value_high", unit = "ratio", title = { ru = "до", en = "high" } },
  { name = "cases", unit = "count", title = { ru = "Случаев", en = "Cases" } },
  { name = "percentile", unit = "share", title = { ru = "Перцентиль", en = "Percentile" } },
  { name = "best_quartile", unit = "ratio", title = { ru = "Лучший квартиль", en = "Best quartile" } },
  { name = "distance", unit = "ratio", title = { ru = "Отставание", en = "Distance to it" } },
  { name = "standardised", unit = "ratio", title = { ru = "С поправкой на состав", en = "Standardised" } },
  { name = "too_small", unit = "count", title = { ru = "Мало данных", en = "Too small" } },
  { name = "verdict", unit = "text", title = { ru = "Вывод", en = "Verdict" } },
]
*/
WITH figures AS (
    SELECT column1 AS place, column2 AS figure, column3 AS title_ru, column4 AS title_en, column5 AS sign, column6 AS is_share
    FROM (
        VALUES
        (1, 'win_rate', 'Доля выигранных от закрытых', 'Win rate of closed deals', 1.0, 1),
        (2, 'average_deal', 'Средний чек', 'Average deal', 1.0, 0),
        (3, 'revenue_per_lead', 'Выручка на закрытый лид', 'Revenue per closed lead', 1.0, 0),
        (4, 'repeat_share', 'Доля повторных покупок', 'Share of repeat purchases', 1.0, 1),
        (5, 'price_share', 'Доля движимых ценой', 'Price-driven share', -1.0, 1)
    ) AS listed
),

-- whether a client had won before, over all that is known
wins AS (
    SELECT
        deal_id,
        CASE WHEN row_number() OVER (PARTITION BY client_id ORDER BY won_at, deal_id) > 1 THEN 1 ELSE 0 END AS repeated
    FROM scope
    WHERE status = 'won' AND client_id <> ''
),

leads AS (
    SELECT
        scope.grp,
        coalesce(scope.source, '') AS source,
        CASE WHEN scope.status IN ('won', 'lost') THEN 1 ELSE 0 END AS closed,
        CASE WHEN scope.status = 'won' THEN 1 ELSE 0 END AS won,
        CASE WHEN scope.status = 'won' THEN scope.amount END AS revenue,
        wins.repeated,
        CASE
            WHEN coalesce(scope.promo, '') <> '' THEN 1
            WHEN interests.price THEN 1
            WHEN scope.status = 'lost' AND lost_reasons.price THEN 1
            ELSE 0
        END AS price_driven
    FROM scope
    LEFT JOIN lost_reasons ON scope.lost_reason = lost_reasons.reason
    LEFT JOIN interests ON scope.interest = interests.interest
    LEFT JOIN wins ON scope.deal_id = wins.deal_id
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

sums AS (
    SELECT
        grp,
        source,
        count(*) AS leads,
        sum(price_driven) AS price_driven,
        sum(closed) AS closed,
        sum(won) AS won,
        count(revenue) AS priced,
        coalesce(sum(revenue), 0) AS revenue,
        coalesce(sum(revenue * revenue), 0) AS squares,
        count(repeated) AS named,
        coalesce(sum(repeated), 0) AS repeated
    FROM leads
    GROUP BY grp, source
),

-- each figure is a sum over its cases; decimals, so that no sum depends on the order
cells AS (
    SELECT
        figures.place,
        figures.figure,
        figures.is_share,
        figures.sign,
        sums.grp,
        sums.source,
        CASE figures.figure
            WHEN 'win_rate' THEN sums.won
            WHEN 'repeat_share' THEN sums.repeated
            WHEN 'price_share' THEN sums.price_driven
            ELSE sums.revenue
        END AS total,
        CASE figures.figure
            WHEN 'win_rate' THEN sums.won
            WHEN 'repeat_share' THEN sums.repeated
            WHEN 'price_share' THEN sums.price_driven
            ELSE sums.squares
        END AS squares,
        CASE figures.figure
            WHEN 'win_rate' THEN sums.closed
            WHEN 'average_deal' THEN sums.priced
            -- a win of unknown amount says nothing of the revenue
            WHEN 'revenue_per_lead' THEN sums.closed - sums.won + sums.priced
            WHEN 'repeat_share' THEN sums.named
            ELSE sums.leads
        END AS cases
    FROM sums
    CROSS JOIN figures
),

groups AS (
    SELECT
        place,
        figure,
        is_share,
        sign,
        grp,
        sum(total) AS total,
        sum(squares) AS squares,
        sum(cases) AS cases
    FROM cells
    WHERE cases > 0
    GROUP BY place, figure, is_share, sign, grp
),

weights AS (
    SELECT figure, source, sum(cases) AS weight
    FROM cells
    WHERE cases > 0
    GROUP BY figure, source
),

standard AS (
    SELECT
        cells.figure,
        cells.grp,
        sum((cells.total::double / cells.cases)::decimal(24, 10) * weights.weight)::double
        / sum(weights.weight) AS standardised
    FROM cells
    INNER JOIN weights ON cells.figure = weights.figure AND cells.source = weights.source
    WHERE cells.cases > 0
    GROUP BY cells.figure, cells.grp
),

-- a group beside all other groups that are large enough
measured AS (
    SELECT
        groups.place,
        groups.figure,
        groups.is_share,
        groups.sign,
        groups.grp,
        groups.cases,
        groups.total::double / groups.cases AS value,
        groups.total::double AS total,
        groups.squares::double AS squares,
        CASE WHEN groups.cases < rules.small_group THEN 1 ELSE 0 END AS too_small
    FROM groups
    CROSS JOIN rules
),

judged AS (
    SELECT
        figure,
        grp,
        sign * value AS goodness,
        value,
        total,
        cases,
        -- the variance of the mean
        (squares - total * value) / nullif(cases - 1, 0) / cases AS spread,
        row_number() OVER (PARTITION BY figure ORDER BY sign * value DESC, grp) AS place,
        count(*) OVER (PARTITION BY figure) AS peers
    FROM measured
    WHERE too_small = 0
),

best AS (
    SELECT figure, value, goodness
    FROM judged
    WHERE place = (peers + 3) / 4 AND peers > 1
),

-- the others together, made from their sums
others AS (
    SELECT
        a.figure,
        a.grp,
        sum(b.cases) AS cases,
        sum(b.total)::double AS total,
        sum(b.squares)::double AS squares,
        sum(CASE WHEN a.goodness > b.goodness THEN 2 WHEN a.goodness = b.goodness THEN 1 ELSE 0 END)::double
        / (2 * count(*)) AS percentile
    FROM judged AS a
    INNER JOIN (
        SELECT judged.figure, judged.grp, judged.goodness, groups.cases, groups.total, groups.squares
        FROM judged
        INNER JOIN groups ON judged.figure = groups.figure AND judged.grp = groups.grp
    ) AS b ON a.figure = b.figure
    WHERE a.grp <> b.grp
    GROUP BY a.figure, a.grp
),

-- two means compared; p = erfc(z / √2), by Abramowitz and Stegun 7.1.26, right to seven digits
compared AS (
    SELECT
        judged.figure,
        judged.grp,
        others.percentile,
        judged.goodness > figures.sign * others.total / others.cases AS is_better,
        abs(judged.value - others.total / others.cases)
        / nullif(
            CASE
                -- shares are alike under the test, so their variance is that of both together
                WHEN figures.is_share = 1 THEN sqrt(
                    (judged.total + others.total) / (judged.cases + others.cases)
                    * (1.0 - (judged.total + others.total) / (judged.cases + others.cases))
                    * (1.0 / judged.cases + 1.0 / others.cases)
                )
                ELSE sqrt(
                    greatest(
                        judged.spread
                        + (others.squares - others.total * others.total / others.cases)
                        / nullif(others.cases - 1, 0) / others.cases,
                        0.0
                    )
                )
            END,
            0.0
        ) AS z
    FROM judged
    INNER JOIN others ON judged.figure = others.figure AND judged.grp = others.grp
    INNER JOIN figures ON judged.figure = figures.figure
),

tested AS (
    SELECT
        figure,
        grp,
        percentile,
        is_better,
        coalesce(
            t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
            * exp(-z * z / 2.0),
            1.0
        ) AS p
    FROM (
        SELECT figure, grp, percentile, is_better, z, 1.0 / (1.0 + 0.3275911 * z / sqrt(2.0)) AS t
        FROM compared
    ) AS tails
),

ranked AS (
    SELECT
        figure,
        grp,
        percentile,
        is_better,
        p * count(*) OVER (PARTITION BY figure) / row_number() OVER (PARTITION BY figure ORDER BY p, grp) AS scaled,
        row_number() OVER (PARTITION BY figure ORDER BY p, grp) AS place
    FROM tested
),

adjusted AS (
    SELECT
        figure,
        grp,
        percentile,
        is_better,
        min(scaled) OVER (
            PARTITION BY figure
            ORDER BY place DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS p_adjusted
    FROM ranked
),

bounds AS (
    SELECT
        figure,
        grp,
        -- of one case the spread is unknown
        CASE WHEN cases > 1 THEN 1.959964 * sqrt(greatest((squares - total * value) / (cases - 1) / cases, 0.0)) END AS reach
    FROM measured
)

SELECT
    measured.grp,
    measured.figure,
    figures.title_ru,
    figures.title_en,
    measured.value,
    CASE
        WHEN measured.is_share = 1 THEN wilson_low(measured.total::bigint, measured.cases)
        ELSE measured.value - bounds.reach
    END AS value_low,
    CASE
        WHEN measured.is_share = 1 THEN wilson_high(measured.total::bigint, measured.cases)
        ELSE measured.value + bounds.reach
    END AS value_high,
    measured.cases,
    adjusted.percentile,
    best.value AS best_quartile,
    CASE
        WHEN measured.too_small = 0 AND best.goodness IS NOT NULL
            THEN greatest(best.goodness - measured.sign * measured.value, 0.0)
    END AS distance,
    standard.standardised,
    measured.too_small,
    CASE
        WHEN measured.too_small = 1 THEN 'too_small'
        WHEN adjusted.p_adjusted <= 0.05 AND adjusted.is_better THEN 'better'
        WHEN adjusted.p_adjusted <= 0.05 THEN 'worse'
        ELSE 'no_evidence'
    END AS verdict
FROM measured
INNER JOIN figures ON measured.figure = figures.figure
INNER JOIN standard ON measured.figure = standard.figure AND measured.grp = standard.grp
INNER JOIN bounds ON measured.figure = bounds.figure AND measured.grp = bounds.grp
LEFT JOIN best ON measured.figure = best.figure
LEFT JOIN adjusted ON measured.figure = adjusted.figure AND measured.grp = adjusted.grp
ORDER BY measured.place, measured.grp
