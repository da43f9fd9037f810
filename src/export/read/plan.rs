//! A section of the mapping, resolved against one file's header and the store's column order.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::column_plan::{Check, ColumnPlan, FillPlan, From, Part};
use super::date_range::Times;
use super::offsets::Offsets;
use super::open::Opened;
use super::raw::Raw;
use super::recurring::Recurring;
use crate::export::mapping::{
    Condition, Export, Fill, Header, Mapped, Operand, Operation, Reading, Source, required, words,
};
use crate::export::values::amounts::{self, Currency};
use crate::export::values::dates::DateFormat;
use crate::export::values::lookalikes::Alike;
use crate::export::values::multiples;
use crate::export::values::personal::{Key, Personal};
use crate::export::values::scrub::{Bare, Scrub};
use crate::model::calendar::Calendar;
use crate::model::lang::Text;
use crate::model::layout::Layout;
use crate::model::tables::{Kind, Table, is_identity};

/// What is to be done with every row of a file.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(super) ignore: Vec<Check>,
    /// How the first cell of a total begins.
    pub(super) totals: Vec<String>,
    pub(crate) fills: Vec<FillPlan>,
    /// How refused rows are kept.
    pub(super) raw: Raw,
}

impl Plan {
    /// Resolves a section against an opened file.
    ///
    /// `personal` is what becomes of personal data, with the key of its hashes where they are made; `taken` is the moment up to
    /// which the file reaches, in microseconds, and `said` its local day where the file or the user says it: editions of a plan are
    /// known from then on.
    pub(crate) fn new(
        export: &Export,
        opened: &Opened,
        layouts: &BTreeMap<Table, Layout>,
        personal: (Personal, Option<&Key>),
        (taken, said): (i64, Option<NaiveDate>),
    ) -> Plan {
        let at = &opened.found.columns;
        let mut offsets: Vec<(Tz, Offsets)> = Vec::new();
        let mut fill = |fill: &Fill| FillPlan {
            table: fill.table,
            when: checks(&fill.when, at),
            columns: fill
                .columns
                .iter()
                .chain(&edition(fill, said))
                .filter_map(|column| {
                    let zone = column.reading.zone.unwrap_or(Tz::UTC);
                    let known = offsets.iter().find(|(known, _)| *known == zone).map(|(_, offsets)| offsets.clone());
                    let of_zone = known.unwrap_or_else(|| {
                        let of_zone = Offsets::of(zone);
                        offsets.push((zone, of_zone.clone()));
                        of_zone
                    });
                    resolve(column, (export, fill.table), opened, layouts, (personal, taken), of_zone)
                })
                .collect(),
        };
        let (ignore, fills): (Vec<Check>, Vec<FillPlan>) =
            (checks(&export.ignore_rows, at), export.fills.iter().map(&mut fill).collect());
        let read = ignore.iter().chain(fills.iter().flat_map(|fill| &fill.when)).filter_map(|check| check.index);
        let raw = Raw::new(opened.cells, read, fills.iter().flat_map(|fill| &fill.columns), personal);
        Plan { ignore, totals: export.totals.clone(), fills, raw }
    }

    /// In which currency the amounts of a column are, where the mapping does not state it.
    pub(crate) fn currencies(&self) -> impl Iterator<Item = Text> {
        let columns = self.fills.iter().flat_map(|fill| fill.columns.iter().map(|column| (fill.table.name(), column)));
        columns.filter(|(_, column)| column.reading.currency.is_none()).filter_map(|(table, column)| {
            let (name, currency) = (&column.name, column.currency.get()?);
            Some(Text::new(
                format!("суммы `{table}.{name}` — в {currency}"),
                format!("the amounts of `{table}.{name}` are in {currency}"),
            ))
        })
    }
}

impl Plan {
    /// Whether a column holds the number of the row.
    pub(super) fn numbers_rows(&self) -> bool {
        let mut columns = self.fills.iter().flat_map(|fill| &fill.columns);
        columns.any(|column| matches!(column.from, From::RowNumber(_)))
    }
}

/// Canonical columns into which people write what they like.
const TEXTS: [&str; 3] = ["lost_reason", "outcome", "interest"];

impl Plan {
    /// What is known of the currency of each column of money that has amounts: its table and name, and the
    /// currency, if anything names one.
    pub(crate) fn money(&self) -> impl Iterator<Item = (&str, Option<Currency>)> {
        let columns = self.fills.iter().flat_map(|fill| &fill.columns);
        let met = columns.filter(|column| column.kind == Kind::Money && column.met.get());
        met.map(|column| (column.place.as_str(), column.currency.get()))
    }

