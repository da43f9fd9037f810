//! Days, weeks, months and minutes in the company's calendar: `local_day`, `local_week`, `local_month`,
//! `is_day`, `minutes_between`, `working_minutes`, `working_days`, `working_due`, `in_working_hours`; and `in_contact_hours`
//! and `contact_minutes`, which ask the calendar of contacts.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Date32Type, Float64Type, TimestampMicrosecondType};
use chrono::NaiveDate;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Argument, coerce, instant};
use super::days::{Days, date, number};
use crate::model::calendar::Calendar;

/// Microseconds of a minute.
const MINUTE: f64 = 60e6;

/// What is asked of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    Day,
    Week,
    Month,
    IsDay,
    Minutes,
    WorkingMinutes,
    WorkingDays,
    WorkingDue,
    Open,
}

const QUESTIONS: [(&str, Question); 9] = [
    ("local_day", Question::Day),
    ("local_week", Question::Week),
    ("local_month", Question::Month),
    ("is_day", Question::IsDay),
    ("minutes_between", Question::Minutes),
    ("working_minutes", Question::WorkingMinutes),
    ("working_days", Question::WorkingDays),
    ("working_due", Question::WorkingDue),
    ("in_working_hours", Question::Open),
];

/// What is asked of the calendar of contacts.
const CONTACT_QUESTIONS: [(&str, Question); 2] =
    [("in_contact_hours", Question::Open), ("contact_minutes", Question::WorkingMinutes)];

/// All functions of the working calendar, and those of the hours in which clients may be contacted.
pub fn calendar_functions(calendar: &Calendar, contact_calendar: &Calendar) -> impl Iterator<Item = ScalarUDF> {
    ask(calendar, &QUESTIONS).chain(ask(contact_calendar, &CONTACT_QUESTIONS))
}

fn ask(calendar: &Calendar, questions: &'static [(&'static str, Question)]) -> impl Iterator<Item = ScalarUDF> + use<> {
    let book = Arc::new(Book { calendar: calendar.clone(), days: OnceLock::new() });
    questions.iter().map(move |&(name, question)| {
        let signature = Signature::user_defined(Volatility::Immutable);
        ScalarUDF::from(CalendarFunction { name, question, book: Arc::clone(&book), signature })
    })
}

/// A calendar, and its table of days, built on first use.
#[derive(Debug)]
struct Book {
    calendar: Calendar,
    days: OnceLock<Arc<Days>>,
}

/// A function of the calendar.
#[derive(Debug)]
struct CalendarFunction {
    name: &'static str,
    question: Question,
    book: Arc<Book>,
    signature: Signature,
}

impl PartialEq for CalendarFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.book.calendar == other.book.calendar
    }
}

impl Eq for CalendarFunction {}

impl Hash for CalendarFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.book.calendar.zone.name().hash(state);
    }
}

impl CalendarFunction {
    fn days(&self) -> &Days {
        self.book.days.get_or_init(|| Days::of(&self.book.calendar))
    }

    /// The day, or the first day of the week or month that it lies in.
    fn start(&self, day: i32) -> Option<i32> {
        let floor = |of: fn(NaiveDate) -> NaiveDate| date(day).map(|day| number(of(day)));
        match self.question {
            Question::Week => floor(Calendar::monday),
            Question::Month => floor(Calendar::first_of_month),
            _ => Some(day),
        }
    }

    /// On how many days work begins, from the day of one instant up to that of another, without it. `None` where they are more
    /// than a century apart.
    fn working_days(&self, from: i64, to: i64) -> Option<i64> {
        const MOST: i32 = 36_525;
        let (first, until) = (self.days().day(from)?, self.days().day(to)?);
        let works = |day: &i32| date(*day).is_some_and(|day| !self.book.calendar.hours(day).is_empty());
        let are_near = until.checked_sub(first).is_some_and(|days| days <= MOST);
        are_near.then(|| i64::try_from((first..until).filter(works).count()).unwrap_or(i64::MAX))
    }

