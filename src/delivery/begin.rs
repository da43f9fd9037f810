//! What is done right before the step after which a message may have arrived.

use crate::model::lang::Text;

/// Writes into the log that the attempt begins. Where that fails, the attempt is not made, and the text says why.
pub(super) type Begin = Box<dyn FnOnce() -> Result<(), Text> + Send>;
