//! Errors as clients of PostgreSQL read them: SQLSTATE, message, hint.

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::parser::ParserError;
use pgwire::error::{ErrorInfo, PgWireError};

use super::nested::ManyRows;
use crate::company::CompanyError;
use crate::metrics::MetricError;
use crate::model::lang::{Lang, Text};
use crate::serve::ServeError;
use crate::session::SessionError;

/// The codes that we give, by PostgreSQL's names.
pub mod code {
    pub const TOO_MANY_CONNECTIONS: &str = "53300";
    pub const OUT_OF_MEMORY: &str = "53200";
    pub const CANCELED: &str = "57014";
    pub const SHUTDOWN: &str = "57P01";
    pub const NO_PRIVILEGE: &str = "42501";
    pub const READ_ONLY: &str = "25006";
    pub const ABORTED: &str = "25P02";
    pub const NO_TRANSACTION: &str = "25P01";
    pub const SYNTAX: &str = "42601";
    pub const NO_TABLE: &str = "42P01";
    pub const NO_COLUMN: &str = "42703";
    pub const AMBIGUOUS: &str = "42702";
    pub const NO_FUNCTION: &str = "42883";
    pub const NO_SCHEMA: &str = "3F000";
    pub const NO_OBJECT: &str = "42704";
    pub const GROUPING: &str = "42803";
    pub const TWICE: &str = "42712";
    pub const COLUMN_TWICE: &str = "42701";
    pub const BAD_PLACE: &str = "42P10";
    pub const NO_PARAMETER: &str = "42P02";
    pub const MANY_ROWS: &str = "21000";
    pub const BAD_DAY: &str = "22007";
    pub const BAD_FIELD: &str = "22008";
    pub const TOO_LARGE: &str = "22003";
    pub const BAD_PATTERN: &str = "2201B";
    pub const BAD_LIMIT: &str = "2201W";
    pub const BAD_ROOT: &str = "2201F";
    pub const NO_MATCH: &str = "42804";
    pub const NO_CURSOR: &str = "34000";
    pub const NO_STATEMENT: &str = "26000";
    pub const NOT_SUPPORTED: &str = "0A000";
    pub const BAD_PARAMETER: &str = "22023";
    pub const BAD_TEXT: &str = "22P02";
    pub const BY_ZERO: &str = "22012";
    pub const BAD_DATA: &str = "22000";
    pub const NO_DATA: &str = "55000";
    pub const TOO_COMPLEX: &str = "54001";
    pub const PROTOCOL: &str = "08P01";
    pub const NOT_AUTHORISED: &str = "28000";
    pub const WRONG_PASSWORD: &str = "28P01";
    pub const TOO_MUCH: &str = "54000";
    pub const OTHER: &str = "XX000";
}

/// An error that leaves the connection as it is.
pub fn error(code: &str, message: impl Into<String>) -> PgWireError {
    of("ERROR", code, &message.into())
}

/// An error that ends the connection.
pub fn fatal(code: &str, message: impl Into<String>) -> PgWireError {
    of("FATAL", code, &message.into())
}

/// What stands below the first line of our messages is the way out: a hint.
fn of(severity: &str, code: &str, message: &str) -> PgWireError {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let mut info = ErrorInfo::new(severity.to_owned(), code.to_owned(), first.to_owned());
    info.severity_nonlocalized = Some(severity.to_owned());
    let rest = rest.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    info.hint = Some(rest).filter(|rest| !rest.is_empty());
    PgWireError::UserError(Box::new(info))
}

/// What the server says itself, in its language.
pub fn said(code: &str, text: &Text, lang: Lang) -> PgWireError {
    error(code, text.get(lang))
}

/// What a statement that is no query would do.
pub fn changes(statement: &Statement, lang: Lang) -> PgWireError {
    let text = statement.to_string();
    let what = text.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    error(code::READ_ONLY, SessionError::ReadOnly { what }.text(lang))
}

