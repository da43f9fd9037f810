//! Small plans, and what their columns count.

use std::collections::BTreeMap;

use arrow::array::{AsArray, Int64Array};
use arrow::compute::concat_batches;
use datafusion::prelude::SessionContext;

use super::counted;
use crate::metrics::lineage::Lineage;

/// Six deals of three clients: `d1` and `d2` are of `a`, `d3` to `d5` of `b`, `d6` of nobody and of no group. Four events.
const TABLES: [&str; 2] = [
    "CREATE TABLE deals AS SELECT * FROM (VALUES
        ('d1', 'a', 'x', 'won', 1), ('d2', 'a', 'x', 'lost', 2), ('d3', 'b', 'x', 'won', 2),
        ('d4', 'b', 'y', 'open', 1), ('d5', 'b', 'y', 'open', 3), ('d6', NULL, NULL, 'won', 3)
    ) AS t (deal_id, client_id, grp, status, week)",
    "CREATE TABLE events AS SELECT * FROM (VALUES
        ('e1', 'd1', 'call'), ('e2', 'd1', 'mail'), ('e3', 'd4', 'call'), ('e4', 'd6', 'mail')
    ) AS t (event_id, deal_id, kind)",
];

/// What the last column of a query counts, row by row: the keys of each, with what is unknown left out. Fails where a list is not as
/// long as the figure.
async fn listed(sql: &str) -> Result<Vec<String>, String> {
    let context = SessionContext::new();
    for table in TABLES {
        context.sql(table).await.unwrap();
    }
    let plan = context.sql(sql).await.unwrap().logical_plan().clone();
    let column = plan.schema().fields().len() - 1;
    let (plan, counted) = Lineage::new(BTreeMap::new()).trace(&plan, column).map_err(|why| why.text().en)?;
    let batches = context.execute_logical_plan(plan).await.unwrap().collect().await.unwrap();
    let raw = concat_batches(&batches[0].schema(), &batches).unwrap();
    let figures = arrow::compute::cast(raw.column(column), &arrow::datatypes::DataType::Int64).unwrap();
    let figures: &Int64Array = figures.as_primitive();
    let rows: Vec<usize> = (0..raw.num_rows()).collect();
    let mut found = counted::read(&context, &raw, &counted, &rows).await.unwrap();
    found.cancel().unwrap();
    assert!(!found.is_short());
    let all = found.first(None).unwrap();
    let mut told = Vec::new();
    let mut at = 0;
    for row in rows {
        assert_eq!(
            i64::try_from(found.of(row)).unwrap(),
            figures.iter().nth(row).unwrap().unwrap_or(0),
            "{row} of {sql}"
        );
        let keys = (at..at + found.of(row)).map(|at| {
            let key = |name: &str| all.column_by_name(name).unwrap().as_string::<i32>().iter().nth(at).unwrap();
            ["event_id", "deal_id", "client_id"].into_iter().filter_map(key).collect::<Vec<_>>().join("/")
        });
        told.push(keys.collect::<Vec<_>>().join(" "));
        at += found.of(row);
    }
    Ok(told)
}

#[tokio::test]
async fn a_count_lists_the_rows_of_its_group() {
    let sql = "SELECT grp, count(*) AS n FROM deals GROUP BY grp ORDER BY grp NULLS FIRST";
    assert_eq!(listed(sql).await.unwrap(), ["d6", "d1/a d2/a d3/b", "d4/b d5/b"]);
    let sql = "SELECT grp, count(client_id) FILTER (WHERE status = 'won') AS n FROM deals GROUP BY grp ORDER BY grp NULLS FIRST";
    assert_eq!(listed(sql).await.unwrap(), ["", "d1/a d3/b", ""]);
    let sql = "SELECT count(*) AS n FROM deals WHERE status = 'gone'";
    assert_eq!(listed(sql).await.unwrap(), [""]);
}

#[tokio::test]
async fn keys_that_the_sql_left_out_come_back() {
    let sql = "WITH judged AS (SELECT grp, status = 'won' AS is_won FROM deals), doubled AS (SELECT grp, is_won FROM judged WHERE grp IS NOT NULL)
        SELECT grp, count(*) FILTER (WHERE is_won) AS n FROM doubled GROUP BY grp ORDER BY grp";
    assert_eq!(listed(sql).await.unwrap(), ["d1/a d3/b", ""]);
    let sql = "SELECT deals.grp, count(*) AS n FROM events JOIN deals ON events.deal_id = deals.deal_id GROUP BY deals.grp ORDER BY 1 NULLS FIRST";
    assert_eq!(listed(sql).await.unwrap(), ["e4/d6", "e1/d1/a e2/d1/a", "e3/d4/b"]);
}

#[tokio::test]
async fn a_group_that_an_outer_join_did_not_find_counts_nothing_though_nothing_is_its_name() {
    // the group of no name has an event, and the group that was not found has no name either
    let sql = "WITH called AS (
            SELECT deals.grp, count(*) AS n FROM events JOIN deals ON events.deal_id = deals.deal_id WHERE kind = 'mail' GROUP BY deals.grp
        ), every AS (SELECT DISTINCT grp FROM deals)
        SELECT every.grp, coalesce(called.n, 0) AS n FROM every LEFT JOIN called ON every.grp = called.grp ORDER BY 1 NULLS FIRST";
    assert_eq!(listed(sql).await.unwrap(), ["", "e2/d1/a", ""]);
}

