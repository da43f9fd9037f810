//! TOML as an owned tree that knows its lines.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use crate::model::lang::{Text, both};
use crate::model::problem::{Problem, Problems};

/// A value with the line on which it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// The line, from 1.
    pub line: usize,
}

impl<T> Deref for Written<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A value as it was written.
#[derive(Debug)]
pub enum Value {
    /// Text in quotes.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date, such as `2026-01-31`.
    Day(NaiveDate),
    /// A time, with or without a date: nothing that we read wants one.
    Time(String),
    /// A list in square brackets, or all tables under one `[[name]]`.
    List(Vec<Written<Value>>),
    /// A table.
    Table(Node),
}

impl Value {
    /// The value in words, for messages: `the number 5`.
    pub fn describe(&self) -> Text {
        match self {
            Value::Text(text) => both!("текст \"{text}\"", "the text \"{text}\""),
            Value::Whole(number) => both!("число {number}", "the number {number}"),
            Value::Number(number) => both!("число {number}", "the number {number}"),
            Value::Boolean(boolean) => Text::same(boolean.to_string()),
            Value::Day(day) => both!("дата {day}", "the date {day}"),
            Value::Time(time) => both!("время {time}", "the time {time}"),
            Value::List(_) => Text::new("список", "a list"),
            Value::Table(_) => Text::new("таблица", "a table"),
        }
    }

    /// The tables directly in it: itself, or those of its list.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Node> {
        let (own, list) = match self {
            Value::Table(node) => (Some(node), [].as_slice()),
            Value::List(items) => (None, items.as_slice()),
            _ => (None, [].as_slice()),
        };
        own.into_iter().chain(list.iter().filter_map(|item| match &item.value {
            Value::Table(node) => Some(node),
            _ => None,
        }))
    }
}

/// A table: its entries in the order of the file, and what was asked of it so far.
#[derive(Debug)]
pub struct Node {
    pub(super) line: usize,
    pub(super) entries: Vec<(Written<String>, Written<Value>)>,
    pub(super) asked: RefCell<Asked>,
}

/// What a reader asked of a table.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) keys: BTreeSet<String>,
    pub(super) missing: BTreeMap<String, Problem>,
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Written<Value>> {
        self.entries.iter().find(|(k, _)| k.value == key).map(|(_, value)| value)
    }
}

/// Parses TOML whose first line is line `first` of its file.
pub(super) fn parse(file: &str, text: &str, first: usize) -> Result<Node, Problems> {
    // a byte order mark is what Notepad leaves; it is no part of the text
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines { starts: text.match_indices('\n').map(|(at, _)| at + 1).collect(), first };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mut problems: Vec<Problem> = errors.iter().map(|error| syntax(file, text, &lines, error)).collect();
        problems.sort_by_key(|p| p.line);
        // after the first fault of a line, the rest of the line is guesswork
        problems.dedup_by_key(|p| p.line);
        return Err(Problems(problems));
    }
    let mut problems = Vec::new();
    let node = lines.node(first, table.get_ref(), &mut |line, what| {
        problems.push(Problem { file: file.to_owned(), line, what, hint: Text::default() });
    });
    match problems.is_empty() {
        true => Ok(node),
        false => Err(Problems(problems)),
    }
}

fn syntax(file: &str, text: &str, lines: &Lines, error: &Error) -> Problem {
    let at = error.span().map_or(text.len(), |span| span.start).min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let written = text[start..].lines().next().unwrap_or_default().trim();
    let value = written.split_once('=').map_or("", |(_, value)| value.trim());
    let mut symbols = value.chars();
    let (ru, en) = if error.message().contains("duplicate key") {
        (
            "ключ стоит в таблице один раз: удалите или переименуйте один из двух",
            "a key may stand once in a table: remove or rename one of the two",
        )
    } else if value.contains(['«', '»', '“', '”']) && !value.starts_with(['"', '\'']) {
        ("текст пишется в прямых кавычках: \"…\"", "text stands in straight quotes: \"…\"")
    } else if value.split_once(',').is_some_and(|(a, b)| is_digits(a) && b.starts_with(|c: char| c.is_ascii_digit())) {
        ("дробь пишется с точкой: 0.5", "a decimal is written with a point: 0.5")
    } else if symbols.next().is_some_and(char::is_alphabetic) {
        ("текст пишется в кавычках: name = \"…\"", "text stands in quotes: name = \"…\"")
    } else if !written.contains('=') && !written.starts_with(['[', ']', '}', '"']) {
        (
            "строка — это `имя = значение`, `[таблица]` или пояснение, которое начинается с #",
            "a line is `name = value`, a `[table]`, or a comment that begins with #",
        )
    } else {
        ("", "")
    };
    // where our own hint says what to write, toml's list of expected symbols would only be in the way
    let said = match (en, error.message().split_once(", expected ")) {
        ("", _) | (_, None) => error.message(),
        (_, Some((said, _))) => said,
    };
    let what = match written.is_empty() {
        true => both!("не TOML: {said}", "not TOML: {said}"),
        false => both!("не TOML: {said} в `{}`", "not TOML: {said} in `{}`", shortened(written)),
    };
    Problem { file: file.to_owned(), line: lines.line(at), what, hint: Text::new(ru, en) }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

struct Lines {
    starts: Vec<usize>,
    first: usize,
}

impl Lines {
    fn line(&self, offset: usize) -> usize {
        self.first + self.starts.partition_point(|start| *start <= offset)
    }

    fn node(&self, line: usize, table: &DeTable<'_>, refuse: &mut dyn FnMut(usize, Text)) -> Node {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries = entries.into_iter().map(|(key, value)| {
            let key = Written { value: key.get_ref().to_string(), line: self.line(key.span().start) };
            (key, self.value(value, refuse))
        });
        Node { line, entries: entries.collect(), asked: RefCell::default() }
    }

    fn value(&self, value: &Spanned<DeValue<'_>>, refuse: &mut dyn FnMut(usize, Text)) -> Written<Value> {
        let line = self.line(value.span().start);
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Whole(number),
                Err(_) => {
                    refuse(line, both!("число {number} слишком велико", "the number {number} is too large"));
                    Value::Whole(0)
                }
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Number(number),
                _ => {
                    refuse(
                        line,
                        both!("{number} — не число, с которым можно считать", "{number} is no number that can be used"),
                    );
                    Value::Number(0.0)
                }
            },
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Datetime(moment) => {
                let day = moment.date.filter(|_| moment.time.is_none()).and_then(|date| {
                    NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
                });
                day.map_or_else(|| Value::Time(moment.to_string()), Value::Day)
            }
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.value(item, refuse)).collect()),
            DeValue::Table(table) => Value::Table(self.node(line, table, refuse)),
        };
        Written { value, line }
    }
}
