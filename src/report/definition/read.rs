//! Parses and checks the TOML text of a definition.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{
    Chart, Compare, Definition, Each, Findings, Labels, Lines, Part, Pick, Question, Rows, Section, Shape, Sort, Table,
    Tile,
};
use crate::metrics::{Catalog, Metric};
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::{Problems, hint, meant, nearest};
use crate::model::unit::Unit;
use crate::model::written::{self, Wrong};
use crate::report::period::Period;

/// The parts of a section, by their TOML keys.
const PARTS: [&str; 6] = ["paragraph", "tile", "findings", "table", "chart", "missing"];
/// The periods that a tile or a finding may be compared with.
const COMPARE: [(&str, Compare); 2] = [("previous", Compare::Before), ("year", Compare::Year)];

pub(super) fn read(file: &str, text: &str, catalog: &Catalog) -> Result<Definition, Problems> {
    let doc = written::Document::read(file, text)?;
    let root = doc.root();
    let reader = Reader { catalog, period: period(&root).unwrap_or(Period::Weeks(1)) };
    let (title, audience) = (root.bilingual("title"), root.optional_bilingual("audience"));
    let person = root.optional_text("for");
    let lang = root.optional_one_of("lang", &[("ru", Lang::Ru), ("en", Lang::En)]);
    let only = root.optional_table("where").map_or_else(Vec::new, |table| {
        let pair = |key: written::Key<'_>| (key.name.to_owned(), table.text(key.name));
        table.keys().into_iter().map(pair).collect()
    });
    let labels = reader.labels(&root);
    let mut ids = BTreeSet::new();
    let sections: Vec<Section> =
        root.tables("section").iter().map(|section| reader.section(section, &mut ids)).collect();
    if sections.is_empty() {
        doc.problem(
            0,
            Text::new("в отчёте нет разделов", "the report has no section"),
            Text::new(
                "добавьте [[section]] с id и title, а в нём таблицу или график",
                "add [[section]] with an id and a title, and in it a table or a chart",
            ),
        );
    }
    doc.finish()?;
    let name = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or("report").to_owned();
    Ok(Definition { name, title, audience, period: reader.period, person, only, lang, labels, sections })
}

fn period(part: &written::Section<'_>) -> Option<Period> {
    part.optional_checked("period", Period::parse)
}

fn compare(part: &written::Section<'_>) -> Vec<Compare> {
    let known = |name: &str| COMPARE.iter().find(|(known, _)| *known == name).map(|(_, compare)| *compare);
    let one = |written: written::Written<String>| {
        let found = known(&written);
        if found.is_none() {
            part.problem(
                written.line,
                both!("с `{}` ничего не сравнить", "nothing can be compared with `{}`", *written),
                hint(&written, COMPARE.map(|c| c.0)),
            );
        }
        found
    };
    part.texts("compare").into_iter().filter_map(one).collect()
}

struct Reader<'a> {
    catalog: &'a Catalog,
    /// The report's own period, the default of all parts.
    period: Period,
}

/// A metric with the columns that a part may name: the requested dimensions come first.
struct Asked<'a> {
    question: Question,
    /// `None` if the metric is unknown; a problem was noted, and its columns cannot be checked.
    metric: Option<&'a Metric>,
    /// Whether a dimension is misspelt; a problem was noted, and its columns cannot be checked.
    misspelt_by: bool,
}

