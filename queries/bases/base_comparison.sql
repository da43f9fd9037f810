/*
title = { ru = "Базы на одной шкале", en = "Client bases on one scale" }
grain = "one row per figure and group"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"
about.ru = """
Группы (филиалы или любой другой разрез) рядом, по сделкам, созданным за период. win_rate: выигранные от закрытых; average_deal:
средняя сумма выигранной; revenue_per_lead: выручка на закрытый лид; repeat_share: доля выигранных у клиентов, купивших прежде; price_share:
доля движимых ценой (как в «Качестве лидов»), здесь лучше меньше. Интервал 95 %: Уилсона для долей, нормальный для денег. Перцентиль:
доля других групп, которые хуже (равные за половину). Лучший квартиль: худшее значение в лучшей четверти групп; отставание от него не бывает
меньше нуля. С поправкой на состав: прямая стандартизация по источникам с весами всех сравниваемых групп; источники, которых в группе нет,
пропускаются. Вывод better или worse — только если отличие от остальных групп вместе значимо (5 %) с поправкой Бенджамини — Хохберга на число
групп: доли — отношением правдоподобия, деньги — критерием Стьюдента сразу для сумм и для их кубических корней. Ни с кем не сравниваются, и никому не
пара: unfilled — разрез не заполнен; too_small — случаев меньше, чем требует регламент; partly_unknown — есть выигранные без суммы (выручки на лид тогда
нет, средний чек — по известным), у части выигранных нет клиента, не сказано, закрыта ли сделка к дате, или нигде в группе не заполнено ничего, по чему
видно цену. «Не известно» — сколько таких."""
about.en = """
Groups (branches, or any other split) side by side, by the deals created within the period. win_rate: won of closed; average_deal: mean
amount of a won deal; revenue_per_lead: revenue per closed lead; repeat_share: share of won deals whose client had bought before; price_share:
price-driven share (as in "Lead quality"), where less is better. 95 % interval: Wilson for shares, normal for money. Percentile: the share of
other groups that are worse (equal ones count half). Best quartile: the worst value within the best quarter of groups; the distance to it is never below zero.
Standardised: directly over sources, with the weights of all groups compared; sources that a group lacks are left out. The verdict is better or
worse only if the difference from all other groups together is significant (5 %) after the Benjamini–Hochberg correction for the number of groups: of shares
by the likelihood ratio, of money by Student's test of both the amounts and their cube roots. Compared with nobody, and nobody's peer: unfilled, the split
has no value; too_small, fewer cases than the regulation asks for; partly_unknown, wins without an amount (there is no revenue per lead then; the average is
of those known), wins without a client, deals of which it is unknown whether they were closed by then, or a group in which nothing that tells of price was
ever filled. "Not known": how many."""
columns = [
  { name = "figure", unit = "text", title = { ru = "Показатель", en = "Figure" } },
  { name = "title_{lang}", unit = "text", title = { ru = "Название", en = "Title" } },
  { name = "value", unit = "ratio", interval = true, title = { ru = "Значение", en = "Value" } },
  { name = "cases", unit = "count", title = { ru = "Случаев", en = "Cases" } },
  { name = "unknown", unit = "count", title = { ru = "Не известно", en = "Not known" } },
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

-- whether a client had won before, over all that is known; null where an undated win of the client may have been the first
wins AS (
    SELECT
        deal_id,
        CASE
            WHEN count(*) OVER (PARTITION BY client_id) > count(won_at) OVER (PARTITION BY client_id) THEN NULL
            WHEN row_number() OVER (PARTITION BY client_id ORDER BY won_at, deal_id) > 1 THEN 1
            ELSE 0
        END AS repeated
    FROM scope
    WHERE status = 'won' AND client_id <> ''
),

-- what of price the regulation tells at all
told AS (
    SELECT
        (SELECT count(*) FROM interests WHERE price) > 0 AS by_interest,
        (SELECT count(*) FROM lost_reasons WHERE price) > 0 AS by_reason
),

leads AS (
    SELECT
        scope.grp,
        coalesce(scope.source, '') AS source,
        CASE WHEN scope.status IN ('won', 'lost') THEN 1 ELSE 0 END AS closed,
        CASE WHEN scope.status = 'won' THEN 1 ELSE 0 END AS won,
        -- closed on an unknown day that may lie before the cut or after it
        CASE
            WHEN
                coalesce(scope.status, 'open') NOT IN ('won', 'lost')
                AND scope.closed_by IS NOT NULL
                AND coalesce(scope.closed_after, scope.created_at) < $as_of
                THEN 1
            ELSE 0
        END AS unsettled,
        CASE WHEN scope.status = 'won' THEN scope.amount END AS revenue,
        wins.repeated,
        CASE
            WHEN coalesce(scope.promo, '') <> '' THEN 1
            WHEN interests.price THEN 1
            WHEN scope.status = 'lost' AND lost_reasons.price THEN 1
            ELSE 0
        END AS price_driven,
        CASE
            WHEN coalesce(scope.promo, '') <> '' THEN 1
            WHEN coalesce(scope.interest, '') <> '' AND told.by_interest THEN 1
            WHEN coalesce(scope.lost_reason, '') <> '' AND told.by_reason THEN 1
            ELSE 0
        END AS tells_price
    FROM scope
    CROSS JOIN told
    LEFT JOIN lost_reasons ON scope.lost_reason = lost_reasons.reason
    LEFT JOIN interests ON scope.interest = interests.interest
    LEFT JOIN wins ON scope.deal_id = wins.deal_id
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

-- the cube root of an amount is not skewed as amounts are
sums AS (
    SELECT
        grp,
        source,
        count(*) AS leads,
        sum(price_driven) AS price_driven,
        sum(tells_price) AS tells_price,
        sum(closed) AS closed,
        sum(won) AS won,
        sum(unsettled) AS unsettled,
        count(revenue) AS priced,
        coalesce(sum(revenue), 0) AS revenue,
        coalesce(sum(revenue * revenue), 0) AS squares,
        coalesce(sum(cbrt(revenue::double)::decimal(24, 10)), 0)::double AS roots,
        coalesce(sum(power(cbrt(revenue::double), 2.0)::decimal(24, 10)), 0)::double AS root_squares,
        count(repeated) AS named,
        coalesce(sum(repeated), 0) AS repeated
    FROM leads
    GROUP BY grp, source
),

-- what is known of a group as a whole. A split by several columns has no group of its own where one of them is not filled
known AS (
    SELECT
        grp,
        (SELECT max(grp) FROM sums) <> '' AND strpos(concat(chr(31), grp, chr(31)), concat(chr(31), chr(31))) > 0 AS is_unfilled,
        sum(won) > sum(priced) AS lacks_amounts,
        sum(tells_price) = 0 AS lacks_price
    FROM sums
    GROUP BY grp
),

-- each figure is a sum over its cases, and what could not be counted beside; decimals, so that no sum depends on the order
cells AS (
    SELECT
        figures.place,
        figures.figure,
        figures.is_share,
        figures.sign,
        sums.grp,
        sums.source,
        known.is_unfilled,
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
        sums.roots,
        sums.root_squares,
        CASE figures.figure
            WHEN 'win_rate' THEN CASE WHEN losses.any_lost THEN sums.closed ELSE 0 END
            WHEN 'average_deal' THEN sums.priced
            -- a win of unknown amount may have brought anything
            WHEN 'revenue_per_lead' THEN CASE WHEN known.lacks_amounts OR NOT losses.any_lost THEN 0 ELSE sums.closed END
            WHEN 'repeat_share' THEN sums.named
            ELSE CASE WHEN known.lacks_price THEN 0 ELSE sums.leads END
        END AS cases,
        CASE figures.figure
            WHEN 'win_rate' THEN CASE WHEN losses.any_lost THEN sums.unsettled ELSE sums.unsettled + sums.closed END
            WHEN 'revenue_per_lead' THEN CASE WHEN losses.any_lost THEN sums.won - sums.priced ELSE sums.closed END
            WHEN 'repeat_share' THEN sums.won - sums.named
            WHEN 'price_share' THEN CASE WHEN known.lacks_price THEN sums.leads ELSE 0 END
            ELSE sums.won - sums.priced
        END AS unknown
    FROM sums
    INNER JOIN known ON sums.grp = known.grp
    CROSS JOIN losses
    CROSS JOIN figures
),

groups AS (
    SELECT
        cells.place,
        cells.figure,
        cells.is_share,
        cells.sign,
        cells.grp,
        cells.is_unfilled,
        sum(cells.total) AS total,
        sum(cells.squares) AS squares,
        sum(cells.roots::decimal(30, 10)) AS roots,
        sum(cells.root_squares::decimal(30, 10)) AS root_squares,
        sum(cells.cases) AS cases,
        sum(cells.unknown) AS unknown
    FROM cells
    GROUP BY cells.place, cells.figure, cells.is_share, cells.sign, cells.grp, cells.is_unfilled
    HAVING sum(cells.cases) > 0 OR sum(cells.unknown) > 0
),

-- how the leads of those compared are mixed
weights AS (
    SELECT figure, source, sum(cases) AS weight
    FROM cells
    WHERE cases > 0 AND NOT is_unfilled
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

measured AS (
    SELECT
        groups.place,
        groups.figure,
        groups.is_share,
        groups.sign,
        groups.grp,
        groups.cases,
        groups.unknown,
        groups.total::double / nullif(groups.cases, 0) AS value,
        groups.total,
        groups.squares,
        groups.roots,
        groups.root_squares,
        CASE WHEN groups.cases < rules.small_group THEN 1 ELSE 0 END AS too_small,
        CASE
            WHEN groups.is_unfilled THEN 'unfilled'
            -- of money any unknown sum counts; of shares more than one case in twenty
            WHEN groups.unknown > 0 AND (groups.cases = 0 OR groups.is_share = 0) THEN 'partly_unknown'
            WHEN groups.unknown * 20 > groups.cases + groups.unknown THEN 'partly_unknown'
            WHEN groups.cases < rules.small_group THEN 'too_small'
        END AS apart
    FROM groups
    CROSS JOIN rules
),

-- a group beside all others that can be judged, taken together: all less its own
judged AS (
    SELECT
        figure,
        is_share,
        sign,
        grp,
        sign * value AS goodness,
        value,
        cases::double AS n,
        total::double AS x,
        squares::double AS xx,
        roots::double AS y,
        root_squares::double AS yy,
        (sum(cases) OVER of_figure - cases)::double AS others_n,
        (sum(total) OVER of_figure - total)::double AS others_x,
        (sum(squares) OVER of_figure - squares)::double AS others_xx,
        (sum(roots) OVER of_figure - roots)::double AS others_y,
        (sum(root_squares) OVER of_figure - root_squares)::double AS others_yy,
        count(*) OVER of_figure AS peers,
        row_number() OVER (PARTITION BY figure ORDER BY sign * value DESC, grp) AS place,
        rank() OVER (PARTITION BY figure ORDER BY sign * value) AS from_worst,
        count(*) OVER (PARTITION BY figure, value) AS alike
    FROM measured
    WHERE apart IS NULL
    WINDOW of_figure AS (PARTITION BY figure)
),

best AS (
    SELECT figure, value, goodness
    FROM judged
    WHERE place = (peers + 3) / 4 AND peers > 1
),

expected AS (
    SELECT
        figure,
        is_share,
        grp,
        sign,
        n,
        others_n,
        x,
        others_x,
        (from_worst - 1 + 0.5 * (alike - 1)) / (peers - 1) AS percentile,
        sign * (x / n - others_x / others_n) > 0.0 AS is_better,
        n * (x + others_x) / (n + others_n) AS e,
        -- towards the expected number by a half, for cases are whole
        x - signum(x - n * (x + others_x) / (n + others_n)) * least(0.5, abs(x - n * (x + others_x) / (n + others_n))) AS o,
        (xx - x * x / n) / (n - 1.0) AS v,
        (others_xx - others_x * others_x / others_n) / (others_n - 1.0) AS others_v,
        (y / n - others_y / others_n) AS root_difference,
        (yy - y * y / n) / (n - 1.0) AS root_v,
        (others_yy - others_y * others_y / others_n) / (others_n - 1.0) AS others_root_v
    FROM judged
    WHERE peers > 1 AND n > 1.0 AND others_n > 1.0
),

-- Shares: the likelihood ratio of two against one, which holds its level far in the tail where cases are few. Means: Student's t by the larger
-- of the two errors, each group's own and the common one, for of a group that sold nothing the own one is 0
scored AS (
    SELECT
        figure,
        is_share,
        grp,
        percentile,
        is_better,
        least(n, others_n) - 1.0 AS df,
        2.0 * (
            o * ln(greatest(o, 1e-9) / greatest(e, 1e-9))
            + (n - o) * ln(greatest(n - o, 1e-9) / greatest(n - e, 1e-9))
            + (x + others_x - o) * ln(greatest(x + others_x - o, 1e-9) / greatest(x + others_x - e, 1e-9))
            + (others_n - x - others_x + o)
            * ln(greatest(others_n - x - others_x + o, 1e-9) / greatest(others_n - x - others_x + e, 1e-9))
        ) AS ratio,
        (x / n - others_x / others_n) * sign AS difference,
        root_difference * sign AS root_difference,
        greatest(v / n + others_v / others_n, ((n - 1.0) * v + (others_n - 1.0) * others_v) / (n + others_n - 2.0) * (1.0 / n + 1.0 / others_n)) AS spread,
        greatest(
            root_v / n + others_root_v / others_n,
            ((n - 1.0) * root_v + (others_n - 1.0) * others_root_v) / (n + others_n - 2.0) * (1.0 / n + 1.0 / others_n)
        ) AS root_spread
    FROM expected
),

-- of amounts and of their cube roots the weaker evidence counts, and only where both point one way: a single large deal proves nothing.
-- Student's t becomes normal by Wallace (1959)
compared AS (
    SELECT
        figure,
        grp,
        percentile,
        is_better,
        CASE
            WHEN is_share = 1 THEN sqrt(greatest(ratio, 0.0))
            WHEN difference * root_difference > 0.0 AND spread > 0.0 AND root_spread > 0.0
                THEN sqrt(
                    df * ln(1.0 + least(difference * difference / spread, root_difference * root_difference / root_spread) / df)
                ) * (8.0 * df + 1.0) / (8.0 * df + 3.0)
            ELSE 0.0
        END AS z
    FROM scored
),

tested AS (
    SELECT figure, grp, percentile, is_better, normal_p(z) AS p
    FROM compared
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
        -- of one case, or of cases that are all the same, the spread is unknown
        CASE
            WHEN cases > 1 AND squares::double > total::double * value
                THEN 1.959964 * sqrt((squares::double - total::double * value) / (cases - 1) / cases)
        END AS reach
    FROM measured
)

SELECT
    measured.grp,
    measured.figure,
    figures.title_ru,
    figures.title_en,
    measured.value,
    CASE
        WHEN measured.is_share = 1 AND measured.cases > 0 THEN wilson_low(measured.total::bigint, measured.cases)
        WHEN measured.is_share = 0 THEN measured.value - bounds.reach
    END AS value_low,
    CASE
        WHEN measured.is_share = 1 AND measured.cases > 0 THEN wilson_high(measured.total::bigint, measured.cases)
        WHEN measured.is_share = 0 THEN measured.value + bounds.reach
    END AS value_high,
    measured.cases,
    measured.unknown,
    adjusted.percentile,
    best.value AS best_quartile,
    CASE
        WHEN measured.apart IS NULL AND best.goodness IS NOT NULL
            THEN greatest(best.goodness - measured.sign * measured.value, 0.0)
    END AS distance,
    standard.standardised,
    measured.too_small,
    CASE
        WHEN measured.apart IS NOT NULL THEN measured.apart
        WHEN adjusted.p_adjusted <= 0.05 AND adjusted.is_better THEN 'better'
        WHEN adjusted.p_adjusted <= 0.05 THEN 'worse'
        ELSE 'no_evidence'
    END AS verdict
FROM measured
INNER JOIN figures ON measured.figure = figures.figure
INNER JOIN bounds ON measured.figure = bounds.figure AND measured.grp = bounds.grp
LEFT JOIN standard ON measured.figure = standard.figure AND measured.grp = standard.grp
LEFT JOIN best ON measured.figure = best.figure
LEFT JOIN adjusted ON measured.figure = adjusted.figure AND measured.grp = adjusted.grp
ORDER BY measured.place, measured.grp
