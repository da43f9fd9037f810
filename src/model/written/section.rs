//! A table of the file, with a getter for every kind of value.

use chrono::NaiveDate;

use super::notes::{Notes, Wrong};
use super::value::{Node, Value, Written};
use crate::model::lang::{Text, both};
use crate::model::problem::hint;

/// What a text is called in messages: in Russian and English.
const TEXT: (&str, &str) = ("текст", "text");

/// A table of a [`Document`](super::Document). Its getters note what is wrong; see the module for what they return then.
#[derive(Debug, Clone)]
pub struct Section<'d> {
    notes: &'d Notes,
    /// None for a required table that is missing: everything asked of it is answered with stand-ins, silently.
    node: Option<&'d Node>,
    /// As in the file: `[company]`, `[[stage]]`; empty at the top.
    label: String,
}

/// A key of a table whose keys are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'d> {
    /// The key.
    pub name: &'d str,
    /// Its line.
    pub line: usize,
}

impl<'d> Section<'d> {
    pub(super) fn new(notes: &'d Notes, node: Option<&'d Node>, label: String) -> Section<'d> {
        Section { notes, node, label }
    }

    /// The line at which the table begins.
    pub fn line(&self) -> usize {
        self.node.map_or(0, |node| node.line)
    }

    /// The line of a key's value; of the table where the key is absent.
    pub fn line_of(&self, key: &str) -> usize {
        self.node.and_then(|node| node.get(key)).map_or(self.line(), |value| value.line)
    }

    /// Whether the key is written.
    pub fn has(&self, key: &str) -> bool {
        self.ask(key).is_some()
    }

    /// The value of a key as it was written, for a key that may hold values of several kinds.
    pub fn value(&self, key: &str) -> Option<&'d Value> {
        self.ask(key).map(|value| &value.value)
    }

    /// All keys, in the order of the file: for tables whose keys are free. Read their values with the other getters.
    pub fn keys(&self) -> Vec<Key<'d>> {
        let Some(node) = self.node else { return Vec::new() };
        node.asked.borrow_mut().keys.extend(node.entries.iter().map(|(key, _)| key.value.clone()));
        node.entries.iter().map(|(key, _)| Key { name: &key.value, line: key.line }).collect()
    }

    /// Notes a problem with a key's value, at its line.
    pub fn wrong(&self, key: &str, what: Text, hint: Text) {
        self.notes.problem(self.line_of(key), what, hint);
    }

    /// Notes a problem at a line.
    pub fn problem(&self, line: usize, what: Text, hint: Text) {
        self.notes.problem(line, what, hint);
    }

    /// A required text, not blank.
    pub fn text(&self, key: &str) -> String {
        self.required(key, "\"…\"").and_then(|value| self.as_text(key, value)).unwrap_or_default().to_owned()
    }

    /// A text, not blank, that may be absent.
    pub fn optional_text(&self, key: &str) -> Option<String> {
        self.ask(key).and_then(|value| self.as_text(key, value)).map(str::to_owned)
    }

    /// A required text that `read` turns into something else, or refuses. None: a problem was noted.
    pub fn checked<T>(&self, key: &str, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        self.required(key, "\"…\"");
        self.optional_checked(key, read)
    }

    /// As [`Section::checked`], for a text that may be absent. None: absent, or a problem was noted.
    pub fn optional_checked<T>(&self, key: &str, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        let value = self.ask(key)?;
        match read(self.as_text(key, value)?) {
            Ok(read) => Some(read),
            Err(wrong) => {
                self.notes.problem(value.line, wrong.what, wrong.hint);
                None
            }
        }
    }

    /// A required text that names one of a few things. None: a problem was noted.
    pub fn one_of<T: Clone>(&self, key: &str, allowed: &[(&str, T)]) -> Option<T> {
        self.checked(key, |name| self.choose(key, name, allowed))
    }

    /// As [`Section::one_of`], for a text that may be absent.
    pub fn optional_one_of<T: Clone>(&self, key: &str, allowed: &[(&str, T)]) -> Option<T> {
        self.optional_checked(key, |name| self.choose(key, name, allowed))
    }

    /// A required number, whole or not.
    pub fn number(&self, key: &str) -> f64 {
        self.required(key, "0.5").and_then(|value| self.as_number(key, value)).unwrap_or_default()
    }

    /// A number, whole or not, that may be absent.
    pub fn optional_number(&self, key: &str) -> Option<f64> {
        self.ask(key).and_then(|value| self.as_number(key, value))
    }

    /// A required whole number.
    pub fn whole(&self, key: &str) -> i64 {
        self.required(key, "1").and_then(|value| self.as_whole(key, value)).unwrap_or_default()
    }

    /// A whole number that may be absent.
    pub fn optional_whole(&self, key: &str) -> Option<i64> {
        self.ask(key).and_then(|value| self.as_whole(key, value))
    }

    /// A whole number above 0 that may be absent.
    pub fn optional_positive(&self, key: &str) -> Option<i64> {
        let number = self.optional_whole(key)?;
        if number < 1 {
            self.wrong(
                key,
                both!("`{key}` = {number} — не больше нуля", "`{key}` = {number} is not positive"),
                Text::new("напишите целое число от 1", "write a whole number from 1 up"),
            );
            return None;
        }
        Some(number)
    }

    /// `true` or `false` that may be absent.
    pub fn optional_boolean(&self, key: &str) -> Option<bool> {
        let value = self.ask(key)?;
        match value.value {
            Value::Boolean(boolean) => Some(boolean),
            _ => self.mismatch(key, value, ("true или false", "true or false"), Text::same("true")),
        }
    }

    /// A flag: `true` or `false`, and `false` where absent.
    pub fn boolean(&self, key: &str) -> bool {
        self.optional_boolean(key).unwrap_or(false)
    }

    /// A required date. None: a problem was noted.
    pub fn day(&self, key: &str) -> Option<NaiveDate> {
        self.required(key, "2026-01-31").and_then(|value| self.as_day(key, value))
    }

    /// A date that may be absent.
    pub fn optional_day(&self, key: &str) -> Option<NaiveDate> {
        self.ask(key).and_then(|value| self.as_day(key, value))
    }

    /// A text in both languages: `{ ru = "…", en = "…" }`, or one text for both.
    pub fn bilingual(&self, key: &str) -> Text {
        self.required(key, "{ ru = \"…\", en = \"…\" }");
        self.optional_bilingual(key).unwrap_or_default()
    }

    /// As [`Section::bilingual`], for a text that may be absent.
    pub fn optional_bilingual(&self, key: &str) -> Option<Text> {
        let value = self.ask(key)?;
        match &value.value {
            Value::Text(_) => self.as_text(key, value).map(|text| Text::new(text, text)),
            Value::Table(node) => {
                let both = Section::new(self.notes, Some(node), header(&path(&self.label, key), false));
                Some(Text::new(both.text("ru"), both.text("en")))
            }
            _ => {
                let allowed = ("текст или текст на двух языках", "text, or text in both languages");
                self.mismatch(key, value, allowed, Text::same("{ ru = \"…\", en = \"…\" }"))
            }
        }
    }

    /// A list of texts, each with its line; empty where absent.
    pub fn texts(&self, key: &str) -> Vec<Written<String>> {
        self.list(key, "[\"…\", \"…\"]", |item| self.as_text(key, item).map(str::to_owned))
    }

    /// A list of whole numbers, each with its line; empty where absent.
    pub fn wholes(&self, key: &str) -> Vec<Written<i64>> {
        self.list(key, "[1, 2]", |item| self.as_whole(key, item))
    }

    /// A list of dates, each with its line; empty where absent.
    pub fn days(&self, key: &str) -> Vec<Written<NaiveDate>> {
        self.list(key, "[2026-01-01, 2026-05-09]", |item| self.as_day(key, item))
    }

    /// A list whose items `read` turns into something else, or refuses; each with its line; empty where absent. For
    /// lists that may hold values of several kinds. `example` shows how such a list is written.
    pub fn items<T>(&self, key: &str, example: &str, read: impl Fn(&Value) -> Result<T, Wrong>) -> Vec<Written<T>> {
        self.list(key, example, |item| match read(&item.value) {
            Ok(read) => Some(read),
            Err(wrong) => {
                self.notes.problem(item.line, wrong.what, wrong.hint);
                None
            }
        })
    }

    /// A required table: `[key]`, or `key = { … }`. Where it is missing, that is the one problem noted.
    pub fn table(&self, key: &str) -> Section<'d> {
        let label = header(&path(&self.label, key), false);
        if let (None, Some(node)) = (self.ask(key), self.node) {
            let what = both!("нет таблицы {label}", "the table {label} is missing");
            let hint = both!("добавьте строку {label} и её значения", "add a line {label} and its values");
            self.missing(node, key, what, hint);
        }
        self.optional_table(key).unwrap_or(Section::new(self.notes, None, label))
    }

    /// A table that may be absent.
    pub fn optional_table(&self, key: &str) -> Option<Section<'d>> {
        let value = self.ask(key)?;
        match &value.value {
            Value::Table(node) => Some(Section::new(self.notes, Some(node), header(&path(&self.label, key), false))),
            _ => self.mismatch(key, value, ("таблица", "a table"), Text::same("{ … }")),
        }
    }

    /// All tables under `[[key]]`, or in a list of `{ … }`; empty where absent.
    pub fn tables(&self, key: &str) -> Vec<Section<'d>> {
        let label = header(&path(&self.label, key), true);
        let Some(value) = self.ask(key) else { return Vec::new() };
        let one = |item: &'d Written<Value>| match &item.value {
            Value::Table(node) => Some(Section::new(self.notes, Some(node), label.clone())),
            _ => {
                let hint = both!(
                    "напишите {label} над каждой, а под ним её значения",
                    "write {label} above each, and its values below"
                );
                let found = item.value.describe();
                let what = both!("{label} — таблица, а здесь ", "{label} must be a table, not ").and(found);
                self.notes.problem(item.line, what, hint);
                None
            }
        };
        match &value.value {
            Value::List(items) => items.iter().filter_map(one).collect(),
            other => {
                let what = both!(
                    "`{key}` пишется {label}, по разу на каждую, а здесь ",
                    "`{key}` must be written {label}, once for each, not as "
                );
                let hint = both!("напишите {label} в двойных скобках", "write {label} in double brackets");
                self.notes.problem(value.line, what.and(other.describe()), hint);
                Vec::new()
            }
        }
    }

    fn ask(&self, key: &str) -> Option<&'d Written<Value>> {
        let node = self.node?;
        node.asked.borrow_mut().keys.insert(key.to_owned());
        node.get(key)
    }

    fn required(&self, key: &str, example: &str) -> Option<&'d Written<Value>> {
        let found = self.ask(key);
        if let (None, Some(node)) = (found, self.node) {
            let what = both!("нет `{key}`", "`{key}` is missing").and(within(&self.label));
            self.missing(node, key, what, both!("добавьте {key} = {example}", "add {key} = {example}"));
        }
        found
    }

    fn missing(&self, node: &Node, key: &str, what: Text, hint: Text) {
        let problem = self.notes.made(node.line, what, hint);
        node.asked.borrow_mut().missing.insert(key.to_owned(), problem);
    }

    /// Notes a value of another kind than the key holds; `allowed` in Russian and English.
    fn mismatch<T>(&self, key: &str, value: &Written<Value>, allowed: (&str, &str), example: Text) -> Option<T> {
        let place = Text::same(format!("`{key}`")).and(within(&self.label));
        let must = Text::new(format!(" — {}, а здесь ", allowed.0), format!(" must be {}, not ", allowed.1));
        let hint = both!("напишите {key} = ", "write {key} = ").and(example);
        self.notes.problem(value.line, place.and(must).and(value.value.describe()), hint);
        None
    }

    fn choose<T: Clone>(&self, key: &str, name: &str, allowed: &[(&str, T)]) -> Result<T, Wrong> {
        let found = allowed.iter().find(|(allowed, _)| *allowed == name).map(|(_, value)| value.clone());
        found.ok_or_else(|| {
            let place = Text::same(format!("`{key}`")).and(within(&self.label));
            let what = place.and(both!(" не может быть `{name}`", " cannot be `{name}`"));
            Wrong::new(what, hint(name, allowed.iter().map(|(name, _)| *name)))
        })
    }

    fn as_text(&self, key: &str, value: &'d Written<Value>) -> Option<&'d str> {
        match &value.value {
            Value::Text(text) if text.trim().is_empty() => {
                let place = Text::same(format!("`{key}`")).and(within(&self.label));
                let hint = Text::new(
                    "напишите что-нибудь в кавычках или удалите строку",
                    "write something between the quotes, or remove the line",
                );
                self.notes.problem(value.line, place.and(Text::new(" — пусто", " is empty")), hint);
                None
            }
            Value::Text(text) => Some(text),
            Value::Whole(number) => self.mismatch(key, value, TEXT, quoted(&number.to_string())),
            Value::Number(number) => self.mismatch(key, value, TEXT, quoted(&number.to_string())),
            _ => self.mismatch(key, value, TEXT, Text::same("\"…\"")),
        }
    }

    fn as_number(&self, key: &str, value: &Written<Value>) -> Option<f64> {
        match value.value {
            Value::Number(number) => Some(number),
            #[allow(clippy::cast_precision_loss)] // nobody writes 2^53 by hand
            Value::Whole(number) => Some(number as f64),
            _ => {
                let example = Text::new("0.5, без кавычек", "0.5, without quotes");
                self.mismatch(key, value, ("число", "a number"), example)
            }
        }
    }

    fn as_whole(&self, key: &str, value: &Written<Value>) -> Option<i64> {
        match value.value {
            Value::Whole(number) => Some(number),
            _ => {
                let example = Text::new("1, без кавычек", "1, without quotes");
                self.mismatch(key, value, ("целое число", "a whole number"), example)
            }
        }
    }

    fn as_day(&self, key: &str, value: &Written<Value>) -> Option<NaiveDate> {
        match &value.value {
            Value::Day(day) => Some(*day),
            Value::Text(text) if text.parse::<NaiveDate>().is_ok() => text.parse().ok(),
            _ => {
                let example = Text::new("2026-01-31: год, месяц, день", "2026-01-31: year, month, day");
                self.mismatch(key, value, ("дата", "a date"), example)
            }
        }
    }

    fn list<T>(&self, key: &str, example: &str, read: impl Fn(&'d Written<Value>) -> Option<T>) -> Vec<Written<T>> {
        let Some(value) = self.ask(key) else { return Vec::new() };
        match &value.value {
            Value::List(items) => {
                items.iter().filter_map(|item| Some(Written { value: read(item)?, line: item.line })).collect()
            }
            _ => {
                self.mismatch::<()>(key, value, ("список", "a list"), Text::same(example));
                Vec::new()
            }
        }
    }
}

/// The dotted path of a key under a table's label.
pub(super) fn path(label: &str, key: &str) -> String {
    match label.trim_matches(['[', ']']) {
        "" => key.to_owned(),
        parent => format!("{parent}.{key}"),
    }
}

/// How a table is headed in the file.
pub(super) fn header(path: &str, array: bool) -> String {
    match array {
        true => format!("[[{path}]]"),
        false => format!("[{path}]"),
    }
}

/// ` in [company]`; nothing at the top.
pub(super) fn within(label: &str) -> Text {
    match label {
        "" => Text::default(),
        label => both!(" в {label}", " in {label}"),
    }
}

fn quoted(number: &str) -> Text {
    both!("\"{number}\", в кавычках", "\"{number}\", in quotes")
}
