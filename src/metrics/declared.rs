//! The columns that a metric's front matter declares, and what a column's name says where its declaration does not.

use super::columns::{Bound, MetricColumn, Spending, Stake};
use super::need::Need;
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::hint;
use crate::model::unit::Unit;
use crate::model::written::{Section, Wrong};

const UNITS: [(&str, Unit); 10] = [
    ("text", Unit::Text),
    ("date", Unit::Date),
    ("count", Unit::Count),
    ("money", Unit::Money),
    ("share", Unit::Share),
    ("ratio", Unit::Ratio),
    ("minutes", Unit::Minutes),
    ("hours", Unit::Hours),
    ("days", Unit::Days),
    ("index", Unit::Index),
];
const SPENDING: [(&str, Spending); 2] = [("sum", Spending::Sum), ("against", Spending::Against)];
/// Name the column of the money that is at stake: all of it, or the part that misses the target.
const STAKES: [&str; 2] = ["at_stake", "missed"];
/// Stands in a column's name for the language: such a declaration is of two columns.
const LANG: &str = "{lang}";
/// The counts that say how many cases stand behind a row, where the metric does not name one: in the order of preference.
const CASES: [&str; 7] = ["leads", "deals", "clients", "reached", "standing", "entered", "won"];
/// Columns that set what was earned, or who came, against money spent, by their names.
const AGAINST_SPEND: [&str; 6] = ["roi", "romi", "drr", "cpl", "cpo", "cac"];

/// Reads `columns`, `cases` and `row_title`: a column for each declaration, and those that `interval`, `ends` and `{lang}` stand
/// for, in the order in which the SELECT gives them.
pub(super) fn read(root: &Section<'_>) -> Vec<MetricColumn> {
    let sections = root.tables("columns");
    let mut columns: Vec<MetricColumn> = sections.iter().flat_map(declared).collect();
    for section in &sections {
        for key in ["of", "unknown", "list"] {
            count(section, key, &columns);
        }
        for key in STAKES {
            named(section, key, Unit::Money, &columns);
        }
    }
    if let Some(cases) = count(root, "cases", &columns) {
        columns.iter_mut().filter(|column| column.name == cases).for_each(|column| column.cases = Some(0));
    }
    if let Some(title) = root.optional_text("row_title") {
        let names = both(&title);
        let is_title = |column: &MetricColumn| names.iter().any(|(name, _)| *name == column.name);
        if !columns.iter().any(is_title) {
            let near = hint(&title, columns.iter().map(|column| column.name.as_str()));
            root.wrong(
                "row_title",
                both!("`row_title` не называет столбца: `{title}`", "`row_title` names no column: `{title}`"),
                near,
            );
        }
        columns.iter_mut().filter(|column| is_title(column)).for_each(|column| column.titles_row = true);
    }
    by_name(&mut columns);
    columns
}

/// The column that a key names, which must be a count of the same metric.
fn count(section: &Section<'_>, key: &str, columns: &[MetricColumn]) -> Option<String> {
    named(section, key, Unit::Count, columns)
}

/// The column that a key names, which must be of this unit and of the same metric.
fn named(section: &Section<'_>, key: &str, unit: Unit, columns: &[MetricColumn]) -> Option<String> {
    let kind = if unit == Unit::Money { ("деньги", "money") } else { ("число случаев", "count") };
    section.optional_checked(key, |name| {
        let known = columns.iter().filter(|column| column.unit == unit).map(|column| column.name.as_str());
        match columns.iter().find(|column| column.name == name) {
            Some(column) if column.unit == unit => Ok(name.to_owned()),
            Some(_) => Err(Wrong::new(
                Text::new(
                    format!("`{key}` называет `{name}`, а это не {}", kind.0),
                    format!("`{key}` names `{name}`, which is no {}", kind.1),
                ),
                hint(name, known),
            )),
            None => Err(Wrong::new(
                both!("`{key}` не называет столбца: `{name}`", "`{key}` names no column: `{name}`"),
                hint(name, known),
            )),
        }
    })
}

