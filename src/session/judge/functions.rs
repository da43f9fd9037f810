//! `judge_deal(status, lost_reason, created_at, response_at, closed_at, moves, cut, answers_from, answers_until, log_from, judged_from,
//! judged_to, only_unjudged)` and `contact_verdicts(answers, at, refusals_from, refusals_until, opt_outs_from, opt_outs_until, only_unjudged)`
//! for the engine: columns in, lists of judgements out; `only_unjudged` leaves out what was kept or broken. `judge_deal` gives the judgements that became certain within `judged_from..judged_to`; an end that is
//! null bounds nothing.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType, UInt8Type};
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::contacts::{AFTER_OPT_OUT, AFTER_REFUSAL, ANY_HOUR, CAPPED, OVER_ALL, OVER_KIND};
use super::deal::{Deal, Status};
use super::rules::Judge;
use super::steps::{Move, Moves};
use super::verdicts::{self, Verdict, Why};

/// The function that judges deals.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JudgeDeal {
    judge: Arc<Judge>,
    signature: Signature,
}

impl JudgeDeal {
    pub(super) fn new(judge: Arc<Judge>) -> JudgeDeal {
        JudgeDeal { judge, signature: Signature::any(13, Volatility::Immutable) }
    }
}

/// The function that puts into judgements what `judge_contact` answered.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ContactVerdicts {
    judge: Arc<Judge>,
    signature: Signature,
}