/// What the engine says, with what of ours is in it.
pub fn of_engine(source: &DataFusionError, lang: Lang) -> PgWireError {
    let mut link: Option<&(dyn std::error::Error + 'static)> = Some(source);
    while let Some(inner) = link {
        if let Some(metric) = inner.downcast_ref::<MetricError>() {
            return of_metric(metric, lang);
        }
        if let Some(SessionError::Engine(_)) = inner.downcast_ref::<SessionError>() {
            // what the engine said stands below
        } else if let Some(session) = inner.downcast_ref::<SessionError>() {
            return error(code_of_session(session), session.text(lang));
        }
        if let Some(wrong) = inner.downcast_ref::<Misasked>() {
            return error(wrong.code, wrong.text.clone());
        }
        if inner.is::<ManyRows>() {
            return error(code::MANY_ROWS, ManyRows.to_string());
        }
        if let Some(company) = inner.downcast_ref::<CompanyError>() {
            return error(code::NO_DATA, company.text(lang));
        }
        link = inner.source();
    }
    let root = source.find_root();
    let text = root.strip_backtrace();
    // these are no errors of the engine's own kind
    let code = if text.contains("regex parse error") { code::BAD_PATTERN } else { code_of(root) };
    error(code, text)
}

/// Why a metric gives no result.
pub fn of_metric(source: &MetricError, lang: Lang) -> PgWireError {
    let code = match source {
        MetricError::Unknown { .. } => code::NO_FUNCTION,
        MetricError::Dimension { .. } | MetricError::Period { .. } | MetricError::AsOf { .. } => code::BAD_PARAMETER,
        MetricError::Missing { .. } => code::NO_DATA,
        MetricError::Table { .. } => code::NO_TABLE,
        MetricError::Session { source, .. } => code_of_session(source),
        MetricError::Engine { source, .. } => code_of(source.find_root()),
        _ => code::OTHER,
    };
    error(code, source.text(lang))
}

/// Why a session cannot be asked.
pub fn of_session(source: &SessionError, lang: Lang) -> PgWireError {
    match source {
        SessionError::Engine(inner) => of_engine(inner, lang),
        _ => error(code_of_session(source), source.text(lang)),
    }
}

/// Why the server does not answer.
pub fn of_serve(source: &ServeError, lang: Lang) -> PgWireError {
    match source {
        ServeError::Session(inner) => of_session(inner, lang),
        ServeError::TooLong { .. } => error(code::CANCELED, source.text(lang)),
        ServeError::Full { .. } => fatal(code::TOO_MANY_CONNECTIONS, source.text(lang)),
        ServeError::Refused => fatal(code::WRONG_PASSWORD, source.text(lang)),
        // where it lies is nobody's business
        ServeError::File { .. } => fatal(
            code::NOT_AUTHORISED,
            lang.pick(
                "сейчас никого не впустить: с файлом пользователей на сервере что-то не так",
                "nobody can be let in now: something is wrong with the server's file of users",
            ),
        ),
        ServeError::Protocol { .. } => fatal(code::PROTOCOL, source.text(lang)),
        _ => error(code::OTHER, source.text(lang)),
    }
}

fn code_of_session(source: &SessionError) -> &'static str {
    match source {
        SessionError::Dimension { .. } => code::BAD_PARAMETER,
        SessionError::ReadOnly { .. } => code::READ_ONLY,
        SessionError::TooMuch { .. } => code::TOO_COMPLEX,
        SessionError::Engine(inner) => code_of(inner.find_root()),
        _ => code::OTHER,
    }
}

