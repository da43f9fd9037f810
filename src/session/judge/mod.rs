//! The regulation's rules as functions: `judge_deal` judges a deal from its own row, `judge_contact` and
//! `contact_verdicts` the contacts of one client in their order. `views/checks.sql` makes `scope_checks` of them.
//!
//! In SQL the same would join each deal with its moves, and sort the contacts once for each cap. Here a deal is judged as
//! it is read, and contacts are sorted once.

mod calls;
mod contacts;
mod deal;
#[cfg(test)]
mod tests;
mod verdicts;

use std::sync::{Arc, OnceLock};

use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ScalarUDF, WindowUDF};

use self::calls::{ContactVerdicts, JudgeDeal};
use self::contacts::JudgeContact;
use crate::functions::days::Days;
use crate::regulation::{Cap, Meaning, Regulation, Stage};

/// Microseconds of a minute.
const MINUTE: f64 = 60e6;

/// What the regulation asks for, as far as it is judged here.
#[derive(Debug)]
struct Judge {
    stages: Vec<Stage>,
    /// The reasons of losses which mean that the lead was none.
    invalid: Vec<String>,
    /// Microseconds, working ones where `response_working`.
    response: i64,
    response_working: bool,
    /// Microseconds of silence after a refusal.
    silence: Option<i64>,
    caps: Vec<Limits>,
    regulation: Regulation,
    working: OnceLock<Days>,
    contact: OnceLock<Days>,
}

/// The most contacts of a week and of a month.
#[derive(Debug, Clone)]
struct Limits {
    /// None: of all kinds together.
    kind: Option<String>,
    per_week: Option<i64>,
    per_month: Option<i64>,
}

impl Judge {
    fn new(regulation: &Regulation) -> Judge {
        let rules = regulation.rules();
        let limits = |cap: &Cap| Limits {
            kind: (cap.kind != "any").then(|| cap.kind.clone()),
            per_week: cap.per_week,
            per_month: cap.per_month,
        };
        let invalid = regulation.lost_reasons().iter().filter(|reason| reason.means == Some(Meaning::Invalid));
        Judge {
            stages: regulation.stages().to_vec(),
            invalid: invalid.map(|reason| reason.id.clone()).collect(),
            response: (rules.response_sla_minutes * MINUTE).round() as i64,
            response_working: rules.response_working,
            silence: rules.silence_days.map(|days| days * 1440 * MINUTE as i64),
            caps: regulation.caps().iter().map(limits).collect(),
            regulation: regulation.clone(),
            working: OnceLock::new(),
            contact: OnceLock::new(),
        }
    }

    fn working_days(&self) -> &Days {
        self.working.get_or_init(|| Days::new(self.regulation.calendar()))
    }

    fn contact_days(&self) -> &Days {
        self.contact.get_or_init(|| Days::new(self.regulation.contact_hours()))
    }

    /// The stage of that name, if the regulation knows it.
    fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == name)
    }
}

/// Registers the functions of a regulation.
pub(super) fn register(context: &SessionContext, regulation: &Regulation) {
    let judge = Arc::new(Judge::new(regulation));
    context.register_udf(ScalarUDF::new_from_impl(JudgeDeal::new(Arc::clone(&judge))));
    context.register_udf(ScalarUDF::new_from_impl(ContactVerdicts::new(Arc::clone(&judge))));
    context.register_udwf(WindowUDF::new_from_impl(JudgeContact::new(judge)));
}
