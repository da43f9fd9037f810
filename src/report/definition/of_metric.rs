//! A report of one metric: its figures or a chart of them, and all its rows as a table. What a person looks at who asks one question.

use super::{Chart, Definition, Labels, Part, Section};
use crate::metrics::{Bound, Catalog, Metric, MetricColumn};
use crate::model::lang::Text;
use crate::model::problem::Problems;
use crate::model::unit::Unit;
use crate::report::period::{Period, Range};

/// The titles of the section and of the table: the metric's own heads the page.
const ANSWER: &str = "{ ru = 'Ответ', en = 'The answer' }";
const ROWS: &str = "{ ru = 'Все строки', en = 'All rows' }";
/// Rows of a table; whoever wants more takes the file.
const MOST_ROWS: usize = 500;
/// Bars and points of a chart.
const MOST_GROUPS: usize = 30;
/// Lines of a chart.
const MOST_LINES: usize = 6;
/// Rows of such metrics are single deals or clients: nothing to draw.
const OF_ONE: [&str; 2] = ["deal_id", "client_id"];
/// Whole numbers along which a metric runs: the number of a touch, the age of a cohort.
const ALONG: [&str; 2] = ["touch", "age"];

/// What is asked of the metric.
#[derive(Debug, Clone, Copy)]
pub struct OfMetric<'a> {
    /// The dimensions to split by: those of the metric.
    pub by: &'a [String],
    /// The days.
    pub days: Range,
    /// The column to draw; `None` for the one that says most.
    pub drawn: Option<&'a str>,
    /// Reports in which the metric may be drawn already, and which know titles of its values.
    pub known: &'a [Definition],
}

impl Definition {
    /// The report of a metric. Its name is the metric's.
    ///
    /// # Errors
    /// A dimension or the drawn column is none of the metric's.
    pub fn of_metric(metric: &Metric, asked: &OfMetric<'_>, catalog: &Catalog) -> Result<Definition, Problems> {
        let (drawn, text) = (best(metric, asked), text(metric, asked));
        let mut definition = Definition::parse(&format!("{}.toml", metric.name), &text, catalog)?;
        definition.period = Period::Days(asked.days);
        definition.labels = labels(metric, asked.known);
        for part in definition.sections.iter_mut().flat_map(|section| &mut section.parts) {
            match part {
                Part::Tile(tile) => tile.ask.period = Period::Days(asked.days),
                Part::Table(table) => {
                    table.ask.period = Period::Days(asked.days);
                    table.is_bare = true;
                }
                Part::Chart(chart) => {
                    if let Some(known) = drawn {
                        *chart = Chart { id: chart.id.clone(), ..known.clone() };
                    }
                    chart.ask.period = Period::Days(asked.days);
                }
                _ => {}
            }
        }
        Ok(definition)
    }
}

/// The charts of a metric in a report, those of repeated sections apart.
fn charts<'d>(definition: &'d Definition, name: &str) -> Vec<&'d Chart> {
    let sections = definition.sections.iter().filter(|section: &&Section| section.each.is_none());
    let charts = sections.flat_map(|section| &section.parts).filter_map(|part| match part {
        Part::Chart(chart) if chart.ask.metric == name => Some(chart),
        _ => None,
    });
    charts.collect()
}

/// A chart of the same question that a report draws already: somebody thought about it.
fn best<'a>(metric: &Metric, asked: &OfMetric<'a>) -> Option<&'a Chart> {
    let fits = |chart: &&Chart| {
        let is_drawn = |column: &str| chart.encoding.values().contains(&column);
        chart.ask.by == asked.by && chart.rows.only.is_none() && asked.drawn.is_none_or(is_drawn)
    };
    asked.known.iter().flat_map(|definition| charts(definition, &metric.name)).find(fits)
}

/// What reports call the values of the metric.
fn labels(metric: &Metric, known: &[Definition]) -> Labels {
    let mut labels = Labels::new();
    for columns in known.iter().filter_map(|definition| definition.labels.get(&metric.name)) {
        let all = labels.entry(metric.name.clone()).or_default();
        for (column, values) in columns {
            let all = all.entry(column.clone()).or_default();
            for (value, text) in values {
                all.entry(value.clone()).or_insert_with(|| text.clone());
            }
        }
    }
    labels
}

