//! Parses and checks the TOML text of a definition.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::asked::{Asked, column_names, has_column, limit};
use super::{
    Chart, Compare, Definition, Each, Findings, Labels, Part, Pick, Question, Role, Section, Table, Tile, contract,
    norms, roles,
};
use crate::metrics::{Catalog, Metric};
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::{Problems, hint, meant, nearest};
use crate::model::written::{self, Wrong};
use crate::report::chart::Encoding;
use crate::report::period::Period;

/// Reads one part of a section. `None` if a problem was noted.
type ReadPart = fn(&Reader<'_>, &written::Section<'_>, &mut BTreeSet<String>) -> Option<Part>;

/// The parts of a section: each TOML key with its reader, so that no key lacks one.
const PARTS: [(&str, ReadPart); 8] = [
    ("paragraph", |_, part, ids| Some(Part::Text { text: part.bilingual("text"), of: earlier(part, ids) })),
    ("tile", |reader, part, _| Some(Part::Tile(reader.tile(part)))),
    ("actions", |reader, part, _| Some(Part::Actions(reader.findings(part, MOST_ACTIONS)))),
    ("findings", |reader, part, _| Some(Part::Findings(reader.findings(part, GROUPS_SHOWN)))),
    ("table", |reader, part, ids| Some(Part::Table(reader.table(part, ids)))),
    ("chart", |reader, part, ids| reader.chart(part, ids).map(Part::Chart)),
    ("regulation", |reader, part, ids| {
        norms::read(part, fresh(part, ids), reader.period, reader.periods(part)).map(Part::Regulation)
    }),
    ("missing", |_, _, _| Some(Part::Missing)),
];
/// How many things to do are shown, unless the definition says otherwise.
const MOST_ACTIONS: usize = 5;
/// How many groups of a target get a finding of their own, unless the definition says otherwise.
const GROUPS_SHOWN: usize = 3;
/// The periods that a tile or a finding may be compared with.
const COMPARE: [(&str, Compare); 2] = [("previous", Compare::Before), ("year", Compare::Year)];

impl Definition {
    /// Reads and checks a definition; returns all its problems. The report is named after the file.
    pub fn parse(file: &str, text: &str, catalog: &Catalog) -> Result<Definition, Problems> {
        read(file, text, catalog)
    }
}

fn read(file: &str, text: &str, catalog: &Catalog) -> Result<Definition, Problems> {
    let doc = written::Document::read(file, text)?;
    let root = doc.root();
    let reader = Reader { catalog, period: period(&root).unwrap_or(Period::Weeks(1)) };
    let (title, audience) = (root.bilingual("title"), root.optional_bilingual("audience"));
    let person = root.optional_text("for");
    let roles = roles::roles(&doc, person.as_deref());
    let lang = root.optional_one_of("lang", &[("ru", Lang::Ru), ("en", Lang::En)]);
    let only = root.optional_table("where").map_or_else(Vec::new, |table| {
        let pair = |key: written::Key<'_>| (key.name.to_owned(), table.text(key.name));
        table.keys().into_iter().map(pair).collect()
    });
    let folds = root.boolean("folds");
    let labels = reader.labels(&root);
    let mut ids = BTreeSet::new();
    let sections: Vec<Section> =
        root.tables("section").iter().map(|section| reader.section(section, &roles, &mut ids)).collect();
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
    let columns = contract::columns(&sections, catalog);
    Ok(Definition {
        name,
        title,
        audience,
        period: reader.period,
        person,
        roles,
        only,
        lang,
        folds,
        labels,
        sections,
        columns,
    })
}

fn period(part: &written::Section<'_>) -> Option<Period> {
    part.optional_checked("period", Period::parse)
}

/// The columns that are told beneath a figure.
fn beside(part: &written::Section<'_>, asked: &Asked<'_>) -> Vec<String> {
    let columns = part.texts("beside");
    columns.iter().for_each(|column| asked.check_column(part, column, column.line));
    columns.into_iter().map(|column| column.value).collect()
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

    fn section(&self, written: &written::Section<'_>, roles: &[Role], ids: &mut BTreeSet<String>) -> Section {
        let id = fresh(written, ids);
        let roles = roles::of_section(written, roles);
        let (title, text) = (written.bilingual("title"), written.optional_bilingual("text"));
        let each = written.optional_text("each").map(|dimension| Each { dimension, limit: limit(written) });
        // parts keep the order of the file, across kinds
        let mut written_parts: Vec<_> = PARTS
            .into_iter()
            .flat_map(|(kind, read)| written.tables(kind).into_iter().map(move |part| (part.line(), read, part)))
            .collect();
        written_parts.sort_by_key(|(line, ..)| *line);
        if written_parts.is_empty() && text.is_none() {
            let parts = PARTS.map(|(kind, _)| format!("[[section.{kind}]]")).join(", ");
            let allowed = both!("добавьте одно из: {parts}", "add one of: {parts}");
            written.problem(written.line(), Text::new("раздел пуст", "the section is empty"), allowed);
        }
        let parts = written_parts.iter().filter_map(|(_, read, part)| read(self, part, ids)).collect();
        Section { id, title, text, each, roles, parts }
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
            beside: beside(part, &asked),
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

    fn findings(&self, part: &written::Section<'_>, most: usize) -> Findings {
        let periods = self.periods(part);
        let metrics = part.texts("metrics");
        for metric in &metrics {
            self.known_metric(part, metric, metric.line);
        }
        Findings {
            period: period(part).unwrap_or(self.period),
            periods,
            metrics: metrics.into_iter().map(|m| m.value).collect(),
            limit: limit(part).unwrap_or(most),
            compare: compare(part),
            split: part.texts("split").into_iter().filter_map(|dim| self.known_dimension(part, dim)).collect(),
        }
    }

    /// Other periods than the part's, by metric.
    fn periods(&self, part: &written::Section<'_>) -> BTreeMap<String, Period> {
        let mut periods = BTreeMap::new();
        if let Some(table) = part.optional_table("periods") {
            for metric in table.keys() {
                self.known_metric(&table, metric.name, metric.line);
                if let Some(period) = table.checked(metric.name, Period::parse) {
                    periods.insert(metric.name.to_owned(), period);
                }
            }
        }
        periods
    }

    fn table(&self, part: &written::Section<'_>, ids: &mut BTreeSet<String>) -> Table {
        let id = fresh(part, ids);
        let asked = self.ask(part, "period");
        let columns = part.texts("columns");
        columns.iter().for_each(|column| asked.check_column(part, column, column.line));
        Table {
            id,
            title: part.bilingual("title"),
            columns: columns.into_iter().map(|column| column.value).collect(),
            rows: asked.rows(part),
            ask: asked.question,
            is_bare: false,
        }
    }

    fn chart(&self, part: &written::Section<'_>, ids: &mut BTreeSet<String>) -> Option<Chart> {
        let id = fresh(part, ids);
        let asked = self.ask(part, "period");
        let (title, rows) = (part.bilingual("title"), asked.rows(part));
        let Some(read) = part.one_of("kind", Encoding::KINDS) else {
            // without a valid kind the other keys cannot be checked
            part.keys();
            return None;
        };
        let encoding = read(&asked, part);
        Some(Chart { id, title, ask: asked.question, rows, encoding })
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

/// The id of a section or a part.
fn fresh(written: &written::Section<'_>, ids: &mut BTreeSet<String>) -> String {
    written.checked("id", |id| fresh_id(id, ids)).unwrap_or_default()
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
