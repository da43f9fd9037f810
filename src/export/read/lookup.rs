//! One cell → its value: looked up where its text recurs, read where it does not.

use std::borrow::Cow;

use super::column_plan::ColumnPlan;
use super::oddities::Oddities;
use super::row::{Refused, Row};
use crate::export::datum::Value;

impl ColumnPlan {
    /// Reads the column's value in a row; of a period its first day, and the last one beside it.
    pub(super) fn read_period<'r>(
        &'r self,
        row: Row<'r>,
        met: &mut Oddities,
    ) -> Result<(Value<'r>, Option<i64>), Refused> {
        let texts = self.recurring.as_ref().and_then(|recurring| Some((recurring, recurring.text(row)?)));
        let Some((recurring, text)) = texts else { return self.read_anew(row, met) };
        if let Some(value) = recurring.value(text) {
            // whoever counts what was met may be another one than when it was kept
            self.watched.zip(value).into_iter().for_each(|(column, value)| met.alike.see(column, value));
            return Ok((value.map_or(Value::Null, |value| Value::Text(Cow::Borrowed(value))), None));
        }
        let before = met.of_texts();
        let read = self.read_anew(row, met)?;
        // what is worth telling is told each time
        if met.of_texts() == before {
            recurring.keep(text, &read.0);
        }
        Ok(read)
    }
}