    /// Headers that name another currency than the mapping does, or than each other.
    pub(crate) fn clashes(&self) -> Vec<Text> {
        let columns = self.fills.iter().flat_map(|fill| &fill.columns);
        let clash = |column: &ColumnPlan| {
            let (header, named) = column.headers.first()?;
            let place = &column.place;
            if let Some((other, second)) = column.headers.iter().find(|(_, other)| other != named) {
                return Some(Text::new(
                    format!(
                        "`{header}` — в {named}, `{other}` — в {second}, и оба в {place}\n    заполните его из одного"
                    ),
                    format!(
                        "`{header}` is in {named} and `{other}` in {second}, and both fill {place}\n    fill it from one of them"
                    ),
                ));
            }
            let stated = column.reading.currency.filter(|stated| stated != named)?;
            // what is multiplied by a number is converted
            let converted = matches!(column.from, From::Compute(Operation::Multiply, _));
            let name = &column.name;
            (!converted).then(|| Text::new(
                format!(
                    "заголовок `{header}` называет {named}, а маппинг говорит, что {place} в {stated}\n    пересчитайте по курсу (1, если \
                     неверен заголовок): {name} = {{ multiply = [\"{header}\", 1], currency = \"{stated}\" }}; или уберите `currency` из \
                     маппинга",
                ),
                format!(
                    "the header `{header}` says {named}, and the mapping says that {place} is in {stated}\n    convert it by a \
                     rate (1 if the header is wrong): {name} = {{ multiply = [\"{header}\", 1], currency = \"{stated}\" }}; or take \
                     `currency` out of the mapping",
                ),
            ))
        };
        let multiple = |column: &ColumnPlan| {
            let (header, factor) = column.multiple.as_ref()?;
            Some(multiples::refused((&column.place, &column.name), header, factor, column.reading.currency))
        };
        columns.clone().filter_map(clash).chain(columns.filter_map(multiple)).collect()
    }
}

fn checks(conditions: &[Condition], at: &BTreeMap<Header, usize>) -> Vec<Check> {
    let check = |c: &Condition| Check { index: at.get(&c.column).copied(), test: c.test.clone() };
    conditions.iter().map(check).collect()
}

/// Whether a column of ours, by its name, says what the amounts of another one are in.
fn is_currency_of(name: &str, amounts: &str) -> bool {
    name == "currency" || name.strip_suffix("_currency").is_some_and(|of| of == amounts)
}

/// Where a column comes from. `None` if the export need not have it and does not.
fn from(column: &Mapped, export: &Export, opened: &Opened) -> Option<From> {
    let at = &opened.found.columns;
    let cells = |headers: &[Header]| headers.iter().filter_map(|h| at.get(h).copied()).collect::<Vec<_>>();
    Some(match &column.source {
        _ if column.optional && !opened.has(column) => return None,
        Source::From(headers) => From::Cells(cells(headers)),
        Source::Either(headers) => From::Cells(cells(headers).into_iter().take(1).collect()),
        Source::Const(text) => From::Const(text.clone()),
        Source::RowNumber => From::RowNumber(export.name.clone()),
        Source::Concat { parts, with } => From::Concat(cells(parts), with.clone()),
        Source::Compute { operation, operands } => {
            let part = |operand: &Operand| match operand {
                Operand::Column(header) => at.get(header).copied().map(Part::Cell),
                Operand::Number(units) => Some(Part::Number(*units)),
                Operand::Factor(digits, decimals) => Some(Part::Factor(*digits, *decimals)),
            };
            From::Compute(*operation, operands.iter().filter_map(part).collect())
        }
    })
}

/// The column that says from when an edition of a plan is known, where the mapping has none and something else says it.
fn edition(fill: &Fill, said: Option<NaiveDate>) -> Option<Mapped> {
    const NAME: &str = "known_from";
    let is_mapped = fill.columns.iter().any(|column| column.name == NAME && !column.extra);
    let said = said.filter(|_| fill.table == Table::Plans && !is_mapped)?;
    let reading =
        Reading { dates: DateFormat::parse("yyyy-mm-dd").ok().map(|format| vec![format]), ..Reading::default() };
    let source = Source::Const(said.to_string());
    Some(Mapped { name: NAME.to_owned(), kind: Kind::Day, extra: false, optional: false, source, reading })
}

