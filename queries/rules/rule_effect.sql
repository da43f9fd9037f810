/*
title = { ru = "Помогает ли правило", en = "Does the rule help" }
partly.ru = "правило, чьих событий нет за этот срок, у этого менеджера или филиала, не судится: названо в unjudged"
partly.en = "a rule whose events are not loaded for that span, manager or branch is not judged: unjudged names it"
grain = "one row per rule that was judged on closed deals"
needs = ["deals.created_at", "deals.status"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]
about.ru = """
Сделки, созданные за период и закрытые к дате отчёта: доля выигранных среди тех, где правило соблюдено всякий раз, и тех, где оно
нарушено хоть раз; доли с интервалом Уилсона, разность — с интервалом Ньюкомба 95 %. Вывод: helps — интервал разности выше нуля, hurts —
ниже нуля, и в обоих случаях различие остаётся после поправки Бенджамини — Хохберга (5 %) на число правил и групп в ответе; иначе
no_evidence. Это связь, а не причина: правило могут соблюдать там, где сделка и так идёт хорошо, а долгая сделка успевает нарушить больше.
Цена нарушений: сумма потерянных сделок с нарушением; она не вся потеряна из-за него."""
about.en = """
Deals created within the period and closed by the as-of date: the share won among those where the rule was kept every time, and among
those where it was broken at least once; shares with Wilson intervals, the difference with a 95 % Newcombe interval. The verdict: helps: the
interval of the difference lies above zero; hurts: below; and either only where the difference survives the Benjamini–Hochberg correction
(5 %) for the number of rules and groups in the answer; else no_evidence. It is an association, not a cause: a rule may be kept where the
deal goes well anyway, and a long deal has time to break more. Cost of breaches: the amount of lost deals with a breach, not all of it lost
because of that."""
columns = [
  { name = "rule", unit = "text", title = { ru = "Код правила", en = "Rule code" } },
  { name = "title_ru", unit = "text", title = { ru = "Правило", en = "Rule (ru)" } },
  { name = "title_en", unit = "text", title = { ru = "Правило (en)", en = "Rule" } },
  { name = "kept_deals", unit = "count", title = { ru = "Соблюдено, сделок", en = "Kept, deals" } },
  { name = "kept_won", unit = "count", title = { ru = "Из них выиграны", en = "Of them won" } },
  { name = "kept_rate", unit = "share", title = { ru = "Доля выигранных", en = "Win rate when kept" } },
  { name = "kept_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "kept_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "kept_revenue", unit = "money", title = { ru = "Выручка, соблюдено", en = "Revenue when kept" } },
  { name = "broken_deals", unit = "count", title = { ru = "Нарушено, сделок", en = "Broken, deals" } },
  { name = "broken_won", unit = "count", title = { ru = "Из них выиграны", en = "Of them won" } },
  { name = "broken_rate", unit = "share", title = { ru = "Доля выигранных при нарушении", en = "Win rate when broken" } },
  { name = "broken_rate_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "broken_rate_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "broken_revenue", unit = "money", title = { ru = "Выручка, нарушено", en = "Revenue when broken" } },
  { name = "broken_lost_amount", unit = "money", title = { ru = "Потеряно с нарушением", en = "Lost with a breach" } },
  { name = "difference", unit = "share", title = { ru = "Разность долей", en = "Difference" } },
  { name = "difference_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "difference_high", unit = "share", title = { ru = "до", en = "high" } },
  { name = "p_adjusted", unit = "ratio", title = { ru = "p с поправкой", en = "Adjusted p" } },
  { name = "verdict", unit = "text", title = { ru = "Вывод", en = "Verdict" } },
]
*/
-- a bit for each rule, so that a deal is one row: which rules it was judged by, and which it broke
WITH by_deal AS (
    SELECT
        scope_checks.grp,
        scope_checks.deal_id,
        max(scope_checks.amount) AS amount,
        bit_or(1::bigint << control.position) AS judged,
        bit_or(CASE WHEN scope_checks.kept THEN 0::bigint ELSE 1::bigint << control.position END) AS broken
    FROM scope_checks
    INNER JOIN control ON scope_checks.rule = control.rule
    WHERE
        scope_checks.status IN ('won', 'lost')
        AND scope_checks.deal_id IS NOT NULL
        AND scope_checks.created_at >= $from
        AND scope_checks.created_at < $to
    GROUP BY scope_checks.grp, scope_checks.deal_id
),

closed AS (
    SELECT
        by_deal.grp,
        by_deal.amount,
        by_deal.judged,
        by_deal.broken,
        scope.status,
        scope.amount AS paid
    FROM by_deal
    INNER JOIN scope ON by_deal.deal_id = scope.deal_id
),

each_rule AS (
    SELECT
        closed.grp,
        control.rule,
        CASE WHEN closed.broken & (1::bigint << control.position) <> 0 THEN 1 ELSE 0 END AS broken,
        closed.status,
        closed.amount,
        closed.paid
    FROM closed
    CROSS JOIN control
    WHERE closed.judged & (1::bigint << control.position) <> 0
),

counted AS (
    SELECT
        grp,
        rule,
        sum(1 - broken) AS kept_deals,
        sum(CASE WHEN broken = 0 AND status = 'won' THEN 1 ELSE 0 END) AS kept_won,
        sum(CASE WHEN broken = 0 AND status = 'won' THEN paid END) AS kept_revenue,
        sum(broken) AS broken_deals,
        sum(CASE WHEN broken = 1 AND status = 'won' THEN 1 ELSE 0 END) AS broken_won,
        sum(CASE WHEN broken = 1 AND status = 'won' THEN paid END) AS broken_revenue,
        sum(CASE WHEN broken = 1 AND status = 'lost' THEN 1 ELSE 0 END) AS broken_lost,
        sum(CASE WHEN broken = 1 AND status = 'lost' THEN amount END) AS broken_lost_amount
    FROM each_rule
    GROUP BY grp, rule
),

