//! `judge_contact(kind, touch, at) OVER (PARTITION BY who ORDER BY at, …)`: what a client's contact was, counted from the
//! contacts and refusals before it: a number of which each bit answers a question.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, FieldRef, TimestampMicrosecondType};
use chrono::NaiveDate;
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};
use datafusion::scalar::ScalarValue;

use super::rules::{Judge, MINUTE};
use crate::functions::days::{date, number};
use crate::model::calendar::Calendar;
use crate::model::tables::Kind;
use crate::regulation::Cap;

/// Microseconds of a day.
const DAY: i64 = 1440 * MINUTE as i64;

/// A cap speaks of this kind of contact.
pub(super) const CAPPED: u8 = 1;
/// It is more than the cap of all contacts together allows.
pub(super) const OVER_ALL: u8 = 2;
/// It is more than the cap of its kind allows.
pub(super) const OVER_KIND: u8 = 4;
/// It fell into the silence after a refusal.
pub(super) const AFTER_REFUSAL: u8 = 8;
/// The client had opted out.
pub(super) const AFTER_OPT_OUT: u8 = 16;
/// At what hour it came is not judged: it is a mailing, or its day alone is known.
pub(super) const ANY_HOUR: u8 = 32;

/// The function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::session) struct JudgeContact {
    judge: Arc<Judge>,
    signature: Signature,
}

impl JudgeContact {
    pub(super) fn new(judge: Arc<Judge>) -> JudgeContact {
        let takes = vec![DataType::Utf8View, DataType::Boolean, Kind::Instant.arrow()];
        JudgeContact { judge, signature: Signature::exact(takes, Volatility::Immutable) }
    }

    /// The state before any contact.
    pub(in crate::session) fn contacts(&self) -> Contacts {
        Contacts(Client::new(Arc::clone(&self.judge)))
    }
}

impl WindowUDFImpl for JudgeContact {
    fn name(&self) -> &str {
        "judge_contact"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs<'_>) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Client::new(Arc::clone(&self.judge))))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::UInt8, false)))
    }
}

/// How many contacts there were in the latest week and month of any.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    week: Option<i32>,
    in_week: i64,
    month: Option<i32>,
    in_month: i64,
}

impl Count {
    /// Counts one more; whether it is more than allowed.
    fn add(&mut self, week: Option<i32>, month: Option<i32>, cap: &Cap) -> bool {
        if self.week != week {
            (self.week, self.in_week) = (week, 0);
        }
        if self.month != month {
            (self.month, self.in_month) = (month, 0);
        }
        self.in_week += 1;
        self.in_month += 1;
        let is_over = |count: i64, most: Option<i64>| most.is_some_and(|most| count > most);
        is_over(self.in_week, cap.per_week) || is_over(self.in_month, cap.per_month)
    }
}

/// Running contact state of a client.
#[derive(Debug)]
pub(super) struct Client {
    judge: Arc<Judge>,
    /// For each cap.
    counts: Vec<Count>,
    refused_at: Option<i64>,
    /// When it did so first.
    opted_out_at: Option<i64>,
}

impl Client {
    pub(super) fn new(judge: Arc<Judge>) -> Client {
        let counts = vec![Count::default(); judge.regulation.caps().len()];
        Client { judge, counts, refused_at: None, opted_out_at: None }
    }

