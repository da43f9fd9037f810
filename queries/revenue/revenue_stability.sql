/*
title = { ru = "Ровная ли выручка", en = "Is revenue steady" }
partly.ru = "недели до первой продажи не считаются; при неделе, покрытой не до конца, не судится"
partly.en = "weeks before the first win do not count; with a week covered in part it is not judged"
grain = "one row for the group"
needs = ["deals.closed_at", "deals.status", "deals.amount"]
dimensions = "deals"
about.ru = """
По полным неделям периода (не больше последних, сколько велит регламент): средняя выручка и её коэффициент вариации (стандартное отклонение /
среднее). Он же без тренда; а если об этой группе известны хотя бы 104 полные недели — и без сезона: «Убрано» говорит, что именно. Тренд и сезон
ищутся по всем известным неделям, судят только недели периода. Рядом — какой была бы вариация, если бы сделки такого размера приходили случайно
и в среднем поровну (корень из n недель × Σ суммы² / Σ суммы): у кого 5–12 продаж в неделю, тот прыгает и без всякой причины. Нижний край
интервала — то, что остаётся без самого большого, что мог сделать случай (95 %): цель не достигнута, только если промах по этому интервалу не
случаен. Известны недели с первого выигрыша группы (лиды до него не в счёт: раньше продать было нельзя); неделя, начатая раньше него, неполна и не в счёт; дальше неделя без продаж — ноль. Ничего не продавшая группа могла продавать с
первого своего лида после первого выигрыша компании. Неделя, у всех продаж которой нет сумм, неизвестна. Вариация пуста, если среднее не больше
нуля. Последняя полная неделя против предыдущей и против той же недели год назад (на 52 недели раньше); пусто, если те недели вне данных, а
изменение — и если там не больше нуля. Выигрыши без даты, которые могли прийтись на период, не посчитаны и стоят отдельно; где такой выигрыш
мог прийтись на одну из сравниваемых недель, изменение пусто. Неделя, которую выгрузки сделок покрывают не до её последнего дня, не в счёт, и изменения
к ней нет."""
about.en = """
Over the whole weeks of the period (at most as many of the last as the regulation says): mean revenue and its coefficient of variation (standard
deviation / mean). The same with the trend removed; and the season too, where at least 104 whole weeks of the group are known: `removed` says
which. Trend and season are learnt from all known weeks, the weeks of the period alone are judged. Beside it: the variability that deals of these
sizes coming at random at an even rate would have (the root of weeks × Σ amount² / Σ amount): with 5 to 12 wins a week, weeks jump for no reason.
The lower end of the interval is what is left without the most that chance may have made (95 %): the target is missed only where by this interval
the miss is more than chance. Weeks are known from the group's first win on
(leads before it do not count: nothing could be sold yet); the week that began before it is a part of one and left out; from there a week without
sales is zero. A group that never sold could since its first lead after the company's first win. A week none of whose wins has an amount is
unknown. Variability is empty where the mean is not above zero. The last whole week against the one before and against the same week last year
(52 weeks earlier); empty where the data do not reach that far, and the change also where that week is not above zero. Wins without a date that
may have been of the period are not counted and stand apart; where one may have been of a week that is compared, there is no change. A week that the
exports of deals do not cover to its last day does not count, and has no change."""
columns = [
  { name = "weeks", unit = "count", title = { ru = "Недели", en = "Weeks" } },
  { name = "mean_weekly", unit = "money", title = { ru = "В среднем за неделю", en = "Mean week" } },
  { name = "cv_raw", unit = "ratio", title = { ru = "Вариация", en = "Variability" } },
  { name = "cv_adjusted", unit = "ratio", interval = true, title = { ru = "Вариация без тренда (и сезона, если он известен)", en = "Variability, trend removed (and season where known)" } },
  { name = "cv_chance", unit = "ratio", title = { ru = "От числа и размера сделок", en = "By number and size of deals alone" } },
  { name = "removed", unit = "text", title = { ru = "Убрано", en = "Removed" } },
  { name = "known_weeks", unit = "count", title = { ru = "Известно недель", en = "Weeks known" } },
  { name = "week", unit = "date", title = { ru = "Последняя неделя, с", en = "Last week, from" } },
  { name = "last_week", unit = "money", title = { ru = "Последняя неделя", en = "Last week" } },
  { name = "previous_week", unit = "money", title = { ru = "Предыдущая неделя", en = "Week before" } },
  { name = "change_week", unit = "share", title = { ru = "К предыдущей", en = "Change on the week" } },
  { name = "same_week_last_year", unit = "money", title = { ru = "Год назад", en = "Same week last year" } },
  { name = "change_year", unit = "share", title = { ru = "К прошлому году", en = "Change on the year" } },
  { name = "undated_won", unit = "count", title = { ru = "Выиграны без даты", en = "Won without a date" } },
  { name = "undated_revenue", unit = "money", title = { ru = "Их выручка", en = "Their revenue" } },
]
*/
-- the first whole week of each group, and the Monday of the last one of all
WITH known AS (
    SELECT
        grp,
        local_week(day + INTERVAL '6 days') AS known_week,
        local_week(least($to_day, $as_of_day)) - INTERVAL '7 days' AS last_week,
        -- the last week that the exports of deals cover whole: to its seventh day
        local_week(least($to_day, seen_days.until)) - INTERVAL '7 days' AS covered_week
    FROM begun_groups
    CROSS JOIN seen_days
),

