//! `SET` and `SHOW`: clients set much at the start that changes nothing here. It is kept and shown again; what would change an answer or a
//! limit is checked.

#![allow(clippy::disallowed_types)] // pgwire's interface has hash maps; nothing here depends on their order

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr as _;
use std::time::Duration;

use chrono_tz::Tz;
use datafusion::sql::sqlparser::ast::{self, Expr, Reset, ResetStatement, Set, Statement, Value};
use pgwire::error::PgWireResult;

use super::error::{code, error};

/// The version that clients judge by what they may ask: that of PostgreSQL whose catalog is shown.
pub const VERSION: &str = concat!("16.6 (Voronka ", env!("CARGO_PKG_VERSION"), ")");
/// How dates are written.
pub const DATE_STYLE: &str = "ISO, YMD";

/// What clients find set.
pub const DEFAULTS: [(&str, &str); 30] = [
    ("server_version", VERSION),
    ("server_version_num", "160006"),
    ("server_encoding", "UTF8"),
    ("client_encoding", "UTF8"),
    ("datestyle", DATE_STYLE),
    ("intervalstyle", "postgres"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("search_path", "\"$user\", public"),
    ("application_name", ""),
    ("standard_conforming_strings", "on"),
    ("integer_datetimes", "on"),
    ("transaction_isolation", "repeatable read"),
    ("default_transaction_isolation", "repeatable read"),
    ("transaction_read_only", "on"),
    ("default_transaction_read_only", "on"),
    ("transaction_deferrable", "off"),
    ("is_superuser", "off"),
    ("lc_collate", "C.UTF-8"),
    ("lc_ctype", "C.UTF-8"),
    ("lc_messages", "C.UTF-8"),
    ("lc_monetary", "C.UTF-8"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("row_security", "on"),
    ("ssl", "on"),
    ("session_authorization", ""),
    ("role", "none"),
];

/// What a setting is where no client has set it.
pub fn default_of(name: &str) -> Option<String> {
    DEFAULTS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

/// The settings of a connection.
#[derive(Debug, Clone)]
pub struct Settings {
    values: BTreeMap<String, String>,
    /// The server's limit: a client may lower it, and never raise it.
    most: Duration,
    own: Option<Duration>,
    zone: String,
}

/// What is to be told after a `SET`: name and value, as `ParameterStatus` has them.
pub type Told = Option<(String, String)>;

/// Settings that a client must be told of when they change.
const TOLD: [(&str, &str); 5] = [
    ("timezone", "TimeZone"),
    ("application_name", "application_name"),
    ("client_encoding", "client_encoding"),
    ("datestyle", "DateStyle"),
    ("intervalstyle", "IntervalStyle"),
];

impl Settings {
    /// Those of a new connection, with what it brought in its first message.
    pub fn new(most: Duration, zone: &str, brought: &HashMap<String, String>) -> Settings {
        let values = DEFAULTS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut settings = Settings { values, most, own: None, zone: zone.to_owned() };
        for (name, value) in brought {
            let name = name.to_lowercase();
            if !["user", "database", "options", "replication"].contains(&name.as_str()) && !name.starts_with("_pq_") {
                // what cannot be set so is left as it was: a client that brings it still comes in
                let _ = settings.set(&name, value);
            }
        }
        settings
    }

    /// How long a statement may run.
    pub fn limit(&self) -> Duration {
        self.own.map_or(self.most, |own| own.min(self.most))
    }

    /// The time zone in which instants are written.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The value of a setting, as `SHOW` gives it.
    pub fn get(&self, name: &str) -> Option<String> {
        match name {
            "timezone" => Some(self.zone.clone()),
            "statement_timeout" => Some(format!("{}ms", self.limit().as_millis())),
            _ => self.values.get(name).cloned(),
        }
    }

    /// All of them, by name.
    pub fn all(&self) -> Vec<(String, String)> {
        let mut all = self.values.clone();
        for name in ["timezone", "statement_timeout"] {
            all.extend(self.get(name).map(|value| (name.to_owned(), value)));
        }
        all.into_iter().collect()
    }

    /// Sets one.
    pub fn set(&mut self, name: &str, value: &str) -> PgWireResult<Told> {
        let refuse = |why: &str| Err(error(code::BAD_PARAMETER, format!("{name} = {value}: {why}")));
        match name {
            "statement_timeout" => match milliseconds(value) {
                Some(0) => self.own = None,
                Some(ms) => self.own = Some(Duration::from_millis(ms)),
                None => return refuse("not a duration\nwrite milliseconds, or a number with ms, s, min or h"),
            },
            "timezone" if value.eq_ignore_ascii_case("default") || value.eq_ignore_ascii_case("local") => {}
            "timezone" => match (Tz::from_str(value).is_ok(), offset(value)) {
                (true, _) => value.clone_into(&mut self.zone),
                (false, Some(offset)) => self.zone = offset,
                (false, None) => {
                    return refuse(
                        "no such time zone\nwrite a name such as Europe/Moscow, or an offset such as +03:00",
                    );
                }
            },
            "client_encoding" | "names" => {
                let plain = value.to_lowercase().replace('-', "");
                if !["utf8", "unicode", "sql_ascii", "default"].contains(&plain.as_str()) {
                    return refuse("the server writes UTF-8 alone");
                }
            }
            "datestyle" => {
                if !value.to_lowercase().contains("iso") && !value.eq_ignore_ascii_case("default") {
                    return refuse("dates are written as ISO 8601 alone");
                }
            }
            "transaction_read_only" | "default_transaction_read_only" => {
                if ["off", "false", "0", "no"].contains(&value.to_lowercase().as_str()) {
                    return Err(error(code::READ_ONLY, "the server only reads: transactions that write are not begun"));
                }
            }
            "session_authorization" | "role" => {
                if !["none", "default"].contains(&value.to_lowercase().as_str()) {
                    return Err(error(code::NO_PRIVILEGE, "who asks is settled by the log-in"));
                }
            }
            _ => {
                if self.values.len() < 200 && name.len() <= 64 && value.len() <= 1024 {
                    self.values.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        let told = TOLD.iter().find(|(known, _)| *known == name);
        Ok(told.and_then(|(known, shown)| Some(((*shown).to_owned(), self.get(known)?))))
    }

    /// Does what a statement says, where it sets or resets; nothing else is one of settings.
    pub fn apply(&mut self, statement: &Statement) -> PgWireResult<Told> {
        match statement {
            Statement::Set(Set::SingleAssignment { variable, values, .. }) => {
                let name = variable.to_string().to_lowercase().replace('"', "");
                let values: Vec<String> = values.iter().map(plain).collect();
                let name = if name == "time zone" { "timezone".to_owned() } else { name };
                self.set(&name, &values.join(", "))
            }
            Statement::Set(Set::SetTimeZone { value, .. }) => self.set("timezone", &plain(value)),
            Statement::Set(Set::SetNames { charset_name, .. }) => self.set("names", &charset_name.value),
            Statement::Set(Set::SetRole { role_name: Some(role), .. }) => self.set("role", &role.value),
            Statement::Set(Set::SetSessionAuthorization(to)) => self.set("session_authorization", &to.to_string()),
            Statement::Set(Set::SetTransaction { modes, .. }) => {
                let writes = |mode: &ast::TransactionMode| mode.to_string() == "READ WRITE";
                match modes.iter().any(writes) {
                    true => Err(error(code::READ_ONLY, "the server only reads: transactions that write are not begun")),
                    false => Ok(None),
                }
            }
            Statement::Set(_) => Ok(None),
            Statement::Reset(ResetStatement { reset }) => {
                let is_limit = |name: &ast::ObjectName| name.to_string().eq_ignore_ascii_case("statement_timeout");
                if matches!(reset, Reset::ALL) || matches!(reset, Reset::ConfigurationParameter(name) if is_limit(name))
                {
                    self.own = None;
                }
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

/// A value as it was meant: without quotes.
fn plain(value: &Expr) -> String {
    match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        Expr::Identifier(name) => name.value.clone(),
        other => other.to_string(),
    }
}

/// A zone that is an offset: `+03`, `-03:30`; with a name before it (`GMT-3`, `<+03>-03`) east is minus, as POSIX has it.
fn offset(value: &str) -> Option<String> {
    let value = value.trim().trim_start_matches("INTERVAL").trim().trim_start_matches('\'');
    let value = value.split('\'').next()?;
    let (is_named, rest) = match value.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => (true, rest),
        None => {
            let rest = value.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
            (rest.len() < value.len(), rest)
        }
    };
    let (is_minus, digits) = match rest.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, rest.strip_prefix('+').unwrap_or(rest)),
    };
    let mut parts = digits.split(':').map(str::parse::<u32>);
    let hours = parts.next()?.ok().filter(|hours| *hours <= 15)?;
    let minutes = parts.next().unwrap_or(Ok(0)).ok().filter(|minutes| *minutes < 60)?;
    let sign = if is_minus != is_named { '-' } else { '+' };
    Some(format!("{sign}{hours:02}:{minutes:02}"))
}

/// A duration as PostgreSQL writes it: milliseconds unless a unit is named.
fn milliseconds(value: &str) -> Option<u64> {
    let value = value.trim().to_lowercase();
    if value == "default" {
        return Some(0);
    }
    let split = value.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(value.len());
    let number: u64 = value[..split].parse().ok()?;
    let unit = match value[split..].trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new(Duration::from_secs(60), "Europe/Moscow", &HashMap::new())
    }

    #[test]
    fn a_limit_is_lowered_and_never_raised() {
        let mut settings = settings();
        for (asked, holds) in [("5s", 5_000), ("1min", 60_000), ("2h", 60_000), ("250", 250), ("0", 60_000)] {
            settings.set("statement_timeout", asked).unwrap();
            assert_eq!(settings.limit().as_millis(), holds, "{asked}");
        }
        assert!(settings.set("statement_timeout", "soon").is_err());
    }

    #[test]
    fn what_would_change_who_asks_or_what_is_written_is_refused() {
        let mut settings = settings();
        for (name, value) in [
            ("role", "postgres"),
            ("session_authorization", "admin"),
            ("transaction_read_only", "off"),
            ("client_encoding", "WIN1251"),
            ("datestyle", "German"),
        ] {
            assert!(settings.set(name, value).is_err(), "{name} = {value}");
        }
        for (zone, shown) in [
            ("GMT-3:00:00", "+03:00"),
            ("+03", "+03:00"),
            ("<+03>-03", "+03:00"),
            ("INTERVAL '-03:30' HOUR TO MINUTE", "-03:30"),
        ] {
            assert_eq!(settings.set("timezone", zone).unwrap(), Some(("TimeZone".into(), shown.into())), "{zone}");
        }
        assert_eq!(settings.set("timezone", "Asia/Omsk").unwrap(), Some(("TimeZone".into(), "Asia/Omsk".into())));
        assert!(settings.set("timezone", "Mars/Phobos").is_err());
        assert_eq!(settings.zone(), "Asia/Omsk");
    }
}
