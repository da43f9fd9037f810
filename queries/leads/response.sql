/*
title = { ru = "Скорость первого ответа", en = "First response" }
undated.ru = "без ответа и закрытые неизвестно когда не судятся"
undated.en = "those unanswered and closed nobody knows when are not judged"
grain = "one row for all leads of the group"
needs = ["deals.created_at", "journeys.response_at"]
dimensions = "deals"

about.ru = """
От создания лида (за период) до первого исходящего звонка, письма, SMS или сообщения, в минутах: рабочих, если так велит регламент, иначе
календарных. Медиана и 90-й перцентиль по Каплану — Мейеру: лид без ответа цензурирован на дату отчёта или закрытия. В срок: ответ
не позже SLA. Доля — от лидов, о которых уже можно судить: отвеченных и тех, что ждали дольше SLA. Не в счёт: свежие без ответа, закрытые
без ответа как негодные, закрытые без ответа в неизвестный день. Не известно: лиды, созданные до первого загруженного ответа их менеджера
и филиала либо позже последнего, и лиды, о которых известны дни, но не время; в медианы они не входят. «Не менее» и «не более» — доля, не получи
в срок ответа ни один из них или получи все; где они расходятся больше чем на 0,5 п. п., сама доля пуста. Не известно ничего — пусто и «Без ответа»."""
about.en = """
From the creation of a lead (within the period) to the first outgoing call, letter, SMS or message, in minutes: working ones if the regulation
says so, else calendar ones. Median and 90th percentile by Kaplan–Meier: an unanswered lead is censored at the as-of date or its
closing. In time: answered within the SLA. The share is of leads that can be judged: answered, or kept waiting longer than
the SLA. It leaves out the fresh unanswered ones, those closed unanswered as invalid, and those closed unanswered on an unknown day.
Unknown: leads created before the first loaded answer of their manager and branch, or after the last, and leads of which days are known
and no times; they count in no median. "At least" and "at most" are the share were none or all of them answered in time; where these differ by
more than 0.5 points, the share itself is empty. Where all are unknown, "not answered" is empty too."""

columns = [
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "answered", unit = "count", title = { ru = "С ответом", en = "Answered" } },
  { name = "unanswered", unit = "count", title = { ru = "Без ответа", en = "Not answered" } },
  { name = "unknown", unit = "count", title = { ru = "Не известно", en = "Unknown" } },
  { name = "median_minutes", unit = "minutes", title = { ru = "Медиана, мин", en = "Median, min" } },
  { name = "p90_minutes", unit = "minutes", title = { ru = "90 %, мин", en = "90th percentile, min" } },
  { name = "judged", unit = "count", title = { ru = "Можно судить", en = "Judged" } },
  { name = "late", unit = "count", title = { ru = "Не в срок", en = "Not within SLA" } },
  { name = "within_sla", unit = "count", title = { ru = "В срок", en = "Within SLA" } },
  { name = "sla_share", unit = "share", of = "judged", interval = true, ends = true, unknown = "unknown", list = "late", at_stake = "late_open_amount", title = { ru = "Доля в срок", en = "Share within SLA" } },
  { name = "late_open_amount", unit = "money", title = { ru = "Открытые без ответа в срок", en = "Open, not answered in time" } },
]
*/
WITH leads AS (
    SELECT
        scope.grp,
        scope.created_at,
        scope.response_at,
        scope.is_open,
        scope.amount,
        scope.response_at IS NOT NULL AS is_answered,
        coalesce(lost_reasons.invalid AND scope.status = 'lost', FALSE) AS is_invalid,
        -- answers of its manager and branch are loaded from before it came
        coalesce(scope.created_at >= known_from('answer', scope.manager, scope.branch), FALSE) AS is_known,
        known_until('answer', scope.manager, scope.branch) AS known_until,
        -- closed on an unknown day: how long it waited is unknown too
        coalesce(scope.response_at, scope.closed_at, CASE WHEN scope.is_open THEN $as_of END) AS until
    FROM scope
    LEFT JOIN lost_reasons ON scope.lost_reason = lost_reasons.reason
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

-- an unanswered lead is seen waiting for as long as answers are loaded; an instant that says a day may be any moment of it
seen AS (
    SELECT
        grp,
        is_open,
        amount,
        is_answered,
        is_invalid,
        is_known AND (is_answered OR created_at < known_until) AS is_known,
        ends_at(created_at) = created_at AND ends_at(response_at) IS NOT DISTINCT FROM response_at AS is_timed,
        created_at,
        until AS waits_until,
        CASE WHEN is_answered THEN until ELSE least(until, known_until) END AS until
    FROM leads
),

waits AS (
    SELECT
        seen.grp,
        seen.is_open,
        seen.amount,
        seen.is_answered,
        seen.is_invalid,
        seen.is_known,
        seen.is_timed,
        rules.response_sla_minutes AS sla,
        -- whoever might have answered: the time allowed is not over
        NOT seen.is_answered
        AND coalesce(
            CASE
                WHEN rules.response_working THEN working_minutes(seen.created_at, seen.waits_until)
                ELSE minutes_between(seen.created_at, seen.waits_until)
            END <= rules.response_sla_minutes,
            FALSE
        ) AS is_fresh,
        CASE
            WHEN seen.until < ends_at(seen.created_at) THEN 0.0
            WHEN rules.response_working THEN working_minutes(ends_at(seen.created_at), seen.until)
            ELSE minutes_between(ends_at(seen.created_at), seen.until)
        END AS least_minutes,
        CASE
            WHEN ends_at(seen.until) < seen.created_at THEN 0.0
            WHEN rules.response_working THEN working_minutes(seen.created_at, ends_at(seen.until))
            ELSE minutes_between(seen.created_at, ends_at(seen.until))
        END AS most_minutes
    FROM seen
    CROSS JOIN rules
),

judged AS (
    SELECT
        grp,
        is_open,
        amount,
        is_answered,
        least_minutes AS minutes,
        is_known,
        is_known AND is_timed AND least_minutes IS NOT NULL AS is_timed,
        is_fresh,
        CASE
            WHEN NOT is_known OR (NOT is_answered AND is_invalid) THEN NULL
            WHEN least_minutes > sla THEN FALSE
            WHEN is_answered AND most_minutes <= sla THEN TRUE
        END AS in_time,
        is_known AND is_answered AND NOT (least_minutes > sla OR most_minutes <= sla) AS is_of_some_day
    FROM waits
),

counted AS (
    SELECT
        grp,
        count(*) AS leads,
        count(*) FILTER (WHERE is_answered) AS answered,
        -- where answers of none of its leads are loaded, nobody knows of one that was not answered
        CASE
            WHEN bool_or(is_known) OR bool_and(is_answered) THEN count(*) FILTER (WHERE is_known AND NOT is_answered)
        END AS unanswered,
        count(*) FILTER (WHERE (NOT is_known AND NOT is_fresh) OR is_of_some_day) AS unknown,
        km_quantile(minutes, is_answered, 0.5) FILTER (WHERE is_timed) AS median_minutes,
        km_quantile(minutes, is_answered, 0.9) FILTER (WHERE is_timed) AS p90_minutes,
        count(in_time) AS judged,
        count(*) FILTER (WHERE NOT in_time) AS late,
        count(*) FILTER (WHERE in_time) AS within_sla,
        count(*) FILTER (WHERE NOT in_time AND is_open) AS late_open,
        sum(amount) FILTER (WHERE NOT in_time AND is_open) AS late_open_amount
    FROM judged
    GROUP BY grp
)

SELECT
    grp,
    leads,
    answered,
    unanswered,
    unknown,
    median_minutes,
    p90_minutes,
    judged,
    late,
    within_sla,
    CASE WHEN judged > 0 AND 200 * unknown <= judged + unknown THEN (within_sla + unknown / 2.0) / (judged + unknown) END AS sla_share,
    -- those of whom it is unknown may all have been answered too late, or all in time
    CASE WHEN judged > 0 THEN wilson_low(within_sla, judged + unknown) END AS sla_share_low,
    CASE WHEN judged > 0 THEN wilson_high(within_sla + unknown, judged + unknown) END AS sla_share_high,
    CASE WHEN judged > 0 THEN within_sla::double / (judged + unknown) END AS sla_share_least,
    CASE WHEN judged > 0 THEN (within_sla + unknown)::double / (judged + unknown) END AS sla_share_most,
    -- nothing open is nothing at stake; an unknown amount is not nothing
    CASE WHEN late_open > 0 THEN late_open_amount WHEN judged > 0 THEN 0 END AS late_open_amount
FROM counted
ORDER BY grp