impl ContactVerdicts {
    pub(super) fn new(judge: Arc<Judge>) -> ContactVerdicts {
        ContactVerdicts { judge, signature: Signature::any(7, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for JudgeDeal {
    fn name(&self) -> &str {
        "judge_deal"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(verdicts::list())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        Ok(ColumnarValue::Array(self.judge.deals(&columns)?))
    }
}

impl ScalarUDFImpl for ContactVerdicts {
    fn name(&self) -> &str {
        "contact_verdicts"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(verdicts::list())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let wrong =
            || exec_datafusion_err!("contact_verdicts() needs (answers, at) and the spans of refusals and opt-outs");
        let answers = columns[0].as_primitive_opt::<UInt8Type>().ok_or_else(wrong)?;
        let at = columns[1].as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?;
        let instants = |column: usize| columns[column].as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong);
        let [refusals, opt_outs] = [[instants(2)?, instants(3)?], [instants(4)?, instants(5)?]];
        let only_unjudged = columns[6].as_boolean_opt().ok_or_else(wrong)?;
        let (mut all, mut ends) = (Vec::new(), Vec::with_capacity(at.len()));
        for row in 0..at.len() {
            let begins = all.len();
            if at.is_valid(row) {
                let known = [refusals, opt_outs].map(|ends| span(ends, row));
                self.judge.contact(answers.value(row), at.value(row), known, &mut all);
            }
            if only_unjudged.value(row) {
                retain_from(&mut all, begins, |verdict| verdict.missing.is_some());
            }
            ends.push(all.len());
        }
        Ok(ColumnarValue::Array(verdicts::lists(&all, &ends)?))
    }
}

/// The columns of deals.
struct Columns<'a> {
    status: StringViewArray,
    lost_reason: StringViewArray,
    created_at: &'a TimestampMicrosecondArray,
    response_at: &'a TimestampMicrosecondArray,
    closed_at: &'a TimestampMicrosecondArray,
    moves: Moves<'a>,
    cut: &'a TimestampMicrosecondArray,
    answers: [&'a TimestampMicrosecondArray; 2],
    log_from: &'a TimestampMicrosecondArray,
    judged: [&'a TimestampMicrosecondArray; 2],
    only_unjudged: &'a BooleanArray,
}

impl<'a> Columns<'a> {
    fn read(columns: &'a [ArrayRef]) -> Result<Columns<'a>> {
        let wrong = || exec_datafusion_err!("judge_deal() needs a deal's columns, its moves and the cut");
        let text = |index: usize| {
            Ok::<_, DataFusionError>(cast(&columns[index], &DataType::Utf8View)?.as_string_view().clone())
        };
        let instants = |column: &'a ArrayRef| column.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong);
        Ok(Columns {
            status: text(0)?,
            lost_reason: text(1)?,
            created_at: instants(&columns[2])?,
            response_at: instants(&columns[3])?,
            closed_at: instants(&columns[4])?,
            moves: Moves::read("judge_deal", &columns[5])?,
            cut: instants(&columns[6])?,
            answers: [instants(&columns[7])?, instants(&columns[8])?],
            log_from: instants(&columns[9])?,
            judged: [instants(&columns[10])?, instants(&columns[11])?],
            only_unjudged: columns[12].as_boolean_opt().ok_or_else(wrong)?,
        })
    }

    fn deal<'m, 'j>(&self, row: usize, moves: &'m [Move<'j>], judge: &Judge) -> Result<Deal<'m, 'j>> {
        let words = (word(&self.status, row), word(&self.lost_reason, row));
        let instant = |column: &TimestampMicrosecondArray| column.is_valid(row).then(|| column.value(row));
        Ok(Deal {
            status: status(words.0)?,
            is_invalid: words.0 == Some("lost") && words.1.is_some_and(|reason| judge.is_invalid(reason)),
            created_at: instant(self.created_at),
            response_at: instant(self.response_at),
            closed_at: instant(self.closed_at),
            moves,
            answers: span(self.answers, row),
            log_from: instant(self.log_from),
        })
    }
}

/// A deal's status by its name; a deal without one is open.
fn status(name: Option<&str>) -> Result<Status> {
    match name {
        Some("open") | None => Ok(Status::Open),
        Some("won") => Ok(Status::Won),
        // a deal that is gone ended somewhen, and nothing is held against anybody
        Some("lost" | "gone") => Ok(Status::Lost),
        Some(other) => exec_err!("judge_deal() knows no status `{other}`"),
    }
}

/// Of the judgements from an index on, keeps those that are wanted.
fn retain_from(verdicts: &mut Vec<Verdict<'_>>, begins: usize, is_wanted: impl Fn(&Verdict<'_>) -> bool) {
    let mut kept = begins;
    for index in begins..verdicts.len() {
        if is_wanted(&verdicts[index]) {
            verdicts.swap(kept, index);
            kept += 1;
        }
    }
    verdicts.truncate(kept);
}

/// From when to when something is known. `None` if never.
fn span([from, until]: [&TimestampMicrosecondArray; 2], row: usize) -> Option<(i64, i64)> {
    (from.is_valid(row) && until.is_valid(row)).then(|| (from.value(row), until.value(row)))
}

fn word(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

impl Judge {
    /// A list of judgements for each deal.
    fn deals(&self, columns: &[ArrayRef]) -> Result<ArrayRef> {
        let columns = Columns::read(columns)?;
        let rows = columns.moves.len();
        let (mut all, mut ends, mut moves) = (Vec::new(), Vec::with_capacity(rows), Vec::new());
        for row in 0..rows {
            moves.clear();
            moves.extend(columns.moves.all(row, self.regulation.stages()));
            let deal = columns.deal(row, &moves, self)?;
            let [from, to] = columns.judged.map(|end| end.is_valid(row).then(|| end.value(row)));
            if from.is_none_or(|from| !deal.was_over(from)) {
                let begins = all.len();
                self.deal(&deal, columns.cut.value(row), &mut all);
                let only_unjudged = columns.only_unjudged.value(row);
                if from.is_some() || to.is_some() || only_unjudged {
                    let is_within = |at: i64| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to);
                    let in_time = from.is_none() && to.is_none();
                    retain_from(&mut all, begins, |verdict| {
                        (in_time || verdict.at.is_some_and(is_within)) && (!only_unjudged || verdict.missing.is_some())
                    });
                }
            }
            ends.push(all.len());
        }
        verdicts::lists(&all, &ends)
    }

    /// Appends the judgements of a contact from what `judge_contact` answered. What was broken is known; that a silence was kept
    /// is known only where refusals and opt-outs are loaded.
    fn contact(
        &self,
        answers: u8,
        at: i64,
        [refusals, opt_outs]: [Option<(i64, i64)>; 2],
        verdicts: &mut Vec<Verdict<'_>>,
    ) {
        let is = |flag: u8| answers & flag != 0;
        let always = Ok(());
        let within = |known: Option<(i64, i64)>, source| match known {
            None => Err((source, Why::Never)),
            Some((from, _)) if at < from => Err((source, Why::Before)),
            Some((_, until)) if at >= until => Err((source, Why::After)),
            Some(_) => Ok(()),
        };
        let rules = [
            ("over_cap", is(CAPPED), !is(OVER_ALL | OVER_KIND), always),
            ("out_of_hours", !is(ANY_HOUR), self.contact_days().open(at).unwrap_or(false), always),
            ("after_refusal", self.silence().is_some(), !is(AFTER_REFUSAL), within(refusals, "refusal")),
            ("after_opt_out", true, !is(AFTER_OPT_OUT), within(opt_outs, "opt_out")),
        ];
        for (rule, _, kept, known) in rules.into_iter().filter(|(_, is_asked, ..)| *is_asked) {
            let verdict = Verdict::kept(rule, None, Some(at), kept);
            verdicts.push(match known {
                Err(missing) if kept => Verdict { kept: None, missing: Some(missing), ..verdict },
                _ => verdict,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_is_not_known_is_no_open_deal() {
        assert_eq!(status(None).unwrap(), Status::Open);
        assert_eq!(status(Some("gone")).unwrap(), Status::Lost);
        assert!(status(Some("Won")).unwrap_err().to_string().contains("no status `Won`"));
    }
}
