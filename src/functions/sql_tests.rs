//! The functions as SQL sees them.

use arrow::array::AsArray;
use arrow::util::pretty::pretty_format_batches;
use chrono::NaiveDate;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;

use super::register;
use crate::model::calendar::{Calendar, Hours};

/// Nine to six from Monday to Friday in Moscow, Women's Day of 2025 made up for on a Monday.
pub fn moscow() -> Calendar {
    let work = || vec![Hours { from: 9 * 60, to: 18 * 60 }];
    Calendar {
        zone: chrono_tz::Europe::Moscow,
        week: [work(), work(), work(), work(), work(), vec![], vec![]],
        holidays: [NaiveDate::from_ymd_opt(2025, 3, 10).unwrap()].into(),
        dates: [].into(),
    }
}

/// Ten to eight every day but Sunday, holidays as well.
fn contact_hours() -> Calendar {
    let talk = || vec![Hours { from: 10 * 60, to: 20 * 60 }];
    Calendar { week: [talk(), talk(), talk(), talk(), talk(), talk(), vec![]], holidays: [].into(), ..moscow() }
}

async fn run(query: &str) -> Result<String, String> {
    let ctx = SessionContext::new();
    register(&ctx, &moscow(), &contact_hours()).unwrap();
    let batches = ctx.sql(query).await.map_err(|e| e.to_string())?.collect().await.map_err(|e| e.to_string())?;
    // only the cells, joined by a bar
    let text = pretty_format_batches(&batches).unwrap().to_string();
    let cells =
        |line: &str| line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect::<Vec<_>>().join("|");
    Ok(text.lines().filter(|l| l.starts_with('|')).skip(1).map(cells).collect::<Vec<_>>().join("\n"))
}

async fn gives(query: &str, cells: &str) {
    assert_eq!(run(query).await.as_deref(), Ok(cells), "{query}");
}

async fn refuses(query: &str, why: &str) {
    let error = run(query).await.expect_err(query);
    assert!(error.contains(why), "{query}: {error}");
}

#[tokio::test]
async fn days_weeks_and_months_are_local() {
    gives("SELECT local_day(TIMESTAMP '2025-03-02T22:30:00Z'), local_day(DATE '2025-03-02')", "2025-03-03|2025-03-02")
        .await;
    gives(
        "SELECT local_week(TIMESTAMP '2025-03-09T20:59:59Z'), local_week(DATE '2025-03-10')",
        "2025-03-03|2025-03-10",
    )
    .await;
    gives("SELECT local_month(TIMESTAMP '2025-01-31T21:00:00Z'), local_month(NULL)", "2025-02-01|").await;
    gives("SELECT arrow_typeof(local_week(arrow_cast(0, 'Timestamp(Microsecond, Some(\"UTC\"))')))", "Date32").await;
    // midnight of Moscow, a second later, the same instant's midnight of London, a date, nothing
    let is_day = |at: &str| format!("is_day(TIMESTAMP '{at}')");
    let asked = ["2025-03-02T21:00:00Z", "2025-03-02T21:00:01Z", "2025-03-03T00:00:00Z", "1969-06-30T21:00:00Z"];
    let asked = asked.map(is_day).join(", ");
    gives(&format!("SELECT {asked}, is_day(DATE '2025-03-02'), is_day(NULL)"), "true|false|false|true|true|").await;
    refuses("SELECT local_day(5)", "local_day: cannot be called with (Int64); it takes (a timestamp or a date)").await;
}

#[tokio::test]
async fn a_midnight_may_be_any_moment_of_its_day() {
    let of = "ends_at(TIMESTAMP '2025-03-02T21:00:00Z'), ends_at(TIMESTAMP '2025-03-02T21:00:01Z')";
    gives(&format!("SELECT {of}"), "2025-03-03T20:59:59.999999Z|2025-03-02T21:00:01Z").await;
    gives("SELECT ends_at(DATE '2025-03-03'), ends_at(NULL)", "2025-03-03T20:59:59.999999Z|").await;
    refuses("SELECT ends_at(5)", "ends_at: cannot be called with (Int64); it takes (a timestamp or a date)").await;
}

