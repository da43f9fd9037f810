//! A row of a period, spread evenly over its days: each column's parts add up to what the row said.

use super::column_plan::FillPlan;
use crate::export::datum::Value;
use crate::model::tables::Kind;

/// Gives the row of each day up to the `last`. What cannot be divided without a rest goes to the first days.
pub(super) fn over_days(fill: &FillPlan, values: &[Value<'_>], last: i64, mut take: impl FnMut(&[Value<'_>])) {
    let first = fill.columns.iter().zip(values).find_map(|(column, value)| match value {
        Value::Whole(day) if column.is_period => Some(*day),
        _ => None,
    });
    let first = first.unwrap_or(last);
    let mut row = values.to_vec();
    for nth in 0..=last - first {
        for ((place, value), column) in row.iter_mut().zip(values).zip(&fill.columns) {
            if let Value::Whole(whole) = value {
                *place = Value::Whole(match column.kind {
                    _ if column.is_period => first + nth,
                    Kind::Money | Kind::Count => part(*whole, nth, last - first + 1),
                    _ => *whole,
                });
            }
        }
        take(&row);
    }
}

/// The `nth` of `parts` of a whole.
fn part(total: i64, nth: i64, parts: i64) -> i64 {
    let rest = total % parts;
    total / parts + if nth < rest.abs() { rest.signum() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        for (total, parts) in [(10, 3), (-10, 3), (0, 7), (2, 31), (i64::MAX, 31)] {
            let all: Vec<i64> = (0..parts).map(|nth| part(total, nth, parts)).collect();
            assert_eq!(all.iter().sum::<i64>(), total);
            assert!(all.iter().max().unwrap() - all.iter().min().unwrap() <= 1);
        }
        assert_eq!((0..3).map(|nth| part(10, nth, 3)).collect::<Vec<_>>(), [4, 3, 3]);
    }
}
