//! The table of everything that could not be computed or judged: what is missing, what it affects, what to export.

use super::Builder;
use crate::model::lang::Lang;
use crate::model::tables::Table;
use crate::model::unit::Unit;
use crate::report::definition::Question;
use crate::report::document::{self, Block, Cell, Column};
use crate::report::grid::Grid;
use crate::report::missing::{Gap, Lack, Missing, Unnamed};
use crate::report::phrases::{Phrases, capital};

/// The metric that lists unjudged rules.
const UNJUDGED: &str = "unjudged";
/// The metric that counts what is not filled, and closings without a date.
const QUALITY: &str = "data_quality";
/// How many affected parts are named per line; the rest is counted.
const NAMED: usize = 5;

/// What is missing, what it affects, and how to fix it. Gaps with the same cause share a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lacking {
    what: String,
    touched: Vec<String>,
    way: String,
}

/// Lines in order of discovery.
#[derive(Debug, Default)]
struct Lines(Vec<Lacking>);

impl Lines {
    /// Adds an affected part to the line of its cause.
    fn add(&mut self, what: String, touched: Option<String>, way: String) {
        let known = self.0.iter().position(|line| line.what == what);
        let at = known.unwrap_or_else(|| {
            self.0.push(Lacking { what, touched: Vec::new(), way });
            self.0.len() - 1
        });
        let all = &mut self.0[at].touched;
        if let Some(touched) = touched.filter(|touched| !all.contains(touched)) {
            all.push(touched);
        }
    }
}