#[tokio::test]
async fn minutes_are_of_the_clock_or_of_work() {
    let (from, to) = ("TIMESTAMP '2025-03-07T14:00:00Z'", "TIMESTAMP '2025-03-11T06:30:00Z'");
    // Friday 17:00 to Tuesday 9:30 over a Monday off: an hour and a half
    gives(&format!("SELECT minutes_between({from}, {to}), working_minutes({from}, {to})"), "5310.0|90.0").await;
    gives(&format!("SELECT minutes_between({to}, {from}), working_minutes({to}, {from})"), "-5310.0|0.0").await;
    gives(&format!("SELECT working_minutes({from}, NULL), minutes_between(DATE '2025-03-07', {from})"), "|1020.0")
        .await;
    gives("SELECT working_minutes(DATE '2025-03-03', DATE '2025-03-05')", "1080.0").await;
    // nine hours of Monday, and one of Tuesday
    gives("SELECT working_due(DATE '2025-03-03', 600), working_due(NULL, 1)", "2025-03-04T07:00:00Z|").await;
    // beyond the calendar, and what is no number of minutes
    let due = |minutes: &str| format!("working_due(TIMESTAMP '2011-12-01T10:00:00Z', {minutes})");
    let beyond = ["1e9", "1e15", "1e18", "1e300", "'NaN'::double", "'inf'::double", "-1"].map(due).join(", ");
    gives(&format!("SELECT {beyond}"), "||||||").await;
    gives(&format!("SELECT {}", due("0")), "2011-12-01T10:00:00Z").await;
    // weeks before 1970 have as many working hours as others: Monday to Monday
    gives(
        "SELECT working_minutes(DATE '1969-12-29', DATE '1970-01-05'), local_week(DATE '1969-12-31')",
        "2700.0|1969-12-29",
    )
    .await;
    gives(
        "SELECT working_minutes(DATE '0001-01-01', DATE '2025-01-01'), local_month(DATE '0001-01-31')",
        "|0001-01-01",
    )
    .await;
}

#[tokio::test]
async fn how_likely_chance_is() {
    gives("SELECT round(chi_squared_p(3.841459, 1), 6), round(chi_squared_p(10, 2), 6)", "0.05|0.006738").await;
    gives("SELECT chi_squared_p(0, 3), chi_squared_p(NULL, 1), chi_squared_p(1, NULL)", "1.0||").await;
    refuses("SELECT chi_squared_p(-1, 1)", "chi_squared_p: statistic is -1; it must be a finite number from 0 up")
        .await;
    refuses("SELECT chi_squared_p(1, 0)", "chi_squared_p: df is 0; it must be a whole number from 1 to 1000000").await;
}

#[tokio::test]
async fn hours_of_work_and_of_contact_are_two_things() {
    let both = |at: &str| format!("SELECT in_working_hours(TIMESTAMP '{at}'), in_contact_hours(TIMESTAMP '{at}')");
    // 9:00, 17:59:59 and 18:00 on a Friday in Moscow, then Saturday noon, the Monday off, Sunday
    gives(&both("2025-03-07T06:00:00Z"), "true|false").await;
    gives(&both("2025-03-07T14:59:59Z"), "true|true").await;
    gives(&both("2025-03-07T15:00:00Z"), "false|true").await;
    gives(&both("2025-03-08T09:00:00Z"), "false|true").await;
    gives(&both("2025-03-10T09:00:00Z"), "false|true").await;
    gives(&both("2025-03-09T09:00:00Z"), "false|false").await;
    // that Friday from ten to eight, the Monday off likewise; Sunday
    let minutes = |day: u32| format!("SELECT contact_minutes(DATE '2025-03-0{day}', DATE '2025-03-{:02}')", day + 1);
    gives(&minutes(7), "600.0").await;
    gives(&minutes(9), "0.0").await;
    gives("SELECT in_working_hours(NULL), in_contact_hours(arrow_cast(NULL, 'Timestamp(Second, None)'))", "|").await;
    refuses("SELECT in_contact_hours(DATE '2025-03-07')", "cannot be called with (Date32); it takes (a timestamp)")
        .await;
}

