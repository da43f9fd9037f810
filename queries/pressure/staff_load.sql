/*
title = { ru = "Нагрузка людей", en = "Load of the staff" }
grain = "one row for the managers of the group"
needs = ["deals.manager|events.manager"]
dimensions = ["manager", "branch", "pipeline", "team", "supervisor"]

about.ru = """
Касания за период по тем, кто их сделал; спрашивают обычно по менеджеру. Человеко-день: местный день, в который у менеджера есть хотя бы
одно касание. Перегружен день, в который касаний больше, чем load_touches регламента; менеджер — если у него на дату отчёта открытых
сделок больше, чем load_open_deals. И день, и менеджер судятся целиком, хотя бы часть пришлась на другую группу. Вне часов: касания вне
рабочего расписания, из тех, о которых известно время, а не только день. Ушли: по датам ухода в таблице staff, за период. Нет нормы —
пусто, а не ноль. Касания, в которых менеджер не назван, и сделки без менеджера не в счёт: чьи они, неизвестно; сколько таких касаний —
в последнем столбце, по менеджеру сделки. Касания менеджера не загружены вовсе — пусто, а не ноль."""
about.en = """
Touches of the period by those who made them; usually asked by manager. A manager-day is a local day on which the manager made at least
one touch. A day is overloaded when it holds more touches than the regulation's load_touches; a manager, when more deals are open at the
as-of date than load_open_deals. Both are judged as a whole, even where a part fell to another group. Out of hours: touches outside the
working schedule, of those of which the time is known and not the day alone. Left: by the dates in the table staff, within the period. No
norm is empty, not zero. Touches that name no manager, and deals without one, are left out: whose they are is not known; how many such
touches there were stands in the last column, by the deal's manager. Where no touches of a manager are loaded at all: empty, not zero."""

columns = [
  { name = "managers", unit = "count", title = { ru = "Люди", en = "Managers" } },
  { name = "manager_days", unit = "count", title = { ru = "Человеко-дни", en = "Manager-days" } },
  { name = "touches", unit = "count", title = { ru = "Касания", en = "Touches" } },
  { name = "touches_per_day", unit = "ratio", title = { ru = "Касаний в день", en = "Touches per day" } },
  { name = "over_days", unit = "count", title = { ru = "Дни с перегрузкой", en = "Overloaded days" } },
  { name = "over_days_share", unit = "share", interval = true, title = { ru = "Доля дней с перегрузкой", en = "Share of overloaded days" } },
  { name = "out_of_hours", unit = "count", title = { ru = "Касания вне рабочих часов", en = "Touches out of hours" } },
  { name = "out_of_hours_share", unit = "share", interval = true, title = { ru = "Доля вне часов", en = "Share out of hours" } },
  { name = "open_deals", unit = "count", title = { ru = "Открытых сделок сейчас", en = "Open deals now" } },
  { name = "over_load_open", unit = "count", title = { ru = "Людей с перебором сделок", en = "Managers with too many deals" } },
  { name = "people_left", unit = "count", title = { ru = "Ушли", en = "Left" } },
  { name = "nobodys_touches", unit = "count", title = { ru = "Касания, в которых менеджер не назван", en = "Touches that name no manager" } },
]
*/
WITH daily AS (
    SELECT
        grp,
        manager,
        local_day(at) AS day,
        count(*) AS touches,
        count(CASE WHEN ends_at(at) = at THEN 1 END) AS timed,
        count(CASE WHEN ends_at(at) = at AND NOT in_working_hours(at) THEN 1 END) AS out_of_hours
    FROM scope_events
    WHERE is_touch AND made_by <> '' AND at >= $from AND at < $to
    GROUP BY 1, 2, 3
),

whole_days AS (
    SELECT
        grp,
        touches,
        timed,
        out_of_hours,
        sum(touches) OVER (PARTITION BY manager, day) AS touches_of_day
    FROM daily
),

worked AS (
    SELECT
        whole_days.grp,
        count(*) AS manager_days,
        sum(whole_days.touches) AS touches,
        sum(whole_days.timed) AS timed,
        sum(whole_days.out_of_hours) AS out_of_hours,
        CASE
            WHEN min(rules.load_touches) IS NOT NULL
                THEN count(CASE WHEN whole_days.touches_of_day > rules.load_touches THEN 1 END)
        END AS over_days
    FROM whole_days
    CROSS JOIN rules
    GROUP BY whole_days.grp
),

