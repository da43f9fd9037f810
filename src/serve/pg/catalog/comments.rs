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
    /// Numbers of schemas.
    pub schemas: BTreeMap<String, i32>,
    /// Numbers of types.
    pub types: BTreeMap<String, i32>,
    /// Numbers of functions, of those with one name the first.
    pub procs: BTreeMap<String, i32>,
    /// The one role.
    pub role: (String, i32),
    /// The numbers that relations have in every PostgreSQL, by those that they were given here.
    pub fixed: BTreeMap<i32, i32>,
    /// Names by number, as they must be written to be found.
    pub names: BTreeMap<(Regs, i32), String>,
}

/// The kinds of objects whose numbers are written as names, and read from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Regs {
    /// Tables and views.
    Class,
    /// Schemas.
    Namespace,
    /// Types.
    Type,
    /// Functions.
    Proc,
    /// Roles.
    Role,
}

impl Regs {
    /// All of them.
    pub const ALL: [Regs; 5] = [Regs::Class, Regs::Namespace, Regs::Type, Regs::Proc, Regs::Role];

    /// By the name of the type that PostgreSQL has for it.
    pub fn named(kind: &str) -> Option<Regs> {
        match kind {
            "regclass" => Some(Regs::Class),
            "regnamespace" => Some(Regs::Namespace),
            "regtype" => Some(Regs::Type),
            "regproc" | "regprocedure" => Some(Regs::Proc),
            "regrole" => Some(Regs::Role),
            _ => None,
        }
    }

    /// The function that finds a number by name.
    pub fn finder(self) -> &'static str {
        match self {
            Regs::Class => "to_regclass",
            Regs::Namespace => "to_regnamespace",
            Regs::Type => "to_regtype",
            Regs::Proc => "to_regproc",
            Regs::Role => "to_regrole",
        }
    }

    /// The function that shows a number as a name.
    pub fn display(self) -> &'static str {
        match self {
            Regs::Class => "regclass_name",
            Regs::Namespace => "regnamespace_name",
            Regs::Type => "regtype_name",
            Regs::Proc => "regproc_name",
            Regs::Role => "regrole_name",
        }
    }
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

/// What is known, once numbers were given.
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

    /// The number of an object, by its name as SQL writes it.
    pub fn number(&self, reg: Regs, name: &str) -> Option<i32> {
        let known = self.known()?;
        let parts = parts(name);
        let last = parts.last()?.as_str();
        match reg {
            Regs::Class => known.relations.get(&parts.join(".")).copied(),
            Regs::Namespace => known.schemas.get(last).copied(),
            Regs::Type => known.types.get(&kept(last)).copied(),
            Regs::Proc => known.procs.get(last.split('(').next().unwrap_or(last)).copied(),
            Regs::Role => (known.role.0 == last).then_some(known.role.1),
        }
    }

    /// The name of an object, or its number where it has none.
    pub fn name(&self, reg: Regs, oid: i32) -> String {
        let named = self.known().and_then(|known| known.names.get(&(reg, oid)));
        named.cloned().unwrap_or_else(|| if oid == 0 { "-".to_owned() } else { oid.to_string() })
    }
}

/// The parts of a name: small letters, unless it stands in quotes.
fn parts(name: &str) -> Vec<String> {
    let (mut parts, mut part, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in name.trim().chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => parts.push(std::mem::take(&mut part)),
            letter if is_quoted => part.push(letter),
            letter => part.extend(letter.to_lowercase()),
        }
    }
    parts.push(part);
    parts
}

/// A type by the name under which it is kept.
pub fn kept(kind: &str) -> String {
    if let Some(item) = kind.strip_suffix("[]") {
        return format!("_{}", kept(item));
    }
    let bare = kind.split('(').next().unwrap_or(kind).trim();
    let name = match bare {
        "int" | "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "real" => "float4",
        "double precision" | "double" | "float" => "float8",
        "decimal" => "numeric",
        "boolean" => "bool",
        "character varying" => "varchar",
        "character" => "bpchar",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time without time zone" => "time",
        other => other,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_as_sql_writes_them() {
        assert_eq!(parts("Metric.\"Lead.Quality\""), ["metric", "Lead.Quality"]);
        assert_eq!((kept("integer[]"), kept("numeric(18,4)")), ("_int4".to_owned(), "numeric".to_owned()));
        let described = Described::default();
        described.keep(Known { types: BTreeMap::from([("int4".to_owned(), 23)]), ..Known::default() });
        assert_eq!(described.number(Regs::Type, "pg_catalog.INTEGER"), Some(23));
        assert_eq!((described.name(Regs::Class, 0), described.name(Regs::Class, 7)), ("-".to_owned(), "7".to_owned()));
    }
}