#[tokio::test]
async fn a_seed_and_a_key_make_a_number() {
    gives(
        "SELECT seeded(7, 'deal-1'), seeded(7, 'deal-1') = seeded(arrow_cast(7, 'Int32'), 'deal-1')",
        "0.6597181605362707|true",
    )
    .await;
    gives("SELECT seeded(NULL, 'deal-1'), seeded(7, NULL)", "|").await;
    refuses("SELECT seeded(7.5, 'deal-1')", "seeded: cannot be called with (Float64, Utf8)").await;
}

#[tokio::test]
async fn a_change_is_split_into_its_factors() {
    gives("SELECT product_change([100, 0.1, 50], [120, 0.1, 40])", "[90.0, 0.0, -110.0]").await;
    gives("SELECT product_change([2::DECIMAL(9,2), 3], arrow_cast([4.0, 5.0], 'LargeList(Float64)'))", "[8.0, 6.0]")
        .await;
    gives("SELECT product_change(NULL, [1]), product_change([1, NULL], [2, 3])", "|").await;
    let many = ["1"; 9].join(", ");
    refuses("SELECT product_change([1, 2], [1])", "product_change: lists of 2 and 1 factors; both must have the same")
        .await;
    refuses(&format!("SELECT product_change([{many}], [{many}])"), "at most 8").await;
    refuses(
        "SELECT product_change(['NaN'::DOUBLE], [1])",
        "product_change: a factor is NaN; it must be a finite number",
    )
    .await;
    refuses("SELECT product_change([1], 2)", "cannot be called with (List(").await;
}

#[tokio::test]
async fn wilson_takes_any_numbers() {
    let wilson = "SELECT round(wilson_low(3, 10), 6), round(wilson_high(3::DECIMAL(18,4), 10.0), 6)";
    gives(wilson, "0.107791|0.603222").await;
    gives("SELECT wilson_low(0, 0), wilson_high(NULL, 5)", "|").await;
    refuses("SELECT wilson_low(7, 5)", "wilson_low: k is 7 of 5; it must be from 0 to n").await;
}

const DEALS: &str = "(VALUES ('a', 1, 1, true), ('a', 2, 0, false), ('a', 3, 2, false), ('a', 40, 0, true),
    ('b', 5, 1, true), ('b', NULL, 1, true)) AS deals(grp, days, outcome, won)";

#[tokio::test]
async fn curves_group_by_group() {
    // a: 1/4 at day 1, then 3/4 · 0 at day 3; b: all of one
    let of = "round(cuminc(days, outcome, 30)['estimate'], 4), cuminc(days, outcome, 30)['n']";
    gives(&format!("SELECT grp, {of} FROM {DEALS} GROUP BY grp ORDER BY grp"), "a|0.25|4\nb|1.0|1").await;
    let of = "km_quantile(days, won, 0.5), km_at(days, won, 3)['estimate'], km_at(days, won, 90)['at_least']";
    gives(&format!("SELECT grp, {of} FROM {DEALS} GROUP BY grp ORDER BY grp"), "a|40.0|0.25|1.0\nb|5.0|0.0|1.0").await;
    // a: a quarter is won by day 1, 0.375 are open at the end and will end as 0.625 did: 0.4 will be won, 0.625 of them by day 1
    let of = "event_time(days, outcome, 0.5)['estimate'], event_time(days, outcome, 0.5)['events']";
    gives(&format!("SELECT grp, {of} FROM {DEALS} GROUP BY grp ORDER BY grp"), "a|1.0|1\nb|5.0|1").await;
    // too young to know: no estimate, but a floor
    let of = "cuminc(days, outcome, 90)['estimate'], cuminc(days, outcome, 90)['at_least']";
    gives(&format!("SELECT {of} FROM {DEALS} WHERE grp = 'a'"), "|0.25").await;
    gives(&format!("SELECT cuminc(days, outcome, 90)['n'] FROM {DEALS} WHERE grp = 'c'"), "0").await;
    // several horizons from one reading are as each alone
    for (place, horizon) in [2, 90, 3].into_iter().enumerate() {
        let at = format!("cuminc_at(days, outcome, make_array(2, 90, 3))[{}]", place + 1);
        let alone = format!("{at} IS NOT DISTINCT FROM cuminc(days, outcome, {horizon})");
        gives(&format!("SELECT grp, {alone} FROM {DEALS} GROUP BY grp ORDER BY grp"), "a|true\nb|true").await;
    }
    gives(&format!("SELECT cuminc_at(days, outcome, make_array(2, 3))[1]['n'] FROM {DEALS} WHERE grp = 'c'"), "").await;
}

