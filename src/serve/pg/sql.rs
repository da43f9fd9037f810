//! SQL as PostgreSQL's clients write it, parsed. Which of its forms the engine lacks and how they are said to it: here those that need no
//! knowledge of what there is, in `forms` the others.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{DataType, Ident, ObjectName, ShowStatementOptions, Statement};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use datafusion_pg_catalog::sql::rules;
use datafusion_pg_catalog::sql::rules::SqlStatementRewriteRule as Rule;

/// Parses SQL in PostgreSQL's dialect.
#[derive(Debug)]
pub struct Dialect {
    /// The library's, without two: one would put null in the place of subqueries, one does not say that a name is not there.
    rules: Vec<Arc<dyn Rule>>,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect {
            rules: vec![
                Arc::new(rules::AliasDuplicatedProjectionRewrite),
                Arc::new(rules::ResolveUnqualifiedIdentifier),
                Arc::new(rules::RewriteArrayAnyAllOperation),
                Arc::new(rules::PrependUnqualifiedPgTableName),
                Arc::new(rules::StripCallableQualifier),
                Arc::new(rules::FixArrayLiteral),
                Arc::new(rules::CurrentUserVariableToSessionUserFunctionCall),
                Arc::new(rules::StripCollate),
                Arc::new(rules::RewritePgCatalogOperator),
                Arc::new(rules::FixVersionColumnName),
            ],
        }
    }
}

impl Dialect {
    /// The statements of a text.
    pub fn parse(&self, text: &str) -> Result<Vec<Statement>, ParserError> {
        let dialect = PostgreSqlDialect {};
        let mut tokens = Tokenizer::new(&dialect, text).tokenize_with_location()?;
        let mut is_first = true;
        for token in &mut tokens {
            match &token.token {
                Token::Whitespace(_) => continue,
                // the parser does not know it
                Token::Word(word) if is_first && word.keyword == Keyword::ABORT => {
                    token.token = Token::make_keyword("ROLLBACK");
                }
                _ => {}
            }
            is_first = token.token == Token::SemiColon;
        }
        let statements = Parser::new(&dialect).with_tokens_with_locations(tokens).parse_statements()?;
        statements.into_iter().map(|statement| self.rewritten(statement)).collect()
    }

    fn rewritten(&self, statement: Statement) -> Result<Statement, ParserError> {
        if let Some(asked) = shown(&statement) {
            let mut asked = Parser::parse_sql(&PostgreSqlDialect {}, &asked)?;
            return Ok(asked.pop().unwrap_or(statement));
        }
        Ok(self.rules.iter().fold(statement, |statement, rule| rule.rewrite(statement)))
    }
}

/// What `SHOW TABLES` and the like ask, as a query.
fn shown(statement: &Statement) -> Option<String> {
    let text = match statement {
        Statement::ShowTables { show_options, .. } => format!(
            "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE {} ORDER BY 1, 2",
            named(show_options, "table_schema", &["table_schema NOT IN ('pg_catalog', 'information_schema')"])
        ),
        Statement::ShowColumns { show_options, .. } => format!(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE {} ORDER BY ordinal_position",
            named(show_options, "table_name", &["false"])
        ),
        Statement::ShowSchemas { .. } => "SELECT schema_name FROM information_schema.schemata ORDER BY 1".to_owned(),
        Statement::ShowFunctions { .. } => {
            "SELECT routine_schema, routine_name FROM information_schema.routines ORDER BY 1, 2".to_owned()
        }
        _ => return None,
    };
    Some(text)
}

fn named(options: &ShowStatementOptions, column: &str, otherwise: &[&str]) -> String {
    let name = options.show_in.as_ref().and_then(|within| within.parent_name.as_ref()).map(parts);
    match name.as_deref() {
        Some([name]) => format!("{column} = {}", quoted(name)),
        Some([schema, name]) => format!("table_schema = {} AND {column} = {}", quoted(schema), quoted(name)),
        _ => otherwise.concat(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The parts of a name, as they are looked up: what is not in quotes is small.
pub fn parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(|name| name.as_ident()).map(ident).collect()
}

/// A name as it is looked up: small, unless it stands in quotes.
pub fn ident(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// The name of a type without the schema in which all types stand.
pub fn kind_of(kind: &DataType) -> String {
    let kind = kind.to_string().to_lowercase();
    kind.strip_prefix("pg_catalog.").map_or_else(|| kind.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_parser_does_not_know_is_said_otherwise_and_subqueries_stay() {
        let parsed = |text: &str| {
            let all = Dialect::default().parse(text).unwrap();
            all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(parsed("ABORT; SELECT abort FROM t"), "ROLLBACK; SELECT abort FROM t");
        let within = "SELECT a, (SELECT count(*) FROM u WHERE u.x = t.x) FROM t";
        assert_eq!(parsed(within), within);
        assert!(parsed("SHOW TABLES").contains("information_schema.tables"));
        assert!(parsed("SHOW COLUMNS FROM metric.\"o'k\"").contains("table_name = 'o''k'"));
        assert!(Dialect::default().parse("SELEC 1").is_err());
    }
}
