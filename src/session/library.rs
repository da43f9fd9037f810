//! Our functions as another process makes them: which of them need nothing but their name, which the regulation, and which what the
//! store knows. `cluster` sends that along with a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::exec_datafusion_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ScalarUDF, WindowUDF};

use super::{bounded, coalesce, judge, sources};
use crate::functions::{Functions, by_then};
use crate::journey::{cut, ends, moves};
use crate::regulation::Regulation;

/// Our functions for one regulation, by name. Those of a group of rows know nothing but their name.
#[derive(Debug)]
pub(crate) struct Library {
    /// Those of a row.
    pub scalars: BTreeMap<String, Arc<ScalarUDF>>,
    /// Those of a window.
    pub windows: BTreeMap<String, Arc<WindowUDF>>,
}

impl Library {
    /// Every function that a regulation takes part in, or may.
    pub fn of(regulation: &Regulation) -> Library {
        let Functions { scalars, .. } = Functions::all(regulation.calendar(), regulation.contact_hours());
        let (judging, of_windows) = judge::functions(regulation);
        let scalars = scalars.into_iter().chain(judging);
        Library {
            scalars: scalars.map(|function| (function.name().to_owned(), Arc::new(function))).collect(),
            windows: [(of_windows.name().to_owned(), Arc::new(of_windows))].into(),
        }
    }
}

/// What one function knows beside its name, where that is neither nothing nor the regulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// The ids of the stages, in order.
    Order(Vec<u8>),
    /// From when to when each source is known.
    Spans(Vec<u8>),
}

impl Known {
    /// What a function knows. `None`: its name and the regulation are all.
    pub fn of(function: &ScalarUDF) -> Result<Option<Known>> {
        let unwritable = |error| DataFusionError::External(Box::new(error));
        if let Some(order) = moves::order_of(function) {
            return Ok(Some(Known::Order(serde_json::to_vec(order).map_err(unwritable)?)));
        }
        sources::written(function).map(|text| Ok(Known::Spans(text.map_err(unwritable)?))).transpose()
    }

    /// The function of this name that knows it.
    pub fn function(&self, name: &str) -> Result<Arc<ScalarUDF>> {
        let unreadable = |error| DataFusionError::External(Box::new(error));
        let made = match self {
            Known::Order(text) => {
                vec![moves::moves(serde_json::from_slice::<Vec<String>>(text).map_err(unreadable)?.into())]
            }
            Known::Spans(text) => sources::read(text).map_err(unreadable)?,
        };
        let found = made.into_iter().find(|function| function.name() == name);
        found.map(Arc::new).ok_or_else(|| exec_datafusion_err!("no function `{name}` is made of what came with it"))
    }
}

/// Registers what needs nothing but its name: the functions of journeys, and those that stand in the place of the engine's.
pub(crate) fn register_plain(context: &SessionContext) -> Result<()> {
    let plain = [
        cut::before(),
        cut::counted(),
        cut::known_at(),
        cut::gone_since(),
        ends::first_at(),
        ends::last_at(),
        by_then::by_then(),
        by_then::count_by(),
    ];
    plain.into_iter().for_each(|function| context.register_udf(function));
    bounded::register(context)?;
    coalesce::register(context)
}
