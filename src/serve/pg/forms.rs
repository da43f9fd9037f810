//! Forms of PostgreSQL's SQL that depend on what there is, said as the engine knows them: names turned into numbers and back, arrays of
//! rows, settings, the names of columns. And what must not be asked is refused here by PostgreSQL's codes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr, Statement, TableAlias, TableAliasColumnDef,
    TableFactor, Value, VisitMut as _, VisitorMut, visit_expressions_mut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use pgwire::error::{PgWireError, PgWireResult};

use super::catalog::{Described, Regs};
use super::error::{changes, code, error};
use super::nested::ARRAY;
use super::schemas::DATABASE;
use super::sql::{ident, kind_of, parts};
use crate::model::lang::Lang;

/// What a statement is rewritten with: what there is, and the client's settings.
pub struct Forms<'a> {
    /// The objects of the catalog.
    pub described: &'a Described,
    /// The value of a setting.
    pub setting: &'a dyn Fn(&str) -> Option<String>,
    /// The language of refusals.
    pub lang: Lang,
}

impl Forms<'_> {
    /// Rewrites a statement.
    pub fn apply(&self, statement: &mut Statement) -> PgWireResult<()> {
        if let Statement::Query(query) = statement
            && let Some(select) = first(&mut query.body)
        {
            for item in &mut select.projection {
                if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                    displayed(expr);
                }
            }
        }
        match statement.visit(&mut Visitor(self)) {
            ControlFlow::Break(wrong) => Err(*wrong),
            ControlFlow::Continue(()) => Ok(()),
        }
    }

    /// The number of an object that is named where a number is wanted.
    fn number(&self, kind: &str, name: &str) -> PgWireResult<Option<Expr>> {
        let Some(reg) = Regs::named(kind) else { return Ok(None) };
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Some(literal(name)));
        }
        match self.described.number(reg, name) {
            Some(oid) => Ok(Some(literal(&oid.to_string()))),
            None => {
                let (code, what) = match reg {
                    Regs::Class => (code::NO_TABLE, "relation"),
                    Regs::Namespace => (code::NO_SCHEMA, "schema"),
                    Regs::Type => (code::NO_OBJECT, "type"),
                    Regs::Proc => (code::NO_FUNCTION, "function"),
                    Regs::Role => (code::NO_OBJECT, "role"),
                };
                Err(error(code, format!("{what} \"{name}\" does not exist")))
            }
        }
    }

    fn expr(&self, expr: &mut Expr) -> PgWireResult<()> {
        match expr {
            Expr::Cast { expr: inner, data_type, .. } => {
                let kind = kind_of(data_type);
                // the type of one letter in which the catalog keeps its kinds
                if kind == "\"char\"" {
                    *data_type = DataType::Text;
                    return Ok(());
                }
                let text = match inner.as_ref() {
                    Expr::Value(value) => match &value.value {
                        Value::SingleQuotedString(text) => Some(text.clone()),
                        _ => None,
                    },
                    // to a number and on to a text: that is its name
                    Expr::Function(function) if is_text(&kind) => {
                        let name = function.name.to_string();
                        if let Some(reg) = Regs::ALL.into_iter().find(|reg| reg.finder() == name) {
                            *expr = call(reg.display(), vec![inner.as_ref().clone()]);
                        }
                        return Ok(());
                    }
                    _ => None,
                };
                match (text, Regs::named(&kind)) {
                    (Some(text), Some(_)) => {
                        if let Some(number) = self.number(&kind, &text)? {
                            *expr = number;
                        }
                    }
                    (None, Some(reg)) if !matches!(inner.as_ref(), Expr::Value(value) if !is_open(&value.value)) => {
                        *expr = call(reg.finder(), vec![inner.as_ref().clone()]);
                    }
                    _ => {}
                }
            }
            // unless it stands in quotes, it is no name of a column
            Expr::Identifier(name) if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("user") => {
                *expr = call("session_user", Vec::new());
            }
            Expr::Function(function) => {
                let name = function.name.to_string().to_lowercase();
                match (name.as_str(), &function.args) {
                    ("array", FunctionArguments::Subquery(query)) => {
                        *expr = call(ARRAY, vec![Expr::Subquery(query.clone())]);
                    }
                    (name, FunctionArguments::List(_)) if spread(name).is_some() => {
                        let inner = call(spread(name).unwrap_or_default(), args(function));
                        *expr = call("unnest", vec![inner]);
                    }
                    (name, _) if DENIED.contains(&name) => {
                        return Err(error(code::NO_PRIVILEGE, format!("permission denied for function {name}")));
                    }
                    ("user" | "current_role", FunctionArguments::None) => {
                        function.name = ObjectName(vec![ObjectNamePart::Identifier(Ident::new("session_user"))]);
                    }
                    ("current_setting", FunctionArguments::List(_)) => {
                        if let Some(value) = self.set(&args(function))? {
                            *expr = value;
                        }
                    }
                    _ => {}
                }
            }
            Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. } => {
                let other = escape_char.as_ref().and_then(|sign| sign.value.clone().into_string());
                if let Some(sign) = other.filter(|sign| sign != "\\" && !sign.is_empty()) {
                    **pattern = escaped(pattern, &sign);
                    *escape_char = None;
                }
            }
            // of a value and not of a table: a field by its name
            Expr::CompoundFieldAccess { root, access_chain } if !matches!(root.as_ref(), Expr::Identifier(_)) => {
                for access in access_chain {
                    if let AccessExpr::Dot(Expr::Identifier(name)) = access {
                        *access = AccessExpr::Dot(Expr::Value(Value::SingleQuotedString(name.value.clone()).into()));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `current_setting('name' [, missing_ok])`.
    fn set(&self, args: &[Expr]) -> PgWireResult<Option<Expr>> {
        let (Some(Expr::Value(name)), may_miss) = (args.first(), args.get(1)) else { return Ok(None) };
        let Value::SingleQuotedString(name) = &name.value else { return Ok(None) };
        let value = match (self.setting)(&name.to_lowercase()) {
            Some(value) => Value::SingleQuotedString(value),
            None if may_miss.is_some_and(|may| may.to_string().eq_ignore_ascii_case("true")) => Value::Null,
            None => {
                let text = format!("unrecognized configuration parameter \"{name}\"");
                return Err(error(code::NO_OBJECT, text));
            }
        };
        Ok(Some(Expr::Value(value.into())))
    }
}

struct Visitor<'a>(&'a Forms<'a>);

impl Visitor<'_> {
    /// Puts in the place of `x.tableoid` the number of the table that is called `x` here.
    fn numbered(&self, select: &mut Select) {
        let mut tables = BTreeMap::new();
        for from in &select.from {
            for factor in std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)) {
                let TableFactor::Table { name, alias, args: None, .. } = factor else { continue };
                let own = parts(name).pop().unwrap_or_default();
                let called = alias.as_ref().map_or(own, |alias| ident(&alias.name));
                if let Some(oid) = self.0.described.number(Regs::Class, &name.to_string()) {
                    tables.insert(called, oid);
                }
            }
        }
        let _ = visit_expressions_mut(select, |expr| {
            if let Expr::CompoundIdentifier(names) = expr
                && let [table, column] = names.as_slice()
                && column.value == "tableoid"
                && let Some(oid) = tables.get(&ident(table))
            {
                *expr = literal(&oid.to_string());
            }
            ControlFlow::<()>::Continue(())
        });
    }
}

