//! What is known of a deal at the cut: each column of `scope` as an expression over the journeys.
//!
//! Instants at the cut or later become null, and lists lose what happened then. A column that holds none so late, as the footers of its files
//! say, is left as it is: on the day of a report nothing in the store is later, and most of these expressions are none.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::{coalesce, get_field, least, nullif};
use datafusion::functions_nested::expr_fn::{array_element, array_length};
use datafusion::logical_expr::Case;
use datafusion::prelude::{Expr, cast, lit, when};
use datafusion::scalar::ScalarValue;

use super::dimensions::{column, text};
use super::scope::{HAPPENED, LISTED, RARE, Scope, history_of};
use super::tables::instant;
use crate::journey::cut::{before, counted, known_at};
use crate::journey::ends::{first_at, last_at};
use crate::journey::moves::moves;
use crate::regulation::Terminal;

/// The states in which a deal ends.
const CLOSED: [&str; 2] = ["won", "lost"];

impl Scope<'_> {
    /// A column as it was known at the cut.
    pub(super) fn clipped(&self, name: &str) -> Result<Expr> {
        let cut = || instant(self.cut);
        let closed_later = || self.closed().and(column("closed_at").gt_eq(cut()));
        let may_close_later = self.late.contains("closed_at");
        match name {
            "status" => {
                let mut status = when(self.gone(), lit(ScalarValue::Utf8View(None)));
                if may_close_later {
                    status = status.when(closed_later(), text("open"));
                }
                status.when(self.unclear(), lit(ScalarValue::Utf8View(None))).otherwise(self.stated())
            }
            "gone_at" => when(self.gone(), column(name)).end(),
            // the date of an open deal is a plan: it ends nothing
            "closed_at" => when(self.closed(), self.happened(name)?).end(),
            // why it was lost, and the discount that closed it, came with the closing
            "lost_reason" | "promo" => {
                let unknown = if may_close_later { closed_later().or(self.unclear()) } else { self.unclear() };
                when(unknown.is_not_true(), column(name)).end()
            }
            "stage" => {
                // a deal that moved or closed later stood where it had come to by then
                let last = |list: Expr, field: &str| get_field(array_element(list, lit(-1)), field);
                let is_late = |list: &str| last_at().call(vec![column(list)]).gt_eq(cut());
                let lists = ["entries", "returns"].into_iter().filter(|list| self.late.contains(list));
                let moved_later = lists.map(is_late).chain(may_close_later.then(closed_later)).reduce(Expr::or);
                if moved_later.is_none() && !self.is_earlier {
                    return Ok(column(name));
                }
                let stage = last(self.moves(), "stage");
                let mut stage = when(moved_later.unwrap_or_else(|| lit(false)), cast(stage, DataType::Utf8View));
                match self.is_earlier {
                    // where no log tells, a present stage tells nothing of a day before, unless the deal had ended
                    true => {
                        let unlogged = column("entries").is_null().or(array_length(column("entries")).is_null());
                        let is_open = self.is_open().or(self.unclear()).or(self.gone());
                        stage.when(unlogged.and(is_open), lit(ScalarValue::Utf8View(None)))
                    }
                    false => stage,
                }
                .otherwise(column(name))
            }
            // a first entry tells how many times the stage was entered: that too as of the cut
            "entries" if self.late.contains("returns") => {
                Ok(counted().call(vec![self.before(name), column("returns"), cut()]))
            }
            name if history_of(name).is_some_and(|history| self.histories.contains(history)) => {
                let history = history_of(name).unwrap_or(name);
                Ok(known_at().call(vec![column(history), column(name), cut()]))
            }
            name if RARE.contains(&name) && self.histories.contains(name) => {
                Ok(before().call(vec![column(name), cut()]))
            }
            name if HAPPENED.contains(&name) => self.happened(name),
            name if name == "entries" || LISTED.contains(&name) => Ok(self.before(name)),
            name => Ok(column(name)),
        }
    }

    /// When something happened, if it was before the cut.
    pub(super) fn happened(&self, name: &str) -> Result<Expr> {
        match self.late.contains(name) {
            true => when(column(name).lt(instant(self.cut)), column(name)).end(),
            false => Ok(column(name)),
        }
    }

    /// What a list says of the time before the cut.
    fn before(&self, name: &str) -> Expr {
        match self.late.contains(name) {
            true => before().call(vec![column(name), instant(self.cut)]),
            false => column(name),
        }
    }

    /// Since when a field of a deal is known to have held what it holds at the cut or something earlier: since the first snapshot
    /// that lists the deal, or the first that a log tells. Later than the cut: nothing earlier is known. Null: it is as now known.
    pub(super) fn known_since(&self, field: &str) -> Expr {
        match history_of(field).filter(|history| self.histories.contains(history)) {
            Some(history) => {
                let first = first_at().call(vec![column(history)]);
                coalesce(vec![first, column("listed_at")])
            }
            None => column("listed_at"),
        }
    }

    /// The status as now known: where none is stated, the end of the funnel in which the deal stands.
    pub(super) fn stated(&self) -> Expr {
        if self.states_all {
            return column("status");
        }
        let ends = self.regulation.stages().iter().filter_map(|stage| {
            let status = match stage.terminal? {
                Terminal::Won => "won",
                Terminal::Lost => "lost",
            };
            Some((Box::new(text(stage.id.as_str())), Box::new(text(status))))
        });
        let by_stage = Expr::Case(Case::new(Some(Box::new(column("stage"))), ends.collect(), None));
        coalesce(vec![nullif(column("status"), text("")), by_stage])
    }

    /// Whether a deal is won or lost, as now known.
    fn closed(&self) -> Expr {
        self.stated().in_list(CLOSED.map(text).to_vec(), false).is_true()
    }

    /// Whether a deal is won or lost, and no export tells when.
    pub(super) fn undated(&self) -> Expr {
        self.closed().and(column("closed_at").is_null())
    }

    /// Closed by now, on an unknown day, and nothing shows that it was before the cut: neither open, won nor lost.
    fn unclear(&self) -> Expr {
        self.undated().and(column("closed_by").gt_eq(instant(self.day_after))).is_true()
    }

    /// Neither won nor lost by the cut, and its export listed it no longer then: what became of it was not known.
    pub(super) fn gone(&self) -> Expr {
        column("gone_at").lt(instant(self.cut)).is_true().and(self.closed_at_cut().is_not_true())
    }

    /// Won or lost, and not after the cut for certain.
    fn closed_at_cut(&self) -> Expr {
        match self.late.contains("closed_at") {
            true => self.closed().and(column("closed_at").gt_eq(instant(self.cut)).is_not_true()),
            false => self.closed(),
        }
    }

    /// Neither won nor lost at the cut, nor gone. A deal of unknown status is open.
    pub(super) fn is_open(&self) -> Expr {
        self.closed_at_cut().is_not_true().and(self.gone().is_not_true())
    }

    /// Until when exports show what is open. Of a deal that its export lists no longer nothing is known from then on.
    pub(super) fn seen_until(&self) -> Result<Expr> {
        let gone = least(vec![column("gone_at"), instant(self.seen_until)]);
        when(self.gone(), gone).otherwise(instant(self.seen_until))
    }

    /// When a deal entered the funnel: with its creation or its first logged entry, whichever came first; else with its closing.
    pub(super) fn entered_at(&self) -> Result<Expr> {
        let first = first_at().call(vec![column("entries")]);
        // entries lie in the order of time: if the first of all was not before the cut, none was
        let first = match self.late.contains("entries") {
            true => when(first.clone().lt(instant(self.cut)), first).end()?,
            false => first,
        };
        Ok(coalesce(vec![least(vec![column("created_at"), first]), self.clipped("closed_at")?]))
    }

    /// What a deal became (0 open, 1 won, 2 lost) and when, or until when it was seen open: as if the fewest deals were won by
    /// any day. An undated closing lies between the entry and the first export that shows it, and is one at the latest then.
    pub(super) fn fewest_won(&self) -> Result<(Expr, Expr)> {
        self.bound(Bound::Least)
    }

    /// The same as if the most were.
    pub(super) fn most_won(&self) -> Result<(Expr, Expr)> {
        self.bound(Bound::Most)
    }

    fn bound(&self, bound: Bound) -> Result<(Expr, Expr)> {
        let outcome = Expr::Case(Case::new(
            Some(Box::new(self.clipped("status")?)),
            [("won", 1_i64), ("lost", 2)].map(|(status, code)| (Box::new(text(status)), Box::new(lit(code)))).to_vec(),
            Some(Box::new(lit(0_i64))),
        ));
        let until = coalesce(vec![self.clipped("closed_at")?, self.seen_until()?]);
        let latest = least(vec![column("closed_by"), instant(self.cut)]);
        // the status whose undated closings count at once; the others count on the last day on which they may have been, and not
        // at all if that may be after the cut
        let ((at_once, first), (at_last, last)) = match bound {
            Bound::Least => (("lost", 2_i64), ("won", 1_i64)),
            Bound::Most => (("won", 1), ("lost", 2)),
        };
        let undated = |status: &str| self.undated().and(self.stated().eq(text(status)));
        let outcome = when(undated(at_once), lit(first))
            .when(undated(at_last).and(self.unclear().is_not_true()), lit(last))
            .when(self.undated(), lit(0_i64))
            .otherwise(outcome)?;
        let until = when(undated(at_once), self.entered_at()?).when(self.undated(), latest).otherwise(until)?;
        Ok((outcome, until))
    }

    /// Every move before the cut, in order.
    pub(super) fn moves(&self) -> Expr {
        let known = |name: &str| self.before(name);
        moves(self.regulation.stages().iter().map(|stage| stage.id.clone()).collect())
            .call(["entries", "returns", "intervals"].map(known).to_vec())
    }
}

/// One end of what may have become of deals whose closing has no date.
#[derive(Clone, Copy)]
enum Bound {
    Least,
    Most,
}