#[tokio::test]
async fn sums_of_counts_and_of_ones_list_what_was_counted() {
    let sums =
        "WITH by_week AS (SELECT grp, week, count(*) AS n, max(CASE WHEN status = 'won' THEN 1 ELSE 0 END) AS has_won
            FROM deals GROUP BY grp, week)";
    let sql = format!("{sums} SELECT grp, sum(n) AS n FROM by_week GROUP BY grp ORDER BY grp NULLS FIRST");
    assert_eq!(listed(&sql).await.unwrap(), ["d6", "d1/a d2/a d3/b", "d4/b d5/b"]);
    let sql =
        format!("{sums} SELECT sum(CASE WHEN week > 1 AND has_won = 1 THEN n ELSE 0 END)::bigint AS n FROM by_week");
    assert_eq!(listed(&sql).await.unwrap(), ["d2/a d3/b d6"]);
    let sql = "WITH flags AS (SELECT grp, CASE WHEN status = 'won' THEN 1 ELSE 0 END AS won, CASE WHEN week > 1 THEN 1 ELSE 0 END AS late FROM deals)
        SELECT sum((1 - late) * won + late * (1 - won)) AS n FROM flags";
    assert_eq!(listed(sql).await.unwrap(), ["d1/a d2/a d5/b"]);
    let sql = "WITH all_of AS (
            SELECT grp, 1 AS deals, 0 AS events FROM deals UNION ALL
            SELECT deals.grp, 0, 1 FROM events JOIN deals ON events.deal_id = deals.deal_id
        )
        SELECT grp, sum(events) AS n FROM all_of GROUP BY grp ORDER BY grp NULLS FIRST";
    assert_eq!(listed(sql).await.unwrap(), ["e4/d6", "e1/d1/a e2/d1/a", "e3/d4/b"]);
}

#[tokio::test]
async fn a_difference_lists_what_is_left() {
    let sql = "WITH counted AS (SELECT grp, count(*) AS n, count(*) FILTER (WHERE status = 'won') AS won FROM deals GROUP BY grp)
        SELECT grp, CASE WHEN n > 1 THEN n - won END AS n FROM counted ORDER BY grp NULLS FIRST";
    assert_eq!(listed(sql).await.unwrap(), ["", "d2/a", "d4/b d5/b"]);
}

#[tokio::test]
async fn a_number_goes_through_structs_and_rows_that_become_columns() {
    let sql = "WITH counted AS (SELECT grp, week, count(*) AS n FROM deals GROUP BY grp, week),
        dressed AS (SELECT grp, week, named_struct('n', n, 'week', week) AS figures FROM counted),
        one AS (SELECT grp, max(CASE WHEN week = 2 THEN figures END) AS figures FROM dressed GROUP BY grp)
        SELECT grp, figures['n'] AS n FROM one ORDER BY grp NULLS FIRST";
    assert_eq!(listed(sql).await.unwrap(), ["", "d2/a d3/b", ""]);
}

#[tokio::test]
async fn distinct_clients_and_groups_of_clients_are_clients() {
    let sql = "SELECT status, count(DISTINCT client_id) AS n FROM deals GROUP BY status ORDER BY status";
    // a deal is named where the client has no other one there
    assert_eq!(listed(sql).await.unwrap(), ["d2/a", "b", "d1/a d3/b"]);
    let sql = "WITH by_client AS (SELECT client_id, count(*) AS deals FROM deals GROUP BY client_id)
        SELECT count(*) FILTER (WHERE deals > 1) AS n FROM by_client";
    assert_eq!(listed(sql).await.unwrap(), ["a b"]);
    let sql = "WITH by_who AS (SELECT coalesce('client ' || client_id, 'deal ' || deal_id) AS who, week FROM deals GROUP BY 1, week)
        SELECT count(*) AS n FROM by_who";
    assert_eq!(listed(sql).await.unwrap(), ["d1/a d2/a d3/b d4/b d5/b d6"]);
}

#[tokio::test]
async fn a_running_sum_lists_all_that_came_before() {
    let sql = "WITH weekly AS (SELECT week, count(*) AS n, count(*) FILTER (WHERE status = 'won') AS won FROM deals GROUP BY week)
        SELECT week, sum(n - won) OVER (ORDER BY week) AS n FROM weekly ORDER BY week";
    assert_eq!(listed(sql).await.unwrap(), ["d4/b", "d2/a d4/b", "d2/a d4/b d5/b"]);
    let sql = "SELECT grp, sum(count(*)) OVER (PARTITION BY status) AS n FROM deals WHERE grp IS NOT NULL GROUP BY grp, status ORDER BY grp, status";
    assert_eq!(listed(sql).await.unwrap(), ["d2/a", "d1/a d3/b", "d4/b d5/b"]);
}

#[tokio::test]
async fn what_counts_nothing_is_told() {
    for (sql, why) in [
        (
            "SELECT week AS n FROM deals",
            "it is a value of the data or of the regulation (`deals.week`) and counts no rows",
        ),
        (
            "SELECT sum(week) AS n FROM deals",
            "it is a value of the data or of the regulation (`deals.week`) and counts no rows",
        ),
        (
            "SELECT row_number() OVER (ORDER BY deal_id) AS n FROM deals",
            "it is computed by `row_number OVER`, which does not count rows",
        ),
        ("SELECT 1 AS n FROM deals", "it is a number of the query itself and counts no rows"),
        (
            "SELECT max(n) AS n FROM (SELECT grp, count(*) AS n FROM deals GROUP BY grp) AS counted",
            "it is the greatest, the least or the first of several numbers",
        ),
        (
            "SELECT count(*) AS n FROM (SELECT grp FROM deals GROUP BY grp) AS groups",
            "what it counts are no deals, clients or events",
        ),
        ("SELECT count(*) / 2 AS n FROM deals", "it is computed by `/`, which does not count rows"),
    ] {
        assert_eq!(listed(sql).await.unwrap_err(), why, "{sql}");
    }
}
