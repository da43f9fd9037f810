//! The SQL of a metric, checked as far as that needs no data: one SELECT, known parameters, named columns in order.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, SelectItem, SetExpr, Spanned, Statement, TableFactor, Value, Visit, Visitor, visit_expressions,
    visit_expressions_mut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::model::lang::{Text, both};
use crate::model::problem::{Problem, hint, meant, nearest};
use crate::session::bounds;

/// The parameters of every metric: name, and the Arrow type it is bound with.
pub(super) const PARAMETERS: [(&str, &str); 6] = [
    ("from", "Timestamp(Microsecond, Some(\"UTC\"))"),
    ("to", "Timestamp(Microsecond, Some(\"UTC\"))"),
    ("as_of", "Timestamp(Microsecond, Some(\"UTC\"))"),
    ("from_day", "Date32"),
    ("to_day", "Date32"),
    ("as_of_day", "Date32"),
];

/// Whether the rows of a SELECT must have an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// A metric's are shown.
    Needed,
    /// A shared piece's are only read.
    Free,
}

/// Parses the SQL and types its parameters. `text` is the whole file, so that lines are the file's.
///
/// A bound parameter has no type while the engine resolves functions, and `local_week($from_day)` would not be found;
/// so each is wrapped in a cast to its type here, in the syntax tree. Its value is still bound, never written into SQL.
pub(super) fn parse(file: &str, text: &str, order: Order) -> Result<Box<Statement>, Vec<Problem>> {
    let wrong = |(line, what, hint): Wrong| Problem { file: file.into(), line: line as usize, what, hint };
    let mut statement = one_query(text).map_err(|problem| vec![wrong(problem)])?;
    let mut problems = problems(&statement, order);
    problems.extend(type_parameters(&mut statement));
    match problems.is_empty() {
        true => Ok(Box::new(statement)),
        false => Err(problems.into_iter().map(wrong).collect()),
    }
}

/// A problem: its line in the file, what it is, and the way out.
type Wrong = (u64, Text, Text);

/// The one query of a text. What else SQL knows is refused.
fn one_query(text: &str) -> Result<Statement, Wrong> {
    if let Some(what) = bounds::refuse(text) {
        return Err((0, what, Text::new("спрашивайте в одной метрике меньше", "ask for less in one metric")));
    }
    let mut statements = Parser::parse_sql(&GenericDialect {}, text).map_err(|e| {
        let what = e.to_string();
        (line_in(&what), Text::same(what), Text::new("метрика — это один SELECT", "a metric is one SELECT"))
    })?;
    let not_one = || Text::new("метрика должна быть одним SELECT", "a metric must be one SELECT");
    match (statements.pop(), statements.is_empty()) {
        (Some(query @ Statement::Query(_)), true) => Ok(query),
        (Some(_), true) => Err((0, not_one(), Text::new("метрики только читают", "metrics only read"))),
        _ => {
            let hint = Text::new("напишите один SELECT, без `;` внутри", "write one SELECT, with no `;` inside");
            Err((0, not_one(), hint))
        }
    }
}

/// What a query must not have, or lacks.
fn problems(statement: &Statement, order: Order) -> Vec<Wrong> {
    let Statement::Query(query) = statement else { return Vec::new() };
    let mut problems = Vec::new();
    if let SetExpr::Select(select) = query.body.as_ref()
        && select.into.is_some()
    {
        let what = Text::new("SELECT … INTO не разрешён", "SELECT … INTO is not allowed");
        problems.push((0, what, Text::new("метрики только читают", "metrics only read")));
    }
    if order == Order::Needed && query.order_by.is_none() {
        let hint = Text::new(
            "закончите его ORDER BY grp, …: у результата есть порядок",
            "end it in ORDER BY grp, …: a result has an order",
        );
        problems.push((0, Text::new("в SELECT нет ORDER BY", "the SELECT has no ORDER BY"), hint));
    }
    let mut stars = Stars::default();
    let _ = query.visit(&mut stars);
    problems.extend(stars.0.into_iter().map(|line| {
        let what = Text::new("SELECT * не разрешён", "SELECT * is not allowed");
        (line, what, Text::new("назовите столбцы", "name the columns"))
    }));
    problems
}

/// Wraps each parameter in a cast to its type. Returns those that there are not.
fn type_parameters(statement: &mut Statement) -> Vec<Wrong> {
    let mut problems = Vec::new();
    let _ = visit_expressions_mut(statement, |expr| {
        let Expr::Value(value) = &*expr else { return ControlFlow::Continue(()) };
        let Value::Placeholder(name) = &value.value else { return ControlFlow::<()>::Continue(()) };
        let line = value.span.start.line;
        let bare = name.trim_start_matches('$');
        match PARAMETERS.iter().find(|(known, _)| *known == bare) {
            Some((_, arrow)) => match typed(bare, arrow) {
                Some(cast) => *expr = cast,
                None => {
                    let what = both!("параметр `{name}` не подставить", "the parameter `{name}` cannot be bound");
                    problems.push((line, what, Text::default()));
                }
            },
            None => {
                let names = PARAMETERS.iter().map(|(known, _)| *known);
                let way_out = match nearest(bare, names.clone()) {
                    Some(near) => meant(&format!("${near}")),
                    None => hint(bare, names),
                };
                problems.push((line, both!("нет параметра `{name}`", "there is no parameter `{name}`"), way_out));
            }
        }
        ControlFlow::Continue(())
    });
    problems
}

/// Where a SELECT names a relation, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mention {
    /// The line of the first time.
    pub line: u64,
    /// How often.
    pub times: usize,
}