/// The definition as a person would write it.
fn text(metric: &Metric, asked: &OfMetric<'_>) -> String {
    let title = both(&metric.title);
    let mut text = format!("title = {title}\n[[section]]\nid = \"metric\"\ntitle = {ANSWER}\n");
    let by: Vec<String> = asked.by.iter().map(|name| quoted(name)).collect();
    let ask = format!("metric = {}\nby = [{}]\n", quoted(&metric.name), by.join(", "));
    let is_single =
        asked.by.is_empty() && ["one row for", "one row per group"].iter().any(|g| metric.grain.starts_with(g));
    match is_single {
        true => {
            for column in metric.columns.iter().filter(|column| is_number(column) && column.bound_of.is_none()) {
                let (label, name) = (both(&column.title), quoted(&column.name));
                text += &format!("[[section.tile]]\nlabel = {label}\ncolumn = {name}\n{ask}");
            }
        }
        false if asked.drawn.is_none() && best(metric, asked).is_some() => {
            // it takes the place of this one
            let any = metric.columns.first().map_or_else(String::new, |column| quoted(&column.name));
            text += &format!(
                "[[section.chart]]\nid = \"chart\"\ntitle = {title}\nkind = \"grouped\"\n{ask}x = {any}\nvalues = [{any}]\n"
            );
        }
        false => {
            text += &chart(metric, asked).map_or_else(String::new, |keys| {
                let title = drawn(metric, asked.drawn).map_or(title.clone(), |column| both(&column.title));
                format!("[[section.chart]]\nid = \"chart\"\ntitle = {title}\n{ask}{keys}")
            })
        }
    }
    text + &format!("[[section.table]]\nid = \"rows\"\ntitle = {ROWS}\nlimit = {MOST_ROWS}\n{ask}")
}

/// The kind of the chart and its columns; `None` where the columns make none.
fn chart(metric: &Metric, asked: &OfMetric<'_>) -> Option<String> {
    if metric.columns.iter().any(|column| OF_ONE.contains(&column.name.as_str())) {
        return None;
    }
    let drawn = drawn(metric, asked.drawn)?;
    let first = metric.columns.first()?;
    let value = quoted(&drawn.name);
    let bounds = bounds(metric, drawn).map(|(low, high)| format!("low = {}\nhigh = {}\n", quoted(low), quoted(high)));
    if first.unit == Unit::Date || ALONG.contains(&first.name.as_str()) {
        let x = quoted(&first.name);
        return match asked.by {
            [] => Some(format!("kind = \"lines\"\nx = {x}\nvalues = [{value}]\n{}", bounds.unwrap_or_default())),
            [by] => Some(format!(
                "kind = \"lines\"\nx = {x}\nvalues = [{value}]\nseries = {}\nlimit = {MOST_LINES}\n",
                quoted(by)
            )),
            _ => None,
        };
    }
    let key = row_key(metric);
    let label = match (asked.by, key) {
        ([], Some(key)) => key,
        ([by], None) => by.clone(),
        _ => return None,
    };
    let order = if asked.by.is_empty() { String::new() } else { format!("sort = \"{} desc\"\n", drawn.name) };
    let (label, limit) = (quoted(&label), format!("limit = {MOST_GROUPS}\n{order}"));
    Some(match bounds {
        Some(bounds) => format!("kind = \"intervals\"\nlabel = {label}\nvalue = {value}\n{bounds}{limit}"),
        None => format!("kind = \"grouped\"\nx = {label}\nvalues = [{value}]\n{limit}"),
    })
}

/// The column that says what a row is about, with `{lang}` where it is told in each language; `None` if rows are groups.
fn row_key(metric: &Metric) -> Option<String> {
    let texts = || metric.columns.iter().take_while(|column| column.unit == Unit::Text);
    let column = texts().find(|column| column.titles_row || column.lang.is_some()).or_else(|| texts().next())?;
    Some(match (column.lang, column.name.rsplit_once('_')) {
        (Some(_), Some((stem, _))) => format!("{stem}_{{lang}}"),
        _ => column.name.clone(),
    })
}

