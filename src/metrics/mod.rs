//! Metrics: a file of `queries/` → a checked [`Metric`] → a [`MetricResult`].
//!
//! A metric is one SQL file that an analyst can read: a leading comment holds its front matter (TOML: titles, what it
//! counts, what it needs, by what it may be split), then comes one SELECT. The caller chooses period, cut and
//! dimensions; the SQL reads the session's views `scope`, `scope_entries` and `scope_spend` and groups by `grp`. It may read
//! another metric by its name, and pieces of `queries/shared/`: both are asked with the same period, cut and dimensions.
//! Thresholds come from the regulation's tables, never from here. What a number means: `docs/metrics.md`.

mod ask;
mod catalog;
mod columns;
mod declared;
mod dimension;
mod error;
mod front;
mod need;
mod needs_page;
mod page;
mod kept;
mod lineage;
mod link;
mod metric;
mod result;
mod rows;
mod run;
mod select;
mod statement;

pub use ask::Ask;
pub use catalog::Catalog;
pub use columns::{Bound, MetricColumn, Spending, Stake};
#[cfg(feature = "serve")]
pub(crate) use dimension::title as dimension_title;
pub use error::MetricError;
pub use lineage::Unit;
pub use metric::Metric;
pub use need::Need;
pub(crate) use need::{source_name, way_out};
pub use needs_page::needs_page;
pub use page::page;
pub use result::MetricResult;
#[cfg(feature = "serve")]
pub(crate) use result::arrow_type;
pub use rows::{Listed, Picked};