impl VisitorMut for Visitor<'_> {
    type Break = Box<PgWireError>;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        if let Some(statement) = changing(&query.body) {
            return ControlFlow::Break(Box::new(changes(statement, self.0.lang)));
        }
        if !query.locks.is_empty() {
            let text = "cannot execute SELECT FOR UPDATE in a read-only transaction";
            return ControlFlow::Break(Box::new(error(code::READ_ONLY, text)));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        self.numbered(select);
        apart(select);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        rows(factor);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<Self::Break> {
        let names = parts(relation);
        let last = names.last().map(String::as_str).unwrap_or_default();
        if relation.0.iter().any(|part| part.as_ident().is_some_and(|name| name.quote_style == Some('\''))) {
            let text = format!("syntax error at or near \"{relation}\"");
            return ControlFlow::Break(Box::new(error(code::SYNTAX, text)));
        }
        if ["pg_authid", "pg_shadow", "pg_statistic"].contains(&last) {
            let text = format!("permission denied for table {last}");
            return ControlFlow::Break(Box::new(error(code::NO_PRIVILEGE, text)));
        }
        let wrong = match names.as_slice() {
            [_, _, _, _, ..] => {
                let text = format!("improper qualified name (too many dotted names): {relation}");
                error(code::SYNTAX, text)
            }
            [database, _, _] if database != DATABASE => {
                let text = format!("cross-database references are not implemented: \"{relation}\"");
                error(code::NOT_SUPPORTED, text)
            }
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(Box::new(wrong))
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        match self.0.expr(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(wrong) => ControlFlow::Break(Box::new(wrong)),
        }
    }
}

/// Functions that PostgreSQL keeps from those who are not its masters.
const DENIED: [&str; 12] = [
    "lo_export",
    "lo_import",
    "pg_cancel_backend",
    "pg_ls_dir",
    "pg_ls_logdir",
    "pg_ls_waldir",
    "pg_read_binary_file",
    "pg_read_file",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_stat_file",
    "pg_terminate_backend",
];

/// The function that gives as a list what this one gives as rows.
fn spread(name: &str) -> Option<&'static str> {
    match name {
        "_pg_expandarray" => Some("expanded_array"),
        "generate_subscripts" => Some("subscripts"),
        "aclexplode" => Some("acl_items"),
        _ => None,
    }
}