#[tokio::test]
async fn stays_that_are_known_in_part_have_the_quantiles_of_each_bound() {
    // group 0 is known, the others in part: a length, its bounds, or whether it ended
    let rows = "(SELECT i % 4 AS grp, i * 37 % 101 / 4.0 AS took, CASE WHEN i % 3 > 0 THEN i % 3 = 1 END AS gone, i
        FROM (SELECT unnest(range(2000)) AS i)) AS rows";
    let rows = format!(
        "(SELECT grp, CASE WHEN grp = 1 AND i % 5 = 0 THEN NULL ELSE took END AS took,
            CASE WHEN grp = 2 AND i % 7 = 0 THEN took / 3 WHEN grp = 1 AND i % 10 = 0 THEN 0.0 ELSE took END AS shortest,
            CASE WHEN grp = 2 AND i % 9 = 0 THEN took * 3 WHEN grp = 1 AND i % 5 = 0 THEN NULL ELSE took END AS longest,
            took / 5 + i % 2 AS working, CASE WHEN grp = 3 THEN gone ELSE coalesce(gone, true) END AS gone FROM {rows}) AS stays"
    );
    let same = [
        ("median", "took, gone, 0.5"),
        ("p90", "took, gone, 0.9"),
        ("median_low", "shortest, coalesce(gone, true), 0.5"),
        ("median_high", "longest, coalesce(gone, false), 0.5"),
        ("working_median", "working, gone, 0.5"),
        ("working_p90", "working, gone, 0.9"),
    ];
    for (field, of) in same {
        let both = format!(
            "stay_quantiles(took, shortest, longest, working, gone)['{field}'] AS one, km_quantile({of}) AS other"
        );
        let all =
            format!("SELECT grp, one = other FROM (SELECT grp, {both} FROM {rows} GROUP BY grp) AS both ORDER BY grp");
        gives(&all, "0|true\n1|true\n2|true\n3|true").await;
    }
    let none = "stay_quantiles(took, shortest, longest, working, gone)['median']";
    gives(&format!("SELECT {none} FROM {rows} WHERE grp > 9"), "").await;
}