/// The code of an error of the engine. Of a plan it says in words alone what is wrong.
fn code_of(root: &DataFusionError) -> &'static str {
    match root {
        DataFusionError::ResourcesExhausted(_) => code::OUT_OF_MEMORY,
        DataFusionError::SQL(inner, _) => match inner.as_ref() {
            ParserError::RecursionLimitExceeded => code::TOO_COMPLEX,
            _ => code::SYNTAX,
        },
        DataFusionError::SchemaError(inner, _) => match inner.as_ref() {
            // of a table that stands nowhere in the query
            SchemaError::FieldNotFound { field, valid_fields } => match &field.relation {
                Some(table) if !valid_fields.iter().any(|valid| valid.relation.as_ref() == Some(table)) => {
                    code::NO_TABLE
                }
                _ => code::NO_COLUMN,
            },
            SchemaError::DuplicateQualifiedField { .. } => code::TWICE,
            SchemaError::DuplicateUnqualifiedField { .. } => code::COLUMN_TWICE,
            SchemaError::AmbiguousReference { .. } => code::AMBIGUOUS,
        },
        DataFusionError::NotImplemented(text) if text.contains("Unsupported SQL type") => code::NO_OBJECT,
        DataFusionError::NotImplemented(_) => code::NOT_SUPPORTED,
        DataFusionError::Plan(text) => code_of_plan(text),
        DataFusionError::ArrowError(inner, _) => code_of_value(inner),
        DataFusionError::Execution(text) => code_of_work(text),
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => code_of(inner.find_root()),
        _ => code::OTHER,
    }
}

fn code_of_value(failed: &ArrowError) -> &'static str {
    let (ArrowError::CastError(text) | ArrowError::ParseError(text)) = failed else {
        return match failed {
            ArrowError::DivideByZero => code::BY_ZERO,
            ArrowError::ArithmeticOverflow(_) => code::TOO_LARGE,
            ArrowError::ComputeError(text) => code_of_work(text),
            _ => code::BAD_DATA,
        };
    };
    let is_day = ["Date32", "Date64", "Timestamp", "timestamp", "Time"].iter().any(|kind| text.contains(kind));
    if is_day {
        // digits in the form of a day, and no such day
        let looks = text.split('\'').nth(1).is_some_and(|value| {
            let digits = value.bytes().filter(u8::is_ascii_digit).count();
            digits >= 6 && value.contains('-') && !value.chars().any(char::is_alphabetic)
        });
        if looks { code::BAD_FIELD } else { code::BAD_DAY }
    } else if text.contains("Can't cast value") || text.contains("too large") {
        code::TOO_LARGE
    } else {
        code::BAD_TEXT
    }
}

/// What went wrong at work is said in words alone.
fn code_of_work(text: &str) -> &'static str {
    let text = text.to_lowercase();
    if text.contains("regular expression") || text.contains("regex parse error") {
        code::BAD_PATTERN
    } else if text.contains("more than one row") {
        code::MANY_ROWS
    } else if text.contains("would make") {
        code::TOO_MUCH
    } else if text.contains("the engine failed on this query") {
        code::OTHER
    } else if text.contains("overflow") {
        code::TOO_LARGE
    } else if text.contains("negative number") {
        code::BAD_ROOT
    } else if text.contains("parsing timestamp") || text.contains("parsing date") {
        code::BAD_DAY
    } else {
        code::BAD_DATA
    }
}

fn code_of_plan(text: &str) -> &'static str {
    let text = text.to_lowercase();
    if text.contains("must be in group by") || text.contains("aggregate functions are not allowed") {
        code::GROUPING
    } else if text.contains("order by position") || text.contains("order by column out of bounds") {
        code::BAD_PLACE
    } else if text.contains("limit must be") || text.contains("offset must be") {
        code::BAD_LIMIT
    } else if text.contains("non-boolean predicate") {
        code::NO_MATCH
    } else if text.contains("cannot coerce") || text.contains("cannot infer common") {
        // no such operator for values of these types
        code::NO_FUNCTION
    } else if text.contains("function") || text.contains("no overload") || text.contains("candidate") {
        code::NO_FUNCTION
    } else if text.contains("table '") || text.contains("failed to resolve") {
        code::NO_TABLE
    } else {
        code::SYNTAX
    }
}

/// A metric is asked with what is no parameter of it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Misasked {
    /// The code.
    pub code: &'static str,
    /// What is wrong.
    pub text: String,
}
