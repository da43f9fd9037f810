/*
title = { ru = "Проба: чем отличается группа", en = "A controlled test: what the arm changed" }
grain = "one row per group: by the column that says the arm, first of the dimensions"
needs = ["deals.created_at", "deals.status"]
dimensions = "deals"

about.ru = """
Сделки делили наугад между группами пробы: новый скрипт и старый, письмо и без письма. Первое измерение (--by) — столбец, в котором
записана группа; с другими после него каждое их значение — проба сама по себе. Контрольную группу называет регламент ([[arm]] с control =
true); не названа — контрольная та, где сделок больше всего. Сравнивают сделки, созданные за период и прожившие к дате отчёта самый длинный
срок регламента: доля выигранных в этот срок, поэтому открытые не считаются потерянными, а долгие — не выгодны. Разность с контрольной — с
интервалом Ньюкомба 95 %; p — критерий хи-квадрат с поправкой N − 1, затем поправка Бенджамини — Хохберга на все сравнения ответа. Состав:
все сделки периода по группам против равных долей или долей из регламента, хи-квадрат; p меньше 0,001 — деление не то, что задумано (часть
сделок потеряна или записана позже), и сравнивать нечего. Вывод: better, worse — p с поправкой не больше 0,05 и интервал по одну сторону нуля;
no_evidence — иначе; srm — деление не сошлось; too_few — мало дозревших сделок (ожидается меньше одной победы или поражения); undated —
вывод зависит от выигранных без даты (их число рядом); control — контрольная; no_control — её нет среди групп; no_losses — проигранные не выгружены; not_in_test — группа не
указана или не названа регламентом. Выручка на сделку — по дозревшим, только где известны все суммы; она без вывода. Группа должна быть
записана при создании сделки: записанная позже достаётся тем, кто дожил."""
about.en = """
Deals were dealt out at random among the arms of a test: a new script and the old one, a letter and none. The first dimension (--by) is the
column that says the arm; with others after it, each of their values is a test of its own. The control is named by the regulation ([[arm]]
with control = true); where none is, it is the arm with most deals. Compared are deals created within the period that by the as-of date have
lived the regulation's longest horizon: the share won within it, so that open is not lost and a long life is no gain. The difference to the
control has a 95 % Newcombe interval; p is of the N − 1 chi-squared test, then corrected after Benjamini and Hochberg for all comparisons of the
answer. The split: all deals of the period by arm against equal shares or those of the regulation, chi-squared; p below 0.001: it is not the
split that was meant (deals are lost, or were marked later), and there is nothing to compare. Verdict: better, worse: the corrected p is at
most 0.05 and the interval lies on one side of zero; no_evidence: else; srm: the split does not fit; too_few: not enough ripe deals (less than one win
or loss to be expected); undated: the verdict depends on wins without a date (their number stands beside); control: the control itself;
no_control: it is not among the arms; no_losses: lost deals are not exported; not_in_test: the arm is not stated, or the regulation does not name it. Revenue per deal is of ripe
deals, where every amount is known; it has no verdict. The arm must be written when the deal is created: one written later goes to those who
lived."""

columns = [
  { name = "deals", unit = "count", title = { ru = "Сделки", en = "Deals" } },
  { name = "planned_share", unit = "share", title = { ru = "Доля по замыслу", en = "Planned share" } },
  { name = "split_share", unit = "share", title = { ru = "Доля на деле", en = "Actual share" } },
  { name = "split_p", unit = "ratio", title = { ru = "p деления", en = "p of the split" } },
  { name = "ripe", unit = "count", title = { ru = "Дозревшие", en = "Ripe" } },
  { name = "won", unit = "count", title = { ru = "Выиграны в срок", en = "Won in time" } },
  { name = "undated", unit = "count", title = { ru = "Выиграны, неизвестно когда", en = "Won, nobody knows when" } },
  { name = "win_rate", unit = "share", interval = true, title = { ru = "Доля выигранных", en = "Win rate" } },
  { name = "difference", unit = "share", interval = true, title = { ru = "Разность с контрольной", en = "Difference to the control" } },
  { name = "p", unit = "ratio", title = { ru = "p", en = "p" } },
  { name = "p_adjusted", unit = "ratio", title = { ru = "p с поправкой", en = "Adjusted p" } },
  { name = "revenue_per_deal", unit = "money", title = { ru = "Выручка на сделку", en = "Revenue per deal" } },
  { name = "won_without_amount", unit = "count", title = { ru = "Продаж без суммы", en = "Wins without an amount" } },
  { name = "verdict", unit = "text", title = { ru = "Вывод", en = "Verdict" } },
]
*/
WITH longest AS (
    SELECT max(days) AS days
    FROM horizons
),