/// The columns of one declaration.
fn declared(section: &Section<'_>) -> Vec<MetricColumn> {
    let name = section.checked("name", |name| {
        let stem = name.strip_suffix(LANG).unwrap_or(name);
        let plain = stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        match plain && name != "grp" {
            true => Ok(name.to_owned()),
            false => Err(Wrong::new(
                both!("`{name}` — не имя столбца", "`{name}` is no column name"),
                Text::new("строчные латинские буквы, цифры и _", "small Latin letters, digits and _"),
            )),
        }
    });
    let unit = section.one_of("unit", &UNITS).unwrap_or(Unit::Text);
    let mut own = MetricColumn::new(name.as_deref().unwrap_or_default(), unit, section.bilingual("title"));
    own.of = section.optional_text("of");
    own.unknown.extend(section.optional_text("unknown"));
    own.spending = section.optional_one_of("spend", &SPENDING);
    own.list = section.optional_text("list");
    own.overlaps = section.boolean("overlaps");
    let [whole, missed] = STAKES.map(|key| section.optional_text(key));
    if whole.is_some() && missed.is_some() {
        section.wrong(
            STAKES[1],
            Text::new("под угрозой одно: `at_stake` или `missed`", "one thing is at stake: `at_stake` or `missed`"),
            Text::new("оставьте одно из двух", "keep one of the two"),
        );
    }
    own.stake = whole.map(Stake::Whole).or(missed.map(Stake::Missed));
    for written in section.texts("needs") {
        match Need::parse(&written.value) {
            Ok(need) => own.needs.push(need),
            Err(wrong) => section.problem(written.line, wrong.what, wrong.hint),
        }
    }
    let (interval, ends) = (section.boolean("interval"), section.boolean("ends"));
    if (interval || ends) && matches!(unit, Unit::Text | Unit::Date) {
        section.wrong(
            if interval { "interval" } else { "ends" },
            Text::new("границы есть только у чисел", "only a number has bounds"),
            Text::new("удалите его", "remove it"),
        );
    }
    if own.name.ends_with(LANG) {
        return in_both_languages(&own);
    }
    let mut columns = vec![own];
    let mut add = |ends: [(Bound, &str, &str); 2]| {
        for (bound, ru, en) in ends {
            let own = &columns[0];
            let mut end = MetricColumn::new(&format!("{}_{}", own.name, bound.word()), unit, Text::new(ru, en));
            end.bound_of = Some((own.name.clone(), bound));
            end.needs.clone_from(&own.needs);
            end.spending = own.spending;
            columns.push(end);
        }
    };
    if interval {
        add([(Bound::Low, "от", "low"), (Bound::High, "до", "high")]);
    }
    if ends {
        add([(Bound::Least, "не менее", "at least"), (Bound::Most, "не более", "at most")]);
    }
    columns
}

/// The same text in Russian and in English, as two columns.
fn in_both_languages(column: &MetricColumn) -> Vec<MetricColumn> {
    let in_one = |(name, lang): (String, Lang)| {
        let Text { ru, en } = column.title.clone();
        let title = match lang {
            Lang::Ru => Text::new(ru, format!("{en} (ru)")),
            Lang::En => Text::new(format!("{ru} (en)"), en),
        };
        MetricColumn { name, title, lang: Some(lang), ..column.clone() }
    };
    both(&column.name).into_iter().map(in_one).collect()
}

fn both(name: &str) -> [(String, Lang); 2] {
    [("ru", Lang::Ru), ("en", Lang::En)].map(|(code, lang)| (name.replace(LANG, code), lang))
}

impl MetricColumn {
    /// Columns of a metric whose declarations say no more than name and unit.
    pub fn named(columns: &[(&str, Unit)]) -> Vec<MetricColumn> {
        let mut named: Vec<_> =
            columns.iter().map(|(name, unit)| MetricColumn::new(name, *unit, Text::default())).collect();
        by_name(&mut named);
        named
    }
}

/// Fills in what the declarations leave out, by the names. Metrics were written in this way before there were keys for it,
/// and nothing outside of here judges a column by its name.
fn by_name(columns: &mut [MetricColumn]) {
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    let counted = columns.iter().any(|column| column.cases.is_some());
    let title = match columns.iter().any(|column| column.titles_row) {
        true => None,
        false => ["title", "label"].into_iter().find(|stem| has(&format!("{stem}_ru")) || has(&format!("{stem}_en"))),
    };
    for column in columns.iter_mut() {
        if column.bound_of.is_none() {
            let stem = |bound: &Bound| column.name.strip_suffix(bound.word())?.strip_suffix('_');
            let found =
                Bound::ALL.into_iter().find_map(|bound| Some((stem(&bound).filter(|of| has(of))?.to_owned(), bound)));
            column.bound_of = found;
        }
        if column.lang.is_none() {
            let codes = [("_ru", Lang::Ru), ("_en", Lang::En)];
            column.lang = codes.into_iter().find(|(code, _)| column.name.ends_with(code)).map(|(_, lang)| lang);
        }
        let unknown = format!("{}_unknown", column.name);
        for name in [unknown.as_str(), "undated"] {
            if has(name) && !column.unknown.iter().any(|known| known == name) {
                column.unknown.push(name.to_owned());
            }
        }
        if !counted {
            column.cases = CASES.iter().position(|name| *name == column.name);
        }
        if column.spending.is_none() {
            column.spending = match column.name.as_str() {
                "spend" => Some(Spending::Sum),
                name if AGAINST_SPEND.contains(&name) || name.starts_with("cost_per_") => Some(Spending::Against),
                _ => None,
            };
        }
        column.titles_row |=
            title.is_some_and(|stem| column.name.strip_prefix(stem).is_some_and(|end| ["_ru", "_en"].contains(&end)));
    }
}
