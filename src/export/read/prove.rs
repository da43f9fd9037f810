//! Proves date and number formats that the mapping does not state, by the whole column. Never guesses.

use chrono::Datelike;

use super::again::Again;
use super::column_plan::ColumnPlan;
use super::date_limits::is_unset;
use super::open::Opened;
use super::plan::Plan;
use super::row::Row;
use super::row_checks::{holds, is_total, shape_of};
use super::value::clean;
use crate::export::ExportError;
use crate::export::records::{Ahead, BATCH, Typed, ahead};
use crate::export::values::amounts;
use crate::export::values::dates::{self, DateFormat};
use crate::export::values::numbers::{self, Decimal, Evidence};
use crate::model::calendar::month_ru;
use crate::model::lang::Text;
use crate::model::tables::Kind;

/// What is to be proven of one column, and what its values said so far.
struct Case {
    fill: usize,
    column: usize,
    cells: Vec<usize>,
    proof: Proof,
}

enum Proof {
    Date {
        left: Vec<DateFormat>,
        /// A value, with its line, that all of `left` fit.
        example: Option<(u64, String)>,
        /// The value that fits none of those left before it.
        failed: Option<(u64, String, Vec<DateFormat>)>,
    },
    Number {
        point: Option<(u64, String)>,
        comma: Option<(u64, String)>,
        either: Option<(u64, String)>,
    },
}

/// Whether a pass over the whole file is needed before its rows can be read.
pub(super) fn is_needed(plan: &Plan) -> bool {
    !cases(plan).is_empty()
}

/// Reads the whole file for the columns in question, and writes what they proved into the plan.
pub(super) fn prove(plan: &mut Plan, opened: &Opened) -> Result<(), ExportError> {
    let mut cases = cases(plan);
    ahead(opened.records()?, (BATCH, 1), |records| see(records, plan, opened, &mut cases))?;
    together(&mut cases);
    let mut problems = Vec::new();
    for case in cases {
        let column = &mut plan.fills[case.fill].columns[case.column];
        let names: Vec<String> = case.cells.iter().map(|cell| format!("`{}`", opened.found.text(*cell))).collect();
        if let Err(problem) = case.proof.conclude(column) {
            let names = names.join(", ");
            problems.push(Text::new(format!("{names}: {}", problem.ru), format!("{names}: {}", problem.en)));
        }
    }
    problems.dedup();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ExportError::Unproven { path: opened.path(), problems }),
    }
}