opened AS (
    SELECT
        grp,
        manager,
        -- of this branch: calls of another, or of deals without a branch, tell nothing of it
        -- of the branches in which there is work now, all
        coalesce(
            bool_and(known_from('touch', manager, branch) IS NOT NULL) FILTER (WHERE is_open AND coalesce(branch, '') <> ''),
            bool_or(known_from('touch', manager, branch) IS NOT NULL)
        ) AS is_loaded,
        count(CASE WHEN is_open THEN 1 END) AS open_deals
    FROM scope
    WHERE manager <> ''
    GROUP BY grp, manager
),

-- all who ever had a deal in the group or touched somebody for it within the period
members AS (
    SELECT grp, manager, bool_or(is_loaded) AS is_loaded, sum(open_deals) AS open_deals
    FROM (
        SELECT grp, manager, is_loaded, open_deals FROM opened
        UNION ALL
        SELECT DISTINCT grp, manager, TRUE AS is_loaded, 0 AS open_deals FROM daily
    ) AS every_manager
    GROUP BY grp, manager
),

whole_loads AS (
    SELECT grp, manager, is_loaded, open_deals, sum(open_deals) OVER (PARTITION BY manager) AS open_deals_of_manager
    FROM members
),

nobodys AS (
    SELECT grp, count(*) AS touches
    FROM scope_events
    WHERE is_touch AND coalesce(made_by, '') = '' AND at >= $from AND at < $to
    GROUP BY grp
),

active AS (
    SELECT grp, count(DISTINCT manager) AS managers
    FROM daily
    GROUP BY grp
),

held AS (
    SELECT
        whole_loads.grp,
        bool_or(whole_loads.is_loaded) AS is_loaded,
        sum(whole_loads.open_deals) AS open_deals,
        CASE
            WHEN min(rules.load_open_deals) IS NOT NULL
                THEN count(CASE WHEN whole_loads.open_deals_of_manager > rules.load_open_deals THEN 1 END)
        END AS over_load_open,
        count(CASE WHEN staff.left >= $from_day AND staff.left < least($to_day, $as_of_day) THEN 1 END) AS people_left
    FROM whole_loads
    CROSS JOIN rules
    LEFT JOIN staff ON whole_loads.manager = staff.manager
    GROUP BY whole_loads.grp
),

known AS (
    SELECT
        held.grp,
        held.open_deals,
        held.over_load_open,
        held.people_left,
        coalesce(nobodys.touches, 0) AS nobodys_touches,
        held.is_loaded AND (active.grp IS NOT NULL OR nobodys.grp IS NULL) AS is_named
    FROM held
    LEFT JOIN active ON held.grp = active.grp
    LEFT JOIN nobodys ON held.grp = nobodys.grp
)

SELECT
    held.grp,
    -- where no touches are loaded, or they name nobody, who worked is not known: that is not nobody
    CASE WHEN held.is_named THEN coalesce(active.managers, 0) END AS managers,
    CASE WHEN held.is_named THEN coalesce(worked.manager_days, 0) END AS manager_days,
    CASE WHEN held.is_named THEN coalesce(worked.touches, 0) END AS touches,
    worked.touches::double / worked.manager_days AS touches_per_day,
    worked.over_days,
    worked.over_days::double / worked.manager_days AS over_days_share,
    wilson_low(worked.over_days, worked.manager_days) AS over_days_share_low,
    wilson_high(worked.over_days, worked.manager_days) AS over_days_share_high,
    CASE WHEN held.is_named AND coalesce(worked.timed, 1) > 0 THEN coalesce(worked.out_of_hours, 0) END AS out_of_hours,
    worked.out_of_hours::double / nullif(worked.timed, 0) AS out_of_hours_share,
    wilson_low(worked.out_of_hours, worked.timed) AS out_of_hours_share_low,
    wilson_high(worked.out_of_hours, worked.timed) AS out_of_hours_share_high,
    held.open_deals,
    held.over_load_open,
    held.people_left,
    held.nobodys_touches
FROM known AS held
LEFT JOIN worked ON held.grp = worked.grp
LEFT JOIN active ON held.grp = active.grp
ORDER BY held.grp