-- the arm is the first part of the group, what follows is the test that it belongs to
dealt AS (
    SELECT
        scope.grp,
        split_part(scope.grp, chr(31), 1) AS arm,
        substr(scope.grp, character_length(split_part(scope.grp, chr(31), 1)) + 1) AS test,
        local_day(scope.created_at)::int + longest.days < local_day(scope.seen_until)::int AS is_ripe,
        coalesce(minutes_between(scope.created_at, scope.won_at) <= longest.days * 1440.0, FALSE)
        -- closed on an unknown day, but seen closed in time
        OR coalesce(scope.undated = 'won' AND minutes_between(scope.created_at, scope.closed_by) <= longest.days * 1440.0, FALSE) AS is_won,
        coalesce(
            scope.undated = 'won'
            AND coalesce(minutes_between(scope.created_at, scope.closed_by) > longest.days * 1440.0, TRUE)
            AND coalesce(minutes_between(scope.created_at, scope.closed_after) <= longest.days * 1440.0, TRUE),
            FALSE
        ) AS is_undated,
        scope.amount
    FROM scope
    CROSS JOIN longest
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

counted AS (
    SELECT
        grp,
        test,
        arm,
        count(*) AS deals,
        count(*) FILTER (WHERE is_ripe) AS ripe,
        count(*) FILTER (WHERE is_ripe AND is_won) AS won,
        count(*) FILTER (WHERE is_ripe AND is_undated) AS undated,
        count(*) FILTER (WHERE is_ripe AND is_won AND amount IS NULL) AS won_without_amount,
        sum(CASE WHEN is_ripe AND is_won THEN amount END) AS revenue
    FROM dealt
    GROUP BY grp, test, arm
),

-- who is an arm: those that the regulation names, or all that are stated
named AS (
    SELECT
        counted.grp,
        counted.test,
        counted.arm,
        counted.deals,
        counted.ripe,
        counted.won,
        counted.undated,
        counted.won_without_amount,
        counted.revenue,
        arms.share / known.shares AS written_share,
        arms.control AS is_written_control,
        known.arms AS written_arms,
        counted.arm <> '' AND (known.arms = 0 OR arms.arm IS NOT NULL) AS is_arm
    FROM counted
    CROSS JOIN (SELECT count(*) AS arms, sum(share) AS shares FROM arms) AS known
    LEFT JOIN arms ON counted.arm = arms.arm
),

placed AS (
    SELECT
        grp,
        test,
        deals,
        ripe,
        won,
        undated,
        won_without_amount,
        revenue,
        is_arm,
        CASE
            WHEN is_arm AND written_arms > 0 THEN is_written_control
            WHEN is_arm THEN row_number() OVER (PARTITION BY test, is_arm ORDER BY deals DESC, arm) = 1
            ELSE FALSE
        END AS is_control,
        CASE WHEN written_arms > 0 THEN written_arms ELSE count(*) OVER (PARTITION BY test, is_arm) END AS arms,
        sum(deals) OVER (PARTITION BY test, is_arm) AS all_deals,
        CASE
            WHEN NOT is_arm THEN NULL
            WHEN written_arms > 0 THEN coalesce(written_share, 1.0 / written_arms)
            ELSE 1.0 / count(*) OVER (PARTITION BY test, is_arm)
        END AS planned_share
    FROM named
),

split AS (
    SELECT
        grp,
        test,
        deals,
        ripe,
        won,
        undated,
        won_without_amount,
        revenue,
        is_arm,
        is_control,
        all_deals,
        planned_share,
        CASE WHEN is_arm AND arms > 1 THEN arms - 1 END AS df,
        -- an arm that got no deal at all has no row, and yet was to get its share
        sum(power(deals - all_deals * planned_share, 2.0) / (all_deals * planned_share)) OVER (PARTITION BY test, is_arm)
        + all_deals * greatest(1.0 - sum(planned_share) OVER (PARTITION BY test, is_arm), 0.0) AS chi,
        max(CASE WHEN is_control THEN ripe END) OVER (PARTITION BY test) AS control_ripe,
        max(CASE WHEN is_control THEN won END) OVER (PARTITION BY test) AS control_won,
        max(CASE WHEN is_control THEN undated END) OVER (PARTITION BY test) AS control_undated
    FROM placed
),

-- each comparison twice: undated wins all out of time in the arm and all in time in the control, and the reverse
ends AS (
    SELECT
        grp,
        test,
        deals,
        ripe,
        won,
        undated,
        won_without_amount,
        revenue,
        is_arm,
        is_control,
        all_deals,
        planned_share,
        chi_squared_p(chi, df) AS split_p,
        control_ripe,
        is_arm AND NOT is_control AND control_ripe > 0 AND ripe > 0 AND losses.any_lost AS is_compared,
        unnest(make_array(0, 1)) AS most,
        unnest(make_array(won, won + undated)) AS arm_won,
        unnest(make_array(control_won + control_undated, control_won)) AS control_won
    FROM split
    CROSS JOIN losses
),

rates AS (
    SELECT
        grp,
        named_struct(
            'deals', deals,
            'ripe', ripe,
            'won', won,
            'undated', undated,
            'won_without_amount', won_without_amount,
            'revenue', revenue,
            'is_arm', is_arm,
            'is_control', is_control,
            'has_control', control_ripe IS NOT NULL,
            'all_deals', all_deals,
            'planned_share', planned_share,
            'split_p', split_p
        ) AS figures,
        most,
        is_compared,
        (ripe + control_ripe)::double AS n,
        CASE WHEN is_compared THEN arm_won::double / ripe END AS rate,
        CASE WHEN is_compared THEN wilson_low(arm_won, ripe) END AS low,
        CASE WHEN is_compared THEN wilson_high(arm_won, ripe) END AS high,
        CASE WHEN is_compared THEN control_won::double / control_ripe END AS control_rate,
        CASE WHEN is_compared THEN wilson_low(control_won, control_ripe) END AS control_low,
        CASE WHEN is_compared THEN wilson_high(control_won, control_ripe) END AS control_high,
        CASE WHEN is_compared THEN (arm_won + control_won)::double / (ripe + control_ripe) END AS pooled,
        CASE WHEN is_compared THEN 1.0 / ripe + 1.0 / control_ripe END AS inverse,
        least(ripe, control_ripe)::double AS smaller
    FROM ends
),

compared AS (
    SELECT
        grp,
        figures,
        most,
        rate - control_rate AS difference,
        rate - control_rate - sqrt(power(rate - low, 2.0) + power(control_high - control_rate, 2.0)) AS difference_low,
        rate - control_rate + sqrt(power(high - rate, 2.0) + power(control_rate - control_low, 2.0)) AS difference_high,
        -- where less than one win or loss is to be expected the test says nothing
        CASE
            WHEN smaller * least(pooled, 1.0 - pooled) >= 1.0
                THEN chi_squared_p(
                    power(rate - control_rate, 2.0) / (pooled * (1.0 - pooled) * inverse) * (n - 1.0) / n,
                    1
                )
        END AS p
    FROM rates
),

ranked AS (
    SELECT
        grp,
        figures,
        most,
        difference,
        difference_low,
        difference_high,
        p,
        p IS NOT NULL AS is_tested,
        p * count(p) OVER (PARTITION BY most) / row_number() OVER in_order AS scaled,
        row_number() OVER in_order AS place
    FROM compared
    WINDOW in_order AS (PARTITION BY most, p IS NOT NULL ORDER BY p, grp)
),

adjusted AS (
    SELECT
        grp,
        figures,
        most,
        difference,
        difference_low,
        difference_high,
        p,
        CASE
            WHEN is_tested THEN least(
                min(scaled) OVER (
                    PARTITION BY most, is_tested
                    ORDER BY place DESC
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ),
                1.0
            )
        END AS p_adjusted
    FROM ranked
),

judged AS (
    SELECT
        grp,
        figures,
        most,
        difference,
        difference_low,
        difference_high,
        p,
        p_adjusted,
        CASE
            WHEN NOT figures['is_arm'] THEN 'not_in_test'
            WHEN NOT figures['has_control'] THEN 'no_control'
            WHEN figures['split_p'] < 0.001 THEN 'srm'
            WHEN figures['is_control'] THEN 'control'
            WHEN p_adjusted IS NULL THEN 'too_few'
            WHEN p_adjusted <= 0.05 AND difference_low > 0.0 THEN 'better'
            WHEN p_adjusted <= 0.05 AND difference_high < 0.0 THEN 'worse'
            ELSE 'no_evidence'
        END AS verdict
    FROM adjusted
),

told AS (
    SELECT
        grp,
        max(CASE WHEN most = 0 THEN figures END) AS figures,
        min(difference) AS least,
        max(difference) AS most,
        min(difference_low) AS difference_low,
        max(difference_high) AS difference_high,
        max(p) AS p,
        max(p_adjusted) AS p_adjusted,
        CASE WHEN min(verdict) = max(verdict) THEN min(verdict) ELSE 'undated' END AS verdict
    FROM judged
    GROUP BY grp
)

SELECT
    grp,
    figures['deals'] AS deals,
    figures['planned_share'] AS planned_share,
    CASE WHEN figures['is_arm'] THEN figures['deals']::double / figures['all_deals'] END AS split_share,
    figures['split_p'] AS split_p,
    figures['ripe'] AS ripe,
    figures['won'] AS won,
    figures['undated'] AS undated,
    CASE WHEN losses.any_lost AND figures['undated'] = 0 THEN figures['won']::double / nullif(figures['ripe'], 0) END AS win_rate,
    CASE WHEN losses.any_lost THEN wilson_low(figures['won'], figures['ripe']) END AS win_rate_low,
    CASE WHEN losses.any_lost THEN wilson_high(figures['won'] + figures['undated'], figures['ripe']) END AS win_rate_high,
    CASE WHEN least = most THEN least END AS difference,
    difference_low,
    difference_high,
    p,
    p_adjusted,
    CASE
        WHEN losses.any_lost AND figures['won_without_amount'] + figures['undated'] = 0
            THEN coalesce(figures['revenue'], 0) / nullif(figures['ripe'], 0)
    END AS revenue_per_deal,
    figures['won_without_amount'] AS won_without_amount,
    CASE WHEN NOT losses.any_lost AND verdict <> 'not_in_test' THEN 'no_losses' ELSE verdict END AS verdict
FROM told
CROSS JOIN losses
ORDER BY grp