known_weeks AS (
    SELECT grp, unnest(generate_series(known_week, covered_week, INTERVAL '7 days')) AS week
    FROM known
),

-- the last whole weeks of the period are judged, the others help to know trend and season
weeks AS (
    SELECT
        counted_back.grp,
        counted_back.week,
        CASE WHEN counted_back.week >= $from_day AND counted_back.back <= rules.variability_weeks THEN 1 ELSE 0 END AS judged
    FROM (
        SELECT grp, week, row_number() OVER (PARTITION BY grp ORDER BY week DESC) AS back
        FROM known_weeks
    ) AS counted_back
    CROSS JOIN rules
),

won AS (
    SELECT grp, local_week(won_at) AS week, sum(amount) AS revenue
    FROM scope
    WHERE status = 'won' AND won_at < $to
    GROUP BY 1, 2
),

-- a week that the data know and that had no win earned nothing; one whose wins have no amounts is unknown
filled AS (
    SELECT weeks.grp, weeks.week, weeks.judged, coalesce(won.revenue, 0) AS revenue
    FROM weeks
    LEFT JOIN won ON weeks.grp = won.grp AND weeks.week = won.week
    WHERE won.week IS NULL OR won.revenue IS NOT NULL
),

varied AS (
    SELECT
        grp,
        count(*) AS known_weeks,
        count(*) FILTER (WHERE judged = 1) AS weeks,
        sum(revenue) FILTER (WHERE judged = 1) / nullif(count(*) FILTER (WHERE judged = 1), 0) AS mean_weekly,
        -- the same bits on any number of threads, which stddev / avg is not
        cv(revenue::double) FILTER (WHERE judged = 1) AS cv_raw,
        -- Mondays are 4 days after a multiple of 7, before 1970 too: a division that leaves a rest would count week 0 twice
        detrended_cv((week::int - 4) / 7, revenue::double, judged) AS adjusted
    FROM filled
    GROUP BY grp
),

-- how the weeks would vary if deals of these sizes came at random at an even rate: the sum of a Poisson number of deals
chance AS (
    SELECT
        weeks.grp,
        count(scope.amount) AS won,
        coalesce(cv(scope.amount::double), 0.0) AS cv_amount
    FROM scope
    INNER JOIN weeks ON scope.grp = weeks.grp AND local_week(scope.won_at) = weeks.week
    WHERE weeks.judged = 1 AND scope.status = 'won' AND scope.won_at < $to
    GROUP BY weeks.grp
),

-- spread: of the cube root of chi-squared by its degrees of freedom, those of the weeks less the line of the trend (Wilson and
-- Hilferty 1931)
steadied AS (
    SELECT
        varied.grp,
        varied.weeks,
        varied.mean_weekly,
        varied.known_weeks,
        varied.adjusted['seasons'] AS seasons,
        CASE WHEN varied.mean_weekly > 0 THEN varied.cv_raw END AS cv_raw,
        CASE WHEN varied.mean_weekly > 0 THEN varied.adjusted['cv'] END AS cv_adjusted,
        CASE
            WHEN varied.mean_weekly > 0 AND chance.won > 0
                THEN sqrt(varied.weeks * (1.0 + power(chance.cv_amount, 2.0) * (chance.won - 1) / chance.won) / chance.won)
        END AS cv_chance,
        2.0 / (9.0 * greatest(varied.weeks - 2, 1)) AS spread
    FROM varied
    LEFT JOIN chance ON varied.grp = chance.grp
),