    fn minutes(&self, from: i64, to: i64) -> Option<f64> {
        match self.question {
            Question::WorkingMinutes => self.days().worked(from, to).map(|worked| worked as f64 / MINUTE),
            _ => to.checked_sub(from).map(|passed| passed as f64 / MINUTE),
        }
    }

    /// The instants of a column; a day is the instant at which it begins.
    fn instants(&self, column: &ArrayRef) -> Vec<Option<i64>> {
        match column.data_type() {
            DataType::Date32 => {
                let days = column.as_primitive::<Date32Type>();
                days.iter().map(|day| day.and_then(|day| self.days().midnight(day))).collect()
            }
            _ => column.as_primitive::<TimestampMicrosecondType>().iter().collect(),
        }
    }
}

/// Minutes as microseconds; none where no instant could be so far away.
fn micros(minutes: f64) -> Option<i64> {
    let micros = (minutes * MINUTE).round();
    (micros.abs() < i64::MAX as f64).then_some(micros as i64)
}

impl ScalarUDFImpl for CalendarFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match self.question {
            Question::Day | Question::Week | Question::Month | Question::IsDay => {
                coerce(self.name, "(a timestamp or a date)", [Argument::InstantOrDay].into_iter(), given)
            }
            Question::Minutes | Question::WorkingMinutes | Question::WorkingDays => {
                let takes = "(from, to), each a timestamp or a date";
                coerce(self.name, takes, [Argument::InstantOrDay; 2].into_iter(), given)
            }
            Question::WorkingDue => {
                let takes = "(from, minutes): a timestamp or a date, and a number";
                coerce(self.name, takes, [Argument::InstantOrDay, Argument::Number].into_iter(), given)
            }
            Question::Open => coerce(self.name, "(a timestamp)", [Argument::Moment].into_iter(), given),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.question {
            Question::Day | Question::Week | Question::Month => DataType::Date32,
            Question::Minutes | Question::WorkingMinutes => DataType::Float64,
            Question::WorkingDays => DataType::Int64,
            Question::WorkingDue => instant(),
            Question::Open | Question::IsDay => DataType::Boolean,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let answer: ArrayRef = match columns.as_slice() {
            [from, minutes] if self.question == Question::WorkingDue => {
                let minutes = minutes.as_primitive::<Float64Type>().iter();
                let spans = self.instants(from).into_iter().zip(minutes);
                let due = |(from, minutes): (Option<i64>, Option<f64>)| self.days().due(from?, micros(minutes?)?);
                Arc::new(spans.map(due).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
            }
            [from, to] if self.question == Question::WorkingDays => {
                let spans = self.instants(from).into_iter().zip(self.instants(to));
                let days = spans.map(|(from, to)| from.zip(to).and_then(|(from, to)| self.working_days(from, to)));
                Arc::new(days.collect::<Int64Array>())
            }
            [from, to] => {
                let spans = self.instants(from).into_iter().zip(self.instants(to));
                let minutes = spans.map(|(from, to)| from.zip(to).and_then(|(from, to)| self.minutes(from, to)));
                Arc::new(minutes.collect::<Float64Array>())
            }
            columns if self.question == Question::IsDay => {
                let is_day = |at| self.days().is_day(at);
                Arc::new(self.instants(&columns[0]).into_iter().map(|at| at.and_then(is_day)).collect::<BooleanArray>())
            }
            columns if self.question == Question::Open => {
                let instants = columns[0].as_primitive::<TimestampMicrosecondType>().iter();
                Arc::new(instants.map(|at| at.and_then(|at| self.days().open(at))).collect::<BooleanArray>())
            }
            columns => {
                let column = &columns[0];
                let starts = |days: &mut dyn Iterator<Item = Option<i32>>| -> Date32Array {
                    days.map(|day| day.and_then(|day| self.start(day))).collect()
                };
                Arc::new(match column.data_type() {
                    DataType::Date32 => starts(&mut column.as_primitive::<Date32Type>().iter()),
                    _ => {
                        let instants = column.as_primitive::<TimestampMicrosecondType>().iter();
                        starts(&mut instants.map(|at| at.and_then(|at| self.days().day(at))))
                    }
                })
            }
        };
        Ok(ColumnarValue::Array(answer))
    }
}