impl Reader<'_> {
    fn labels(&self, root: &written::Section<'_>) -> Labels {
        let Some(table) = root.optional_table("labels") else { return Labels::new() };
        let mut labels = Labels::new();
        for metric in table.keys() {
            self.known_metric(&table, metric.name, metric.line);
            let Some(columns) = table.optional_table(metric.name) else { continue };
            let of_metric = labels.entry(metric.name.to_owned()).or_default();
            for column in columns.keys() {
                if let Some(known) = self.catalog.get(metric.name).ok().filter(|m| !has_column(m, column.name)) {
                    columns.problem(
                        column.line,
                        both!("в `{}` нет столбца `{}`", "`{}` has no column `{}`", metric.name, column.name),
                        hint(column.name, column_names(known)),
                    );
                }
                let Some(values) = columns.optional_table(column.name) else { continue };
                let texts =
                    values.keys().into_iter().map(|value| (value.name.to_owned(), values.bilingual(value.name)));
                of_metric.insert(column.name.to_owned(), texts.collect());
            }
        }
        labels
    }

    fn section(&self, written: &written::Section<'_>, ids: &mut BTreeSet<String>) -> Section {
        let id = written.checked("id", |id| fresh_id(id, ids)).unwrap_or_default();
        let (title, text) = (written.bilingual("title"), written.optional_bilingual("text"));
        let each = written.optional_text("each").map(|dimension| Each { dimension, limit: limit(written) });
        // parts keep the order of the file, across kinds
        let mut written_parts: Vec<_> = PARTS
            .into_iter()
            .flat_map(|kind| written.tables(kind).into_iter().map(move |part| (part.line(), kind, part)))
            .collect();
        written_parts.sort_by_key(|(line, ..)| *line);
        if written_parts.is_empty() && text.is_none() {
            let parts = PARTS.map(|kind| format!("[[section.{kind}]]")).join(", ");
            let allowed = both!("добавьте одно из: {parts}", "add one of: {parts}");
            written.problem(written.line(), Text::new("раздел пуст", "the section is empty"), allowed);
        }
        let parts = written_parts.iter().filter_map(|(_, kind, part)| self.part(kind, part, ids)).collect();
        Section { id, title, text, each, parts }
    }

    /// `None` if a problem was noted.
    fn part(&self, kind: &str, part: &written::Section<'_>, ids: &mut BTreeSet<String>) -> Option<Part> {
        Some(match kind {
            "paragraph" => Part::Text { text: part.bilingual("text"), of: earlier(part, ids) },
            "tile" => Part::Tile(self.tile(part)),
            "findings" => Part::Findings(self.findings(part)),
            "table" => Part::Table(self.table(part, ids)),
            "chart" => Part::Chart(self.chart(part, ids)?),
            _ => Part::Missing,
        })
    }

    fn tile(&self, part: &written::Section<'_>) -> Tile {
        let asked = self.ask(part, "period");
        let pick = match part.has("row") {
            true => self.pick(part, &asked),
            false => Pick::Last,
        };
        Tile {
            label: part.bilingual("label"),
            column: asked.column(part, "column"),
            pick,
            compare: compare(part),
            note: part.optional_bilingual("note"),
            ask: asked.question,
        }
    }

    fn pick(&self, part: &written::Section<'_>, asked: &Asked<'_>) -> Pick {
        match part.value("row") {
            Some(written::Value::Table(_)) => match asked.only(part, "row") {
                Some((column, value)) => Pick::Where(column, value),
                None => Pick::Last,
            },
            _ => part.one_of("row", &[("first", Pick::First), ("last", Pick::Last)]).unwrap_or(Pick::Last),
        }
    }

    fn findings(&self, part: &written::Section<'_>) -> Findings {
        let mut periods = BTreeMap::new();
        if let Some(table) = part.optional_table("periods") {
            for metric in table.keys() {
                self.known_metric(&table, metric.name, metric.line);
                if let Some(period) = table.checked(metric.name, Period::parse) {
                    periods.insert(metric.name.to_owned(), period);
                }
            }
        }
        let metrics = part.texts("metrics");
        for metric in &metrics {
            self.known_metric(part, metric, metric.line);
        }
        Findings {
            period: period(part).unwrap_or(self.period),
            periods,
            metrics: metrics.into_iter().map(|m| m.value).collect(),
            limit: limit(part).unwrap_or(3),
            compare: compare(part),
            split: part.texts("split").into_iter().filter_map(|dim| self.known_dimension(part, dim)).collect(),
        }
    }

    fn table(&self, part: &written::Section<'_>, ids: &mut BTreeSet<String>) -> Table {
        let id = part.checked("id", |id| fresh_id(id, ids)).unwrap_or_default();
        let asked = self.ask(part, "period");
        let columns = part.texts("columns");
        columns.iter().for_each(|column| asked.check_column(part, column, column.line));
        Table {
            id,
            title: part.bilingual("title"),
            columns: columns.into_iter().map(|column| column.value).collect(),
            rows: asked.rows(part),
            ask: asked.question,
        }
    }

    fn chart(&self, part: &written::Section<'_>, ids: &mut BTreeSet<String>) -> Option<Chart> {
        let id = part.checked("id", |id| fresh_id(id, ids)).unwrap_or_default();
        let asked = self.ask(part, "period");
        let (title, rows) = (part.bilingual("title"), asked.rows(part));
        let kinds = ["stacked", "grouped", "lines", "funnel", "intervals", "heat"].map(|kind| (kind, kind));
        let Some(kind) = part.one_of("kind", &kinds) else {
            // without a valid kind the other keys cannot be checked
            part.keys();
            return None;
        };
        let column = |key: &str| asked.column(part, key);
        let optional = |key: &str| part.has(key).then(|| asked.column(part, key));
        let shape = match kind {
            "stacked" => Shape::Stacked(asked.lines(part)),
            "grouped" => Shape::Grouped(asked.lines(part)),
            "lines" => {
                let bounds = match (optional("low"), optional("high")) {
                    (Some(low), Some(high)) => Some((low, high)),
                    (None, None) => None,
                    _ => {
                        part.problem(
                            part.line(),
                            Text::new("интервалу нужны и `low`, и `high`", "an interval needs both `low` and `high`"),
                            Text::new("добавьте второе или удалите это", "add the other one, or remove this one"),
                        );
                        None
                    }
                };
                Shape::Lines { lines: asked.lines(part), bounds, young: optional("young") }
            }
            "funnel" => Shape::Funnel {
                label: column("label"),
                reached: column("value"),
                open: column("open"),
                lost: column("lost"),
                gone_on: optional("gone_on"),
                share: optional("share"),
            },
            "intervals" => Shape::Intervals {
                label: column("label"),
                value: column("value"),
                low: column("low"),
                high: column("high"),
                reference: part.optional_one_of("reference", &[("all", ())]).is_some(),
            },
            _ => Shape::Heat {
                row: column("row"),
                column: column("column"),
                value: column("value"),
                pivot: part.optional_number("pivot").unwrap_or(0.0),
            },
        };
        Some(Chart { id, title, ask: asked.question, rows, shape })
    }

    fn ask(&self, part: &written::Section<'_>, period_key: &str) -> Asked<'_> {
        let name = part.text("metric");
        let metric = (!name.is_empty()).then(|| self.known_metric(part, &name, part.line_of("metric"))).flatten();
        let by = part.texts("by");
        let wrong =
            metric.is_some_and(|metric| by.iter().filter(|dim| !check_dimension(part, metric, dim)).count() > 0);
        let period = part.optional_checked(period_key, Period::parse).unwrap_or(self.period);
        let by = by.into_iter().map(|dim| dim.value).collect();
        Asked { question: Question { metric: name, by, period }, metric, misspelt_by: wrong }
    }

    /// Checks a dimension of any metric. Extra columns are known to the store alone, so only near misses are refused.
    fn known_dimension(&self, part: &written::Section<'_>, dim: written::Written<String>) -> Option<String> {
        let metrics = || self.catalog.names().filter_map(|name| self.catalog.get(name).ok());
        let known: BTreeSet<&str> = metrics().flat_map(|metric| metric.dimensions.iter().map(String::as_str)).collect();
        match nearest(&dim.value, known.iter().copied()).filter(|near| *near != dim.value.as_str()) {
            Some(near) => {
                let what = both!("нет разреза `{}`", "there is no dimension `{}`", dim.value);
                part.problem(dim.line, what, meant(near));
                None
            }
            None => Some(dim.value),
        }
    }

    fn known_metric(&self, part: &written::Section<'_>, name: &str, line: usize) -> Option<&Metric> {
        let found = self.catalog.get(name).ok();
        if found.is_none() {
            part.problem(
                line,
                both!("нет метрики `{name}`", "there is no metric `{name}`"),
                hint(name, self.catalog.names()),
            );
        }
        found
    }
}

