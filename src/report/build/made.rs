//! What becomes of a part of a report.

use crate::report::document::Block;
use crate::report::missing::Missing;

/// The result of building a part: a block, `None` if no row matches, or the reason why it could not be computed.
pub(super) type Made = Result<Option<Block>, Missing>;
