//! Queries on many machines, by Apache DataFusion Ballista: a scheduler and executors that are this program.
//!
//! A session plans as ever, here, with the store's folder before it; only the plan goes to the cluster, and its rows come back. So every
//! metric, list and report is asked in one way, and a plan that cannot go there runs here and is told. Why: `docs/decisions/cluster.md`.

mod build;
mod codec;
mod cut;
mod error;
mod folder;
mod hello;
mod losses;
mod nested;
mod nodes;
mod piece;
mod plan;
mod remote;
mod settings;
mod tls;

pub use self::error::ClusterError;
pub use self::nodes::{Executor, Scheduler};
pub use self::remote::Cluster;
pub use self::tls::Tls;
