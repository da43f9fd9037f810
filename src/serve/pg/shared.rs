//! What all connections of the PostgreSQL door share.

use std::collections::BTreeMap;
use std::sync::Arc;

use pgwire::api::RandomPidSecretKeyGenerator;

use super::running::Running;
use super::space::Space;
use super::sql::Dialect;
use crate::company::Company;
use crate::model::lang::Lang;
use crate::serve::{Door, Roll, States};

/// What all connections share.
pub struct Pg {
    pub(super) door: Door,
    pub(super) users: Option<Roll>,
    pub(super) states: Arc<States>,
    pub(super) company: Arc<Company>,
    pub(super) lang: Lang,
    pub(super) keys: RandomPidSecretKeyGenerator,
    pub(super) running: Arc<Running>,
    pub(super) parser: Dialect,
    /// What each user sees of the newest state.
    pub(super) spaces: tokio::sync::Mutex<BTreeMap<String, Arc<Space>>>,
}

impl Pg {
    /// The time zone of the company: instants are written in it unless a client asks for another.
    pub(super) fn zone(&self) -> String {
        self.states.regulation().calendar().zone.to_string()
    }
}
