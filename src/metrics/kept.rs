//! Subqueries that a SELECT names in its WITH and reads more than once: each is computed once, and its rows are kept.
//!
//! The engine puts a subquery in the place of each mention and computes it there. With subqueries that read each other, one scan became
//! fifty. Why this way and not another: `docs/decisions/metrics.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::TableReference;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, collect_partitioned};
use datafusion::prelude::{Expr, SessionContext, ident};
use datafusion::sql::sqlparser::ast::{Cte, Query, Statement};

use super::statement;
use crate::model::timings;
use crate::session::held_rows::{Held, hold};
use crate::session::room::Room;
use crate::session::running::run;

/// A SELECT in steps.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    /// What is computed and kept, in this order; a later one may read an earlier.
    pub kept: Vec<Step>,
    /// The SELECT, which reads what is kept.
    pub last: Box<Statement>,
}

/// What was computed on the way to a plan.
#[derive(Debug, Default)]
pub(super) struct Computed {
    /// What holds the rows.
    pub held: Vec<Held>,
    /// The tables that hold the rows, and the plans that gave them.
    pub plans: BTreeMap<String, LogicalPlan>,
}

/// A subquery that is computed once.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The name of the table of its rows.
    pub table: String,
    pub statement: Box<Statement>,
    /// The text of what reads it: a column that it does not name is not kept.
    readers: String,
}

impl Steps {
    /// The steps of the SELECT of this name; nothing where nothing is read twice.
    pub fn of(name: &str, statement: &Statement) -> Option<Steps> {
        let Statement::Query(query) = statement else { return None };
        let with = query.with.as_ref().filter(|with| !with.recursive)?;
        let names: Vec<String> = with.cte_tables.iter().map(|cte| statement::name(&cte.alias.name)).collect();
        // where a name means two things, the engine's own scoping is left to tell them apart
        let distinct: BTreeSet<&String> = names.iter().collect();
        // with a list of columns behind its name, they are known by their places, and none may be left out
        let nested = with.cte_tables.iter().any(|cte| cte.query.with.is_some() || !cte.alias.columns.is_empty());
        if distinct.len() < names.len()
            || nested
            || statement::names_within(query).iter().any(|own| names.contains(own))
        {
            return None;
        }
        let mut body = (**query).clone();
        let mut rest = body.with.take()?.cte_tables;
        let read_twice = read_twice(&names, &rest, &body);
        let mut kept = Vec::new();
        for (at, own) in names.iter().enumerate().filter(|(at, _)| read_twice[*at]) {
            let table = format!("{own} of {name}");
            let mut query = std::mem::replace(&mut rest[at].query, Box::new(all_of(&table)?));
            let later = rest[at + 1..].iter().map(|cte| cte.query.to_string()).chain([body.to_string()]);
            // the engine reads a name without quotes in small letters
            let readers = later.map(|text| format!("{text}\n{}\n", text.to_lowercase())).collect();
            let before = needed(&names[..at], &rest[..at], &query);
            query.with = Some(before).filter(|before| !before.is_empty()).map(|before| {
                let mut only = with.clone();
                only.cte_tables = before;
                only
            });
            kept.push(Step { table, statement: Box::new(Statement::Query(query)), readers });
        }
        if kept.is_empty() {
            return None;
        }
        let last = needed(&names, &rest, &body);
        let mut with = with.clone();
        with.cte_tables = last;
        body.with = Some(with);
        Some(Steps { kept, last: Box::new(Statement::Query(Box::new(body))) })
    }
}

impl Step {
    /// Computes the rows of its plan and lets the context's queries read them. Fails where neither memory nor disk allows to keep them.
    /// Returns what holds them, and their plan.
    pub async fn keep(
        &self,
        context: &SessionContext,
        frame: DataFrame,
    ) -> Result<(Held, LogicalPlan), DataFusionError> {
        let names = frame.schema().fields().iter().map(|field| field.name().clone());
        let mut read: Vec<Expr> = names.filter(|name| self.readers.contains(name.as_str())).map(ident).collect();
        if read.is_empty() {
            read.extend(frame.schema().fields().first().map(|field| ident(field.name())));
        }
        let frame = frame.select(read)?;
        let plan = frame.logical_plan().clone();
        let held = kept(&self.table, context, frame).await?;
        context.register_table(TableReference::bare(self.table.as_str()), Arc::clone(&held.rows))?;
        Ok((held, plan))
    }
}

/// Plans a frame physically and runs it: its rows by partition. `name` is what it computes, for the timings.
pub(super) async fn execute(
    name: &str,
    frame: DataFrame,
) -> Result<(SchemaRef, Vec<Vec<RecordBatch>>), DataFusionError> {
    let collect = async |plan: Arc<dyn ExecutionPlan>, tasks| {
        let began = timings::begin();
        let schema = plan.schema();
        let rows = collect_partitioned(plan, tasks).await?;
        let count = timings::is_asked().then(|| rows.iter().flatten().map(RecordBatch::num_rows).sum());
        timings::end(began, || format!("compute {name}"), count);
        Ok((schema, rows))
    };
    run(frame, collect).await
}

