//! Conditions in a regulation: SQL expressions over a deal or a client, parsed, with the names they speak of.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, Visit, Visitor};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::model::problem::{hint, nearest};
use crate::model::tables::{EVENT_KINDS, Table};
use crate::model::written::Wrong;

/// What evidence may count beside event kinds: all touches so far, and the seconds of calls.
pub const COUNTED: [&str; 2] = ["touch", "talk_s"];

/// What is known of a client, for the conditions of client kinds.
pub const CLIENT_FACTS: [&str; 11] = [
    "won",
    "revenue",
    "open_deals",
    "touches",
    "days_since_first",
    "days_since_deal",
    "days_since_won",
    "days_since_touch",
    "segment",
    "branch",
    "manager",
];

/// A condition. Having one means that it is one SQL expression without a query in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// As written.
    pub sql: String,
    /// The columns, or event kinds, that it names, each once.
    pub names: Vec<String>,
}

impl Condition {
    /// Reads a condition.
    pub fn parse(sql: &str) -> Result<Condition, Wrong> {
        let refused = |what: &str| {
            Wrong::new(format!("`{sql}` is no condition: {what}"), "write it as SQL: call >= 1 AND amount > 0")
        };
        let dialect = GenericDialect {};
        let mut parser = Parser::new(&dialect).try_with_sql(sql).map_err(|e| refused(&said(&e.to_string())))?;
        let expr = parser.parse_expr().map_err(|e| refused(&said(&e.to_string())))?;
        if parser.peek_token().token != Token::EOF {
            return Err(refused(&format!("it should end before `{}`", parser.peek_token().token)));
        }
        let mut names = Names::default();
        match expr.visit(&mut names) {
            ControlFlow::Break(what) => Err(refused(what)),
            ControlFlow::Continue(()) => Ok(Condition { sql: sql.to_owned(), names: names.0 }),
        }
    }

    /// Evidence: over the columns of a deal, and how often each kind of event had happened by then.
    pub fn evidence(sql: &str) -> Result<Condition, Wrong> {
        let condition = Condition::parse(sql)?;
        let known: Vec<&str> = deal_columns().chain(EVENT_KINDS).chain(COUNTED).collect();
        // a company has columns and event kinds of its own, which only the store knows; a near miss is a slip
        for name in condition.names.iter().filter(|name| !known.contains(&name.as_str())) {
            if let Some(near) = nearest(name, known.iter().copied()) {
                let what = format!("`{name}` is neither a column of deals nor a kind of event");
                return Err(Wrong::new(what, format!("did you mean `{near}`?")));
            }
        }
        Ok(condition)
    }

    /// The condition of a client kind.
    pub fn client(sql: &str) -> Result<Condition, Wrong> {
        let condition = Condition::parse(sql)?;
        match condition.names.iter().find(|name| !CLIENT_FACTS.contains(&name.as_str())) {
            None => Ok(condition),
            Some(name) => {
                Err(Wrong::new(format!("nothing is known as `{name}` of a client"), hint(name, CLIENT_FACTS)))
            }
        }
    }
}

/// The columns of deals that conditions and required fields may name.
pub fn deal_columns() -> impl Iterator<Item = &'static str> {
    Table::Deals.columns().iter().map(|column| column.name)
}

/// The parser's message, without its preamble.
fn said(message: &str) -> String {
    message.trim_start_matches("sql parser error: ").to_owned()
}

#[derive(Default)]
struct Names(Vec<String>);

impl Visitor for Names {
    type Break = &'static str;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Self::Break> {
        ControlFlow::Break("a query cannot stand in it")
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        match expr {
            Expr::Identifier(ident) => {
                let name = match ident.quote_style {
                    Some(_) => ident.value.clone(),
                    None => ident.value.to_lowercase(),
                };
                if !self.0.contains(&name) {
                    self.0.push(name);
                }
            }
            Expr::CompoundIdentifier(_) => return ControlFlow::Break("a column is named without its table"),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_knows_what_it_speaks_of() {
        let condition = Condition::evidence("Call >= 1 OR (meeting > 0 AND \"Город\" <> '' AND call < 9)").unwrap();
        assert_eq!(condition.names, ["call", "meeting", "Город"]);
    }

    #[test]
    fn what_is_no_condition_is_told() {
        let wrong = |sql| Condition::evidence(sql).unwrap_err();
        assert_eq!(wrong("cal >= 1").what, "`cal` is neither a column of deals nor a kind of event");
        assert_eq!(wrong("cal >= 1").hint, "did you mean `call`?");
        assert!(wrong("call >=").what.starts_with("`call >=` is no condition: Expected"), "{:?}", wrong("call >="));
        assert_eq!(wrong("call 1").what, "`call 1` is no condition: it should end before `1`");
        assert_eq!(
            wrong("deal_id IN (SELECT 1)").what,
            "`deal_id IN (SELECT 1)` is no condition: a query cannot stand in it"
        );
        assert_eq!(
            wrong("deals.amount > 0").what,
            "`deals.amount > 0` is no condition: a column is named without its table"
        );
        assert_eq!(Condition::client("wons > 1").unwrap_err().hint, "did you mean `won`?");
        assert!(Condition::client("won = 0 AND days_since_first < 30").is_ok());
    }
}
