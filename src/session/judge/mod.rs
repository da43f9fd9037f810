//! The regulation's rules as functions: `judge_deal` judges a deal from its own row, `judge_contact` and
//! `contact_verdicts` the contacts of one client in their order; `first_stays` are the stages that a deal entered, `funnel_path` is how far it came, `stage_place` where a stage stands, `deal_progress` how far it had come by a moment, `deal_advances` whether it came further, `stages_reached` when it reached each step, `first_ends` when it moved on from each, `pipeline_steps` what it did to the pipeline, `deal_facts` its dated
//! facts as numbers. `views/checks.sql` makes `scope_checks` of them.
//!
//! In SQL the same would join each deal with its moves, and sort the contacts once for each cap. Here a deal is judged as
//! it is read, and contacts are sorted once.

mod contacts;
mod deal;
mod ends;
mod facts;
mod functions;
mod path;
mod pipeline;
mod place;
mod progress;
mod reached;
mod rules;
mod stays;
mod steps;
#[cfg(test)]
mod tests;
mod verdicts;

use std::sync::Arc;

use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ScalarUDF, WindowUDF};

pub(super) use self::contacts::{Contacts, JudgeContact};
use self::ends::FirstEnds;
use self::facts::DealFacts;
use self::functions::{ContactVerdicts, JudgeDeal};
use self::path::FunnelPath;
use self::pipeline::PipelineSteps;
use self::place::StagePlace;
use self::progress::{DealAdvances, DealProgress};
use self::reached::StagesReached;
use self::rules::Judge;
use self::stays::FirstStays;
pub(super) use self::verdicts::Why;
use crate::regulation::Regulation;

/// The functions of a regulation: those of a row, and the one of a window.
pub(super) fn functions(regulation: &Regulation) -> (Vec<ScalarUDF>, WindowUDF) {
    let judge = Arc::new(Judge::new(regulation));
    let of_rows = vec![
        ScalarUDF::new_from_impl(JudgeDeal::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(FirstStays::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(FunnelPath::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(StagePlace::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(DealProgress::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(DealAdvances::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(StagesReached::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(FirstEnds::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(DealFacts::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(PipelineSteps::new(Arc::clone(&judge))),
        ScalarUDF::new_from_impl(ContactVerdicts::new(Arc::clone(&judge))),
    ];
    (of_rows, WindowUDF::new_from_impl(JudgeContact::new(judge)))
}

/// Registers the functions of a regulation.
pub(super) fn register(context: &SessionContext, regulation: &Regulation) {
    let (of_rows, of_windows) = functions(regulation);
    of_rows.into_iter().for_each(|function| context.register_udf(function));
    context.register_udwf(of_windows);
}