    /// What a contact was, in flags; what is no contact is remembered.
    pub(super) fn happen(&mut self, kind: &str, is_touch: bool, at: i64) -> u8 {
        let judge = &self.judge;
        match kind {
            "refusal" => self.refused_at = Some(at),
            "opt_out" => self.opted_out_at = self.opted_out_at.or(Some(at)),
            _ => (),
        }
        // a mailing is no touch: how many may come, and at what hours, is marketing's
        let is_mailing = kind == "mailing";
        if !is_touch && !is_mailing {
            return 0;
        }
        let [week, month] = [Calendar::monday, Calendar::first_of_month].map(|first| judge.local(at, first));
        let day = judge.day_if_no_hour(at);
        let mut flags = if is_mailing || day.is_some() { ANY_HOUR } else { 0 };
        let capped = if is_mailing { 0 } else { CAPPED };
        for (cap, count) in judge.regulation.caps().iter().zip(&mut self.counts) {
            let over = match cap.kind.as_str() {
                "any" if is_touch => OVER_ALL,
                capped if capped == kind => OVER_KIND,
                _ => continue,
            };
            flags |= if count.add(week, month, cap) { capped | over } else { capped };
        }
        // within a day of which no hour is known, nobody can say what came first
        let came_after = |said: i64| judge.day_if_no_hour(said).is_none_or(|day| judge.day(at) != Some(day));
        // a contact of which the day is known may have come at the end of it
        let latest = if day.is_some() { at + DAY } else { at };
        let refused = self.refused_at.filter(|refused| came_after(*refused));
        if judge.silence().zip(refused).is_some_and(|(silence, refused)| latest - refused < silence) {
            flags |= AFTER_REFUSAL;
        }
        if self.opted_out_at.is_some_and(came_after) {
            flags |= AFTER_OPT_OUT;
        }
        flags
    }
}

/// The contacts of clients in their order, client after client.
#[derive(Debug)]
pub(in crate::session) struct Contacts(Client);

impl Contacts {
    /// What each contact was, in flags. `columns` are kind, touch and at; `begins` says which rows begin a client.
    pub(in crate::session) fn flags(&mut self, columns: &[ArrayRef], begins: &[bool]) -> Result<Vec<u8>> {
        let contacts = ContactColumns::of(columns)?;
        let flags = begins.iter().enumerate().map(|(row, begins)| {
            if *begins {
                self.0 = Client::new(Arc::clone(&self.0.judge));
            }
            contacts.happen(row, &mut self.0)
        });
        Ok(flags.collect())
    }
}

/// The columns of contacts.
struct ContactColumns<'a> {
    kind: &'a StringViewArray,
    is_touch: &'a BooleanArray,
    at: &'a TimestampMicrosecondArray,
}

impl<'a> ContactColumns<'a> {
    fn of(columns: &'a [ArrayRef]) -> Result<ContactColumns<'a>> {
        let wrong = || exec_datafusion_err!("judge_contact() needs (kind, touch, at)");
        let [kind, is_touch, at] = columns else { return Err(wrong()) };
        Ok(ContactColumns {
            kind: kind.as_string_view_opt().ok_or_else(wrong)?,
            is_touch: is_touch.as_boolean_opt().ok_or_else(wrong)?,
            at: at.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?,
        })
    }

    /// What the contact of a row was, in flags; none of one without a time.
    fn happen(&self, row: usize, client: &mut Client) -> u8 {
        let kind = if self.kind.is_valid(row) { self.kind.value(row) } else { "" };
        let is_touch = self.is_touch.is_valid(row) && self.is_touch.value(row);
        match self.at.is_valid(row) {
            true => client.happen(kind, is_touch, self.at.value(row)),
            false => 0,
        }
    }
}

impl Judge {
    /// The first day of the local week or month of an instant.
    fn local(&self, at: i64, first: fn(NaiveDate) -> NaiveDate) -> Option<i32> {
        self.day(at).and_then(date).map(|day| number(first(day)))
    }

    /// The local day of an instant.
    fn day(&self, at: i64) -> Option<i32> {
        self.working_days().day(at)
    }

    /// The local day of an instant that says a day alone: exports write days as midnights.
    fn day_if_no_hour(&self, at: i64) -> Option<i32> {
        self.day(at).filter(|day| self.working_days().midnight(*day) == Some(at))
    }
}

impl PartitionEvaluator for Client {
    fn is_causal(&self) -> bool {
        true
    }

    fn supports_bounded_execution(&self) -> bool {
        true
    }

    /// Called once for each row, in order.
    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        let contacts = ContactColumns::of(values)?;
        Ok(ScalarValue::UInt8(Some(contacts.happen(range.start, self))))
    }
}