#[tokio::test]
async fn lines_and_series() {
    let pairs = "(VALUES (1, 2.5::DECIMAL(18,4)), (2, 4.5), (3, 6.4), (4, NULL)) AS pairs(x, y)";
    let of = "ols_slope(y, x)";
    gives(
        &format!("SELECT round({of}['slope'], 6), {of}['n'], {of}['low'] < {of}['high'] FROM {pairs}"),
        "1.95|3|true",
    )
    .await;
    gives(&format!("SELECT {of}['slope'], {of}['low'], {of}['n'] FROM {pairs} WHERE x < 3"), "2.0||2").await;
    let of = "poisson_slope(number, ln(spend))";
    let weeks = "(VALUES (100, 4), (200, 8), (400, 16), (800, NULL)) AS weeks(spend, number)";
    gives(&format!("SELECT round({of}['slope'], 6), {of}['n'], round({of}['low'], 4) FROM {weeks}"), "1.0|3|-3.7558")
        .await;
    gives(&format!("SELECT {of}['slope'], {of}['n'] FROM {weeks} WHERE spend = 100"), "|1").await;
    refuses(
        &format!("SELECT poisson_slope(-number, spend) FROM {weeks}"),
        "poisson_slope: number is -4; it must be 0 or more",
    )
    .await;
    gives(&format!("SELECT round(cv(y), 6), cv(y) FILTER (WHERE x = 1) FROM {pairs}"), "0.436615|").await;
    let of = |judged: &str| format!("detrended_cv(x, y, {judged})");
    let (all, last) = (of("true"), of("x = 3"));
    gives(&format!("SELECT round({all}['cv'], 6), {all}['n'], {all}['seasons'] FROM {pairs}"), "0.00914|3|1").await;
    gives(&format!("SELECT round({last}['cv'], 6), {last}['n'] FROM {pairs}"), "0.006379|3").await;
    refuses(&format!("SELECT detrended_cv(x / 3, y, true) FROM {pairs}"), "detrended_cv: week 0 has two values").await;
    let twice = "SELECT net_lift(day, 1, 0) FROM (VALUES (1), (2), (5), (5)) AS t(day)";
    refuses(twice, "net_lift: day 5 has two values; sum by day first").await;
    refuses(&format!("SELECT detrended_cv(x / 3.0, y, true) FROM {pairs}"), "week_index is 0.3333").await;
    // 10 a day for four weeks, then a week of 15 a day and three days of 9: 35 more, and 3 less
    let days = "(SELECT i, CASE WHEN i < 28 THEN 10 WHEN i < 35 THEN 15 ELSE 9 END AS x,
        CASE WHEN i < 28 THEN 0 WHEN i < 35 THEN 2 ELSE 3 END AS part FROM (SELECT unnest(range(38)) AS i)) AS days";
    let of = "net_lift(i, x, part)";
    gives(
        &format!(
            "SELECT {of}['before'], round({of}['during'], 6), round({of}['after'], 6), {of}['ordinary'] FROM {days}"
        ),
        "0.0|70.0|30.0|28",
    )
    .await;
    gives(&format!("SELECT round({of}['net'], 6) FROM {days}"), "32.0").await;
    gives(&format!("SELECT {of}['net'], {of}['ordinary'] FROM {days} WHERE i >= 28"), "|0").await;
    refuses(&format!("SELECT net_lift(i, x, part + 2) FROM {days}"), "net_lift: part is 4; it must be 0 (an").await;
    refuses("SELECT cv('NaN'::DOUBLE)", "cv: x is NaN; it must be a finite number").await;
}

#[tokio::test]
async fn rates_of_groups() {
    // 2 of 10 and 9 of 30, where all cases are half and half: (0.2 + 0.3) / 2
    let cells = "(VALUES (50, 2, 10), (50, 9, 30), (NULL, 1, 5)) AS cells(w, k, n)";
    let of = "standardised(w, k, n)";
    gives(&format!("SELECT {of}['rate'], round({of}['low'], 6), {of}['cells'] FROM {cells}"), "0.25|0.101378|2").await;
    refuses(
        &format!("SELECT standardised(w, n, k) FROM {cells}"),
        "standardised: k is 10 of 2; it must be from 0 to n",
    )
    .await;
    refuses("SELECT standardised(1, 0, 0)", "n is 0; it must be above 0").await;
    let of = "beta_binomial(k, n)";
    let rates = "(VALUES (1, 100), (40, 100), (15, 90), (NULL, 5)) AS rates(k, n)";
    gives(
        &format!("SELECT {of}['alpha'] > 0.5, {of}['beta'] > {of}['alpha'], {of}['groups'] FROM {rates}"),
        "true|true|3",
    )
    .await;
    gives(&format!("SELECT {of}['alpha'] FROM {rates} WHERE k > 20"), "").await;
    refuses("SELECT beta_binomial(1.5, 2)", "beta_binomial: k is 1.5 of 2; it must be whole").await;
    // Beta(1, 1) is any share alike
    gives("SELECT round(beta_low(1, 1), 12), round(beta_high(1, 1), 12), beta_low(NULL, 1)", "0.025|0.975|").await;
    refuses("SELECT beta_low(0, 1)", "beta_low: a is 0 with b 1; it must be above 0, as b").await;
}