rates AS (
    SELECT
        grp,
        rule,
        kept_deals,
        kept_won,
        kept_revenue,
        broken_deals,
        broken_won,
        broken_revenue,
        broken_lost,
        broken_lost_amount,
        kept_won::double / nullif(kept_deals, 0) AS kept_rate,
        wilson_low(kept_won, kept_deals) AS kept_low,
        wilson_high(kept_won, kept_deals) AS kept_high,
        broken_won::double / nullif(broken_deals, 0) AS broken_rate,
        wilson_low(broken_won, broken_deals) AS broken_low,
        wilson_high(broken_won, broken_deals) AS broken_high,
        (kept_won + broken_won)::double / nullif(kept_deals + broken_deals, 0) AS pooled
    FROM counted
),

-- from here on one chain, for what is named twice is computed twice; the figures go along as one. Newcombe's interval is made of the two
-- Wilson ones; z is the pooled test of two shares
compared AS (
    SELECT
        grp,
        rule,
        named_struct(
            'kept_deals', kept_deals,
            'kept_won', kept_won,
            'kept_revenue', kept_revenue,
            'broken_deals', broken_deals,
            'broken_won', broken_won,
            'broken_revenue', broken_revenue,
            'broken_lost', broken_lost,
            'broken_lost_amount', broken_lost_amount,
            'kept_rate', kept_rate,
            'kept_low', kept_low,
            'kept_high', kept_high,
            'broken_rate', broken_rate,
            'broken_low', broken_low,
            'broken_high', broken_high
        ) AS figures,
        kept_rate - broken_rate AS difference,
        kept_rate - broken_rate - sqrt(power(kept_rate - kept_low, 2.0) + power(broken_high - broken_rate, 2.0)) AS low,
        kept_rate - broken_rate + sqrt(power(kept_high - kept_rate, 2.0) + power(broken_rate - broken_low, 2.0)) AS high,
        abs(kept_rate - broken_rate)
        / nullif(sqrt(pooled * (1.0 - pooled) * (1.0 / nullif(kept_deals, 0) + 1.0 / nullif(broken_deals, 0))), 0.0) AS z
    FROM rates
),

-- two-sided p = erfc(z / √2), by Abramowitz and Stegun 7.1.26, right to seven digits
tails AS (
    SELECT
        grp,
        rule,
        figures,
        difference,
        low,
        high,
        z,
        difference IS NOT NULL AS is_tested,
        1.0 / (1.0 + 0.3275911 * z / sqrt(2.0)) AS t
    FROM compared
),

tested AS (
    SELECT
        grp,
        rule,
        figures,
        difference,
        low,
        high,
        is_tested,
        -- all won or all lost on both sides: no difference at all
        coalesce(
            t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
            * exp(-z * z / 2.0),
            1.0
        ) AS p
    FROM tails
),

ranked AS (
    SELECT
        grp,
        rule,
        figures,
        difference,
        low,
        high,
        is_tested,
        p * count(*) OVER (PARTITION BY is_tested) / row_number() OVER in_order AS scaled,
        row_number() OVER in_order AS place
    FROM tested
    WINDOW in_order AS (PARTITION BY is_tested ORDER BY p, grp, rule)
),

adjusted AS (
    SELECT
        grp,
        rule,
        figures,
        difference,
        low,
        high,
        CASE
            WHEN is_tested THEN least(
                min(scaled) OVER (PARTITION BY is_tested ORDER BY place DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
                1.0
            )
        END AS p_adjusted
    FROM ranked
)

SELECT
    adjusted.grp,
    adjusted.rule,
    control.title_ru,
    control.title_en,
    adjusted.figures['kept_deals'] AS kept_deals,
    adjusted.figures['kept_won'] AS kept_won,
    adjusted.figures['kept_rate'] AS kept_rate,
    adjusted.figures['kept_low'] AS kept_rate_low,
    adjusted.figures['kept_high'] AS kept_rate_high,
    CASE WHEN adjusted.figures['kept_won'] = 0 THEN 0 ELSE adjusted.figures['kept_revenue'] END AS kept_revenue,
    adjusted.figures['broken_deals'] AS broken_deals,
    adjusted.figures['broken_won'] AS broken_won,
    adjusted.figures['broken_rate'] AS broken_rate,
    adjusted.figures['broken_low'] AS broken_rate_low,
    adjusted.figures['broken_high'] AS broken_rate_high,
    CASE WHEN adjusted.figures['broken_won'] = 0 THEN 0 ELSE adjusted.figures['broken_revenue'] END AS broken_revenue,
    CASE WHEN adjusted.figures['broken_lost'] = 0 THEN 0 ELSE adjusted.figures['broken_lost_amount'] END AS broken_lost_amount,
    adjusted.difference,
    adjusted.low AS difference_low,
    adjusted.high AS difference_high,
    adjusted.p_adjusted,
    CASE
        WHEN adjusted.p_adjusted <= 0.05 AND adjusted.low > 0.0 THEN 'helps'
        WHEN adjusted.p_adjusted <= 0.05 AND adjusted.high < 0.0 THEN 'hurts'
        ELSE 'no_evidence'
    END AS verdict
FROM adjusted
LEFT JOIN control ON adjusted.rule = control.rule
ORDER BY adjusted.grp, control.position, adjusted.rule
