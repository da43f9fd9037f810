//! Rows written in a proof, as the files of a store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Date32Builder, Decimal128Array, Decimal128Builder, Float64Array, Float64Builder, Int64Array,
    Int64Builder, ListBuilder, StringArray, StringBuilder, StructBuilder, TimestampMicrosecondArray,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::RecordBatch;
use chrono::{NaiveDate, NaiveDateTime};
use parquet::arrow::ArrowWriter;
use voronka::journey::{Between, Happening, Journey, Known, Share, Value, fold};
use voronka::model::calendar::Calendar;
use voronka::model::tables::{Kind, MONEY_PRECISION, MONEY_SCALE, Table};
use voronka::store::{DataFile, Snapshot, TableState};

/// A row as written: column name and value; an empty value is absent.
type Row = BTreeMap<String, String>;

/// All rows given so far.
#[derive(Default)]
pub struct Rows(BTreeMap<Table, Vec<Row>>);

impl Rows {
    /// Adds CSV rows under a header of canonical column names; a header of others adds extra columns.
    pub fn add(&mut self, table: &str, csv: &str) -> Result<(), String> {
        let table = Table::named(table).ok_or_else(|| format!("there is no table {table}"))?;
        let rows = self.0.entry(table).or_default();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        for record in reader.deserialize::<Row>() {
            let mut row = record.map_err(|e| e.to_string())?;
            row.retain(|_, value| !value.is_empty());
            if table == Table::Events {
                row.entry("event_id".into()).or_insert_with(|| format!("e{:03}", rows.len()));
            }
            rows.push(row);
        }
        Ok(())
    }

    /// Writes the rows as the files of a store, journeys folded.
    pub fn snapshot(&self, dir: &Path, calendar: &Calendar) -> Result<Snapshot, String> {
        let mut tables = BTreeMap::new();
        for (table, rows) in &self.0 {
            let state = write(dir, *table, rows, |column, kind| array(rows, column, kind, calendar))?;
            tables.insert(*table, state);
        }
        if let Some(deals) = self.0.get(&Table::Deals) {
            let journeys = self.fold(deals, calendar)?;
            let folded = |column: &str, kind: Kind| match folded(&journeys, column) {
                Some(array) => Ok(array),
                None => array(deals, column, kind, calendar),
            };
            tables.insert(Table::Journeys, write(dir, Table::Journeys, deals, folded)?);
        }
        Ok(Snapshot::of(1, tables))
    }

    /// The journey of every deal, by the fold of the ingest.
    fn fold(&self, deals: &[Row], calendar: &Calendar) -> Result<Vec<Journey<'_>>, String> {
        let mut events = Vec::new();
        for row in self.0.get(&Table::Events).into_iter().flatten() {
            let at = row.get("at").ok_or("an event without at")?;
            events.push((instant(at, calendar)?, row));
        }
        events.sort_by_key(|(at, _)| *at);
        let mut journeys = Vec::new();
        for deal in deals {
            let mut happenings = Vec::new();
            let of = |row: &Row| row.get("deal_id").or_else(|| row.get("joined_deal")) == deal.get("deal_id");
            for (at, row) in events.iter().filter(|(_, row)| of(row)) {
                let moment = |name: &str| row.get(name).map(|at| instant(at, calendar)).transpose();
                let (after, before) = (moment("after")?, moment("before")?);
                happenings.push(Happening {
                    at: *at,
                    ends_at: ends_at(*at, calendar),
                    kind: row.get("kind").map_or("", String::as_str),
                    outgoing: row.get("direction").is_some_and(|d| d == "outgoing"),
                    stage: row.get("stage").map(String::as_str),
                    between: before.map(|before| Between { after, before }),
                    share: Share::Whole,
                    value: value(row)?,
                });
            }
            let created = deal.get("created_at").map(|at| instant(at, calendar)).transpose()?;
            journeys.push(fold(created, happenings));
        }
        Ok(journeys)
    }
}