#[tokio::test]
async fn a_funnel_in_its_window() {
    let events =
        "(VALUES ('a', TIMESTAMP '2025-03-03T09:00:00Z', 'new'), ('a', TIMESTAMP '2025-03-03T09:30:00Z', 'call'),
        ('a', TIMESTAMP '2025-03-03T11:00:00Z', 'won'), ('b', TIMESTAMP '2025-03-03T09:00:00Z', 'call'),
        ('c', NULL, 'new')) AS events(deal, at, kind)";
    let conditions = "at, kind = 'new', kind = 'call', kind = 'won'";
    let of = |call: &str| format!("SELECT deal, {call} FROM {events} GROUP BY deal ORDER BY deal");
    gives(&of(&format!("window_funnel(3600, {conditions})")), "a|2\nb|0\nc|0").await;
    gives(&of(&format!("window_funnel(7200, {conditions})")), "a|3\nb|0\nc|0").await;
    gives(&of("window_funnel('strict_order', 7200, at, kind = 'new', kind = 'won')"), "a|1\nb|0\nc|0").await;
    gives(&of("window_funnel('strict_order, strict_increase', 7200, at, kind = 'new')"), "a|1\nb|0\nc|0").await;
    gives("SELECT arrow_typeof(window_funnel(1, DATE '2025-03-03', true))", "Int32").await;
    refuses(&of(&format!("window_funnel('strict', 1, {conditions})")), "mode is 'strict'; it must be strict_dedup")
        .await;
    refuses(&of(&format!("window_funnel(-1, {conditions})")), "window is -1; it must be a number of seconds").await;
    refuses(&of("window_funnel(1, at)"), "window_funnel: cannot be called with (Int64, Timestamp").await;
    let many = vec!["true"; 33].join(", ");
    refuses(&of(&format!("window_funnel(1, at, {many})")), "then 1 to 32 conditions").await;
}

#[tokio::test]
async fn clients_who_may_have_left() {
    // the paper's parameters, and the golden numbers of tests/oracles/clients
    let fit = "0.243, 4.414, 0.793, 2.426";
    let of = |client: &str| {
        format!("SELECT round(bgnbd_expected({fit}, {client}, 39), 9), round(bgnbd_alive({fit}, {client}), 9)")
    };
    gives(&of("2, 30.43, 38.86"), "1.226028175|0.72657857").await;
    gives(&of("0, 0, 38.86"), "0.195098052|1.0").await;
    gives(&of("NULL, 1, 2"), "|").await;
    gives("SELECT bgnbd_expected(NULL, 1, 1, 1, 2, 3, 4, 5), bgnbd_expected(1, 1, 1, 1, 2, 3, 4, NULL)", "|").await;
    let spending = "round(gamma_gamma_expected(6.25, 3.74, 15.44, 2, 23.725), 9)";
    let unknown = "round(gamma_gamma_expected(6.25, 3.74, 15.44, 0, NULL), 9)";
    gives(&format!("SELECT {spending}, {unknown}"), "25.791502625|35.218978102").await;
    gives("SELECT gamma_gamma_expected(1, 0.5, 1, 0, 0), gamma_gamma_expected(1, 2, 1, 3, -5)", "|").await;
    gives("SELECT gamma_gamma_expected(1, 2, 1, 3, NULL)", "").await;
}