/// Functions in the place of tables that give rows of one column, and so are called by their alias.
const ROWS: [&str; 4] = ["generate_series", "unnest", "regexp_split_to_table", "string_to_table"];

/// A function in the place of a table, as the engine knows it.
fn rows(factor: &mut TableFactor) {
    let TableFactor::Table { name, alias, args: Some(given), with_ordinality, .. } = factor else { return };
    let Some(function) = parts(name).pop() else { return };
    if ROWS.contains(&function.as_str())
        && let Some(alias) = alias.as_mut().filter(|alias| alias.columns.is_empty())
    {
        alias.columns = vec![TableAliasColumnDef { name: alias.name.clone(), data_type: None }];
    }
    let exprs: Vec<Expr> = given.args.iter().filter_map(arg).collect();
    match (function.as_str(), exprs.as_slice()) {
        // the engine's own takes values alone
        ("generate_series", given) if !given.iter().all(is_plain) => {
            *factor = TableFactor::UNNEST {
                alias: alias.clone(),
                array_exprs: vec![call("generate_series", given.to_vec())],
                with_offset: false,
                with_offset_alias: None,
                with_ordinality: *with_ordinality,
            };
        }
        ("unnest", [_, ..]) => {
            *factor = TableFactor::UNNEST {
                alias: alias.clone(),
                array_exprs: exprs,
                with_offset: false,
                with_offset_alias: None,
                with_ordinality: *with_ordinality,
            };
        }
        // one value as one row
        ("string_to_array", [_, ..]) => {
            let Some(alias) = alias.clone() else { return };
            let column = alias.columns.first().map_or(&alias.name, |column| &column.name);
            let select = format!("SELECT {} AS {column}", call(&function, exprs));
            let parsed = Parser::parse_sql(&PostgreSqlDialect {}, &select).ok().and_then(|mut all| all.pop());
            if let Some(Statement::Query(query)) = parsed {
                let alias = TableAlias { columns: Vec::new(), ..alias };
                *factor = TableFactor::Derived { lateral: false, subquery: query, alias: Some(alias), sample: None };
            }
        }
        _ => {}
    }
}

/// Whether it is written as a value.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::Interval(_) | Expr::TypedString(_) => true,
        Expr::Cast { expr, .. } | Expr::UnaryOp { expr, .. } | Expr::Nested(expr) => is_plain(expr),
        _ => false,
    }
}

fn is_open(value: &Value) -> bool {
    matches!(value, Value::Placeholder(_))
}

/// A pattern whose signs are escaped by another sign than `\`, with that one.
fn escaped(pattern: &Expr, sign: &str) -> Expr {
    let text = |text: &str| Expr::Value(Value::SingleQuotedString(text.to_owned()).into());
    let replace = |of: Expr, from: &str, to: &str| call("replace", vec![of, text(from), text(to)]);
    // the sign twice stands for itself
    let own = replace(replace(pattern.clone(), "\\", "\\\\"), &sign.repeat(2), "\u{1}");
    replace(replace(own, sign, "\\"), "\u{1}", sign)
}

