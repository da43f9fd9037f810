//! Which rows a count counts, derived from the plan that computes it.
//!
//! [`Lineage::trace`] goes down from a column of a plan to the aggregates that count it. What they count are their input rows: these
//! get the keys of deals, clients and events back, which the SQL has left out on its way, and are linked to the row of the result by the
//! groups that they were counted in. Plans become plans: nothing is executed here. Why this way and not another:
//! `docs/decisions/rows.md`.

mod aggregate;
mod expr;
mod pull;
mod trace;
mod units;
mod why;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlan, Projection};
use datafusion::prelude::{Expr, lit};
use std::sync::Arc;

pub(super) use self::units::{DETAILS, KEYS, Units, type_of};
pub(super) use self::why::Why;

/// What is listed, the finest first: the key that a row of the list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Unit {
    /// An event of a deal or a client.
    Event,
    /// A deal, or something of a deal: a stay in a stage, a judgement.
    Deal,
    /// A client.
    Client,
}

/// Goes down plans.
#[derive(Debug, Clone, Default)]
pub(super) struct Lineage {
    /// The plans of tables that hold computed rows, by the names of the tables.
    computed: BTreeMap<String, LogicalPlan>,
    /// How many names were made.
    names: usize,
    /// The fields to follow in the structs on the way, the outermost last.
    fields: Vec<String>,
    /// Columns that were made and are keys of their rows.
    keys: BTreeSet<Column>,
}

/// A plan whose rows are those of the traced plan, and what one of its columns counts.
#[derive(Debug)]
pub(super) struct Traced {
    /// The columns of the traced plan in their order, then those that the terms name.
    pub plan: LogicalPlan,
    /// The column is the sum of their counts.
    pub terms: Vec<Term>,
}

/// What a column counts, or a part of it. Its expressions are over the plan beside which it stands.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// Whether it is taken away from the others.
    pub is_minus: bool,
    /// It counts nothing for a row of the plan on which one of these is not true.
    when: Vec<Expr>,
    of: Of,
}

#[derive(Debug, Clone)]
enum Of {
    /// The row of the plan itself: its column is 1 and will be summed.
    Row,
    /// Rows of another plan.
    Linked(Box<Linked>),
}

#[derive(Debug, Clone)]
struct Linked {
    /// True where the row of the plan has counted rows behind it; null where an outer join found none.
    here: Expr,
    /// The groups in which they were counted, one for one equal to those of `units`; null is equal to null.
    link: Vec<Expr>,
    units: Units,
}

/// The counted rows behind one column, linked to the result.
#[derive(Debug)]
pub(super) struct Counted {
    pub is_minus: bool,
    /// Columns of the traced plan that are true for the rows of the result that count these.
    pub when: Vec<String>,
    /// Columns of the traced plan, one for one equal to those of `units`; null is equal to null.
    pub link: Vec<String>,
    pub units: Units,
}

impl Lineage {
    /// `computed` holds the plans of tables whose rows were computed from them, by name.
    pub fn new(computed: BTreeMap<String, LogicalPlan>) -> Lineage {
        Lineage { computed, ..Lineage::default() }
    }

    /// The plan with the columns that link its rows to what this column of it counts, by place, behind its own.
    ///
    /// # Errors
    /// The column counts no rows of which each is a deal, a client or an event, or it cannot be told which.
    pub fn trace(&mut self, plan: &LogicalPlan, column: usize) -> Result<(LogicalPlan, Vec<Counted>), Why> {
        let own = plan.schema().columns();
        let traced = self.node(plan, &own[column])?;
        let mut columns: Vec<Expr> = own.into_iter().map(Expr::Column).collect();
        let mut counted = Vec::new();
        for term in traced.terms {
            let term = self.named(term, &mut columns);
            let Of::Linked(linked) = term.of else { return Err(Why::Number) };
            let names = |exprs: Vec<Expr>| exprs.iter().map(|expr| expr.schema_name().to_string()).collect();
            let when = term.when.into_iter().chain([linked.here]).collect();
            counted.push(Counted {
                is_minus: term.is_minus,
                when: names(when),
                link: names(linked.link),
                units: linked.units,
            });
        }
        Ok((project(columns, traced.plan)?, counted))
    }

    /// A name that no column has.
    fn fresh(&mut self, of: &str) -> String {
        self.names += 1;
        format!("{of} #{}", self.names)
    }

    /// The term with the columns of a projection in place of its expressions, which are added to the projection.
    fn named(&mut self, mut term: Term, columns: &mut Vec<Expr>) -> Term {
        if term.when.is_empty() && matches!(term.of, Of::Row) {
            // null where an outer join finds no such row
            term.when.push(lit(true));
        }
        term.map(&mut |expr| {
            let name = self.fresh("link");
            columns.push(expr.alias(name.as_str()));
            Ok(Expr::Column(Column::new_unqualified(name)))
        })
        .unwrap_or_else(|_: DataFusionError| unreachable!("naming does not fail"))
    }
}

impl Term {
    fn row(when: Vec<Expr>) -> Term {
        Term { is_minus: false, when, of: Of::Row }
    }

    /// The term on those rows alone.
    fn on(mut self, when: impl IntoIterator<Item = Expr>) -> Term {
        self.when.extend(when);
        self
    }

    fn negated(mut self) -> Term {
        self.is_minus = !self.is_minus;
        self
    }

    fn map(mut self, change: &mut impl FnMut(Expr) -> Result<Expr, DataFusionError>) -> Result<Term, DataFusionError> {
        self.when = self.when.into_iter().map(&mut *change).collect::<Result<_, _>>()?;
        if let Of::Linked(linked) = &mut self.of {
            linked.here = change(linked.here.clone())?;
            linked.link = linked.link.clone().into_iter().map(change).collect::<Result<_, _>>()?;
        }
        Ok(self)
    }

    /// The term above a node that renames its columns: those at the same places of the second schema.
    fn renamed(self, from: &DFSchema, to: &DFSchema) -> Result<Term, DataFusionError> {
        self.map(&mut |expr| renamed(expr, from, to))
    }
}

fn renamed(expr: Expr, from: &DFSchema, to: &DFSchema) -> Result<Expr, DataFusionError> {
    let change = |expr| match expr {
        Expr::Column(column) => {
            let place = from.index_of_column(&column)?;
            Ok(Transformed::yes(Expr::Column(Column::from(to.qualified_field(place)))))
        }
        expr => Ok(Transformed::no(expr)),
    };
    expr.transform(change).map(|changed| changed.data)
}

fn project(columns: Vec<Expr>, input: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    Projection::try_new(columns, Arc::new(input)).map(LogicalPlan::Projection)
}