impl Builder<'_> {
    /// Everything that could not be computed or judged so far.
    pub(super) async fn all_unknown(&mut self) -> Vec<Block> {
        let mut lines = Lines::default();
        for gap in &self.gaps {
            let (what, way) = self.gap_line(&gap.missing, &self.gaps);
            lines.add(what, Some(format!("«{}»", gap.title)), way);
        }
        let question = |metric: &str| Question { metric: metric.to_owned(), by: Vec::new(), period: self.period };
        let (unjudged, quality) = (question(UNJUDGED), question(QUALITY));
        let range = self.inputs.reach.range(self.period);
        match self.inputs.metrics.ask(&unjudged, range).await {
            Ok(grid) => rules(&mut lines, self.say, &grid),
            Err(missing) if missing.lack != Lack::Data => {
                let (what, way) = self.gap_line(&missing, &[]);
                lines.add(what, Some(self.say.pick("правила регламента", "rules of the regulation").to_owned()), way);
            }
            Err(_) => {}
        }
        if let Ok(grid) = self.inputs.metrics.ask(&quality, range).await {
            undated(&mut lines, self.say, &grid);
            unfilled(&mut lines, self.say, &grid);
            gone(&mut lines, self.say, &grid);
        }
        let ended: Vec<_> = self.inputs.reach.ended().collect();
        for (table, last) in ended {
            let (what, touched, way) = ended_line(self.say, table, &self.say.numbers.date(last));
            lines.add(what, Some(touched), way);
        }
        unnamed(&mut lines, self.say, &self.unnamed);
        let blocks = self.shown(lines.0);
        self.gathered += 1;
        blocks
    }

    /// The cause in words, with all missing columns of the same export, and how to fix it.
    fn gap_line(&self, missing: &Missing, all: &[Gap]) -> (String, String) {
        let say = self.say;
        let what = match missing.lack {
            Lack::Data => {
                let name = say.source_of(&missing.what);
                let mut codes: Vec<&str> = Vec::new();
                for gap in all.iter().filter(|gap| gap.missing.lack == Lack::Data) {
                    if say.source_of(&gap.missing.what) == name && !codes.contains(&gap.missing.what.as_str()) {
                        codes.push(&gap.missing.what);
                    }
                }
                // an extra column has only its name
                match codes[..] == [name.as_str()] {
                    true => format!("{} {name}", say.pick("Разрез", "The split")),
                    false => {
                        format!("{} ({})", capital(&name), codes.join(", ").replace(" or ", say.pick(" или ", " or ")))
                    }
                }
            }
            Lack::Memory => format!("{} {}", say.pick("Память для", "Memory for"), missing.what),
            Lack::Fault => format!("{} {}", say.pick("Ошибка в", "An error in"), missing.what),
        };
        (what, capital(say.text(&missing.why)))
    }

    fn shown(&self, lines: Vec<Lacking>) -> Vec<Block> {
        let say = self.say;
        if lines.is_empty() {
            let all = say.pick(
                "Посчитано и оценено всё, что предусмотрено отчётом.",
                "All that the report provides for was computed and judged.",
            );
            return vec![Block::Text(all.to_owned())];
        }
        let head = say.pick(
            "Чего нет в данных, то не судится: ни «в норме», ни «плохо», ни ноль. Выгрузите названное — показатели появятся.",
            "What is not in the data is not judged: neither on target, nor bad, nor zero. Export what is named, and the figures appear.",
        );
        let lead = match self.gaps.is_empty() {
            true => Block::Text(head.to_owned()),
            false => Block::Notice(head.to_owned()),
        };
        let text = |name: &str, ru: &str, en: &str| Column {
            name: name.to_owned(),
            title: say.pick(ru, en).to_owned(),
            unit: Unit::Text,
        };
        let row = |line: &Lacking| {
            let mut touched: Vec<&str> = line.touched.iter().take(NAMED).map(String::as_str).collect();
            let more = format!("{} {}", say.pick("и ещё", "and another"), line.touched.len().saturating_sub(NAMED));
            if line.touched.len() > NAMED {
                touched.push(&more);
            }
            [&line.what, &touched.join(", "), &line.way].map(|text| Cell::Text(text.clone())).to_vec()
        };
        let question = Question { metric: UNJUDGED.to_owned(), by: Vec::new(), period: self.period };
        let table = document::Table {
            id: match self.gathered {
                0 => "what-is-not-judged".to_owned(),
                more => format!("what-is-not-judged-{}", more + 1),
            },
            title: say.pick("Чего не хватает и что выгрузить", "What is lacking, and what to export").to_owned(),
            columns: vec![
                text("lacking", "Чего нет", "Lacking"),
                text("touched", "Что не посчитано или не судится", "Not computed or not judged"),
                text("way_out", "Что выгрузить или сделать", "What to export or do"),
            ],
            rows: lines.iter().map(row).collect(),
            source: say.source(&question, self.inputs.days(&question, self.inputs.reach.range(self.period))),
        };
        vec![lead, Block::Table(table)]
    }
}