fn write(
    dir: &Path,
    table: Table,
    rows: &[Row],
    array: impl Fn(&str, Kind) -> Result<ArrayRef, String>,
) -> Result<TableState, String> {
    let extra: Vec<String> = match table {
        Table::Deals | Table::Journeys => {
            let names: std::collections::BTreeSet<&String> = rows.iter().flat_map(|row| row.keys()).collect();
            let kept = Table::Deals.kept_by_ingest();
            let by_deals = |name: &str| table == Table::Journeys && kept.contains(&name);
            let own = |name: &&String| table.column(name).is_none() && !by_deals(name);
            names.into_iter().filter(own).cloned().collect()
        }
        _ => Vec::new(),
    };
    let of_deals = |name: &str| table == Table::Journeys && Table::Deals.column(name).is_some();
    let unknown = rows
        .iter()
        .flat_map(|row| row.keys())
        .find(|n| table.column(n).is_none() && !extra.contains(n) && !of_deals(n));
    if let Some(name) = unknown {
        return Err(format!("{} has no column {name}", table.name()));
    }
    let schema = table.schema(&extra);
    let kinds = table.columns().iter().map(|c| (c.name, c.kind)).chain(extra.iter().map(|n| (n.as_str(), Kind::Text)));
    let arrays = kinds.map(|(name, kind)| array(name, kind)).collect::<Result<Vec<_>, _>>()?;
    let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(|e| e.to_string())?;
    // the session may declare the files sorted by their key
    let keys: Vec<_> = table.sorted_by().iter().map(|key| batch.column_by_name(key).unwrap().clone()).collect();
    let sort = keys.into_iter().map(|values| arrow::compute::SortColumn { values, options: None }).collect::<Vec<_>>();
    let order = arrow::compute::lexsort_to_indices(&sort, None).map_err(|e| e.to_string())?;
    let batch = arrow::compute::take_record_batch(&batch, &order).map_err(|e| e.to_string())?;
    let path = dir.join(format!("{}.parquet", table.name()));
    let file = std::fs::File::create(&path).map_err(|e| e.to_string())?;
    let mut writer = ArrowWriter::try_new(file, schema.clone(), None).map_err(|e| e.to_string())?;
    writer.write(&batch).map_err(|e| e.to_string())?;
    writer.close().map_err(|e| e.to_string())?;
    let bytes = std::fs::metadata(&path).map_err(|e| e.to_string())?.len();
    let files = vec![DataFile::here(path, batch.num_rows() as u64, bytes)];
    Ok(TableState { schema, extra, buckets: 1, files, delta_version: 0 })
}

/// A column out of what was written.
fn array(rows: &[Row], column: &str, kind: Kind, calendar: &Calendar) -> Result<ArrayRef, String> {
    fn each<T>(rows: &[Row], column: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<Option<T>>, String> {
        rows.iter().map(|row| row.get(column).map(|text| read(text)).transpose()).collect()
    }
    fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
        text.parse().map_err(|_| format!("{text} is no number"))
    }
    Ok(match kind {
        Kind::Text => Arc::new(StringArray::from(each(rows, column, |text| Ok(text.to_owned()))?)),
        Kind::Count => Arc::new(Int64Array::from(each(rows, column, number::<i64>)?)),
        Kind::Real => Arc::new(Float64Array::from(each(rows, column, number::<f64>)?)),
        Kind::Day => Arc::new(Date32Array::from(each(rows, column, day)?)),
        Kind::Instant => {
            let at = each(rows, column, |text| instant(text, calendar))?;
            Arc::new(TimestampMicrosecondArray::from(at).with_timezone("UTC"))
        }
        Kind::Money => {
            let money = Decimal128Array::from(each(rows, column, money)?);
            Arc::new(money.with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE).map_err(|e| e.to_string())?)
        }
        Kind::Entries | Kind::Returns | Kind::Intervals | Kind::Instants => {
            return Err(format!("{column} is folded, not written"));
        }
        Kind::Amounts | Kind::Days | Kind::Reals | Kind::Absences => {
            return Err(format!("{column} is folded, not written"));
        }
    })
}