#[tokio::test]
async fn clients_are_fitted_group_by_group() {
    let clients = "(SELECT i % 2 AS grp, i % 4 AS often, CASE WHEN i % 4 > 0 THEN 3 + i * 7 % 17 ELSE 0 END AS last,
        20 + i * 5 % 13 AS age, 10 + i * 29 % 17 AS money FROM (SELECT unnest(range(60)) AS i)) AS clients";
    let of =
        "bgnbd(often, last, age)['clients'], bgnbd(often, last, age)['r'] > 0, gamma_gamma(often, money)['clients'],
        gamma_gamma(often, money)['p'] > 0";
    // half of the even ones never came back
    gives(&format!("SELECT {of} FROM {clients} GROUP BY grp ORDER BY grp"), "30|true|15|true\n30|true|30|true").await;
    gives(&format!("SELECT {of} FROM {clients} WHERE age < 22"), "9||6|").await;
    gives(&format!("SELECT {of} FROM {clients} WHERE often = 0"), "15||0|").await;
    let fitted = format!("(SELECT bgnbd(often, last, age) AS fit FROM {clients})");
    let ahead = "bgnbd_expected(fit['r'], fit['alpha'], fit['a'], fit['b'], 3, 10, 20, 5)";
    gives(&format!("SELECT {ahead} BETWEEN 0.1 AND 1 FROM {fitted}"), "true").await;
}

#[tokio::test]
async fn impossible_clients_are_refused() {
    refuses("SELECT bgnbd(1.5, 2, 3)", "bgnbd: frequency is 1.5; it must be a whole number from 0 to 1,000,000").await;
    refuses("SELECT bgnbd(1, 4, 3)", "bgnbd: recency is 4; it must be from 0 to the age").await;
    refuses("SELECT bgnbd(0, 2, 3)", "bgnbd: recency is 2; it must be 0 where the frequency is 0").await;
    refuses("SELECT bgnbd(0, 0, -1)", "bgnbd: age is -1; it must be 0 or more").await;
    refuses("SELECT bgnbd_alive(1, 1, 0, 1, 2, 3, 4)", "bgnbd_alive: a is 0; it must be a number above 0").await;
    refuses("SELECT bgnbd_expected(1, 1, 1, 1, 2, 3, 4, -1)", "bgnbd_expected: horizon is -1; it must be from 0").await;
    refuses("SELECT bgnbd_expected(1, 1, 1, 1, 2, 3, 4, 6e5)", "times alpha + age").await;
    refuses("SELECT gamma_gamma(-1, 5)", "gamma_gamma: frequency is -1").await;
    refuses("SELECT gamma_gamma_expected(1, 2, 3, 4)", "it takes (p, q, v, frequency, monetary), all numbers").await;
}

#[tokio::test]
async fn text_may_come_in_any_layout() {
    for layout in ["Utf8", "LargeUtf8", "Utf8View"] {
        let mode = format!("arrow_cast('strict_order', '{layout}')");
        gives(&format!("SELECT window_funnel({mode}, 1, DATE '2025-03-03', true)"), "1").await;
    }
}

/// Partial results of several threads come in any order, and in reports the bytes must not depend on it.
#[tokio::test]
async fn threads_do_not_change_a_bit() {
    let rows = "(SELECT i % 7 AS grp, i % 3 AS outcome, sqrt(i * 37 % 1009) AS x, ln(1 + i * 53 % 997) AS y, i
        FROM (SELECT unnest(range(20000)) AS i)) AS rows";
    let query = format!(
        "SELECT grp, cuminc(x, outcome, 20)['low'], cuminc_at(x, outcome, make_array(20, 5))[2]['low'], km_at(x, outcome = 1, 20)['high'], km_quantile(x, outcome = 1, 0.5), stay_quantiles(x, y, x, y, outcome = 1)['median_low'], event_time(x, outcome, 0.5)['high'],
            ols_slope(y, x)['low'], poisson_slope(x, y)['low'], cv(x), detrended_cv(i, y, i % 5 = 0)['cv'],
            net_lift(i, y, CASE WHEN i % 11 < 7 THEN 0 ELSE i % 3 + 1 END)['low'],
            window_funnel(3, arrow_cast(i * 31 % 10007 * 1000000, 'Timestamp(Microsecond, None)'), i % 2 = 0, i % 3 = 0),
            bgnbd(outcome, CASE WHEN outcome > 0 THEN i % 5 * 1.1 ELSE 0 END, i % 11 + 7)['alpha'],
            gamma_gamma(outcome, i % 40)['q']
         FROM {rows} GROUP BY grp ORDER BY grp"
    );
    let mut answers = Vec::new();
    for (threads, batch) in [(1, 8192), (4, 100), (3, 1000)] {
        let config = SessionConfig::new().with_target_partitions(threads).with_batch_size(batch);
        let ctx = SessionContext::new_with_config(config);
        register(&ctx, &moscow(), &contact_hours()).unwrap();
        let batches = ctx.sql(&query).await.unwrap().collect().await.unwrap();
        answers.push(pretty_format_batches(&batches).unwrap().to_string());
    }
    assert_eq!(answers[0].lines().count(), 4 + 7, "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{}", answers.join("\n"));
}