/// What the SELECT reads: tables, views, metrics, shared pieces. What it names itself, in a WITH, is none of them.
pub(super) fn relations(statement: &Statement) -> BTreeMap<String, Mention> {
    let mut relations = Relations::default();
    let _ = statement.visit(&mut relations);
    relations.read.retain(|name, _| !relations.own.contains(name));
    relations.read
}

/// What a statement reads from, and what it names in a WITH.
#[derive(Default)]
struct Relations {
    read: BTreeMap<String, Mention>,
    own: BTreeSet<String>,
}

/// How often a query reads a relation of this name.
pub(super) fn mentions(query: &Query, relation: &str) -> usize {
    let mut relations = Relations::default();
    let _ = query.visit(&mut relations);
    relations.read.get(relation).map_or(0, |mention| mention.times)
}

/// What is named in a WITH deeper within a query.
pub(super) fn names_within(query: &Query) -> BTreeSet<String> {
    let mut within = query.clone();
    within.with = None;
    let mut relations = Relations::default();
    let _ = within.visit(&mut relations);
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        let _ = cte.query.visit(&mut relations);
    }
    relations.own
}

/// A query out of its text.
pub(super) fn query(text: &str) -> Option<Query> {
    Parser::new(&GenericDialect {}).try_with_sql(text).ok()?.parse_query().ok().map(|query| *query)
}

/// A name as the engine reads it: small, unless it is quoted.
pub(super) fn name(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

impl Visitor for Relations {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.own.extend(tables.map(|table| name(&table.alias.name)));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        // with arguments it is a function; what is qualified, such as information_schema.tables, is none of ours
        if let TableFactor::Table { name: path, args: None, .. } = factor
            && let [part] = &path.0[..]
            && let Some(ident) = part.as_ident()
        {
            let first = Mention { line: ident.span.start.line, times: 0 };
            self.read.entry(name(ident)).or_insert(first).times += 1;
        }
        ControlFlow::Continue(())
    }
}

/// Whether the SELECT asks for the first or the last day of the period.
pub(super) fn has_period(statement: &Statement) -> bool {
    const OF_PERIOD: [&str; 4] = ["$from", "$to", "$from_day", "$to_day"];
    let asked = visit_expressions(statement, |expr| match expr {
        Expr::Value(value) if matches!(&value.value, Value::Placeholder(name) if OF_PERIOD.contains(&name.as_str())) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    asked.is_break()
}

/// The names of the columns that the SELECT gives, in order; none where it is a union, or leaves one unnamed.
pub(super) fn output(statement: &Statement) -> Option<Vec<String>> {
    let Statement::Query(query) = statement else { return None };
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(path)) => path.last().map(|name| name.value.clone()),
        _ => None,
    };
    select.projection.iter().map(name).collect()
}

fn typed(name: &str, arrow: &str) -> Option<Expr> {
    let cast = format!("arrow_cast(${name}, '{arrow}')");
    Parser::new(&GenericDialect {}).try_with_sql(&cast).ok()?.parse_expr().ok()
}

/// The parser says where in words: `… at Line: 3, Column: 7`.
fn line_in(message: &str) -> u64 {
    let digits = message.rsplit_once("Line: ").map_or("", |(_, rest)| rest);
    digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
}

/// The lines on which some SELECT takes everything.
#[derive(Default)]
struct Stars(Vec<u64>);

impl Visitor for Stars {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let SetExpr::Select(select) = query.body.as_ref() {
            let star = |item: &&SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
            self.0.extend(select.projection.iter().filter(star).map(|item| item.span().start.line));
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(sql: &str) -> String {
        let all = parse("q.sql", sql, Order::Needed).map(|_| ()).unwrap_err();
        all.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn parameters_are_typed_and_columns_named() {
        let sql = "SELECT s.grp, count(*) AS deals FROM s WHERE s.day >= $from_day GROUP BY 1 ORDER BY 1";
        let statement = parse("q.sql", sql, Order::Needed).unwrap();
        assert!(statement.to_string().contains("s.day >= arrow_cast($from_day, 'Date32')"));
        assert_eq!(output(&statement).unwrap(), ["grp", "deals"]);
    }

    #[test]
    fn what_is_read_is_told_from_what_is_named_and_from_functions() {
        let sql = "WITH Leads AS (SELECT deal_id FROM Scope AS s) SELECT l.grp FROM leads AS l \
                   JOIN \"Own\" ON TRUE JOIN range(0, 3) ON TRUE JOIN information_schema.tables ON TRUE \
                   WHERE EXISTS (SELECT 1 FROM deals) ORDER BY 1";
        let statement = parse("q.sql", sql, Order::Needed).unwrap();
        assert_eq!(relations(&statement).into_keys().collect::<Vec<_>>(), ["Own", "deals", "scope"]);
    }

    #[test]
    fn what_a_metric_may_not_be() {
        assert_eq!(
            problems("SELECT grp\nFROM s\nWHERE a > $form\nORDER BY grp"),
            "q.sql:3: there is no parameter `$form`\n    did you mean `$from`?"
        );
        assert_eq!(
            problems("WITH a AS (\nSELECT * FROM s) SELECT grp FROM a"),
            "q.sql: the SELECT has no ORDER BY\n    end it in ORDER BY grp, …: a result has an order\n\
             q.sql:2: SELECT * is not allowed\n    name the columns"
        );
        assert!(problems("DROP TABLE deals").starts_with("q.sql: a metric must be one SELECT"));
        assert!(problems("SELECT 1; SELECT 2").starts_with("q.sql: a metric must be one SELECT"));
        assert!(problems("SELECT grp\nFROM").starts_with("q.sql"));
    }
}
