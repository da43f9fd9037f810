//! Columns that nobody mapped and that hold nothing but codes of currencies: their amounts do not add up, whatever the column is called.

use std::collections::BTreeSet;

use super::column_plan::ColumnPlan;
use super::open::Opened;
use super::plan::Plan;
use super::row::Row;
use crate::export::values::amounts::{self, Currency};
use crate::model::lang::Text;
use crate::model::tables::Kind;

/// The columns that may be such ones, with the currencies met in them.
pub(super) struct Codes {
    columns: Vec<(usize, BTreeSet<Currency>)>,
}

impl Codes {
    pub(super) fn new(opened: &Opened, plan: &Plan) -> Codes {
        let is_known = |at: usize| opened.found.columns.values().any(|known| *known == at);
        let columns = match plan.fills.iter().flat_map(|fill| &fill.columns).any(is_unnamed) {
            true => (0..opened.cells).filter(|at| !is_known(*at)).map(|at| (at, BTreeSet::new())).collect(),
            false => Vec::new(),
        };
        Codes { columns }
    }

    /// Records a row that was read. The first row rules out most columns.
    pub(super) fn see(&mut self, row: Row<'_>) {
        self.columns.retain_mut(|(at, met)| match row.cell(*at) {
            "" => true,
            text => code(text).map(|code| met.insert(code)).is_some(),
        });
    }

    /// Adds what was met in rows further down.
    pub(super) fn add(&mut self, further: Codes) {
        self.columns.retain_mut(|(at, met)| match further.columns.iter().find(|(other, _)| *other == *at) {
            Some((_, more)) => {
                met.extend(more);
                true
            }
            None => false,
        });
    }

    /// What has to be stated before the amounts can be read.
    pub(super) fn problem(&self, opened: &Opened, plan: &Plan) -> Option<Text> {
        let (at, met) = self.columns.iter().find(|(_, met)| met.len() > 1)?;
        let bare = |column: &&ColumnPlan| is_unnamed(column) && column.met.get() && column.bare.get();
        let column = plan.fills.iter().flat_map(|fill| &fill.columns).find(bare)?;
        let (header, place, name) = (opened.found.text(*at), &column.place, &column.name);
        let codes = met.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let first = met.first()?;
        Some(Text::new(
            format!(
                "в столбце `{header}` одни валюты ({codes}), а суммы {place} своей не называют: разные валюты не складываются\n    \
                 назовите валюту сумм: currency = \"{first}\" у `{name}`; если она своя в каждой строке — ещё и столбец: в \
                 [export.table.extra] currency = \"{header}\", и суммы в другой валюте уйдут в карантин"
            ),
            format!(
                "the column `{header}` holds nothing but currencies ({codes}), and the amounts of {place} name none: two currencies do not \
                 add up\n    say what the amounts are in: currency = \"{first}\" of `{name}`; where each row has its own, name the column, \
                 too: currency = \"{header}\" in [export.table.extra], and the amounts in another currency are quarantined"
            ),
        ))
    }
}

/// Whether nothing but its amounts can say what they are in.
fn is_unnamed(column: &ColumnPlan) -> bool {
    column.kind == Kind::Money && !column.is_money_named && column.currency_cell.is_none()
}

/// The currency of a code or a sign; letters that may be an abbreviation of something else are none.
fn code(text: &str) -> Option<Currency> {
    let is_code = matches!(text.len(), 3 | 4) && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_sign = !text.contains(char::is_alphanumeric);
    amounts::currency(text).filter(|_| is_code || is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_signs_are_currencies_and_words_are_none() {
        for (text, is_one) in [("USD", true), ("€", true), ("NOK", true), ("usd", false), ("р", false), ("XYZ", false)]
        {
            assert_eq!(code(text).is_some(), is_one, "{text}");
        }
    }
}
