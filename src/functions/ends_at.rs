//! `ends_at(at)`: the last moment that an instant may stand for. Exports write days as midnights, so an instant at exactly local
//! midnight says a day, and what happened on it may have happened until its end.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Date32Type, TimestampMicrosecondType};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Argument, coerce, instant};
use super::days::{Days, date};
use crate::model::calendar::Calendar;

const NAME: &str = "ends_at";

/// The function, in one company's time zone.
#[derive(Debug)]
pub struct EndsAt {
    calendar: Calendar,
    days: OnceLock<Arc<Days>>,
    signature: Signature,
}

impl EndsAt {
    /// The function, where days begin as this calendar says.
    pub fn new(calendar: &Calendar) -> EndsAt {
        let signature = Signature::user_defined(Volatility::Immutable);
        EndsAt { calendar: calendar.clone(), days: OnceLock::new(), signature }
    }

    fn days(&self) -> &Days {
        self.days.get_or_init(|| Days::of(&self.calendar))
    }

    /// The last moment of a local day.
    fn end_of(&self, day: i32) -> Option<i64> {
        // no arithmetic with days that no calendar has
        date(day)?;
        Some(self.days().midnight(day.checked_add(1)?)? - 1)
    }

    fn of_instant(&self, at: i64) -> Option<i64> {
        let day = self.days().day(at)?;
        match self.days().midnight(day)? == at {
            true => self.end_of(day),
            false => Some(at),
        }
    }
}

impl PartialEq for EndsAt {
    fn eq(&self, other: &Self) -> bool {
        self.calendar == other.calendar
    }
}

impl Eq for EndsAt {}

impl Hash for EndsAt {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.calendar.zone.name().hash(state);
    }
}

impl ScalarUDFImpl for EndsAt {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(NAME, "(a timestamp or a date)", [Argument::InstantOrDay].into_iter(), given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(instant())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let ends: TimestampMicrosecondArray = match columns[0].data_type() {
            DataType::Date32 => {
                let days = columns[0].as_primitive::<Date32Type>().iter();
                days.map(|day| day.and_then(|day| self.end_of(day))).collect()
            }
            _ => {
                let instants = columns[0].as_primitive::<TimestampMicrosecondType>().iter();
                instants.map(|at| at.and_then(|at| self.of_instant(at))).collect()
            }
        };
        Ok(ColumnarValue::Array(Arc::new(ends.with_timezone("UTC")) as ArrayRef))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveDateTime};

    use super::*;

    fn end(zone: chrono_tz::Tz, local: &str) -> String {
        let calendar = Calendar::of_zone(zone);
        let instant = |text| calendar.instant(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap());
        let end = EndsAt::new(&calendar).of_instant(instant(local).timestamp_micros()).unwrap();
        let end = chrono::DateTime::from_timestamp_micros(end).unwrap();
        end.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S%.6f").to_string()
    }

    #[test]
    fn a_midnight_is_a_day_and_any_other_instant_is_itself() {
        use chrono_tz::{Africa::Cairo, Europe::Berlin, Europe::Moscow};
        assert_eq!(end(Moscow, "2025-03-03 00:00:00"), "2025-03-03 23:59:59.999999");
        assert_eq!(end(Moscow, "2025-03-03 00:00:01"), "2025-03-03 00:00:01.000000");
        assert_eq!(end(Moscow, "2025-03-03 23:59:59"), "2025-03-03 23:59:59.000000");
        // days of 23 and 25 hours, and one that begins at 1:00
        assert_eq!(end(Berlin, "2025-03-30 00:00:00"), "2025-03-30 23:59:59.999999");
        assert_eq!(end(Berlin, "2025-10-26 00:00:00"), "2025-10-26 23:59:59.999999");
        assert_eq!(end(Cairo, "2025-04-25 01:00:00"), "2025-04-25 23:59:59.999999");
        // outside of the table of days
        assert_eq!(end(Berlin, "1975-06-01 00:00:00"), "1975-06-01 23:59:59.999999");
        assert_eq!(end(Berlin, "2060-12-31 00:00:00"), "2060-12-31 23:59:59.999999");
    }

    #[test]
    fn a_date_ends_with_its_day() {
        let calendar = Calendar::of_zone(chrono_tz::Europe::Moscow);
        let function = EndsAt::new(&calendar);
        let next = calendar.midnight(NaiveDate::from_ymd_opt(2025, 3, 4).unwrap()).timestamp_micros();
        let day = super::super::days::number(NaiveDate::from_ymd_opt(2025, 3, 3).unwrap());
        assert_eq!(function.end_of(day), Some(next - 1));
        assert_eq!([i32::MIN, i32::MAX].map(|day| function.end_of(day)), [None, None]);
    }
}
