//! What SQL text may ask of the planner: the engine walks and frees a statement by recursion, so one that is deep enough
//! overflows the stack, which ends the process and cannot be caught. And what panics in the engine, as an error.

use crate::model::lang::{Text, both};
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use futures::FutureExt as _;

/// So many bytes of SQL are read.
const LONGEST: usize = 1 << 20;
/// So many SELECTs and joins one statement may have: a WITH may build each on the one before.
const SELECTS: usize = 500;
/// So many operators may follow one another: `1 + 1 + …` is a tree as deep as it is long. Measured: casts overflow 32 MiB of
/// stack between 2,000 and 5,000.
const DEEPEST: usize = 1_000;

/// Why the statement is not even parsed; none if it may be.
pub fn refuse(sql: &str) -> Option<Text> {
    if sql.len() > LONGEST {
        return Some(both!(
            "в SQL {} байт, а читается не больше {LONGEST}",
            "the SQL has {} bytes, and at most {LONGEST} are read",
            sql.len()
        ));
    }
    // what cannot be parted into words is told by the parser, in its own words
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().ok()?;
    let is = |token: &Token, keyword| matches!(token, Token::Word(word) if word.keyword == keyword);
    let selects = tokens.iter().filter(|token| is(token, Keyword::SELECT) || is(token, Keyword::JOIN)).count();
    if selects > SELECTS {
        return Some(both!(
            "в SQL SELECT и соединений {selects}, а планируется не больше {SELECTS}",
            "the SQL has {selects} SELECTs and joins, and at most {SELECTS} are planned"
        ));
    }
    let depth = depth(&tokens);
    (depth > DEEPEST).then(|| {
        both!(
            "в SQL вложено операторов {depth}, а планируется не больше {DEEPEST}",
            "the SQL is nested {depth} operators deep, and at most {DEEPEST} are planned"
        )
    })
}

/// The length of the longest chain of operators and keywords between two commas, with what is nested in it.
fn depth(tokens: &[Token]) -> usize {
    /// A level of parentheses.
    #[derive(Default)]
    struct Level {
        own: usize,
        nested: usize,
        deepest: usize,
    }
    impl Level {
        fn end(&mut self) {
            self.deepest = self.deepest.max(self.own + self.nested);
            (self.own, self.nested) = (0, 0);
        }
    }
    let mut levels = vec![Level::default()];
    for token in tokens {
        let Some(level) = levels.last_mut() else { break };
        match token {
            Token::Comma | Token::SemiColon => level.end(),
            Token::LParen | Token::LBrace => levels.push(Level::default()),
            // an index is an operator on what stands before it
            Token::LBracket => {
                level.own += 1;
                levels.push(Level::default());
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                level.end();
                let deepest = level.deepest + 1;
                match levels.len() {
                    1 => levels[0].deepest = deepest,
                    _ => {
                        levels.pop();
                        if let Some(outer) = levels.last_mut() {
                            outer.nested = outer.nested.max(deepest);
                        }
                    }
                }
            }
            // the branches of a CASE stand beside each other
            Token::Word(word) if matches!(word.keyword, Keyword::WHEN | Keyword::ELSE) => level.end(),
            Token::Word(word) if word.keyword == Keyword::NoKeyword => {}
            Token::Whitespace(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::Period => {}
            _ => level.own += 1,
        }
    }
    levels
        .iter_mut()
        .map(|level| {
            level.end();
            level.deepest
        })
        .sum()
}

/// Runs what the engine does. A panic in it, or in a library below it, is an error like another.
pub async fn guarded<T, E: From<DataFusionError>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => done,
        Err(panic) => {
            let what = format!("the engine failed on this query: {}", said(panic.as_ref()));
            Err(DataFusionError::Execution(what).into())
        }
    }
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why")
}

/// Refuses a plan that changes anything.
pub fn read_only(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(link: &str, links: usize) -> String {
        format!("SELECT 1{}", link.repeat(links))
    }

    #[test]
    fn a_chain_is_deep_and_a_list_is_not() {
        for link in
            [" + 1", "::int", " IS NULL", " AND true", " || 'x'", " + (1)", "[1]", " COLLATE x", " AT TIME ZONE 'UTC'"]
        {
            assert_eq!(refuse(&chain(link, 300)), None, "{link}");
            assert!(refuse(&chain(link, 50_000)).is_some(), "{link}");
        }
        for list in [", 1", ", 'a'", ", (1 + 1)", " /* + */", " -- +\n"] {
            assert_eq!(refuse(&chain(list, 50_000)), None, "{list}");
        }
        let when: String = (0..3000).map(|n| format!(" WHEN a = {n} THEN {n}")).collect();
        assert_eq!(refuse(&format!("SELECT CASE{when} ELSE 0 END")), None);
        for many in [" UNION ALL SELECT 1", " CROSS JOIN deals"] {
            assert!(refuse(&chain(many, 2_000)).is_some(), "{many}");
        }
        assert!(refuse(&format!("SELECT '{}'", "x".repeat(LONGEST))).is_some());
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let failed: Result<(), DataFusionError> = guarded(async { panic!("offset overflow") }).await;
        assert!(failed.unwrap_err().to_string().contains("failed on this query: offset overflow"));
    }
}
