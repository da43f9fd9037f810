/*
title = { ru = "Скорость первого ответа", en = "First response" }
grain = "one row for all leads of the group"
needs = ["deals.created_at", "journeys.response_at"]
dimensions = ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest", "extra"]

about.ru = """
От создания лида (за период) до первого исходящего звонка, письма, SMS или сообщения, в минутах: рабочих, если так велит регламент, иначе
календарных. Медиана и 90-й перцентиль по Каплану — Мейеру: лид без ответа цензурирован на дату отчёта или закрытия. В срок: ответ
не позже SLA. Доля — от лидов, о которых уже можно судить: отвеченных и тех, что ждали дольше SLA. Не в счёт: свежие без ответа, закрытые
без ответа как негодные, закрытые без ответа в неизвестный день."""
about.en = """
From the creation of a lead (within the period) to the first outgoing call, letter, SMS or message, in minutes: working ones if the regulation
says so, else calendar ones. Median and 90th percentile by Kaplan–Meier: an unanswered lead is censored at the as-of date or its
closing. In time: answered within the SLA. The share is of leads that can be judged: answered, or kept waiting longer than
the SLA. It leaves out the fresh unanswered ones, those closed unanswered as invalid, and those closed unanswered on an unknown day."""

columns = [
  { name = "leads", unit = "count", title = { ru = "Лиды", en = "Leads" } },
  { name = "answered", unit = "count", title = { ru = "С ответом", en = "Answered" } },
  { name = "unanswered", unit = "count", title = { ru = "Без ответа", en = "Not answered" } },
  { name = "median_minutes", unit = "minutes", title = { ru = "Медиана, мин", en = "Median, min" } },
  { name = "p90_minutes", unit = "minutes", title = { ru = "90 %, мин", en = "90th percentile, min" } },
  { name = "judged", unit = "count", title = { ru = "Можно судить", en = "Judged" } },
  { name = "within_sla", unit = "count", title = { ru = "В срок", en = "Within SLA" } },
  { name = "sla_share", unit = "share", title = { ru = "Доля в срок", en = "Share within SLA" } },
  { name = "sla_share_low", unit = "share", title = { ru = "от", en = "low" } },
  { name = "sla_share_high", unit = "share", title = { ru = "до", en = "high" } },
]
*/
WITH leads AS (
    SELECT
        scope.grp,
        scope.created_at,
        scope.response_at IS NOT NULL AS is_answered,
        coalesce(lost_reasons.invalid AND scope.status = 'lost', FALSE) AS is_invalid,
        -- closed on an unknown day: how long it waited is unknown too
        coalesce(
            scope.response_at,
            scope.closed_at,
            CASE WHEN coalesce(scope.status, 'open') NOT IN ('won', 'lost') THEN $as_of END
        ) AS until
    FROM scope
    LEFT JOIN lost_reasons ON scope.lost_reason = lost_reasons.reason
    WHERE scope.created_at >= $from AND scope.created_at < $to
),

waits AS (
    SELECT
        leads.grp,
        leads.is_answered,
        leads.is_invalid,
        rules.response_sla_minutes AS sla,
        greatest(
            CASE
                WHEN rules.response_working THEN working_minutes(leads.created_at, leads.until)
                ELSE minutes_between(leads.created_at, leads.until)
            END,
            0.0
        ) AS minutes
    FROM leads
    CROSS JOIN rules
),

counted AS (
    SELECT
        grp,
        count(*) AS leads,
        count(*) FILTER (WHERE is_answered) AS answered,
        km_quantile(minutes, is_answered, 0.5) FILTER (WHERE minutes IS NOT NULL) AS median_minutes,
        km_quantile(minutes, is_answered, 0.9) FILTER (WHERE minutes IS NOT NULL) AS p90_minutes,
        count(*) FILTER (WHERE is_answered OR (NOT is_invalid AND minutes > sla)) AS judged,
        count(*) FILTER (WHERE is_answered AND minutes <= sla) AS within_sla
    FROM waits
    GROUP BY grp
)

SELECT
    grp,
    leads,
    answered,
    leads - answered AS unanswered,
    median_minutes,
    p90_minutes,
    judged,
    within_sla,
    within_sla::double / nullif(judged, 0) AS sla_share,
    wilson_low(within_sla, judged) AS sla_share_low,
    wilson_high(within_sla, judged) AS sla_share_high
FROM counted
ORDER BY grp