/// The statement within a query that changes something.
fn changing(body: &SetExpr) -> Option<&Statement> {
    match body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => Some(statement),
        _ => None,
    }
}

/// Gives those of a query's columns that are written alike names of their own: PostgreSQL allows it, the engine does not.
fn apart(select: &mut Select) {
    let mut seen = BTreeSet::new();
    for (at, item) in select.projection.iter_mut().enumerate() {
        let (name, expr) = match item {
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => (name.value.clone(), Expr::Identifier(name.clone())),
            SelectItem::UnnamedExpr(expr) => (expr.to_string(), expr.clone()),
            SelectItem::ExprWithAlias { expr, alias } => (alias.value.clone(), expr.clone()),
            _ => continue,
        };
        if !seen.insert(name.clone()) {
            let alias = Ident::with_quote('"', format!("{name} {}", at + 1));
            *item = SelectItem::ExprWithAlias { expr, alias };
        }
    }
}

/// A number of an object that is an answer is shown as its name.
fn displayed(expr: &mut Expr) {
    if let Expr::Cast { expr: number, data_type, .. } = expr
        && !matches!(number.as_ref(), Expr::Value(value) if matches!(value.value, Value::Null))
        && let Some(reg) = Regs::named(&kind_of(data_type))
    {
        *expr = call(reg.display(), vec![expr.clone()]);
    }
}

fn is_text(kind: &str) -> bool {
    ["text", "varchar", "character varying", "name", "char", "bpchar"].contains(&kind)
}

fn literal(number: &str) -> Expr {
    Expr::Value(Value::Number(number.to_owned(), false).into())
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn args(function: &Function) -> Vec<Expr> {
    let FunctionArguments::List(list) = &function.args else { return Vec::new() };
    list.args.iter().filter_map(arg).collect()
}

fn arg(arg: &FunctionArg) -> Option<Expr> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    }
}

/// The select whose columns a query gives.
fn first(body: &mut SetExpr) -> Option<&mut Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => first(&mut query.body),
        SetExpr::SetOperation { left, .. } => first(left),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::pg::sql::Dialect;

    fn written(sql: &str) -> Result<String, String> {
        let mut statement = Dialect::default().parse(sql).unwrap().remove(0);
        let setting = |name: &str| (name == "timezone").then(|| "UTC".to_owned());
        let forms = Forms { described: &Described::default(), setting: &setting, lang: Lang::En };
        match forms.apply(&mut statement) {
            Ok(()) => Ok(statement.to_string()),
            Err(PgWireError::UserError(info)) => Err(info.code.clone()),
            Err(other) => Err(other.to_string()),
        }
    }

    #[test]
    fn forms_that_the_engine_lacks_are_said_otherwise() {
        for (sql, expected) in [
            ("SELECT ARRAY(SELECT 1)", "SELECT array_of_rows((SELECT 1))"),
            ("SELECT current_setting('TimeZone')", "SELECT 'UTC'"),
            ("SELECT current_setting('no', true)", "SELECT NULL"),
            ("SELECT '7'::regclass::oid", "SELECT 7::oid"),
            ("SELECT 1 WHERE c.oid = $1::regclass", "SELECT 1 WHERE c.oid = to_regclass($1)"),
            ("SELECT 1 WHERE c.oid::regclass::text = 'x'", "SELECT 1 WHERE regclass_name(to_regclass(c.oid)) = 'x'"),
            ("SELECT c.oid::pg_catalog.regclass", "SELECT regclass_name(to_regclass(c.oid))"),
            ("SELECT NULL, NULL", "SELECT NULL, NULL AS \"NULL 2\""),
            ("SELECT (f(x)).n", "SELECT (f(x)).'n'"),
        ] {
            assert_eq!(written(sql).as_deref(), Ok(expected), "{sql}");
        }
        for (sql, code) in [
            ("SELECT current_setting('no')", "42704"),
            ("SELECT 'nothing'::regclass", "42P01"),
            ("SELECT * FROM a.b.c", "0A000"),
            ("SELECT * FROM a.b.c.d", "42601"),
            ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "25006"),
            ("SELECT * FROM t FOR UPDATE", "25006"),
        ] {
            assert_eq!(written(sql), Err(code.to_owned()), "{sql}");
        }
    }
}