-- undated wins that may have been of one of the weeks that are compared
doubtful AS (
    SELECT
        known.grp,
        count(*) FILTER (
            WHERE unknown.earliest < known.last_week::int + 7 - 0 AND unknown.latest >= known.last_week::int - 0
        ) AS of_last,
        count(*) FILTER (
            WHERE unknown.earliest < known.last_week::int + 7 - 7 AND unknown.latest >= known.last_week::int - 7
        ) AS of_previous,
        count(*) FILTER (
            WHERE unknown.earliest < known.last_week::int + 7 - 364 AND unknown.latest >= known.last_week::int - 364
        ) AS of_year
    FROM known
    INNER JOIN (
        SELECT
            grp,
            coalesce(local_day(greatest(created_at, closed_after))::int, -1000000) AS earliest,
            coalesce(local_day(closed_by)::int, 1000000) AS latest
        FROM scope
        WHERE status = 'won' AND won_at IS NULL
    ) AS unknown ON known.grp = unknown.grp
    GROUP BY known.grp
),

-- a week before the data is unknown, and one that the exports cover in part
compared AS (
    SELECT
        known.grp,
        known.last_week AS week,
        CASE WHEN known.covered_week < known.last_week THEN NULL WHEN last_one.week IS NULL THEN 0 ELSE last_one.revenue END AS last_week,
        CASE
            WHEN known.last_week - INTERVAL '7 days' < known.known_week THEN NULL
            WHEN known.covered_week < known.last_week - INTERVAL '7 days' THEN NULL
            WHEN one_before.week IS NULL THEN 0
            ELSE one_before.revenue
        END AS previous_week,
        CASE
            WHEN known.last_week - INTERVAL '364 days' < known.known_week THEN NULL
            WHEN year_before.week IS NULL THEN 0
            ELSE year_before.revenue
        END AS same_week_last_year
    FROM known
    LEFT JOIN won AS last_one ON known.grp = last_one.grp AND known.last_week = last_one.week
    LEFT JOIN won AS one_before
        ON known.grp = one_before.grp AND known.last_week - INTERVAL '7 days' = one_before.week
    LEFT JOIN won AS year_before
        ON known.grp = year_before.grp AND known.last_week - INTERVAL '364 days' = year_before.week
)

SELECT
    steadied.grp,
    steadied.weeks,
    steadied.mean_weekly,
    steadied.cv_raw,
    steadied.cv_adjusted,
    -- what is left when the most that chance may have made, the 97.5 % of chi-squared, is taken out
    CASE
        WHEN steadied.cv_adjusted IS NOT NULL AND steadied.cv_chance IS NOT NULL
            THEN sqrt(
                greatest(
                    power(steadied.cv_adjusted, 2.0)
                    - power(steadied.cv_chance, 2.0) * power(1.0 - steadied.spread + 1.959964 * sqrt(steadied.spread), 3.0),
                    0.0
                )
            )
    END AS cv_adjusted_low,
    -- the 2.5 %; of a week or two the approximation has no sense, and at most ten times as much is said
    CASE
        WHEN steadied.cv_chance IS NOT NULL
            THEN steadied.cv_adjusted / sqrt(greatest(power(1.0 - steadied.spread - 1.959964 * sqrt(steadied.spread), 3.0), 0.01))
    END AS cv_adjusted_high,
    steadied.cv_chance,
    CASE
        WHEN steadied.cv_adjusted IS NULL THEN NULL
        WHEN steadied.seasons > 1 THEN 'trend_season'
        ELSE 'trend'
    END AS removed,
    steadied.known_weeks,
    compared.week,
    -- nothing sold is not known where an undated win may have been of the week
    CASE WHEN compared.last_week <> 0 OR coalesce(doubtful.of_last, 0) = 0 THEN compared.last_week END AS last_week,
    compared.previous_week,
    CASE
        WHEN coalesce(doubtful.of_last, 0) > 0 OR coalesce(doubtful.of_previous, 0) > 0 THEN NULL
        WHEN compared.previous_week > 0
            THEN (compared.last_week - compared.previous_week)::double / compared.previous_week::double
    END AS change_week,
    compared.same_week_last_year,
    CASE
        WHEN coalesce(doubtful.of_last, 0) > 0 OR coalesce(doubtful.of_year, 0) > 0 THEN NULL
        WHEN compared.same_week_last_year > 0
            THEN (compared.last_week - compared.same_week_last_year)::double / compared.same_week_last_year::double
    END AS change_year,
    coalesce(undated.won, 0) AS undated_won,
    CASE WHEN undated.won IS NULL THEN 0 ELSE undated.revenue END AS undated_revenue
FROM steadied
INNER JOIN compared ON steadied.grp = compared.grp
LEFT JOIN undated_wins AS undated ON steadied.grp = undated.grp
LEFT JOIN doubtful ON steadied.grp = doubtful.grp
WHERE steadied.weeks > 0
ORDER BY steadied.grp