/// The rows of a frame, held in the partitions in which they were computed.
pub(super) async fn kept(name: &str, context: &SessionContext, frame: DataFrame) -> Result<Held, DataFusionError> {
    hold(name, frame, false, &Room::of(&context.state())).await
}

/// Which of the subqueries are computed more than once: a mention in one that is itself computed thrice counts as three.
fn read_twice(names: &[String], subqueries: &[Cte], body: &Query) -> Vec<bool> {
    let mut times = vec![0_usize; names.len()];
    for at in (0..names.len()).rev() {
        let of = |query: &Query| statement::mentions(query, &names[at]);
        let by_others = (at + 1..names.len()).map(|reader| of(&subqueries[reader].query) * times[reader].min(1));
        times[at] = of(body) + by_others.sum::<usize>();
    }
    times.into_iter().map(|times| times > 1).collect()
}

/// Those of the subqueries that a query reads, itself or through others, in their order.
fn needed(names: &[String], subqueries: &[Cte], query: &Query) -> Vec<Cte> {
    let mut needed = vec![false; names.len()];
    for at in (0..names.len()).rev() {
        let by_others = (at + 1..names.len())
            .any(|reader| needed[reader] && statement::mentions(&subqueries[reader].query, &names[at]) > 0);
        needed[at] = by_others || statement::mentions(query, &names[at]) > 0;
    }
    subqueries.iter().zip(needed).filter(|(_, needed)| *needed).map(|(cte, _)| cte.clone()).collect()
}

/// A query that reads a whole table.
fn all_of(table: &str) -> Option<Query> {
    statement::query(&format!("SELECT * FROM \"{table}\""))
}

#[cfg(test)]
mod tests {
    use super::super::statement::{Order, parse};
    use super::*;

    fn steps(sql: &str) -> Option<Steps> {
        Steps::of("m", &parse("m.sql", sql, Order::Free).unwrap())
    }

    #[test]
    fn what_is_read_twice_is_computed_first() {
        let sql = "WITH a AS (SELECT x, y, z FROM scope), b AS (SELECT x AS k FROM a), c AS (SELECT y FROM a WHERE y > 1) \
                   SELECT b.k FROM b JOIN c ON b.k = c.y";
        let Steps { kept, last } = steps(sql).unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(
            (kept[0].table.as_str(), kept[0].statement.to_string().as_str()),
            ("a of m", "SELECT x, y, z FROM scope")
        );
        assert!(["x", "y"].iter().all(|name| kept[0].readers.contains(name)) && !kept[0].readers.contains('z'));
        assert!(last.to_string().starts_with("WITH a AS (SELECT * FROM \"a of m\"), b AS ("), "{last}");
    }

    #[test]
    fn a_reader_that_is_computed_twice_reads_twice() {
        // b is not kept for its own sake: it is read by two, and so a with it
        let sql = "WITH a AS (SELECT x FROM scope), b AS (SELECT x FROM a), c AS (SELECT x FROM b), d AS (SELECT x FROM b) \
                   SELECT c.x FROM c JOIN d ON c.x = d.x";
        let Steps { kept, .. } = steps(sql).unwrap();
        let told: Vec<String> = kept.iter().map(|step| step.statement.to_string()).collect();
        assert_eq!(told, ["WITH a AS (SELECT x FROM scope) SELECT x FROM a"]);
        assert_eq!(kept[0].table, "b of m");
    }

    #[test]
    fn what_is_read_once_or_named_twice_is_left_to_the_engine() {
        assert!(steps("WITH a AS (SELECT x FROM scope) SELECT x FROM a").is_none());
        assert!(steps("SELECT a.x FROM scope AS a JOIN scope AS b ON a.x = b.x").is_none());
        let nested = "WITH a AS (SELECT x FROM scope) SELECT a.x FROM a JOIN (WITH a AS (SELECT x FROM deals) SELECT x FROM a) AS b ON a.x = b.x";
        assert!(steps(nested).is_none());
        assert!(steps("WITH a(k) AS (SELECT x FROM scope) SELECT b.k FROM a AS b JOIN a AS c ON b.k = c.k").is_none());
        let own = "WITH scope AS (SELECT x FROM scope) SELECT a.x FROM scope AS a JOIN scope AS b ON a.x = b.x";
        let Steps { kept, .. } = steps(own).unwrap();
        assert_eq!(kept[0].statement.to_string(), "SELECT x FROM scope");
    }
}
