//! Writes the sentences of findings: bad groups one by one, the rest summarised.

use super::cause::Cause;
use super::judge;
use super::judged::{Beside, Judged, Unknown};
use crate::metrics::MetricColumn;
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::regulation::{Better, Target};
use crate::report::definition::Compare;
use crate::report::document::{Before, Cell, Finding, Verdict};
use crate::report::grid::Grid;
use crate::report::period::Period;
use crate::report::phrases::{Phrases, capital};

/// How many groups a summary names.
const NAMED: usize = 6;

/// A finding and its sort weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The finding.
    pub finding: Finding,
    /// The sort weight among findings of the same verdict.
    pub weight: f64,
}

/// The context of one target.
pub struct Wording<'a> {
    /// The language and its numbers.
    pub say: &'a Phrases<'a>,
    /// The target.
    pub target: &'a Target,
    /// Whether another target has the same title.
    pub ambiguous: bool,
    /// The result that was judged.
    pub grid: &'a Grid,
    /// The judged period.
    pub period: Period,
    /// Groups of fewer cases are not judged.
    pub small_group: f64,
    /// Metric, period, as_of, store version.
    pub source: String,
    /// A note for each value on how much of the period is covered; empty if all of it.
    pub note: String,
    /// The command that lists what the target's metric counts; empty if it cannot be listed.
    pub list: String,
}

