//! What the columns of an answer are called: as PostgreSQL calls those that have no name of their own.

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, SelectItem, SetExpr, Statement};

use super::catalog::kept;
use super::sql::{ident, kind_of, parts};

/// The names of a query's columns as PostgreSQL gives them; none where a star stands among them.
pub fn names(statement: &Statement) -> Option<Vec<String>> {
    let Statement::Query(query) = statement else { return None };
    named(&query.body)
}

fn named(body: &SetExpr) -> Option<Vec<String>> {
    match body {
        SetExpr::Select(select) => {
            let name = |item: &SelectItem| match item {
                SelectItem::UnnamedExpr(expr) => Some(named_as(expr).unwrap_or_else(|| "?column?".to_owned())),
                SelectItem::ExprWithAlias { alias, .. } => Some(ident(alias)),
                _ => None,
            };
            select.projection.iter().map(name).collect()
        }
        SetExpr::Query(query) => named(&query.body),
        SetExpr::SetOperation { left, .. } => named(left),
        _ => None,
    }
}

fn named_as(expr: &Expr) -> Option<String> {
    let name = match expr {
        Expr::Identifier(name) => ident(name),
        Expr::CompoundIdentifier(names) => ident(names.last()?),
        Expr::Function(function) => parts(&function.name).pop()?,
        Expr::Nested(inner) => return named_as(inner),
        Expr::Cast { expr, data_type, .. } => named_as(expr).unwrap_or_else(|| kept(&kind_of(data_type))),
        Expr::Case { else_result, .. } => {
            else_result.as_deref().and_then(named_as).unwrap_or_else(|| "case".to_owned())
        }
        Expr::CompoundFieldAccess { root, access_chain } => {
            let field = access_chain.iter().rev().find_map(|access| match access {
                AccessExpr::Dot(Expr::Identifier(name)) => Some(ident(name)),
                _ => None,
            });
            return field.or_else(|| named_as(root));
        }
        Expr::Subquery(query) => return named(&query.body)?.into_iter().next(),
        Expr::Exists { .. } => "exists".to_owned(),
        Expr::Extract { .. } => "extract".to_owned(),
        Expr::Array(_) => "array".to_owned(),
        Expr::Substring { .. } => "substring".to_owned(),
        Expr::Position { .. } => "position".to_owned(),
        Expr::Trim { .. } => "btrim".to_owned(),
        Expr::Ceil { .. } => "ceil".to_owned(),
        Expr::Floor { .. } => "floor".to_owned(),
        Expr::AtTimeZone { .. } => "timezone".to_owned(),
        _ => return None,
    };
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::pg::sql::Dialect;

    #[test]
    fn columns_have_the_names_that_postgres_gives_them() {
        let sql = "SELECT a, t.B, count(*), 1 + 1, x::date, 1::int, CASE WHEN a THEN 1 END, (SELECT max(z) FROM u), y AS \"Y\"";
        let statement = Dialect::default().parse(sql).unwrap().remove(0);
        let expected = ["a", "b", "count", "?column?", "x", "int4", "case", "max", "Y"];
        assert_eq!(names(&statement).unwrap(), expected);
        let star = Dialect::default().parse("SELECT *, 1 FROM t").unwrap().remove(0);
        assert_eq!(names(&star), None);
    }
}
