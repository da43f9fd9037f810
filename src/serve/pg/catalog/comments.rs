//! What is known of the objects of the catalog beyond their columns, by their numbers: comments, arguments, definitions.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// What is known of an object: of a relation (`sub` 0), of its column (`sub` its place), of a function.
#[derive(Debug, Default)]
pub struct Known {
    /// Comments by object and column, with the catalog in which the object stands.
    pub comments: BTreeMap<(i32, i32), (Catalogued, String)>,
    /// Arguments and result of functions.
    pub functions: BTreeMap<i32, (String, String)>,
    /// The SQL of views.
    pub definitions: BTreeMap<i32, String>,
    /// Numbers by name, with its schema and without.
    pub relations: BTreeMap<String, i32>,
}

/// The table of the catalog in which an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Catalogued {
    /// `pg_class`.
    Class,
    /// `pg_proc`.
    Proc,
    /// `pg_namespace`.
    Namespace,
}

impl Catalogued {
    /// Its number, as in every PostgreSQL.
    pub fn oid(self) -> i32 {
        match self {
            Catalogued::Class => 1259,
            Catalogued::Proc => 1255,
            Catalogued::Namespace => 2615,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Catalogued::Class => "pg_class",
            Catalogued::Proc => "pg_proc",
            Catalogued::Namespace => "pg_namespace",
        }
    }
}

/// What is known, once somebody has asked the catalog: numbers are given then.
#[derive(Debug, Clone, Default)]
pub struct Described(Arc<OnceLock<Known>>);

impl Described {
    /// What is known by now.
    pub fn known(&self) -> Option<&Known> {
        self.0.get()
    }

    /// Keeps what is known. The first stays.
    pub fn keep(&self, known: Known) {
        // whoever was first found the same
        let _ = self.0.set(known);
    }

    /// The comment on an object, in this catalog or in any.
    pub fn comment(&self, oid: i32, sub: i32, catalog: Option<&str>) -> Option<String> {
        let (of, text) = self.known()?.comments.get(&(oid, sub))?;
        catalog.is_none_or(|name| name == of.name()).then(|| text.clone())
    }
}