/// Rules that were not judged for some stage, time or group.
fn rules(lines: &mut Lines, say: &Phrases<'_>, grid: &Grid) {
    let (span, way_out) = (say.titles.column("span_{lang}"), say.titles.column("way_out_{lang}"));
    let text = |row: usize, column: &str| match grid.cell(row, column) {
        Cell::Text(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    for row in 0..grid.rows.len() {
        let title = text(row, &say.titles.column("title_{lang}")).or_else(|| text(row, "rule")).unwrap_or_default();
        let stage = text(row, &say.titles.column("stage_{lang}")).or_else(|| text(row, "stage"));
        let missing = text(row, "missing").unwrap_or_else(|| title.clone());
        // the span contains the name of the source
        let what = capital(&text(row, &span).unwrap_or(missing));
        let cases = grid.number(row, "cases").map(|cases| {
            let cases = say.numbers.exact(cases, Unit::Count);
            format!("{} {cases}", say.pick("не судится случаев", "cases not judged"))
        });
        let notes: Vec<String> = stage.into_iter().chain(cases).collect();
        let touched = match notes.is_empty() {
            true => format!("«{title}»"),
            false => format!("«{title}» ({})", notes.join(", ")),
        };
        let way = text(row, &way_out).unwrap_or_else(|| {
            say.pick(
                "Выгрузите события этого вида, а если это поле сделки — назовите его столбец в маппинге",
                "Export events of this kind; where it is a field of the deal, name its column in the mapping",
            )
            .to_owned()
        });
        lines.add(what, Some(touched), capital(&way));
    }
}

/// Closings without a date.
fn undated(lines: &mut Lines, say: &Phrases<'_>, grid: &Grid) {
    let count = |row: usize, names: &[&str]| names.iter().filter_map(|name| grid.number(row, name)).sum::<f64>();
    let rows = 0..grid.rows.len();
    let undated: f64 = rows.map(|row| count(row, &["won_without_closed_at", "lost_without_closed_at"])).sum();
    if undated < 1.0 {
        return;
    }
    let count = say.numbers.exact(undated, Unit::Count);
    let (what, touched, way) = match say.lang {
        Lang::Ru => (
            format!("Даты закрытия: нет у {count} закрытых сделок"),
            "конверсия к сроку — в границах; в выручке, окупаемости и цене клиента за период этих сделок нет",
            "Выгрузите дату закрытия и назовите её столбец в маппинге (closed_at); плановая дата — не закрытие",
        ),
        Lang::En => (
            format!("Closing dates: {count} closed deals have none"),
            "conversion by a given day is told within bounds; revenue, return and cost per client of a period lack these deals",
            "Export the closing date and name its column in the mapping (closed_at); a planned date is no closing",
        ),
    };
    lines.add(what, Some(touched.to_owned()), way.to_owned());
}

/// Columns that most deals fill and some do not.
fn unfilled(lines: &mut Lines, say: &Phrases<'_>, grid: &Grid) {
    let kinds = [
        (
            "without_created_at",
            ("Даты создания: нет у {} сделок", "Creation dates: {} deals have none"),
            ("этих сделок нет среди лидов ни одного периода", "these deals are among the leads of no period"),
            ("Выгрузите дату создания (created_at)", "Export the creation date (created_at)"),
        ),
        (
            "won_without_amount",
            ("Суммы: нет у {} выигранных сделок", "Amounts: {} won deals have none"),
            ("выручка и средний чек — без этих сделок", "revenue and the mean purchase lack these deals"),
            ("Выгрузите сумму (amount)", "Export the amount (amount)"),
        ),
        (
            "won_without_client",
            ("Клиенты: не названы у {} выигранных сделок", "Clients: {} won deals name none"),
            ("повторные покупки и база — без этих сделок", "repeat purchases and the client base lack these deals"),
            ("Выгрузите клиента (client_id)", "Export the client (client_id)"),
        ),
    ];
    for (column, what, touched, way) in kinds {
        let count: f64 = (0..grid.rows.len()).filter_map(|row| grid.number(row, column)).sum();
        let all: f64 = (0..grid.rows.len()).filter_map(|row| grid.number(row, "deals")).sum();
        // if no deal fills it, the figures that need it say so
        if count < 1.0 || count >= all {
            continue;
        }
        let count = say.numbers.exact(count, Unit::Count);
        let what = say.pick(what.0, what.1).replace("{}", &count);
        lines.add(what, Some(say.pick(touched.0, touched.1).to_owned()), say.pick(way.0, way.1).to_owned());
    }
}

/// Open deals that the newest listing export no longer contains.
fn gone(lines: &mut Lines, say: &Phrases<'_>, grid: &Grid) {
    let gone: f64 = (0..grid.rows.len()).filter_map(|row| grid.number(row, "gone")).sum();
    if gone < 1.0 {
        return;
    }
    let count = say.numbers.exact(gone, Unit::Count);
    let (what, touched, way) = match say.lang {
        Lang::Ru => (
            format!("Пропали из выгрузок: открытых сделок {count}"),
            "с того дня они не открыты, не выиграны и не проиграны: ни в работе, ни в просрочке, ни в списках дел их нет",
            "Посмотрите в CRM, удалены ли они или не попали в выгрузку; полная выгрузка (snapshot = true) перечисляет все сделки",
        ),
        Lang::En => (
            format!("Gone from the exports: {count} open deals"),
            "from that day on they are neither open, won nor lost: they stand in no stage, are never overdue, and are in no list of work",
            "See in the CRM whether they were deleted, or left out of the export; a full export (snapshot = true) lists all deals",
        ),
    };
    lines.add(what, Some(touched.to_owned()), way.to_owned());
}

/// Tables whose exports end before the report's day.
fn ended_line(say: &Phrases<'_>, table: Table, last: &str) -> (String, String, String) {
    let name = capital(match table {
        Table::Deals => say.pick("сделки", "deals"),
        Table::Events => say.pick("события", "events"),
        Table::Spend => say.pick("расход на рекламу", "advertising spend"),
        other => other.name(),
    });
    match say.lang {
        Lang::Ru => (
            format!("{name}: данные по {last}"),
            "неделя или месяц после этого дня не сравниваются с прошлыми, их суммы и счётчики не судятся".to_owned(),
            "Выгрузите после конца периода; когда выгрузка снята, говорит --taken".to_owned(),
        ),
        Lang::En => (
            format!("{name}: data until {last}"),
            "a week or month beyond that day is not compared with earlier ones, its sums and counts are not judged"
                .to_owned(),
            "Export after the end of the period; --taken says when an export was taken".to_owned(),
        ),
    }
}

/// Rows without a value of a split.
fn unnamed(lines: &mut Lines, say: &Phrases<'_>, unnamed: &[Unnamed]) {
    for one in unnamed {
        // targets use different periods: one size per split is enough
        let size = unnamed.iter().find(|first| first.by == one.by).and_then(|first| first.size.as_ref());
        let what = match (size, say.lang) {
            (Some((cases, all)), Lang::Ru) => format!("{}: не заполнено у {cases} из {all}", one.by),
            (Some((cases, all)), Lang::En) => format!("{}: not filled in {cases} of {all}", one.by),
            (None, Lang::Ru) => format!("{}: заполнено не везде", one.by),
            (None, Lang::En) => format!("{}: not filled everywhere", one.by),
        };
        let way = say.pick(
            "Не группа: не судится, и с ней никого не сравнивают. Заполните в CRM, если название есть",
            "No group: it is not judged, and nobody is compared with it. Fill it in the CRM where there is a name",
        );
        lines.add(what, Some(format!("«{}»", one.target)), way.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Catalog;

    #[test]
    fn what_lacks_the_same_is_one_line() {
        let mut lines = Lines::default();
        for (what, touched) in [("spend", "ROMI"), ("calls", "SLA"), ("spend", "CAC"), ("spend", "ROMI")] {
            lines.add(what.into(), Some(touched.into()), "export it".into());
        }
        let said: Vec<_> = lines.0.iter().map(|line| (line.what.as_str(), line.touched.join(", "))).collect();
        assert_eq!(said, [("spend", "ROMI, CAC".to_owned()), ("calls", "SLA".to_owned())]);
    }

    /// A column that is not there reads as no cases, and the report would lack a warning.
    #[test]
    fn the_columns_read_by_name_are_those_of_the_shipped_metrics() {
        let catalog = Catalog::shipped();
        let read: [(&str, &[&str]); 4] = [
            (
                UNJUDGED,
                &[
                    "rule",
                    "title_ru",
                    "title_en",
                    "stage",
                    "stage_ru",
                    "stage_en",
                    "missing",
                    "span_ru",
                    "span_en",
                    "way_out_ru",
                    "way_out_en",
                    "cases",
                ],
            ),
            (
                QUALITY,
                &[
                    "deals",
                    "gone",
                    "without_created_at",
                    "won_without_amount",
                    "won_without_client",
                    "won_without_closed_at",
                    "lost_without_closed_at",
                ],
            ),
            ("adherence", &["checked", "unjudged"]),
            ("wins_without_date", &["wins"]),
        ];
        for (metric, columns) in read {
            let known = &catalog.get(metric).unwrap().columns;
            for column in columns {
                assert!(known.iter().any(|known| known.name == *column), "`{metric}` has no column `{column}`");
            }
        }
    }
}