/// A column that the fold makes.
fn folded(journeys: &[Journey<'_>], column: &str) -> Option<ArrayRef> {
    let instants = |read: fn(&Journey<'_>) -> Option<i64>| -> ArrayRef {
        let at: TimestampMicrosecondArray = journeys.iter().map(read).collect();
        Arc::new(at.with_timezone("UTC"))
    };
    Some(match column {
        "response_at" => instants(|j| j.response_at),
        "refused_at" => instants(|j| j.refused_at),
        "opted_out_at" => instants(|j| j.opted_out_at),
        "complained_at" => instants(|j| j.complained_at),
        "refunded_at" => instants(|j| j.refunded_at),
        "events" => Arc::new(Int64Array::from_iter_values(journeys.iter().map(|j| j.events))),
        "touch_at" => {
            let item = Field::new("item", Kind::Instant.arrow(), true);
            let values = TimestampMicrosecondBuilder::new().with_timezone("UTC");
            let mut list = ListBuilder::new(values).with_field(item);
            journeys.iter().for_each(|j| list.append_value(j.touch_at.iter().map(|at| Some(*at))));
            Arc::new(list.finish())
        }
        "entries" => structs(journeys, Kind::Entries, |list, journey| {
            for entry in &journey.entries {
                list.field_builder::<StringBuilder>(0)?.append_value(entry.stage);
                list.field_builder::<TimestampMicrosecondBuilder>(1)?.append_value(entry.at);
                list.field_builder::<Int64Builder>(2)?.append_value(entry.times);
                list.append(true);
            }
            Some(())
        })?,
        "returns" => structs(journeys, Kind::Returns, |list, journey| {
            for again in &journey.returns {
                list.field_builder::<StringBuilder>(0)?.append_value(again.stage);
                list.field_builder::<TimestampMicrosecondBuilder>(1)?.append_value(again.at);
                list.field_builder::<StringBuilder>(2)?.append_value(again.from);
                list.append(true);
            }
            Some(())
        })?,
        "intervals" => structs(journeys, Kind::Intervals, |list, journey| {
            for seen in &journey.intervals {
                list.field_builder::<StringBuilder>(0)?.append_value(seen.stage);
                list.field_builder::<TimestampMicrosecondBuilder>(1)?.append_value(seen.at);
                list.field_builder::<TimestampMicrosecondBuilder>(2)?.append_option(seen.between.after);
                list.field_builder::<TimestampMicrosecondBuilder>(3)?.append_value(seen.between.before);
                list.append(true);
            }
            Some(())
        })?,
        "amount_history" => history(journeys, Kind::Amounts, |j| &j.amounts)?,
        "expected_close_history" => history(journeys, Kind::Days, |j| &j.expected_closes)?,
        "probability_history" => history(journeys, Kind::Reals, |j| &j.probabilities)?,
        "absences" => structs(journeys, Kind::Absences, |list, journey| {
            for absence in &journey.absences {
                list.field_builder::<TimestampMicrosecondBuilder>(0)?.append_value(absence.at);
                list.field_builder::<TimestampMicrosecondBuilder>(1)?.append_value(absence.until);
                list.append(true);
            }
            Some(())
        })?,
        _ => return None,
    })
}

/// What a field was, from when on.
fn history<'a>(
    journeys: &[Journey<'a>],
    kind: Kind,
    of: for<'j> fn(&'j Journey<'a>) -> &'j Vec<Known>,
) -> Option<ArrayRef> {
    structs(journeys, kind, |list, journey| {
        for known in of(journey) {
            let (whole, real) = match known.value {
                Value::Empty => (None, None),
                Value::Whole(whole) => (Some(whole), None),
                Value::Real(real) => (None, Some(real)),
            };
            match kind {
                Kind::Amounts => list.field_builder::<Decimal128Builder>(0)?.append_option(whole.map(i128::from)),
                Kind::Days => list.field_builder::<Date32Builder>(0)?.append_option(whole.map(|day| day as i32)),
                _ => list.field_builder::<Float64Builder>(0)?.append_option(real),
            }
            list.field_builder::<TimestampMicrosecondBuilder>(1)?.append_value(known.at);
            list.field_builder::<TimestampMicrosecondBuilder>(2)?.append_option(known.between.and_then(|b| b.after));
            list.field_builder::<TimestampMicrosecondBuilder>(3)?.append_option(known.between.map(|b| b.before));
            list.append(true);
        }
        Some(())
    })
}

/// What an event says of a field of its deal.
fn value(row: &Row) -> Result<Value, String> {
    let text = |name: &str| row.get(name);
    let value = match row.get("kind").map_or("", String::as_str) {
        "amount" => text("amount").map(|text| Ok::<_, String>(Value::Whole(money(text)? as i64))),
        "expected_close" => text("expected_close").map(|text| Ok(Value::Whole(i64::from(day(text)?)))),
        "probability" => {
            text("score").map(|text| Ok(Value::Real(text.parse().map_err(|_| format!("{text} is no number"))?)))
        }
        _ => None,
    };
    value.transpose().map(Option::unwrap_or_default)
}

/// A list of structs for each journey.
fn structs<'a>(
    journeys: &[Journey<'a>],
    kind: Kind,
    append: impl Fn(&mut StructBuilder, &Journey<'a>) -> Option<()>,
) -> Option<ArrayRef> {
    let DataType::List(item) = kind.arrow() else { return None };
    let DataType::Struct(fields) = item.data_type() else { return None };
    let mut list = ListBuilder::new(StructBuilder::from_fields(fields.clone(), 0)).with_field(item.clone());
    for journey in journeys {
        append(list.values(), journey)?;
        list.append(true);
    }
    Some(Arc::new(list.finish()))
}

fn day(text: &str) -> Result<i32, String> {
    let day: NaiveDate = text.parse().map_err(|e| format!("{text}: {e}"))?;
    Ok((day - chrono::DateTime::UNIX_EPOCH.date_naive()).num_days() as i32)
}

fn instant(text: &str, calendar: &Calendar) -> Result<i64, String> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").map_err(|e| format!("{text}: {e}"))?;
    Ok(calendar.instant(local).timestamp_micros())
}

/// The end of its day for an instant that says a day.
fn ends_at(at: i64, calendar: &Calendar) -> i64 {
    let day = calendar.day(chrono::DateTime::from_timestamp_micros(at).unwrap());
    match calendar.midnight(day).timestamp_micros() == at {
        true => calendar.midnight(day.succ_opt().unwrap()).timestamp_micros() - 1,
        false => at,
    }
}

fn money(text: &str) -> Result<i128, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<width$}", width = MONEY_SCALE as usize);
    digits.parse().map_err(|_| format!("{text} is no money"))
}
