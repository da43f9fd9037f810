//! What a connection is after its log-in: whose it is, its settings, its cursors.

#![allow(clippy::disallowed_types)] // pgwire's interface has hash maps; nothing here depends on their order

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pgwire::api::ClientInfo;
use pgwire::api::results::QueryResponse;
use pgwire::error::PgWireResult;

use super::error::{code, fatal};
use super::running::{Place, Run};
use super::settings::Settings;
use super::statement::Prepared;
use crate::serve::User;

/// So many cursors, and so many prepared statements, one connection may hold.
pub const MOST_HELD: usize = 1_000;

/// A query whose rows were not all fetched.
pub struct Cursor {
    /// Its rows, as they come.
    pub rows: QueryResponse,
    /// Whether it outlives the transaction.
    pub is_held: bool,
}

/// A connection that has logged in.
pub struct Client {
    /// Whose it is.
    pub user: User,
    place: Place,
    settings: Mutex<Settings>,
    /// The cursors that are open.
    pub cursors: tokio::sync::Mutex<BTreeMap<String, Cursor>>,
    /// What `PREPARE` named; and beside it the names of what the protocol prepared.
    prepared: Mutex<BTreeMap<String, Prepared>>,
    named: Mutex<BTreeSet<String>>,
}

impl Client {
    /// A client that was let in.
    pub fn new(user: User, place: Place, limit: Duration, parameters: &HashMap<String, String>, zone: &str) -> Client {
        Client {
            user,
            place,
            settings: Mutex::new(Settings::new(limit, zone, parameters)),
            cursors: tokio::sync::Mutex::default(),
            prepared: Mutex::default(),
            named: Mutex::default(),
        }
    }

    /// The client of a connection. A connection that has not logged in has none, whatever state it is in: it is refused here.
    pub fn of<C: ClientInfo>(connection: &C) -> PgWireResult<Arc<Client>> {
        let known = connection.session_extensions().get::<Client>();
        known.ok_or_else(|| fatal(code::NOT_AUTHORISED, "log in first"))
    }

    /// Its settings.
    pub fn settings(&self) -> std::sync::MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to answer it.
    pub fn begin(&self) -> Run {
        let limit = self.settings().limit();
        self.place.switch.begin(limit)
    }

    /// Notes a prepared statement of the protocol. Refuses what is too many.
    pub fn note(&self, name: &str) -> PgWireResult<()> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() >= MOST_HELD && !named.contains(name) {
            let text = format!("{MOST_HELD} prepared statements are held already\nclose some with DEALLOCATE");
            return Err(super::error::error(code::TOO_MUCH, text));
        }
        named.insert(name.to_owned());
        Ok(())
    }

    /// Whether the protocol prepared a statement of that name.
    pub fn holds(&self, name: &str) -> bool {
        self.named.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Forgets a prepared statement of the protocol.
    pub fn forget(&self, name: &str) {
        self.named.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Forgets them all; returns their names.
    pub fn forget_all(&self) -> Vec<String> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *named).into_iter().collect()
    }

    /// What `PREPARE` named.
    pub fn statements(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Prepared>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
