//! Errors as clients of PostgreSQL read them: SQLSTATE, message, hint.

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use pgwire::error::{ErrorInfo, PgWireError};

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
        if let Some(company) = inner.downcast_ref::<CompanyError>() {
            return error(code::NO_DATA, company.text(lang));
        }
        link = inner.source();
    }
    let root = source.find_root();
    error(code_of(root), root.strip_backtrace())
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
            SchemaError::FieldNotFound { .. } => code::NO_COLUMN,
            _ => code::AMBIGUOUS,
        },
        DataFusionError::NotImplemented(_) => code::NOT_SUPPORTED,
        DataFusionError::Plan(text) => code_of_plan(text),
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::DivideByZero => code::BY_ZERO,
            ArrowError::CastError(_) | ArrowError::ParseError(_) => code::BAD_TEXT,
            _ => code::BAD_DATA,
        },
        DataFusionError::Execution(_) => code::BAD_DATA,
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => code_of(inner.find_root()),
        _ => code::OTHER,
    }
}

fn code_of_plan(text: &str) -> &'static str {
    let text = text.to_lowercase();
    if text.contains("function") {
        code::NO_FUNCTION
    } else if text.contains("table '") || text.contains("failed to resolve") {
        code::NO_TABLE
    } else {
        code::SYNTAX
    }
}