fn resolve(
    column: &Mapped,
    (export, table): (&Export, Table),
    opened: &Opened,
    layouts: &BTreeMap<Table, Layout>,
    ((personal, key), taken): ((Personal, Option<&Key>), i64),
    offsets: Offsets,
) -> Option<ColumnPlan> {
    let at = &opened.found.columns;
    let from = from(column, export, opened)?;
    let of_money: Vec<usize> = match &from {
        _ if column.kind != Kind::Money => Vec::new(),
        From::Cells(cells) => cells.clone(),
        From::Compute(_, parts) => parts.iter().filter_map(Part::cell).collect(),
        _ => Vec::new(),
    };
    let header = |cell: &usize| opened.found.text(*cell).to_owned();
    let headers = of_money.iter().filter_map(|cell| Some((header(cell), amounts::of_header(&header(cell))?)));
    let headers: Vec<(String, Currency)> = headers.collect();
    let multiple = of_money.iter().filter(|_| !matches!(column.source, Source::Compute { .. })).find_map(|cell| {
        let header = header(cell);
        multiples::of_header(&header).map(|factor| (header, factor))
    });
    let named = headers.first().map(|(_, currency)| *currency);
    let beside = of_money.first().and_then(|cell| {
        // a column of ours that is called so says where it stands
        let ours = export
            .fills
            .iter()
            .flat_map(|fill| &fill.columns)
            .filter(|ours| ours.extra && is_currency_of(&ours.name, &column.name));
        let mut stated = ours.filter_map(|ours| match &ours.source {
            Source::From(headers) | Source::Either(headers) => {
                headers.iter().find_map(|header| at.get(header).copied())
            }
            _ => None,
        });
        stated.next_back().or_else(|| opened.found.currency(opened.found.text(*cell)))
    });
    let canonical = |name: &str| !column.extra && column.name == name;
    let words = words(table, &column.name).filter(|_| !column.extra);
    let is_found = !matches!(from, From::Const(_) | From::RowNumber(_));
    let is_key = !column.extra && (table.key().contains(&column.name.as_str()) || is_identity(table, &column.name));
    // of what names campaigns and things, a long number is a number
    let bare = match column.extra || TEXTS.contains(&column.name.as_str()) {
        true => Bare::Phone,
        false => Bare::Number,
    };
    let is_searched =
        column.kind == Kind::Text && is_found && words.is_none() && !column.reading.personal && !column.reading.is_ours;
    // each id is another text, and of these columns more is told than their values
    let recurs = column.kind == Kind::Text
        && !column.name.ends_with("_id")
        && !column.reading.personal
        && (table != Table::Plans || column.extra);
    let recurring = match &from {
        From::Cells(cells) if recurs && cells.len() == 1 => cells.first().copied().map(Recurring::of),
        _ => None,
    };
    Some(ColumnPlan {
        name: column.name.clone(),
        place: format!("{}.{}", table.name(), column.name),
        slot: layouts.get(&table)?.slot(&column.name).ok()?,
        if_unknown: column.reading.if_unknown,
        kind: column.kind,
        from,
        reading: column.reading.clone(),
        calendar: Calendar::of_zone(column.reading.zone.unwrap_or(Tz::UTC)),
        offsets,
        times: Times::of(table, &column.name, column.kind, taken).filter(|_| !column.extra),
        required: !column.extra && required(table).contains(&column.name.as_str()),
        words,
        recurring,
        is_id: column.name.ends_with("_id"),
        watched: Alike::watched(&column.name).filter(|_| !column.extra),
        personal: if column.reading.personal { personal } else { Personal::Keep },
        key: key.filter(|_| column.reading.personal).cloned(),
        scrub: is_searched.then(|| Scrub::new(personal, key, bare)).flatten(),
        is_key: is_key || column.name.ends_with("_id"),
        is_length: canonical("duration_s"),
        is_share: table == Table::Deals && canonical("probability"),
        is_period: table == Table::Spend && canonical("day"),
        is_plan_period: table == Table::Plans && canonical("period"),
        is_measure: table == Table::Plans && canonical("measure"),
        is_money_named: column.reading.currency.or(named).is_some(),
        currency: Cell::new(column.reading.currency.or(named)),
        currency_cell: beside.filter(|_| named.is_none()),
        seen: RefCell::default(),
        bare: Cell::new(false),
        met: Cell::new(false),
        headers,
        multiple,
    })
}
