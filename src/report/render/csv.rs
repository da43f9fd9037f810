//! Writes every table as a CSV file for spreadsheets and programs.
//!
//! Headers are the metric's column names. Money is exact, shares are fractions, days are ISO dates; an interval takes
//! three columns. Text that a spreadsheet would run as a formula gets an apostrophe.

use super::error::RenderError;
use super::exporter::Exporter;
use super::flat::{self, Part};
use super::number::Numbers;
use super::outputs::{Outputs, at};
use crate::model::lang::Lang;
use crate::model::shown::defused;
use crate::report::document::{Block, Cell, Document, Table};

/// Writes `<name>-tables/<id>.csv`.
pub struct Csv;

impl Exporter for Csv {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
        for block in doc.sections.iter().flat_map(|s| &s.blocks) {
            if let Block::Table(table) = block {
                let path = out.part("tables", &table.id, "csv")?;
                std::fs::write(&path, csv(table, &numbers)).map_err(at(&path))?;
            }
        }
        Ok(())
    }
}

/// The whole file.
fn csv(table: &Table, numbers: &Numbers) -> String {
    let delimiter = match numbers.lang {
        Lang::Ru => ';',
        Lang::En => ',',
    };
    let columns = flat::columns(table);
    let head: Vec<String> = columns.iter().map(|(at, part)| head(&table.columns[*at].name, *part)).collect();
    let mut text = String::from("\u{feff}");
    line(&mut text, &head, delimiter);
    for row in &table.rows {
        let fields: Vec<String> =
            columns.iter().map(|(at, part)| field(&flat::part(&row[*at], *part), numbers)).collect();
        line(&mut text, &fields, delimiter);
    }
    text
}

fn head(name: &str, part: Part) -> String {
    let end = match part {
        Part::Value => "",
        Part::Low => "_low",
        Part::High => "_high",
        Part::Least => "_least",
        Part::Most => "_most",
    };
    defused(&format!("{name}{end}")).into_owned()
}

fn field(cell: &Cell, numbers: &Numbers) -> String {
    match cell {
        Cell::Empty | Cell::Interval { .. } | Cell::Bounds { .. } => String::new(),
        Cell::Text(text) => defused(text).into_owned(),
        Cell::Count(count) => count.to_string(),
        Cell::Money(money) => numbers.plain_money(*money),
        Cell::Number(value) => numbers.plain(*value),
        Cell::Date(day) => day.format("%Y-%m-%d").to_string(),
    }
}

fn line(text: &mut String, fields: &[String], delimiter: char) {
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            text.push(delimiter);
        }
        match field.contains([delimiter, '"', '\n', '\r']) {
            true => text.push_str(&format!("\"{}\"", field.replace('"', "\"\""))),
            false => text.push_str(field),
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unit::Unit;
    use crate::report::document::Column;

    fn table() -> Table {
        let column = |name: &str, unit| Column { name: name.into(), title: String::new(), unit };
        Table {
            id: "t".into(),
            title: String::new(),
            columns: vec![column("who", Unit::Text), column("paid", Unit::Money), column("share", Unit::Share)],
            rows: vec![
                vec![
                    Cell::Text("=1+1".into()),
                    Cell::Money(12_345_600),
                    Cell::Interval { value: 0.5, low: 0.25, high: 0.75 },
                ],
                vec![Cell::Text("a;b,\"c\"".into()), Cell::Money(-1), Cell::Empty],
                vec![Cell::Text("-".into()), Cell::Empty, Cell::Number(f64::NAN)],
            ],
            source: String::new(),
        }
    }

    #[test]
    fn russian_has_semicolons_commas_and_a_byte_order_mark() {
        let text = csv(&table(), &Numbers { lang: Lang::Ru, currency: "₽" });
        assert_eq!(
            text,
            "\u{feff}who;paid;share;share_low;share_high\r\n'=1+1;1234,56;0,5;0,25;0,75\r\n\
             \"a;b,\"\"c\"\"\";-0,0001;;;\r\n'-;;;;\r\n"
        );
    }

    #[test]
    fn english_has_commas_and_points() {
        let text = csv(&table(), &Numbers { lang: Lang::En, currency: "₽" });
        assert!(
            text.starts_with("\u{feff}who,paid,share,share_low,share_high\r\n'=1+1,1234.56,0.5,0.25,0.75\r\n"),
            "{text}"
        );
    }
}