#[tokio::test]
async fn arguments_may_be_parameters() {
    let ctx = SessionContext::new();
    register(&ctx, &moscow(), &contact_hours()).unwrap();
    let query = "SELECT local_week($day) = DATE '2025-03-03' AND cuminc(1, 1, $horizon)['n'] = 1 AS fine";
    let frame = ctx.sql(query).await.unwrap();
    let values = vec![("day", ScalarValue::Date32(Some(20_155))), ("horizon", ScalarValue::Int64(Some(30)))];
    let batches = frame.with_param_values(values).unwrap().collect().await.unwrap();
    assert!(batches[0].column(0).as_boolean().value(0));
}

#[tokio::test]
async fn wrong_calls_say_what_is_wrong() {
    let vary = format!("SELECT cuminc(days, outcome, h) FROM {DEALS} CROSS JOIN (VALUES (30), (60)) AS horizons(h)");
    refuses(&vary, "cuminc: horizon is 30 in one row of the group and 60 in another; group by it as well").await;
    let vary = format!(
        "SELECT cuminc_at(days, outcome, make_array(h, 90)) FROM {DEALS} CROSS JOIN (VALUES (30), (60)) AS horizons(h)"
    );
    refuses(&vary, "cuminc_at: horizons is 30 in one row of the group and 60 in another").await;
    let outcome = format!("SELECT cuminc(days, outcome + 3, 30) FROM {DEALS}");
    refuses(&outcome, "it must be 0 (open), 1 (the event) or 2 (what prevents it)").await;
    refuses(&format!("SELECT km_quantile(days, won, 1.5) FROM {DEALS}"), "q is 1.5; it must be above 0 and below 1")
        .await;
    let time = format!("SELECT event_time(days, outcome, 0) FROM {DEALS}");
    refuses(&time, "q is 0; it must be above 0 and below 1").await;
    refuses(&format!("SELECT km_at(grp, won, 1) FROM {DEALS}"), "km_at: cannot be called with (Utf8").await;
}

#[tokio::test]
async fn shares_are_compared() {
    // R. A. Fisher's tea: 3 of 4 beside 1 of 4; the same by the rows of two groups
    gives(
        "SELECT round(p_two_shares(3, 4, 1, 4), 6), p_two_shares(0, 0, 1, 4), p_two_shares(NULL, 4, 1, 4)",
        "0.485714||",
    )
    .await;
    gives("SELECT round(p_shares_equal(k, n), 6) FROM (VALUES (3, 4), (1, 4), (0, 0)) AS t(k, n)", "0.485714").await;
    gives("SELECT p_shares_equal(k, n) FROM (VALUES (3, 4), (NULL, 4)) AS t(k, n)", "").await;
    gives(
        "SELECT round(normal_p(1.96), 6), normal_p(0), round(normal_p(-1.96), 6), normal_p(NULL)",
        "0.049996|1.0|0.049996|",
    )
    .await;
    gives(
        "SELECT round(newcombe_low(56, 70, 48, 80), 4), round(newcombe_high(56, 70, 48, 80), 4), newcombe_low(0, 0, 1, 2)",
        "0.0524|0.3339|",
    )
    .await;
    refuses("SELECT p_two_shares(5, 4, 1, 4)", "p_two_shares: k1 is 5 of 4; it must be whole, and from 0 to n").await;
    refuses("SELECT p_two_shares(1, 4, 0.5, 4)", "k2 is 0.5 of 4").await;
    refuses("SELECT normal_p('NaN'::double)", "normal_p: z is NaN").await;
}
