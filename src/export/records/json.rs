//! JSON lines: an object on each, a column for each key; `a.b` for what is within another.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use serde_json::value::RawValue;

use super::decode::{Allowance, Decoded};
use super::encoding::Encoding;
use super::keeping::Keeping;
use super::record::Typed;
use super::temp_table::{LONGEST_CELL, MOST_COLUMNS, Sheet};
use crate::export::ExportError;
use crate::model::lang::{Text, both};

/// The name of a column is not longer, with those of the objects around it.
const LONGEST_KEY: usize = 4096;
/// Objects within objects go no deeper: what is below is a cell of text.
const DEEPEST: usize = 4;

/// Lays down the lines of a file, with the keys met in it as the header.
pub(super) fn lines(keeping: &Keeping<'_>, encoding: Encoding) -> Result<Sheet, ExportError> {
    let mut keys = Keys::default();
    // the header stands first, and a key may come last: so the keys are gathered before
    each_line(keeping, encoding, |line, object| {
        flatten(object, &mut |key, _, _| keys.column(key).map(drop)).map_err(|what| wrong(keeping, line, &what))?;
        Ok(())
    })?;
    let mut kept = keeping.begin(None)?;
    kept.push(0, keys.names.iter().map(|name| (name.as_str(), Typed::No)))?;
    // those that a line fills: another line may have thousands
    let mut cells: BTreeMap<usize, (String, Typed)> = BTreeMap::new();
    each_line(keeping, encoding, |line, object| {
        cells.clear();
        let mut put = |key: &str, text: String, typed: Typed| match cells.insert(keys.column(key)?, (text, typed)) {
            Some(_) => Err(format!("the key `{key}` is there twice")),
            None => Ok(()),
        };
        flatten(object, &mut put).map_err(|what| wrong(keeping, line, &what))?;
        kept.push_filled(line, cells.iter().map(|(column, (text, typed))| (*column, (text.as_str(), *typed))))
    })?;
    kept.done()
}

#[derive(Default)]
struct Keys {
    names: Vec<String>,
    columns: BTreeMap<String, usize>,
}

impl Keys {
    fn column(&mut self, key: &str) -> Result<usize, String> {
        if let Some(column) = self.columns.get(key) {
            return Ok(*column);
        }
        if self.names.len() >= MOST_COLUMNS {
            return Err(format!("more than {MOST_COLUMNS} different keys: this is no table"));
        }
        self.names.push(key.to_owned());
        self.columns.insert(key.to_owned(), self.names.len() - 1);
        Ok(self.names.len() - 1)
    }
}

fn wrong(keeping: &Keeping<'_>, line: u64, what: &str) -> ExportError {
    ExportError::unreadable(
        keeping.path(),
        both!("строка {line}: {what}", "line {line}: {what}"),
        Text::new(
            "в каждой строке — один объект JSON: исправьте строку или выгрузите ещё раз",
            "each line is one JSON object: mend the line, or export again",
        ),
    )
}

fn each_line(
    keeping: &Keeping<'_>,
    encoding: Encoding,
    mut take: impl FnMut(u64, &RawValue) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let allowance = Allowance::of(4 * LONGEST_CELL as u64);
    let mut bytes = BufReader::new(Decoded::new(keeping.input.open()?, encoding, allowance.clone()));
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        allowance.renew();
        number += 1;
        if bytes.read_until(b'\n', &mut line).map_err(ExportError::io(keeping.path()))? == 0
            || keeping.is_enough(number)
        {
            return Ok(());
        }
        let text = std::str::from_utf8(&line).map_err(|_| {
            let shown = String::from_utf8_lossy(&line).trim().chars().take(60).collect::<String>();
            wrong(keeping, number, &format!("bytes that are no {}, shown as �: `{shown}`", encoding.name()))
        })?;
        let text = text.trim();
        if !text.is_empty() {
            let object: &RawValue =
                serde_json::from_str(text).map_err(|e| wrong(keeping, number, &no_object(text, &e)))?;
            take(number, object)?;
        }
    }
}

/// Why a line is no object: the column is that of the line.
fn no_object(text: &str, error: &serde_json::Error) -> String {
    let rest = text.get(error.column().saturating_sub(1)..).unwrap_or_default();
    let known = [
        ("{", "a second object: each stands on a line of its own"),
        (",", "a comma after the object: nothing stands between lines"),
        ("NaN", "NaN, which is no JSON: an empty value is null"),
        ("Infinity", "Infinity, which is no JSON: an empty value is null"),
        ("-Infinity", "Infinity, which is no JSON: an empty value is null"),
    ];
    let said = error.to_string();
    let plain = said.split(" at line ").next().unwrap_or_default();
    let what = known.iter().find(|(begin, _)| rest.starts_with(begin)).map_or(plain, |(_, what)| what);
    format!("column {}: {what}", error.column())
}

/// Gives every value of an object with its key. Numbers keep their digits: an id of 19 of them is none the worse.
fn flatten(object: &RawValue, put: &mut dyn FnMut(&str, String, Typed) -> Result<(), String>) -> Result<(), String> {
    fn within(
        prefix: &str,
        depth: usize,
        value: &RawValue,
        put: &mut dyn FnMut(&str, String, Typed) -> Result<(), String>,
    ) -> Result<(), String> {
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'{') if depth < DEEPEST => {
                let fields: Fields<'_> = serde_json::from_str(text).map_err(|e| e.to_string())?;
                fields.0.iter().try_for_each(|(key, value)| {
                    if prefix.len() + key.len() > LONGEST_KEY {
                        return Err(format!("a key longer than {LONGEST_KEY} bytes: this is no table"));
                    }
                    let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    within(&name, depth + 1, value, put)
                })
            }
            Some(b'"') => put(prefix, serde_json::from_str(text).map_err(|e| e.to_string())?, Typed::No),
            Some(b'[') => put(prefix, list(text)?, Typed::No),
            Some(b'n') => put(prefix, String::new(), Typed::No),
            Some(b't' | b'f' | b'{') => put(prefix, text.to_owned(), Typed::No),
            _ => {
                let (text, typed) = number(text);
                put(prefix, text, typed)
            }
        }
    }
    match object.get().starts_with('{') {
        true => within("", 0, object, put),
        false => Err("no JSON object".to_owned()),
    }
}

/// Several values in one cell, as CRMs write them.
fn list(text: &str) -> Result<String, String> {
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let plain = |item: &&RawValue| match item.get().starts_with('"') {
        true => serde_json::from_str::<String>(item.get()).map_err(|e| e.to_string()),
        false => Ok(item.get().to_owned()),
    };
    Ok(items.iter().map(plain).collect::<Result<Vec<_>, _>>()?.join(";"))
}

/// A number without an exponent, where it can be written so. A whole one that went through a float, `12.0`, is 12: ids
/// are written so where others of their column are missing.
fn number(text: &str) -> (String, Typed) {
    if text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        // one that is too large stays as it is written, and is refused where it is read
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        return (number.map_or_else(|| text.to_owned(), |number| number.to_string()), Typed::Number);
    }
    match text.split_once('.') {
        None => (text.to_owned(), Typed::Whole),
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => (whole.to_owned(), Typed::Number),
        Some(_) => (text.to_owned(), Typed::Number),
    }
}

/// The fields of an object in their order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Fields<'a>, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: serde::de::MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Visitor).map(Fields)
    }
}