impl Wording<'_> {
    /// The findings on one target: each bad group up to `limit`, then the other bad ones, the unknown, the good.
    pub fn said(&self, mut judged: Vec<Judged>, limit: usize) -> Vec<Said> {
        // the unfilled group is left out here; its size is shown where the report lists what could not be judged
        if self.say.gathered.is_some() {
            judged.retain(|one| one.unknown != Some(Unknown::Unnamed));
        }
        judged.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.row.cmp(&b.row)));
        // a metric with several rows names each row, even if only one could be judged
        let alone = judged.len() == 1 && self.grid.dimensions == 0;
        let single = alone && !self.has_key();
        let equal = self.no_difference(&judged);
        let mut said = Vec::new();
        for verdict in [Verdict::Red, Verdict::Yellow] {
            let bad: Vec<&Judged> = judged.iter().filter(|one| one.verdict == verdict).collect();
            let (shown, rest) = bad.split_at(limit.min(bad.len()));
            said.extend(shown.iter().map(|one| self.one(one, single)));
            said.extend(self.more(verdict, rest));
        }
        let good: Vec<&Judged> = judged.iter().filter(|one| one.verdict == Verdict::Green).collect();
        let unknown: Vec<&Judged> = judged.iter().filter(|one| one.verdict == Verdict::Unknown).collect();
        match (alone, judged.first()) {
            (true, Some(one)) if said.is_empty() => said.push(self.one(one, single)),
            _ => {
                said.extend(self.unknown(&unknown, judged.len()));
                said.extend(self.good(&good, judged.len()));
            }
        }
        if let (Some(equal), Some(last)) = (equal, said.last_mut()) {
            last.finding.value = format!("{} {equal} ({}).", last.finding.value, self.period.words(self.say.lang));
        }
        said
    }

    fn one(&self, one: &Judged, single: bool) -> Said {
        let title = self.say.text(&self.target.title);
        let title = match single {
            true => title.to_owned(),
            false => format!("{title}: {}", self.name(one)),
        };
        let mut value = vec![self.value_with_interval(one)];
        if let Some(rest) = one.rest {
            value.push(self.against_rest(one, rest));
        }
        value.extend(self.money(one));
        value.extend(one.unknown.map(|unknown| self.reason(unknown) + "."));
        value.extend(self.uncertainty(one).map(|text| capital(&text) + "."));
        value.extend((!self.note.is_empty()).then(|| capital(&self.note) + "."));
        let advice = match one.verdict {
            Verdict::Red | Verdict::Yellow => self.say.text(&self.target.advice).to_owned(),
            Verdict::Green | Verdict::Unknown => String::new(),
        };
        let mut said = self.finding(one.verdict, title, value.join(" "), self.changes(one), advice, one.weight);
        said.finding.figure = figure(one);
        if matches!(one.verdict, Verdict::Red | Verdict::Yellow) && !self.list.is_empty() {
            said.finding.list = self.list_of(one);
        }
        for (compare, was) in &one.changes {
            *match compare {
                Compare::Before => &mut said.finding.before.previous,
                Compare::Year => &mut said.finding.before.year,
            } = Cell::Number(was.value);
        }
        said
    }

    #[allow(clippy::too_many_arguments)] // all parts of one finding
    fn finding(
        &self,
        verdict: Verdict,
        title: String,
        value: String,
        change: String,
        advice: String,
        weight: f64,
    ) -> Said {
        let (source, unit) = (self.source.clone(), self.unit());
        let (figure, before) = (Cell::Empty, Before::default());
        let list = String::new();
        Said { finding: Finding { verdict, title, figure, unit, before, value, change, advice, list, source }, weight }
    }

    /// The command that lists the rows of one group.
    fn list_of(&self, one: &Judged) -> String {
        let names = self.grid.dimensions + usize::from(self.has_key());
        let cells = self.grid.columns.iter().zip(&self.grid.rows[one.row]).take(names);
        let only = cells.filter_map(|(column, cell)| match cell {
            Cell::Text(text) => Some(format!(" --only {}", quoted(&format!("{}={text}", column.name)))),
            _ => None,
        });
        std::iter::once(self.list.clone()).chain(only).collect()
    }

    /// The groups that miss the target, and the target, in one sentence: `Филиал: Юг — 42 %, Север — 48 %; цель — не меньше 80 %.`
    pub fn fact(&self, bad: &[&Judged]) -> String {
        /// More groups make no sentence.
        const MOST: usize = 3;
        let single = self.grid.dimensions == 0 && !self.has_key();
        let mut said: Vec<String> = bad
            .iter()
            .take(MOST)
            .map(|one| match single {
                true => self.value(one),
                false => format!("{} — {}", self.name(one), self.value(one)),
            })
            .collect();
        if bad.len() > MOST {
            said.push(format!("{} {}", self.say.pick("ещё", "another"), bad.len() - MOST));
        }
        let by = self.grid.columns[..self.grid.dimensions].iter().map(|column| self.say.text(&column.title));
        let by: Vec<&str> = by.collect();
        let head = if by.is_empty() { String::new() } else { format!("{}: ", by.join(" · ")) };
        let note = if self.note.is_empty() { String::new() } else { format!(" {}.", capital(&self.note)) };
        let green = self.amount(self.target.green);
        let target = match (self.target.better, self.say.lang) {
            (Better::Higher, Lang::Ru) => format!("цель — не меньше {green}"),
            (Better::Higher, Lang::En) => format!("the target is at least {green}"),
            (Better::Lower, Lang::Ru) => format!("цель — не больше {green}"),
            (Better::Lower, Lang::En) => format!("the target is at most {green}"),
        };
        format!("{head}{}; {target}.{note}", said.join(", "))
    }

    /// A figure that got better: `Ответили в срок: Юг — 71 %, +8 п. п. к предыдущему периоду (было 63 %).`
    pub fn improvement(&self, one: &Judged, was: f64) -> String {
        let name = self.row_name(one);
        let name = if name.is_empty() { String::new() } else { format!("{name} — ") };
        let (to, now) = (self.say.compared(Compare::Before, self.period), one.value.unwrap_or(was));
        let difference = self.say.difference(now, was, self.unit());
        let word = self.say.pick("было", "was");
        let title = self.say.text(&self.target.title);
        format!("{title}: {name}{}, {difference} {to} ({word} {})", self.value(one), self.amount(was))
    }

    /// A row's name; empty for the only one.
    pub fn row_name(&self, one: &Judged) -> String {
        if self.grid.dimensions == 0 && !self.has_key() { String::new() } else { self.name(one) }
    }

    /// A value in the target's unit.
    pub fn amount(&self, value: f64) -> String {
        self.say.numbers.compact(value, self.unit())
    }

    /// Bad groups beyond the limit, in one line.
    fn more(&self, verdict: Verdict, rest: &[&Judged]) -> Option<Said> {
        let first = rest.first()?;
        let title = format!("{}: {} {}", self.grouped_title(), self.say.pick("ещё", "another"), rest.len());
        let advice = self.say.text(&self.target.advice).to_owned();
        Some(self.finding(verdict, title, self.list(rest) + ".", String::new(), advice, first.weight))
    }

    fn good(&self, good: &[&Judged], all: usize) -> Option<Said> {
        (!good.is_empty()).then(|| {
            let counted = match self.say.lang {
                Lang::Ru => format!("в норме {} из {all}", good.len()),
                Lang::En => format!("{} of {all} on target", good.len()),
            };
            let title = format!("{}: {counted}", self.grouped_title());
            let note = if self.note.is_empty() { String::new() } else { format!(" {}.", capital(&self.note)) };
            let value = format!("{}. {}.{note}", self.list(good), capital(&self.bounds()));
            self.finding(Verdict::Green, title, value, String::new(), String::new(), 0.0)
        })
    }

    fn unknown(&self, unknown: &[&Judged], all: usize) -> Option<Said> {
        (!unknown.is_empty()).then(|| {
            let counted = match self.say.lang {
                Lang::Ru => format!("без оценки {} из {all}", unknown.len()),
                Lang::En => format!("{} of {all} not judged", unknown.len()),
            };
            let title = format!("{}: {counted}", self.grouped_title());
            let mut parts = Vec::new();
            for reason in [
                Unknown::Unproven,
                Unknown::Partial,
                Unknown::Uncovered,
                Unknown::Small,
                Unknown::NoData,
                Unknown::Unnamed,
            ] {
                let of: Vec<&Judged> = unknown.iter().copied().filter(|one| one.unknown == Some(reason)).collect();
                if !of.is_empty() {
                    parts.push(format!("{}: {}.", self.reason(reason), self.list(&of)));
                }
            }
            if unknown.iter().any(|one| matches!(one.unknown, Some(Unknown::Unproven | Unknown::Partial))) {
                parts.push(capital(&self.bounds()) + ".");
            }
            parts.extend((!self.note.is_empty()).then(|| capital(&self.note) + "."));
            self.finding(Verdict::Unknown, title, parts.join(" "), String::new(), String::new(), 0.0)
        })
    }

    /// The target's title, with the split if another target has the same title.
    fn grouped_title(&self) -> String {
        if !self.ambiguous {
            return self.say.text(&self.target.title).to_owned();
        }
        let dimensions =
            self.grid.columns[..self.grid.dimensions].iter().map(|c| self.say.text(&c.title).to_lowercase());
        let mut parts = vec![self.say.text(&self.target.title).to_owned()];
        parts.extend(dimensions);
        parts.join(" · ")
    }

    fn reason(&self, unknown: Unknown) -> String {
        let small = self.small_group;
        match (unknown, self.say.lang) {
            (Unknown::NoData, Lang::Ru) => "Нет данных".to_owned(),
            (Unknown::NoData, Lang::En) => "No data".to_owned(),
            (Unknown::Unnamed, Lang::Ru) => "Не судится, это не группа, а всё без названия".to_owned(),
            (Unknown::Unnamed, Lang::En) => "Not judged, no group but all without a name".to_owned(),
            (Unknown::Partial, Lang::Ru) => "Судить нельзя, известно не всё".to_owned(),
            (Unknown::Partial, Lang::En) => "Cannot be judged, partly unknown".to_owned(),
            (Unknown::Uncovered, Lang::Ru) => "Судить нельзя, выгрузки покрыли не весь период".to_owned(),
            (Unknown::Uncovered, Lang::En) => "Cannot be judged, the exports do not cover the whole period".to_owned(),
            (Unknown::Small, Lang::Ru) => format!("Слишком мало случаев, чтобы судить (меньше {small:.0})"),
            (Unknown::Small, Lang::En) => format!("Too few cases to judge (under {small:.0})"),
            (Unknown::Unproven, Lang::Ru) => "Отклонение от цели не доказано, оно может быть случайным".to_owned(),
            (Unknown::Unproven, Lang::En) => {
                "No evidence of missing the target; chance alone may explain it".to_owned()
            }
        }
    }

    /// How many cases are unknown, and the bounds of the value; `None` if nothing is unknown.
    fn uncertainty(&self, one: &Judged) -> Option<String> {
        let exact = |cases: f64| self.say.numbers.exact(cases.round(), Unit::Count);
        let unknown = one.unknown_cases.map(|(unknown, of)| match (of, self.say.lang) {
            (Some(of), Lang::Ru) => format!("неизвестно у {} из {}", exact(unknown), exact(of)),
            (Some(of), Lang::En) => format!("unknown in {} of {}", exact(unknown), exact(of)),
            (None, Lang::Ru) => format!("неизвестно у {}", exact(unknown)),
            (None, Lang::En) => format!("unknown in {}", exact(unknown)),
        });
        let ends = one.ends.map(|(least, most)| {
            let ends = self.say.numbers.bounds(least, most, self.unit());
            format!("{} {ends}", self.say.pick("может быть", "may be"))
        });
        let said: Vec<String> = unknown.into_iter().chain(ends).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }

    /// The sums behind a return; and a note if no lead names the campaign, which may be waste or a different spelling.
    fn money(&self, one: &Judged) -> Option<String> {
        let money = |name: &str| self.grid.number(one.row, name);
        let (spend, revenue) =
            self.grid.spent(one.row).filter(|_| self.grid.is_return(&self.target.column)).zip(money("revenue"))?;
        let show = |money: f64| self.say.numbers.compact(money, Unit::Money);
        let (spend, revenue) = (show(spend), show(revenue));
        let nobody = match (money("leads"), self.say.lang) {
            (Some(0.0), Lang::Ru) => " Ни один лид так не назван: деньги ушли впустую, или в CRM это названо иначе.",
            (Some(0.0), Lang::En) => " No lead bears this name: the money is lost, or the CRM calls it otherwise.",
            _ => "",
        };
        Some(match self.say.lang {
            Lang::Ru => format!("Потрачено {spend}, выручка {revenue}.{nobody}"),
            Lang::En => format!("Spent {spend}, revenue {revenue}.{nobody}"),
        })
    }

    /// A sentence if several groups were compared and none differs significantly.
    fn no_difference(&self, judged: &[Judged]) -> Option<&str> {
        let compared: Vec<Beside> = judged.iter().filter_map(|one| one.rest).collect();
        (compared.len() > 1 && compared.iter().all(|rest| rest.proven == Some(false))).then(|| {
            self.say.pick(
                "Различий между группами данные не показывают",
                "There is no evidence of a difference between the groups",
            )
        })
    }

    fn list(&self, judged: &[&Judged]) -> String {
        let one = |one: &&Judged| match (one.unknown, one.cases) {
            (Some(Unknown::NoData), _) | (Some(Unknown::Unnamed), None) => self.name(one),
            (Some(Unknown::Partial), _) => match self.uncertainty(one) {
                Some(text) => format!("{} — {text}", self.name(one)),
                None => self.name(one),
            },
            // the value is left out for a group that is too small or unfilled, since readers would judge it
            (Some(Unknown::Small | Unknown::Unnamed), Some(cases)) => {
                format!("{} — {}", self.name(one), self.say.numbers.exact(cases.round(), Unit::Count))
            }
            _ => format!("{} — {}", self.name(one), self.value(one)),
        };
        let mut names: Vec<String> = judged.iter().take(NAMED).map(one).collect();
        if judged.len() > NAMED {
            let more = judged.len() - NAMED;
            names.push(format!("{} {more}", self.say.pick("и ещё", "and another")));
        }
        names.join(", ")
    }

    /// A group in words: its dimension values, and the row's key if a group has several rows.
    fn name(&self, one: &Judged) -> String {
        let metric = &self.target.metric;
        let group = self.say.titles.group(metric, self.grid, one.row);
        if !self.has_key() {
            return match group.is_empty() {
                true => self.say.pick("в целом", "overall").to_owned(),
                false => group,
            };
        }
        let titles = |column: &&MetricColumn| column.titles_row && column.lang.is_none_or(|lang| lang == self.say.lang);
        let own = self.grid.columns.iter().find(titles).unwrap_or(&self.grid.columns[self.grid.dimensions]);
        let own = own.name.as_str();
        let own = match self.grid.cell(one.row, own) {
            Cell::Empty => self.say.pick("прочие", "others").to_owned(),
            _ => self.say.titles.label(metric, self.grid, one.row, own),
        };
        [group, own].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    fn has_key(&self) -> bool {
        judge::has_key(self.grid, &self.grid.current_rows())
    }

    fn unit(&self) -> Unit {
        self.grid.unit(&self.target.column)
    }

    fn value(&self, one: &Judged) -> String {
        match (one.value, one.ends) {
            (Some(value), _) => self.say.numbers.compact(value, self.unit()),
            (None, Some((least, most))) => self.say.numbers.bounds(least, most, self.unit()),
            (None, None) => self.say.pick("нет данных", "no data").to_owned(),
        }
    }

    fn value_with_interval(&self, one: &Judged) -> String {
        let mut text = self.value(one);
        let interval = one.interval.map(|(low, high)| {
            let bounds = self.say.numbers.bounds(low, high, self.unit());
            format!("{} {bounds}", self.say.pick("95 % интервал", "95% interval"))
        });
        let cases = one.cases.filter(|_| one.of_cases).map(|cases| {
            let cases = self.say.numbers.exact(cases.round(), Unit::Count);
            format!("{} {cases}", self.say.pick("наблюдений", "cases"))
        });
        let notes: Vec<String> = interval.into_iter().chain(cases).collect();
        if !notes.is_empty() {
            text = format!("{text} ({})", notes.join("; "));
        }
        format!("{text}; {}.", self.bounds())
    }

    /// The target in words.
    fn bounds(&self) -> String {
        let show = |bound: f64| self.say.numbers.compact(bound, self.unit());
        let (green, red) = (show(self.target.green), show(self.target.red));
        match (self.target.better, self.say.lang) {
            (Better::Higher, Lang::Ru) => format!("цель — не меньше {green}, тревога — с {red} и ниже"),
            (Better::Higher, Lang::En) => format!("the target is at least {green}, the alarm {red} and below"),
            (Better::Lower, Lang::Ru) => format!("цель — не больше {green}, тревога — с {red} и выше"),
            (Better::Lower, Lang::En) => format!("the target is at most {green}, the alarm {red} and above"),
        }
    }

    fn against_rest(&self, one: &Judged, rest: Beside) -> String {
        let others = self.say.numbers.compact(rest.value, self.unit());
        let better = match self.target.better {
            Better::Higher => one.value > Some(rest.value),
            Better::Lower => one.value < Some(rest.value),
        };
        match (rest.proven, better, self.say.lang) {
            (Some(true), true, Lang::Ru) => format!("Лучше остальных ({others}), и это не случайность."),
            (Some(true), false, Lang::Ru) => format!("Хуже остальных ({others}), и это не случайность."),
            (_, _, Lang::Ru) => format!("Отличие от остальных ({others}) не доказано."),
            (Some(true), true, Lang::En) => format!("Better than the others ({others}), and not by chance."),
            (Some(true), false, Lang::En) => format!("Worse than the others ({others}), and not by chance."),
            (_, _, Lang::En) => format!("No evidence of a difference from the others ({others})."),
        }
    }

    /// The groups that caused a change, with parts that add up to it.
    fn cause(&self, cause: &Cause) -> String {
        let points = |part: f64| self.say.difference(part, 0.0, Unit::Share);
        let carried = cause.carried.iter().map(|(name, part)| format!("{name} {}", points(*part)));
        let carried = carried.collect::<Vec<_>>().join(", ");
        let (by, others) = (&cause.by, points(cause.others));
        match self.say.lang {
            Lang::Ru => format!(", из них {by} {carried}, остальные {others}"),
            Lang::En => format!(", of it {by} {carried}, the others {others}"),
        }
    }

    fn changes(&self, one: &Judged) -> String {
        let change = |(compare, then): &(Compare, Beside)| {
            let now = one.value?;
            let difference = self.say.difference(now, then.value, self.unit());
            let was = self.say.numbers.compact(then.value, self.unit());
            let chance = match then.proven {
                Some(true) => self.say.pick(", неслучайно", ", more than chance"),
                Some(false) => self.say.pick(", в пределах случайного", ", within chance"),
                None => "",
            };
            let to = self.say.compared(*compare, self.period);
            let cause = one.causes.iter().find(|(of, _)| of == compare).map(|(_, cause)| self.cause(cause));
            let cause = cause.unwrap_or_default();
            Some(match self.say.lang {
                Lang::Ru => format!("{to}: {difference} (было {was}{chance}{cause})"),
                Lang::En => format!("{to}: {difference} (was {was}{chance}{cause})"),
            })
        };
        capital(&one.changes.iter().filter_map(change).collect::<Vec<_>>().join("; "))
    }
}

/// The value of a group with what is known about it.
fn figure(one: &Judged) -> Cell {
    match (one.value, one.interval, one.ends) {
        (Some(value), Some((low, high)), _) => Cell::Interval { value, low, high },
        (Some(value), None, _) => Cell::Number(value),
        (None, _, Some((least, most))) => Cell::Bounds { least, most },
        (None, _, None) => Cell::Empty,
    }
}

/// A word of a command line.
fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_alphanumeric() || "_-=.,:/@+".contains(sign);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
