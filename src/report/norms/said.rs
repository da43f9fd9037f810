//! Sentences on how it is now: how often a norm was broken, how large a share is.

use crate::metrics::Bound;
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::report::document::Cell;
use crate::report::grid::Grid;
use crate::report::phrases::Phrases;

/// A value of a row with its interval, or the bounds within which it lies; `None` if neither is known.
pub(super) fn value(say: &Phrases<'_>, grid: &Grid, row: usize, column: &str) -> Option<String> {
    let bound = |end: Bound| grid.bound(row, column, end);
    let cell = match grid.number(row, column) {
        Some(value) => match bound(Bound::Low).zip(bound(Bound::High)) {
            Some((low, high)) => Cell::Interval { value, low, high },
            None => Cell::Number(value),
        },
        None => {
            let (least, most) = bound(Bound::Least).zip(bound(Bound::Most))?;
            Cell::Bounds { least, most }
        }
    };
    Some(say.titles.value(&cell, grid.unit(column)))
}

/// A number of cases.
pub(super) fn count(say: &Phrases<'_>, number: f64) -> String {
    say.numbers.exact(number, Unit::Count)
}

/// How many of how many are broken: `нарушений 12 из 200 (6 %)`; of a number that is not known, its bounds.
pub(super) fn broken(say: &Phrases<'_>, grid: &Grid, row: usize, [breaches, checked]: [&str; 2]) -> Option<String> {
    let checked = grid.number(row, checked)?;
    let unjudged = grid.number(row, "unjudged").unwrap_or(0.0);
    let of = count(say, checked + unjudged);
    let ends = [Bound::Least, Bound::Most].map(|end| grid.bound(row, breaches, end));
    Some(match (grid.number(row, breaches), ends, say.lang) {
        (Some(0.0), _, Lang::Ru) => format!("нарушений нет, проверено {}", count(say, checked)),
        (Some(0.0), _, Lang::En) => format!("no breach, {} checked", count(say, checked)),
        (Some(number), _, lang) => {
            let share = say.numbers.exact(number / (checked + unjudged), Unit::Share);
            let number = count(say, number);
            match lang {
                Lang::Ru => format!("нарушений {number} из {of} ({share})"),
                Lang::En => format!("{number} of {of} broken ({share})"),
            }
        }
        (None, [Some(least), Some(most)], lang) => {
            let (ends, unjudged) = (say.numbers.bounds(least, most, Unit::Count), count(say, unjudged));
            match lang {
                Lang::Ru => format!("нарушений может быть {ends} из {of}: о {unjudged} судить нельзя"),
                Lang::En => format!("{ends} of {of} may be broken: {unjudged} cannot be judged"),
            }
        }
        (None, _, _) => return None,
    })
}

/// That something cannot be judged, and what the data lack.
pub(super) fn unjudged(say: &Phrases<'_>, why: &str) -> String {
    match say.lang {
        Lang::Ru => format!("судить нельзя: {why}"),
        Lang::En => format!("cannot be judged: {why}"),
    }
}

/// That there was nothing to judge.
pub(super) fn no_case(say: &Phrases<'_>) -> String {
    say.pick("за это время случаев не было", "no case within this time").to_owned()
}
