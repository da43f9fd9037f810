//! The PostgreSQL protocol: who speaks it asks the store with SQL, read-only, and metrics as views and functions.
//!
//! `wire` takes connections, `startup` lets users in, `handlers` take messages, `service` answers statements over a `space`: what a user
//! sees of a state of the store. Why as it is: `docs/decisions/serve.md`.

mod catalog;
mod client;
mod copy;
mod error;
mod forms;
mod handlers;
mod metric;
mod nested;
mod question;
mod rows;
mod running;
mod schemas;
mod service;
mod settings;
mod shared;
mod space;
mod sql;
mod startup;
mod statement;
mod titles;
mod wire;

use std::sync::Arc;

use pgwire::api::RandomPidSecretKeyGenerator;

use self::shared::Pg;
use self::sql::Dialect;
use super::{Bound, Door, Roll, States, Stop};
use crate::model::lang::Lang;

/// Serves clients of PostgreSQL on an address until it is time to stop. Without `users` everybody who reaches the address is let in.
pub async fn serve(bound: Bound, door: Door, users: Option<Roll>, states: Arc<States>, stop: Stop, lang: Lang) {
    let company = Arc::new(states.company().clone());
    let pg = Arc::new(Pg {
        door,
        users,
        states,
        company,
        lang,
        keys: RandomPidSecretKeyGenerator::default(),
        running: Arc::default(),
        parser: Dialect::default(),
        spaces: tokio::sync::Mutex::default(),
    });
    bound.serve(stop, move |stream, seat| wire::serve(Arc::clone(&pg), stream, seat)).await;
}
