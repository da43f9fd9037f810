//! The regulation's rules as functions: `judge_deal` judges a deal from its own row, `judge_contact` and
//! `contact_verdicts` the contacts of one client in their order; `first_stays` are the stages that a deal entered, `funnel_path` is how far it came. `views/checks.sql` makes `scope_checks` of them.
//!
//! In SQL the same would join each deal with its moves, and sort the contacts once for each cap. Here a deal is judged as
//! it is read, and contacts are sorted once.

mod contacts;
mod deal;
mod functions;
mod path;
mod stays;
mod steps;
#[cfg(test)]
mod tests;
mod verdicts;

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ScalarUDF, WindowUDF};

pub(super) use self::contacts::{Contacts, JudgeContact};
use self::functions::{ContactVerdicts, JudgeDeal};
use self::path::FunnelPath;
use self::stays::FirstStays;
pub(super) use self::verdicts::Why;
use crate::functions::days::Days;
use crate::regulation::{Meaning, Regulation, Stage};

/// Microseconds of a minute.
const MINUTE: f64 = 60e6;

/// The regulation, and its calendars as tables once somebody has asked for them.
#[derive(Debug)]
struct Judge {
    regulation: Regulation,
    working: OnceLock<Days>,
    contact: OnceLock<Days>,
}

/// Two judges are the same if they are one: the engine compares functions, and a regulation has only one of each.
impl PartialEq for Judge {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Judge {}

impl Hash for Judge {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self).hash(state);
    }
}

impl Judge {
    fn new(regulation: &Regulation) -> Judge {
        Judge { regulation: regulation.clone(), working: OnceLock::new(), contact: OnceLock::new() }
    }

    fn working_days(&self) -> &Days {
        self.working.get_or_init(|| Days::new(self.regulation.calendar()))
    }

    fn contact_days(&self) -> &Days {
        self.contact.get_or_init(|| Days::new(self.regulation.contact_hours()))
    }

    /// The stage of that name, if the regulation knows it.
    fn stage(&self, name: &str) -> Option<&Stage> {
        self.regulation.stages().iter().find(|stage| stage.id == name)
    }

    /// Whether a deal lost for that reason was no lead.
    fn is_invalid(&self, reason: &str) -> bool {
        let mut reasons = self.regulation.lost_reasons().iter();
        reasons.any(|known| known.id == reason && known.means == Some(Meaning::Invalid))
    }

    /// Microseconds of silence after a refusal. `None` if no silence is asked for.
    fn silence(&self) -> Option<i64> {
        self.regulation.rules().silence_days.map(|days| days * 1440 * MINUTE as i64)
    }
}

/// Registers the functions of a regulation.
pub(super) fn register(context: &SessionContext, regulation: &Regulation) {
    let judge = Arc::new(Judge::new(regulation));
    context.register_udf(ScalarUDF::new_from_impl(JudgeDeal::new(Arc::clone(&judge))));
    context.register_udf(ScalarUDF::new_from_impl(FirstStays::new(Arc::clone(&judge))));
    context.register_udf(ScalarUDF::new_from_impl(FunnelPath::new(Arc::clone(&judge))));
    context.register_udf(ScalarUDF::new_from_impl(ContactVerdicts::new(Arc::clone(&judge))));
    context.register_udwf(WindowUDF::new_from_impl(JudgeContact::new(judge)));
}
