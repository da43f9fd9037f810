//! The front matter of a metric: the leading comment, in TOML.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::columns::MetricColumn;
use super::declared;
use super::dimension::DIMENSIONS;
use super::metric::Metric;
use super::need::Need;
use super::select::Select;
use super::statement::Order;
use crate::model::lang::{Text, both};
use crate::model::problem::{Problem, Problems, hint, nearest};
use crate::model::written::{Document, Section, Value};

/// Stands among the dimensions for every further column of deals.
const EXTRA: &str = "extra";

/// Lists of dimensions that many metrics share, by name: what deals, clients and spend can be split by. One that bears the name of
/// a column is left out.
const NAMED: [(&str, &[&str]); 4] = [
    (
        "deals",
        &[
            "source",
            "contractor",
            "campaign",
            "manager",
            "branch",
            "pipeline",
            "team",
            "supervisor",
            "promo",
            "interest",
            EXTRA,
        ],
    ),
    // a lead has no promotion: it is of what was won
    (
        "leads",
        &["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "interest", EXTRA],
    ),
    ("clients", &["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", EXTRA]),
    ("spend", &["source", "contractor", "campaign"]),
];

/// Reads a metric's file and finds all its problems. `file` is its path as the person named it.
pub(super) fn read(file: &str, text: &str) -> Result<Metric, Problems> {
    let (front, first_line) = split(text).ok_or_else(|| {
        let what = Text::new(
            "метрика начинается с описания в комментарии",
            "a metric begins with its front matter in a comment",
        );
        Problems(vec![Problem {
            file: file.into(),
            line: 1,
            what,
            hint: Text::new("начните с /* и TOML, закончите */", "begin with /* and TOML, end it with */"),
        }])
    })?;
    let doc = Document::read_from_line(file, front, first_line)?;
    let root = doc.root();
    let (title, about, grain) = (root.bilingual("title"), root.bilingual("about"), root.text("grain"));
    let mut needs = Vec::new();
    for written in root.texts("needs") {
        match Need::parse(&written.value) {
            Ok(need) => needs.push(need),
            Err(wrong) => root.problem(written.line, wrong.what, wrong.hint),
        }
    }
    let columns = declared::read(&root);
    let (dimensions, extra_dimensions) = dimensions(&root, &columns);
    let mut zero = Vec::new();
    for written in root.texts("zero") {
        match columns.iter().any(|column| column.name == written.value) {
            true => zero.push(written.value),
            false => {
                let near = hint(&written.value, columns.iter().map(|column| column.name.as_str()));
                root.problem(
                    written.line,
                    both!("`zero` не называет столбца: `{}`", "`zero` names no column: `{}`", written.value),
                    near,
                );
            }
        }
    }
    let so_far = root.optional_boolean("so_far").unwrap_or_default();
    let (partly, undated) = (root.optional_bilingual("partly"), root.optional_bilingual("undated"));
    let mut problems = doc.finish().err().unwrap_or_default().0;
    let (topic, name) = place(file);
    let parsed = Select::parse(file, &name, text, Order::Needed).map_err(|more| problems.extend(more)).ok();
    if let Some(select) = &parsed {
        problems.extend(agree(file, &columns, &dimensions, select.output()));
    }
    problems.sort();
    match parsed {
        Some(select) if problems.is_empty() => {
            let (text, has_period) = (text.to_owned(), select.has_period);
            let (select, reads, read_needs) = (Arc::new(select), Vec::new(), Vec::new());
            // what it reads by name is known once all files are: until then these are empty
            let (relations, named) = (BTreeSet::new(), BTreeSet::new());
            #[rustfmt::skip]
            let metric =
                Metric { name, topic, title, about, grain, needs, partly, undated, zero, dimensions, extra_dimensions, columns, text, has_period, so_far, select, reads, read_needs, relations, named };
            Ok(metric)
        }
        _ => Err(Problems(problems)),
    }
}

/// Dimensions by which a metric may be split, and whether also by further columns of deals: a list, or the name of one.
fn dimensions(root: &Section<'_>, columns: &[MetricColumn]) -> (Vec<String>, bool) {
    if let Some(Value::Text(name)) = root.value("dimensions") {
        let Some((_, list)) = NAMED.iter().find(|(known, _)| known == name) else {
            let near = hint(name, NAMED.iter().map(|(known, _)| *known));
            root.wrong(
                "dimensions",
                both!("нет списка разрезов `{name}`", "there is no list of dimensions `{name}`"),
                near,
            );
            return (Vec::new(), false);
        };
        let is_free = |name: &&&str| **name != EXTRA && !columns.iter().any(|column| column.name == **name);
        return (list.iter().filter(is_free).map(|name| (*name).to_owned()).collect(), list.contains(&EXTRA));
    }
    let (mut dimensions, mut extra) = (Vec::new(), false);
    for written in root.texts("dimensions") {
        match written.value.as_str() {
            EXTRA => extra = true,
            known if DIMENSIONS.contains(&known) => dimensions.push(written.value),
            other => {
                let allowed = DIMENSIONS.into_iter().chain([EXTRA]);
                root.problem(
                    written.line,
                    both!("нет разреза `{other}`", "there is no dimension `{other}`"),
                    hint(other, allowed),
                );
            }
        }
    }
    (dimensions, extra)
}

/// The declared columns are those of the SELECT, which begins with `grp`, and no dimension bears the name of one.
fn agree(file: &str, declared: &[MetricColumn], dimensions: &[String], output: Option<Vec<String>>) -> Vec<Problem> {
    let problem = |what: Text, hint: Text| Problem { file: file.into(), line: 0, what, hint };
    let Some(output) = output else {
        return vec![problem(
            Text::new("SELECT оставляет столбец без имени", "the SELECT leaves a column without a name"),
            Text::new("дайте каждому имя: AS", "give each one a name with AS"),
        )];
    };
    let mut problems = Vec::new();
    if output.first().map(String::as_str) != Some("grp") {
        problems.push(problem(
            Text::new("первый столбец SELECT — не `grp`", "the first column of the SELECT is not `grp`"),
            Text::new("метрика делится по grp", "a metric is split by grp"),
        ));
    }
    let names: Vec<&str> = declared.iter().map(|c| c.name.as_str()).collect();
    let given: Vec<&str> = output.iter().map(String::as_str).filter(|name| *name != "grp").collect();
    for name in names.iter().filter(|name| !given.contains(name)) {
        let way_out =
            nearest(name, given.iter().copied()).map(|near| both!("SELECT даёт `{near}`", "the SELECT gives `{near}`"));
        problems.push(problem(
            both!("SELECT не даёт столбца `{name}`", "the SELECT gives no column `{name}`"),
            way_out.unwrap_or_default(),
        ));
    }
    for name in given.iter().filter(|name| !names.contains(name)) {
        problems.push(problem(
            both!("столбец `{name}` не описан", "the column `{name}` is not declared"),
            Text::new("добавьте его в `columns`", "add it to `columns`"),
        ));
    }
    if problems.is_empty() && names != given {
        problems.push(problem(
            Text::new(
                "столбцы описаны в другом порядке, чем в SELECT",
                "the columns are declared in another order than the SELECT's",
            ),
            Text::same(given.join(", ")),
        ));
    }
    for name in dimensions.iter().filter(|d| names.contains(&d.as_str())) {
        problems.push(problem(
            both!("`{name}` — и столбец, и разрез", "`{name}` is both a column and a dimension"),
            Text::new("переименуйте столбец", "rename the column"),
        ));
    }
    problems
}

/// The front matter, and the line on which it begins.
fn split(text: &str) -> Option<(&str, usize)> {
    let start = text.find("/*")?;
    let before = &text[..start];
    let front = &text[start + 2..];
    let end = front.find("*/")?;
    before.trim().is_empty().then_some((&front[..end], 1 + before.matches('\n').count()))
}

/// Topic and name out of a path.
pub(super) fn place(file: &str) -> (String, String) {
    let mut parts = file.rsplit(['/', '\\']);
    let name = parts.next().unwrap_or_default().trim_end_matches(".sql").to_owned();
    (parts.next().unwrap_or_default().to_owned(), name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Bound, Spending};
    use crate::model::lang::Lang;
    use crate::model::unit::Unit;

    const FINE: &str = "/*\ntitle = 'T'\nabout = 'A'\ngrain = 'one row'\nneeds = ['deals.amount']\n\
        dimensions = ['source', 'extra']\ncolumns = [\n  { name = 'n', unit = 'count', title = 'N' },\n]\n*/\n\
        SELECT grp, count(*) AS n FROM scope GROUP BY grp ORDER BY grp\n";

    #[test]
    fn a_metric_is_read() {
        let metric = read("queries/leads/n.sql", FINE).unwrap();
        assert_eq!((metric.name.as_str(), metric.topic.as_str()), ("n", "leads"));
        assert_eq!((metric.dimensions, metric.extra_dimensions), (vec!["source".to_owned()], true));
        assert_eq!(metric.columns[0].unit, Unit::Count);
    }

    #[test]
    fn all_problems_at_once_each_with_its_line() {
        let broken = FINE
            .replace("deals.amount", "deals.amuont")
            .replace("'source'", "'sauce'")
            .replace("unit = 'count'", "unit = 'counts'")
            .replace("AS n", "AS m");
        assert_eq!(
            read("n.sql", &broken).unwrap_err().to_string(),
            "n.sql: the SELECT gives no column `n`\n    the SELECT gives `m`\n\
             n.sql: the column `m` is not declared\n    add it to `columns`\n\
             n.sql:5: the table `deals` has no column `amuont`\n    did you mean `amount`?\n\
             n.sql:6: there is no dimension `sauce`\n    did you mean `source`?\n\
             n.sql:8: `unit` in [[columns]] cannot be `counts`\n    did you mean `count`?"
        );
        let zero = read("n.sql", &FINE.replace("needs =", "zero = ['n', 'm']\nneeds =")).unwrap_err().to_string();
        assert_eq!(zero, "n.sql:5: `zero` names no column: `m`\n    did you mean `n`?");
        let mut unknown = read("n.sql", &FINE.replace("['source', 'extra']", "'deal'")).unwrap_err().to_string();
        assert_eq!(unknown, "n.sql:6: there is no list of dimensions `deal`\n    did you mean `deals`?");
        let column = |keys: &str| FINE.replace("title = 'N' }", &format!("title = 'N', {keys} }}"));
        for (keys, problem) in [
            ("of = 'm'", "n.sql:8: `of` names no column: `m`\n    did you mean `n`?"),
            ("unknown = 'm'", "n.sql:8: `unknown` names no column: `m`\n    did you mean `n`?"),
            (
                "needs = ['deals.amuont']",
                "n.sql:8: the table `deals` has no column `amuont`\n    did you mean `amount`?",
            ),
            ("needs = ['amount']", "n.sql:8: `amount` is no need\n    write it as table.column, such as deals.amount"),
            ("spend = 'sums'", "n.sql:8: `spend` in [[columns]] cannot be `sums`\n    did you mean `sum`?"),
            ("intervall = true", "n.sql:8: unknown key `intervall` in [[columns]]\n    did you mean `interval`?"),
        ] {
            unknown = read("n.sql", &column(keys)).unwrap_err().to_string();
            assert_eq!(unknown, problem);
        }
        let title = read("n.sql", &FINE.replace("needs =", "row_title = 'm'\ncases = 'm'\nneeds =")).unwrap_err();
        assert_eq!(
            title.to_string(),
            "n.sql:5: `row_title` names no column: `m`\n    did you mean `n`?\n\
             n.sql:6: `cases` names no column: `m`\n    did you mean `n`?"
        );
        assert!(read("n.sql", "SELECT 1").unwrap_err().to_string().starts_with("n.sql:1: a metric begins"));
    }

    #[test]
    fn a_declaration_stands_for_several_columns() {
        let text = "/*\ntitle = 'T'\nabout = 'A'\ngrain = 'one row'\ndimensions = 'spend'\ncases = 'seen'\ncolumns = [\n  \
            { name = 'name_{lang}', unit = 'text', title = { ru = 'Н', en = 'N' } },\n  \
            { name = 'campaign', unit = 'text', title = 'C' },\n  { name = 'seen', unit = 'count', title = 'S' },\n  \
            { name = 'open', unit = 'count', title = 'O' },\n  { name = 'rate', unit = 'share', of = 'seen', interval = true, \
            ends = true, unknown = 'open', needs = ['spend.cost'], spend = 'against', title = 'R' },\n]\n\
            row_title = 'name_{lang}'\n*/\nSELECT grp, name_ru, name_en, campaign, seen, open, rate, rate_low, rate_high, \
            rate_least, rate_most FROM scope ORDER BY grp\n";
        let metric = read("own/n.sql", text).unwrap();
        assert_eq!(metric.dimensions, ["source", "contractor"]);
        let column = |name: &str| metric.columns.iter().find(|column| column.name == name).unwrap();
        assert_eq!((column("name_ru").lang, column("name_en").lang), (Some(Lang::Ru), Some(Lang::En)));
        assert_eq!((column("name_ru").title.ru.as_str(), column("name_ru").title.en.as_str()), ("Н", "N (ru)"));
        assert!(column("name_en").titles_row && !column("campaign").titles_row);
        let (rate, most) = (column("rate"), column("rate_most"));
        assert_eq!((rate.of.as_deref(), rate.unknown.as_slice()), (Some("seen"), ["open".to_owned()].as_slice()));
        assert_eq!((most.bound_of.clone(), most.unit), (Some(("rate".to_owned(), Bound::Most)), Unit::Share));
        assert_eq!((most.needs.len(), most.spending, column("seen").cases), (1, Some(Spending::Against), Some(0)));
    }
}