/// Shows the values of all rows to the cases.
fn see(mut records: Ahead, plan: &Plan, opened: &Opened, cases: &mut [Case]) -> Result<(), ExportError> {
    let again = Again::new(opened);
    while let Some(record) = records.next()? {
        // rows that will be quarantined or ignored prove nothing; the main pass says why
        let Ok(text) = simdutf8::basic::from_utf8(record.cells.as_slice()) else { continue };
        let row = Row { text, record, number: 0 };
        if record.is_blank()
            || holds(&plan.ignore, row, false)
            || is_total(plan, row)
            || again.passes(row, opened)?
            || shape_of(record, opened).is_some()
        {
            continue;
        }
        for case in &mut *cases {
            let fill = &plan.fills[case.fill];
            if holds(&fill.when, row, true) {
                let column = &fill.columns[case.column];
                for cell in &case.cells {
                    // what the form itself calls a number or a time needs no proof
                    if row.typed(*cell) != Typed::No {
                        continue;
                    }
                    if let Ok(Some(text)) = clean(row.cell(*cell), &column.reading, *cell) {
                        if matches!(case.proof, Proof::Date { .. }) && is_unset(&text) {
                            continue;
                        }
                        match dates::ends(&text).filter(|_| column.is_period) {
                            Some((first, last)) => {
                                [first, last].iter().for_each(|end| case.proof.see(record.line, end))
                            }
                            None => case.proof.see(record.line, text.as_ref()),
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Lets columns that prove nothing by themselves follow those that do: one program wrote the file, in one notation.
fn together(cases: &mut [Case]) {
    let is_proven = |of: fn(&Proof) -> bool| cases.iter().any(|case| of(&case.proof));
    let points = is_proven(|proof| matches!(proof, Proof::Number { point: Some(_), .. }));
    let commas = is_proven(|proof| matches!(proof, Proof::Number { comma: Some(_), .. }));
    let dates: Vec<String> = cases
        .iter()
        .filter_map(|case| match &case.proof {
            Proof::Date { left, example: Some(_), .. } if left.len() == 1 => left.first().map(day_of),
            _ => None,
        })
        .collect();
    for case in cases {
        match &mut case.proof {
            Proof::Number { point: point @ None, comma: comma @ None, either } if points != commas => {
                *(if points { point } else { comma }) = either.take();
            }
            Proof::Date { left, .. } if left.len() > 1 => {
                let same: Vec<DateFormat> = left.iter().filter(|one| dates.contains(&day_of(one))).cloned().collect();
                if same.len() == 1 {
                    *left = same;
                }
            }
            _ => {}
        }
    }
}

/// How a format writes the day, without the time.
fn day_of(format: &DateFormat) -> String {
    format.to_string().split([' ', 'T']).next().unwrap_or_default().to_owned()
}

fn cases(plan: &Plan) -> Vec<Case> {
    let mut cases = Vec::new();
    for (fill, of) in plan.fills.iter().enumerate() {
        for (column, of) in of.columns.iter().enumerate() {
            let cells = of.from.cells();
            let proof = match of.kind {
                _ if cells.is_empty() || of.is_length => None,
                Kind::Instant | Kind::Day if of.reading.dates.is_none() => {
                    Some(Proof::Date { left: dates::known(), example: None, failed: None })
                }
                Kind::Money | Kind::Count | Kind::Real if of.reading.decimal.is_none() => {
                    Some(Proof::Number { point: None, comma: None, either: None })
                }
                _ => None,
            };
            cases.extend(proof.map(|proof| Case { fill, column, cells, proof }));
        }
    }
    cases
}

impl Proof {
    fn see(&mut self, line: u64, text: &str) {
        match self {
            Proof::Date { failed: Some(_), .. } => {}
            Proof::Date { left, example, failed } => {
                let fits = |format: &DateFormat| format.read(text).is_some();
                let before = left.len();
                if !left.iter().any(fits) {
                    *failed = Some((line, text.to_owned(), std::mem::take(left)));
                } else if !left.iter().all(fits) {
                    left.retain(fits);
                }
                // the best example is one whose readings differ
                let differ = |text: &str| left.windows(2).any(|two| two[0].read(text) != two[1].read(text));
                if example.is_none() || (before != left.len() || example.as_ref().is_some_and(|(_, e)| !differ(e))) {
                    *example = Some((line, text.to_owned()));
                }
            }
            Proof::Number { point, comma, either } => {
                let bare = text.strip_suffix('%').map_or(text, str::trim_end);
                let seen = match numbers::evidence(&amounts::read(bare).number) {
                    Evidence::Proves(Decimal::Point) => point,
                    Evidence::Proves(Decimal::Comma) => comma,
                    Evidence::Either => either,
                    // no number in any reading is quarantined by the main pass, alone
                    Evidence::None | Evidence::NoNumber => return,
                };
                seen.get_or_insert_with(|| (line, text.to_owned()));
            }
        }
    }

    fn conclude(self, column: &mut ColumnPlan) -> Result<(), Text> {
        match self {
            Proof::Date { failed: Some((line, text, left)), .. } => Err(two_forms(line, &text, &left)),
            // no value at all: nothing has to be read
            Proof::Date { example: None, .. } => Ok(()),
            Proof::Date { left, example: Some((line, text)), .. } => match left.as_slice() {
                [one] => {
                    column.reading.dates = Some(vec![one.clone()]);
                    Ok(())
                }
                left => {
                    let stated: Vec<String> = left.iter().map(|format| format!("dates = \"{format}\"")).collect();
                    let readings = readings(left, &text);
                    Err(Text::new(
                        format!(
                            "формат дат не указан, а каждому значению подходят несколько: в строке {line} стоит `{text}`, это \
                             {}\n    укажите нужный в маппинге: {}",
                            readings.ru,
                            stated.join(" или ")
                        ),
                        format!(
                            "the date format is not stated, and several fit every value: line {line} has `{text}`, which is \
                             {}\n    state which in the mapping: {}",
                            readings.en,
                            stated.join(" or ")
                        ),
                    ))
                }
            },
            Proof::Number { point: Some((a, one)), comma: Some((b, other)), .. } => Err(Text::new(
                format!(
                    "в одном столбце числа пишутся двояко: в строке {a} — `{one}`, в строке {b} — `{other}`\n    \
                     укажите верный знак в маппинге, остальные уйдут в карантин: decimal = \",\""
                ),
                format!(
                    "two notations in one column: line {a} has `{one}`, line {b} has `{other}`\n    \
                     state the right one in the mapping, and the others are quarantined: decimal = \",\""
                ),
            )),
            Proof::Number { point: None, comma: None, either: Some((line, text)) } => {
                let amount = amounts::read(text.strip_suffix('%').map_or(text.as_str(), str::trim_end));
                let meant = |decimal: Decimal| {
                    let number = numbers::real(&amount.number, decimal).unwrap_or_default();
                    number * 10_f64.powi(i32::try_from(amount.tens).unwrap_or_default())
                };
                let (point, comma) = (meant(Decimal::Point), meant(Decimal::Comma));
                Err(Text::new(
                    format!(
                        "знак дробной части не указан, а подходят оба: в строке {line} стоит `{text}`, это {point} с \".\" и \
                         {comma} с \",\"\n    укажите его в маппинге: decimal = \".\" или decimal = \",\""
                    ),
                    format!(
                        "the decimal mark is not stated, and both fit every value: line {line} has `{text}`, which is {point} \
                         with \".\" and {comma} with \",\"\n    state it in the mapping: decimal = \".\" or decimal = \",\""
                    ),
                ))
            }
            Proof::Number { point, comma, .. } => {
                column.reading.decimal = match (point, comma) {
                    (None, Some(_)) => Some(Decimal::Comma),
                    _ => Some(Decimal::Point),
                };
                Ok(())
            }
        }
    }
}

/// A value that none of the formats fits that are left by those before it. What Excel saved anew has often two forms: an ISO
/// date that it did not understand stays one, another is written as the country does.
fn two_forms(line: u64, text: &str, left: &[DateFormat]) -> Text {
    let fitting: Vec<DateFormat> = dates::known().into_iter().filter(|format| format.read(text).is_some()).collect();
    let before = match left.len() > 3 {
        true => Text::default(),
        false => Text::new(
            format!(" (значения до неё — {})", formats(left, " или ")),
            format!(" (the values before it are {})", formats(left, " or ")),
        ),
    };
    let said = Text::new(
        format!("ни один формат дат не подходит всему столбцу: в строке {line} стоит `{text}`"),
        format!("no one date format fits the whole column: line {line} has `{text}`"),
    );
    let pairs = left.iter().flat_map(|one| fitting.iter().map(move |other| (one, other)));
    let stated: Vec<String> = pairs
        .filter(|(one, other)| shape(one) != shape(other))
        .map(|(one, other)| format!("dates = [\"{one}\", \"{other}\"]"))
        .collect();
    match stated.len() {
        1..=4 => {
            let readings = readings(&fitting, text);
            Text::new(
                format!(
                    "{}, это {}{}\n    укажите в маппинге обе формы, неподходящее уйдёт в карантин само: {}",
                    said.ru,
                    readings.ru,
                    before.ru,
                    stated.join(" или ")
                ),
                format!(
                    "{}, which is {}{}\n    state both forms in the mapping, and what does not fit is quarantined alone: {}",
                    said.en,
                    readings.en,
                    before.en,
                    stated.join(" or ")
                ),
            )
        }
        _ => {
            let form = left.first().map_or_else(|| "dd.mm.yyyy HH:MM:SS".to_owned(), ToString::to_string);
            Text::new(
                format!(
                    "{}{}\n    укажите его в маппинге, неподходящее уйдёт в карантин само: dates = \"{form}\"",
                    said.ru, before.ru
                ),
                format!(
                    "{}{}\n    state it in the mapping, and what does not fit is quarantined alone: dates = \"{form}\"",
                    said.en, before.en
                ),
            )
        }
    }
}

/// A format without the order of day and month: two of one shape would both read the same value.
fn shape(format: &DateFormat) -> String {
    format.to_string().replace(['d', 'm'], "#")
}

/// What a value is in each of several formats.
fn readings(formats: &[DateFormat], text: &str) -> Text {
    let read = || formats.iter().filter_map(|format| Some((format, format.read(text)?.local)));
    let ru = read().map(|(format, day)| {
        let month = month_ru(day.date());
        format!("{} {month} {} как {format}", day.day(), day.year())
    });
    let en = read().map(|(format, day)| format!("{} as {format}", day.format("%-d %B %Y")));
    Text::new(ru.collect::<Vec<_>>().join(" или "), en.collect::<Vec<_>>().join(" or "))
}

fn formats(list: &[DateFormat], with: &str) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(with)
}
