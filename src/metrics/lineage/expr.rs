//! Down an expression, from a sum or a difference to the columns that count.

use arrow::datatypes::DataType;
use datafusion::logical_expr::expr::{BinaryExpr, ScalarFunction};
use datafusion::logical_expr::{Case, Cast, Expr, ExprSchemable, LogicalPlan, Operator, TryCast};

use super::trace::{is_one, number};
use super::{Lineage, Of, Term, Traced, Why};

impl Lineage {
    /// What an expression over a plan counts, and the plan with the columns that the terms name.
    pub(super) fn expr(&mut self, plan: LogicalPlan, expr: &Expr) -> Result<Traced, Why> {
        match expr {
            Expr::Alias(alias) => self.expr(plan, &alias.expr),
            Expr::Cast(Cast { expr, .. }) | Expr::TryCast(TryCast { expr, .. }) => {
                match expr.get_type(plan.schema())? {
                    DataType::Boolean => Ok(Traced { plan, terms: vec![Term::row(vec![expr.as_ref().clone()])] }),
                    _ => self.expr(plan, expr),
                }
            }
            Expr::Negative(expr) => {
                let traced = self.expr(plan, expr)?;
                Ok(Traced { terms: traced.terms.into_iter().map(Term::negated).collect(), ..traced })
            }
            Expr::Literal(value, _) => match number(value) {
                Some(0) => Ok(Traced { plan, terms: Vec::new() }),
                Some(_) => Ok(Traced { plan, terms: vec![Term::row(Vec::new())] }),
                None => Err(Why::Number),
            },
            Expr::Column(column) => self.node(&plan, column),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.binary(plan, left, *op, right),
            Expr::Case(case) => self.case(plan, case),
            Expr::ScalarFunction(function) => self.function(plan, expr, function),
            other => Err(Why::Computed(other.variant_name().to_owned())),
        }
    }

    fn binary(&mut self, plan: LogicalPlan, left: &Expr, op: Operator, right: &Expr) -> Result<Traced, Why> {
        if !matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply) {
            return Err(Why::Computed(op.to_string()));
        }
        let Traced { plan, terms: mut left } = self.expr(plan, left)?;
        let Traced { plan, terms: right } = self.expr(plan, right)?;
        match op {
            Operator::Plus => left.extend(right),
            Operator::Minus => left.extend(right.into_iter().map(Term::negated)),
            _ => left = product(&left, &right)?,
        }
        Ok(Traced { plan, terms: left })
    }

    /// A branch counts for the rows that no branch before it took.
    fn case(&mut self, mut plan: LogicalPlan, case: &Case) -> Result<Traced, Why> {
        let (mut terms, mut before) = (Vec::new(), Vec::new());
        for (when, then) in &case.when_then_expr {
            let condition = match &case.expr {
                Some(subject) => subject.as_ref().clone().eq(when.as_ref().clone()),
                None => when.as_ref().clone(),
            };
            let traced = self.expr(plan, then)?;
            plan = traced.plan;
            let on: Vec<Expr> = before.iter().cloned().chain([condition.clone()]).collect();
            terms.extend(traced.terms.into_iter().map(|term| term.on(on.clone())));
            before.push(condition.is_not_true());
        }
        if let Some(last) = &case.else_expr {
            let traced = self.expr(plan, last)?;
            plan = traced.plan;
            terms.extend(traced.terms.into_iter().map(|term| term.on(before.clone())));
        }
        Ok(Traced { plan, terms })
    }

    fn function(&mut self, plan: LogicalPlan, whole: &Expr, function: &ScalarFunction) -> Result<Traced, Why> {
        match (function.name(), function.args.as_slice()) {
            ("get_field", [value, Expr::Literal(name, _)]) => {
                self.fields.push(name.to_string());
                let traced = self.expr(plan, value);
                self.fields.pop();
                traced
            }
            ("named_struct", args) => {
                let Some(name) = self.fields.pop() else { return Err(Why::Computed("named_struct".to_owned())) };
                let is_named = |pair: &&[Expr]| matches!(&pair[0], Expr::Literal(own, _) if own.to_string() == name);
                let value = args.chunks_exact(2).find(is_named).map(|pair| &pair[1]);
                let traced = value.ok_or(Why::Lost("named_struct")).and_then(|value| self.expr(plan, value));
                self.fields.push(name);
                traced
            }
            ("coalesce", args) => self.first_known(plan, args),
            // null instead of zero: nothing is counted either way
            ("nullif", [value, Expr::Literal(zero, _)]) if number(zero) == Some(0) => self.expr(plan, value),
            ("greatest" | "least", args) => {
                let (mut plan, mut all) = (plan, Vec::new());
                for arg in args {
                    let traced = self.expr(plan, arg)?;
                    plan = traced.plan;
                    all.push(traced.terms);
                }
                let are_flags = all.iter().flatten().all(|term| matches!(term.of, Of::Row));
                all.retain(|terms| !terms.is_empty());
                match all.len() {
                    1 if function.name() == "greatest" => Ok(Traced { plan, terms: all.remove(0) }),
                    _ if are_flags => Ok(Traced { plan, terms: vec![Term::row(vec![is_one(whole.clone())])] }),
                    _ => Err(Why::Computed(function.name().to_owned())),
                }
            }
            (name, _) => Err(Why::Computed(name.to_owned())),
        }
    }

    fn first_known(&mut self, mut plan: LogicalPlan, args: &[Expr]) -> Result<Traced, Why> {
        let (mut terms, mut before) = (Vec::new(), Vec::new());
        for arg in args {
            let traced = self.expr(plan, arg)?;
            plan = traced.plan;
            terms.extend(traced.terms.into_iter().map(|term| term.on(before.clone())));
            before.push(arg.clone().is_null());
        }
        Ok(Traced { plan, terms })
    }
}

/// Terms of which one side is the row itself, which a zero takes out.
fn product(left: &[Term], right: &[Term]) -> Result<Vec<Term>, Why> {
    let are_rows = |terms: &[Term]| terms.iter().all(|term| matches!(term.of, Of::Row));
    let (flags, counts) = match (are_rows(left), are_rows(right)) {
        (true, _) => (left, right),
        (_, true) => (right, left),
        _ => return Err(Why::Computed("*".to_owned())),
    };
    let mut terms = Vec::new();
    for flag in flags {
        for count in counts {
            let mut term = count.clone().on(flag.when.clone());
            term.is_minus ^= flag.is_minus;
            terms.push(term);
        }
    }
    Ok(terms)
}