impl Asked<'_> {
    /// A required column of the metric.
    fn column(&self, part: &written::Section<'_>, key: &str) -> String {
        let name = part.text(key);
        if !name.is_empty() {
            self.check_column(part, &name, part.line_of(key));
        }
        name
    }

    fn check_column(&self, part: &written::Section<'_>, name: &str, line: usize) {
        let Some(metric) = self.metric else { return };
        let known = |name: &str| has_column(metric, name) || self.question.by.iter().any(|dim| dim == name);
        if name.contains("{lang}") && ["ru", "en"].iter().all(|lang| known(&name.replace("{lang}", lang)))
            || known(name)
        {
            return;
        }
        let is_dimension = metric.dimensions.iter().any(|dim| dim == name);
        if is_dimension && self.misspelt_by {
            return;
        }
        let dims = self.question.by.iter().map(String::as_str);
        let way = match is_dimension {
            true => both!(
                "`{name}` — разрез: чтобы делить по нему, напишите by = [\"{name}\"]",
                "`{name}` is a dimension: write by = [\"{name}\"] to split by it"
            ),
            false => hint(name, dims.chain(column_names(metric))),
        };
        part.problem(
            line,
            both!("в `{}` нет столбца `{name}`", "`{}` has no column `{name}`", self.question.metric),
            way,
        );
    }

    fn lines(&self, part: &written::Section<'_>) -> Lines {
        let values: Vec<String> = match part.value("values") {
            Some(written::Value::Text(_)) => vec![self.column(part, "values")],
            _ => {
                let values = part.texts("values");
                values.iter().for_each(|value| self.check_column(part, value, value.line));
                values.into_iter().map(|value| value.value).collect()
            }
        };
        if values.is_empty() {
            part.problem(
                part.line(),
                Text::new("не сказано, что рисовать на графике", "the chart says not what to draw"),
                Text::new("добавьте values = [\"…\"]: столбцы метрики", "add values = [\"…\"]: the metric's columns"),
            );
        }
        let series = part.has("series").then(|| self.column(part, "series"));
        if let (Some(series), 2..) = (&series, values.len()) {
            let way = both!(
                "оставьте одно из `values` или удалите `series = \"{series}\"`",
                "leave one of `values`, or remove `series = \"{series}\"`"
            );
            part.wrong(
                "series",
                Text::new(
                    "линии различаются по `series` или по нескольким `values`, а не по тому и другому",
                    "lines are told apart by `series` or by several `values`, not by both",
                ),
                way,
            );
        }
        Lines { x: self.column(part, "x"), values, series }
    }

    fn rows(&self, part: &written::Section<'_>) -> Rows {
        let sort = part.optional_checked("sort", |text| {
            let (columns, descending) = match text.rsplit_once(' ') {
                Some((columns, "asc")) => (columns, false),
                Some((columns, "desc")) => (columns, true),
                _ => (text, false),
            };
            let mut columns = columns.split(" - ").map(|column| column.trim().to_owned());
            match (columns.next(), columns.next(), columns.next()) {
                (Some(column), less, None) if !column.contains(' ') => Ok(Sort { column, less, descending }),
                _ => Err(Wrong::new(
                    both!("`{text}` — не порядок строк", "`{text}` is no order of rows"),
                    Text::new(
                        "напишите sort = \"leads desc\": столбец или разность двух, и asc или desc",
                        "write sort = \"leads desc\": a column, or one less another, and asc or desc",
                    ),
                )),
            }
        });
        for column in sort.iter().flat_map(|sort| [Some(&sort.column), sort.less.as_ref()]).flatten() {
            self.check_column(part, column, part.line_of("sort"));
        }
        let only = part.has("only").then(|| self.only(part, "only")).flatten();
        let units = [("share", Unit::Share), ("money", Unit::Money), ("ratio", Unit::Ratio)];
        Rows { sort, limit: limit(part), only, ratios_are: part.optional_one_of("ratios_are", &units) }
    }

    /// `{ column = "value" }`: selects rows.
    fn only(&self, part: &written::Section<'_>, key: &str) -> Option<(String, String)> {
        let table = part.optional_table(key)?;
        let keys = table.keys();
        let [column] = keys[..] else {
            part.wrong(
                key,
                both!("`{key}` называет один столбец и его значение", "`{key}` must name one column and its value"),
                both!("напишите {key} = {{ kind = \"mixed\" }}", "write {key} = {{ kind = \"mixed\" }}"),
            );
            return None;
        };
        self.check_column(part, column.name, column.line);
        Some((column.name.to_owned(), table.text(column.name)))
    }
}