/// The column that is drawn: the one that was named, or the first with an interval, else the first money, else the first number.
fn drawn<'m>(metric: &'m Metric, named: Option<&str>) -> Option<&'m MetricColumn> {
    let mut numbers = drawable(metric);
    match named {
        Some(name) => numbers.find(|column| column.name == name),
        None => {
            let numbers: Vec<&MetricColumn> = numbers.collect();
            let with_bounds = numbers.iter().find(|column| bounds(metric, column).is_some());
            let money = || numbers.iter().find(|column| column.unit == Unit::Money);
            with_bounds.or_else(money).or(numbers.first()).copied()
        }
    }
}

/// The columns that a chart may show, of which somebody may choose one.
pub fn drawable(metric: &Metric) -> impl Iterator<Item = &MetricColumn> {
    let key = metric.columns.first().map(|column| column.name.as_str()).filter(|name| ALONG.contains(name));
    let is_place = move |column: &&MetricColumn| column.name == "position" || key == Some(column.name.as_str());
    metric.columns.iter().filter(move |column| is_number(column) && column.bound_of.is_none() && !is_place(column))
}

fn is_number(column: &MetricColumn) -> bool {
    !matches!(column.unit, Unit::Text | Unit::Date)
}

/// The ends of a column's interval.
fn bounds<'m>(metric: &'m Metric, column: &MetricColumn) -> Option<(&'m str, &'m str)> {
    let end = |bound: Bound| {
        let is_it = |of: &(String, Bound)| of.0 == column.name && of.1 == bound;
        metric.columns.iter().find(|other| other.bound_of.as_ref().is_some_and(is_it)).map(|other| other.name.as_str())
    };
    end(Bound::Low).zip(end(Bound::High))
}

fn both(text: &Text) -> String {
    format!("{{ ru = {}, en = {} }}", quoted(&text.ru), quoted(&text.en))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::definition::{names, shipped};

    fn days() -> Range {
        let day = |text: &str| text.parse().unwrap();
        Range { from: day("2025-01-01"), to: day("2025-07-01") }
    }

    #[test]
    fn every_metric_is_a_report_by_each_of_its_dimensions_and_columns() {
        let catalog = Catalog::shipped();
        let known: Vec<Definition> = names().into_iter().map(|name| shipped(name, &catalog).unwrap()).collect();
        let (mut drawn_in, mut all) = (0, 0);
        for metric in catalog.names().map(|name| catalog.get(name).unwrap()) {
            let splits: Vec<Vec<String>> = [Vec::new()]
                .into_iter()
                .chain(metric.dimensions.iter().map(|one| vec![one.clone()]))
                .chain((metric.dimensions.len() > 1).then(|| metric.dimensions[..2].to_vec()))
                .collect();
            let columns: Vec<Option<&str>> =
                [None].into_iter().chain(drawable(metric).map(|column| Some(column.name.as_str()))).collect();
            for by in &splits {
                for drawn in &columns {
                    let asked = OfMetric { by, days: days(), drawn: *drawn, known: &known };
                    let made = Definition::of_metric(metric, &asked, &catalog)
                        .unwrap_or_else(|problems| panic!("{} {by:?} {drawn:?}: {problems}", metric.name));
                    all += 1;
                    drawn_in += charts(&made, &metric.name).len();
                    let table = made.sections[0].parts.last();
                    assert!(matches!(table, Some(Part::Table(table)) if table.is_bare && table.ask.by == *by));
                }
            }
        }
        assert!(drawn_in * 3 > all, "{drawn_in} charts of {all}");
    }

    #[test]
    fn a_chart_that_a_report_has_is_taken_and_another_column_makes_another() {
        let catalog = Catalog::shipped();
        let known = [shipped("weekly", &catalog).unwrap()];
        let metric = catalog.get("funnel").unwrap();
        let chart = |drawn: Option<&str>| {
            let asked = OfMetric { by: &[], days: days(), drawn, known: &known };
            let made = Definition::of_metric(metric, &asked, &catalog).unwrap();
            charts(&made, "funnel")[0].clone()
        };
        assert_eq!(chart(None).encoding, charts(&known[0], "funnel")[0].encoding);
        assert_eq!(chart(None).ask.period, Period::Days(days()));
        assert_ne!(chart(Some("lost")).encoding, chart(None).encoding);
        assert_eq!(chart(Some("lost")).encoding.values(), ["lost"]);
    }
}
