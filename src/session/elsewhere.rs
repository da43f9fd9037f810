//! Plans that run on other machines: a session plans as ever, and hands what it planned to whoever runs it.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::execution::context::SessionContext;

use crate::regulation::Regulation;

/// Where the plans of a session run, if not in this process.
pub trait Elsewhere: Debug + Send + Sync {
    /// The same state, whose plans run there. `store` is the folder of the store, `bytes` is how large its files are together.
    fn state(&self, state: SessionState, regulation: &Regulation, store: Option<&Path>, bytes: u64) -> SessionState;
}

/// The name of what a context computes, for whoever runs its plans.
#[derive(Debug)]
pub struct Computes(pub Arc<str>);

/// Names what a context computes.
pub(crate) fn name(context: &SessionContext, what: &str) {
    context.state_ref().write().config_mut().set_extension(Arc::new(Computes(what.into())));
}