fn limit(part: &written::Section<'_>) -> Option<usize> {
    let limit = part.optional_whole("limit")?;
    match usize::try_from(limit) {
        Ok(limit @ 1..) => Some(limit),
        _ => {
            part.wrong(
                "limit",
                both!("предел в {limit} строк не оставляет ни одной", "a limit of {limit} rows leaves none"),
                Text::new("напишите число от 1 или удалите строку", "write a number from 1, or remove the line"),
            );
            None
        }
    }
}

/// Checks a dimension as far as possible without data: a metric that allows extra columns accepts any name except a
/// near miss of a known one.
fn check_dimension(part: &written::Section<'_>, metric: &Metric, dim: &written::Written<String>) -> bool {
    let known: Vec<&str> = metric.dimensions.iter().map(String::as_str).collect();
    if known.contains(&dim.as_str()) || metric.extra_dimensions && nearest(dim, known.iter().copied()).is_none() {
        return true;
    }
    let way = match known.is_empty() {
        true => Text::new("эта метрика не делится: удалите `by`", "this metric is never split: remove `by`"),
        false => hint(dim, known),
    };
    part.problem(
        dim.line,
        both!("`{}` не делится по `{}`", "`{}` cannot be split by `{}`", metric.name, dim.value),
        way,
    );
    false
}

fn has_column(metric: &Metric, name: &str) -> bool {
    metric.columns.iter().any(|column| column.name == name)
}

fn column_names(metric: &Metric) -> impl Iterator<Item = &str> {
    metric.columns.iter().map(|column| column.name.as_str())
}

/// The parts that a paragraph is about: each stands before it.
fn earlier(part: &written::Section<'_>, ids: &BTreeSet<String>) -> Vec<String> {
    let of = part.texts("of");
    for id in of.iter().filter(|id| !ids.contains(&id.value)) {
        let hint = Text::new("абзац стоит после того, о чём он; ", "a paragraph stands after what it is about; ")
            .and(hint(&id.value, ids.iter().map(String::as_str)));
        part.problem(
            id.line,
            both!(
                "ни у таблицы, ни у графика перед ним нет id `{}`",
                "no table and no chart before it has the id `{}`",
                id.value
            ),
            hint,
        );
    }
    of.into_iter().map(|id| id.value).collect()
}

/// Ids are anchors and file names, so one report cannot have two that are equal.
fn fresh_id(id: &str, ids: &mut BTreeSet<String>) -> Result<String, Wrong> {
    if !id.starts_with(|c: char| c.is_ascii_lowercase())
        || !id.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'))
    {
        return Err(Wrong::new(
            both!("`{id}` не может быть id", "`{id}` cannot be an id"),
            Text::new(
                "строчные латинские буквы, цифры и дефисы: `lead-quality`",
                "small Latin letters, digits and hyphens: `lead-quality`",
            ),
        ));
    }
    match ids.insert(id.to_owned()) {
        true => Ok(id.to_owned()),
        false => Err(Wrong::new(
            both!("id `{id}` уже занят", "the id `{id}` is taken"),
            Text::new(
                "у разделов, таблиц и графиков — свои id, без повторов",
                "sections, tables and charts have an id each, no two alike",
            ),
        )),
    }
}
