//! How it is now: what the metrics say beside a norm.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Days;

use super::facts::{Item, target_id};
use super::said::{broken, count, no_case, unjudged, value};
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::regulation::Stage;
use crate::report::definition::question::Question;
use crate::report::definition::{Norms, Topic};
use crate::report::document::Cell;
use crate::report::grid::Grid;
use crate::report::inputs::Inputs;
use crate::report::missing::{Lack, Missing};
use crate::report::period::Range;
use crate::report::phrases::Phrases;

/// The columns that count breaches of a rule, and the cases that were judged.
const OF_RULES: [&str; 2] = ["breaches", "checked"];
const OF_CONTACTS: [&str; 2] = ["broken", "checked"];

/// What is said of a norm; `Err` if it cannot be told, with the sentence that says why.
type Told = Result<Option<String>, String>;

/// Asks the metrics beside the norms of a part, and keeps what was missing.
pub(super) struct Asker<'i, 'a, 's> {
    inputs: &'i mut Inputs<'a>,
    pub say: &'s Phrases<'s>,
    part: &'s Norms,
    asked: BTreeSet<String>,
    pub missing: Vec<Missing>,
}

impl<'i, 'a, 's> Asker<'i, 'a, 's> {
    pub fn new(inputs: &'i mut Inputs<'a>, say: &'s Phrases<'s>, part: &'s Norms) -> Asker<'i, 'a, 's> {
        Asker { inputs, say, part, asked: BTreeSet::new(), missing: Vec::new() }
    }

    /// The head of a column that tells how it is now; the period is named where it is not the report's.
    pub fn heading(&self) -> String {
        let heading = self.say.pick("Как сейчас", "How it is now");
        match self.part.has_own_period {
            true => format!("{heading}, {}", self.part.period.words(self.say.lang)),
            false => heading.to_owned(),
        }
    }

    /// The metrics that were asked, and for which days; of none, the regulation.
    pub fn source(&self) -> String {
        let names: Vec<&str> = self.asked.iter().map(String::as_str).collect();
        let [first, rest @ ..] = names.as_slice() else {
            return self.say.pick("регламент", "the regulation").to_owned();
        };
        let ask = question(first, self.part);
        let range = self.inputs.reach.range(ask.period);
        let source = self.say.source(&ask, Some(range));
        let others: String = rest.iter().map(|name| format!(", {name}")).collect();
        source.replacen(first, &format!("{first}{others}"), 1)
    }

    /// How it is now with what an item states under a key; `None` if there is nothing to tell.
    pub async fn now(&mut self, item: &Item, key: &str) -> Option<String> {
        let id = item.id.as_str();
        let told = match (self.part.topic, key) {
            (Topic::Stage, key) => self.stage(id, key).await,
            (Topic::Response, _) => self.response().await,
            (Topic::Contact, "week") => self.contact("out_of_hours").await,
            (Topic::Contact, "opt_out") => self.contact("after_opt_out").await,
            (Topic::Contact, _) if item.fact(key).is_some() => self.contact("after_refusal").await,
            (Topic::Cap, _) if id == "mailing" => self.mailings("cap", None).await,
            (Topic::Cap, _) => self.cap(id).await,
            (Topic::ClientKind, _) if item.fact(key).is_some() => self.client_kind(id).await,
            (Topic::Mailing, _) => self.mailings("rule", (!id.is_empty()).then_some(id)).await,
            (Topic::Promotions, key) if item.fact(key).is_some() => self.promotions(key).await,
            (Topic::Control, _) => self.control(id).await,
            (Topic::Load, key) if item.fact(key).is_some() => self.load(key).await,
            (Topic::QualityItem, _) => self.quality_item(id).await,
            (Topic::Target, _) => self.target(item).await,
            _ => Ok(None),
        };
        told.unwrap_or_else(Some)
    }

    /// The result of a metric over the part's period.
    async fn grid(&mut self, metric: &str) -> Result<Arc<Grid>, String> {
        let ask = question(metric, self.part);
        let range = self.inputs.reach.range(ask.period);
        self.grid_of(&ask, range).await
    }

    /// The result of a metric that judges rules, for the time in which this one is judged.
    async fn rules(&mut self, metric: &str, rule: &str) -> Result<Arc<Grid>, String> {
        let ask = question(metric, self.part);
        let range = match rule {
            // that a next step is planned is judged at the last moment before the day of the report
            "next_step" => {
                let to = self.inputs.metrics.as_of();
                Range { from: to - Days::new(7), to }
            }
            _ => self.inputs.reach.range(ask.period),
        };
        self.grid_of(&ask, range).await
    }

    async fn grid_of(&mut self, ask: &Question, range: Range) -> Result<Arc<Grid>, String> {
        self.asked.insert(ask.metric.clone());
        self.inputs.metrics.ask(ask, range).await.map_err(|missing| {
            let why = match missing.lack {
                Lack::Data => {
                    format!("{}: {}", self.say.pick("нет данных", "no data"), self.say.source_of(&missing.what))
                }
                Lack::Memory | Lack::Fault => self.say.text(&missing.why).to_owned(),
            };
            if !self.missing.contains(&missing) {
                self.missing.push(missing);
            }
            unjudged(self.say, &why)
        })
    }

    /// Why a rule has no row: the data lack something, or there was no case.
    async fn absent(&mut self, rule: &str, stage: Option<&str>) -> Told {
        let grid = self.grid("unjudged").await?;
        let is_it = |row: &usize| {
            let of_stage = grid.cell(*row, "stage");
            is(&grid, *row, "rule", rule)
                && (*of_stage == Cell::Empty || stage.is_some_and(|stage| is(&grid, *row, "stage", stage)))
        };
        let span = self.say.titles.column("span_{lang}");
        Ok(Some(match (0..grid.rows.len()).find(is_it).map(|row| grid.cell(row, &span)) {
            Some(Cell::Text(why)) => unjudged(self.say, why),
            _ => no_case(self.say),
        }))
    }

    /// How often a rule was broken in a stage.
    async fn rule_in_stage(&mut self, rule: &str, stage: &str) -> Told {
        let grid = self.rules("adherence_by_stage", rule).await?;
        let row = (0..grid.rows.len()).find(|row| is(&grid, *row, "stage", stage) && is(&grid, *row, "rule", rule));
        match row.and_then(|row| broken(self.say, &grid, row, OF_RULES)) {
            Some(said) => Ok(Some(said)),
            None => self.absent(rule, Some(stage)).await,
        }
    }

    async fn stage(&mut self, id: &str, key: &str) -> Told {
        let regulation = self.inputs.metrics.regulation();
        let Some(stage) = regulation.stages().iter().find(|stage| stage.id == id) else { return Ok(None) };
        let is_open = stage.terminal.is_none();
        match key {
            "evidence" if stage.evidence.is_some() => self.rule_in_stage(key, id).await,
            "required" if !stage.required.is_empty() => self.rule_in_stage(key, id).await,
            // who plans nothing breaks the rule in whatever stage
            "next_step" if is_open => self.rule_in_stage(key, id).await,
            "sla" if is_open => self.time_in_stage(stage).await,
            "expected_share" if is_open && !stage.parking => {
                let grid = self.grid("funnel").await?;
                let said = row_of(&grid, "stage", id).and_then(|row| value(self.say, &grid, row, "settled"));
                let nothing = self.say.pick("ещё ничего не решено", "nothing is settled yet");
                Ok(Some(said.unwrap_or_else(|| unjudged(self.say, nothing))))
            }
            _ => Ok(None),
        }
    }

    /// How long deals stay, and how many stayed too long.
    async fn time_in_stage(&mut self, stage: &Stage) -> Told {
        let grid = self.grid("time_in_stage").await?;
        let row = row_of(&grid, "stage", &stage.id);
        let median = row.and_then(|row| grid.number(row, "median_working_hours")).map(|hours| {
            let hours = self.say.numbers.exact(hours, Unit::Hours);
            match self.say.lang {
                Lang::Ru => format!("половина уходит за {hours} рабочего времени"),
                Lang::En => format!("half of them leave within {hours} of working time"),
            }
        });
        let breaches = match stage.sla_hours.is_some() {
            true => self.rule_in_stage("stale", &stage.id).await?,
            false => None,
        };
        let said: Vec<String> = median.into_iter().chain(breaches).collect();
        Ok((!said.is_empty()).then(|| said.join("; ")))
    }

    async fn response(&mut self) -> Told {
        let grid = self.grid("response").await?;
        let Some(share) = (!grid.rows.is_empty()).then(|| value(self.say, &grid, 0, "sla_share")).flatten() else {
            return self.absent("response", None).await;
        };
        let median = grid.number(0, "median_minutes").map(|minutes| {
            let minutes = self.say.numbers.exact(minutes, Unit::Minutes);
            match self.say.lang {
                Lang::Ru => format!("; половина лидов ждёт не дольше {minutes}"),
                Lang::En => format!("; half of the leads wait no longer than {minutes}"),
            }
        });
        let share = format!("{} {share}", self.say.pick("в срок", "in time"));
        Ok(Some(share + &median.unwrap_or_default()))
    }

    async fn contact(&mut self, rule: &str) -> Told {
        let grid = self.grid("contact_rules").await?;
        match row_of(&grid, "rule", rule).and_then(|row| broken(self.say, &grid, row, OF_CONTACTS)) {
            Some(said) => Ok(Some(said)),
            None => self.absent(rule, None).await,
        }
    }

    async fn cap(&mut self, kind: &str) -> Told {
        let grid = self.grid("contacts").await?;
        match row_of(&grid, "kind", kind).and_then(|row| broken(self.say, &grid, row, ["over_cap", "contacts"])) {
            Some(said) => Ok(Some(said)),
            None => self.absent("over_cap", None).await,
        }
    }

    async fn mailings(&mut self, norm: &str, stage: Option<&str>) -> Told {
        let grid = self.grid("mailing_caps").await?;
        let fits = |row: &usize| match stage {
            Some(stage) => is(&grid, *row, "stage", stage),
            None => *grid.cell(*row, "stage") == Cell::Empty,
        };
        let row = (0..grid.rows.len()).find(|row| is(&grid, *row, "rule", norm) && fits(row));
        match row.and_then(|row| broken(self.say, &grid, row, ["over_cap", "mailings"])) {
            Some(said) => Ok(Some(said)),
            None => self.absent("mailing_caps", None).await,
        }
    }

    async fn client_kind(&mut self, kind: &str) -> Told {
        let grid = self.grid("client_coverage").await?;
        let Some(row) = row_of(&grid, "kind", kind) else {
            return Ok(Some(self.say.pick("таких клиентов нет", "no such client").to_owned()));
        };
        let number = |column: &str| grid.number(row, column).map(|number| count(self.say, number)).unwrap_or_default();
        Ok(Some(match (value(self.say, &grid, row, "contacted_share"), self.say.lang) {
            (Some(share), Lang::Ru) => {
                format!("клиентов {}; в срок {share}, просрочено {}", number("clients"), number("overdue"))
            }
            (Some(share), Lang::En) => {
                format!("{} clients; in time {share}, {} overdue", number("clients"), number("overdue"))
            }
            (None, _) if grid.number(row, "unknown").is_some_and(|unknown| unknown > 0.0) => {
                let why =
                    self.say.pick("касания этих клиентов не загружены", "touches of these clients are not loaded");
                unjudged(self.say, why)
            }
            (None, _) => no_case(self.say),
        }))
    }

    async fn promotions(&mut self, key: &str) -> Told {
        let grid = self.grid("promo_rules").await?;
        let all = (0..grid.rows.len()).find(|row| *grid.cell(*row, "promotion") == Cell::Empty);
        if key == "revenue_share" {
            let said = all.and_then(|row| value(self.say, &grid, row, "revenue_share"));
            return Ok(Some(said.unwrap_or_else(|| no_case(self.say))));
        }
        let kept = if key == "deepest" { "depth_kept" } else { "rest_kept" };
        let judged: Vec<f64> =
            (0..grid.rows.len()).filter(|row| Some(*row) != all).filter_map(|row| grid.number(row, kept)).collect();
        let bad = judged.iter().filter(|kept| **kept == 0.0).count();
        Ok(Some(match (judged.len(), self.say.lang) {
            (0, _) => no_case(self.say),
            (of, Lang::Ru) if bad == 0 => format!("нарушений нет, акций {of}"),
            (of, Lang::En) if bad == 0 => format!("no breach, {of} promotions"),
            (of, Lang::Ru) => format!("нарушений {bad}, акций {of}"),
            (of, Lang::En) => format!("{bad} of {of} promotions broke it"),
        }))
    }

    /// How a rule is kept by all.
    async fn control(&mut self, rule: &str) -> Told {
        match rule {
            "load" => return self.load("open_deals").await,
            "mailing" => return self.mailings("cap", None).await,
            _ => {}
        }
        let grid = self.rules("adherence", rule).await?;
        match row_of(&grid, "rule", rule).and_then(|row| broken(self.say, &grid, row, OF_RULES)) {
            Some(said) => Ok(Some(said)),
            None => self.absent(rule, None).await,
        }
    }

    async fn load(&mut self, key: &str) -> Told {
        let grid = self.grid("staff_load").await?;
        let number = |column: &str| (!grid.rows.is_empty()).then(|| grid.number(0, column)).flatten();
        let counted = |column: &str| number(column).map(|number| count(self.say, number));
        let said = match (key, self.say.lang) {
            ("open_deals", Lang::Ru) => counted("over_load_open")
                .zip(counted("managers"))
                .map(|(over, all)| format!("перегружены {over} из {all} менеджеров")),
            ("open_deals", Lang::En) => counted("over_load_open")
                .zip(counted("managers"))
                .map(|(over, all)| format!("{over} of {all} managers carry more")),
            (_, lang) => number("touches_per_day").map(|touches| {
                let touches = self.say.numbers.exact(touches, Unit::Index);
                let over = value(self.say, &grid, 0, "over_days_share").map_or_else(String::new, |share| match lang {
                    Lang::Ru => format!("; дней с перегрузкой {share}"),
                    Lang::En => format!("; overloaded days {share}"),
                });
                match lang {
                    Lang::Ru => format!("в среднем {touches} в день{over}"),
                    Lang::En => format!("{touches} a day on average{over}"),
                }
            }),
        };
        Ok(Some(said.unwrap_or_else(|| no_case(self.say))))
    }

    async fn quality_item(&mut self, item: &str) -> Told {
        let grid = self.grid("qa_scores").await?;
        let row = row_of(&grid, "item", item);
        let said = row.and_then(|row| {
            let (share, checks) = (value(self.say, &grid, row, "passed_share")?, grid.number(row, "checks")?);
            let checks = count(self.say, checks);
            Some(match self.say.lang {
                Lang::Ru => format!("выполнен: {share}, проверок {checks}"),
                Lang::En => format!("passed: {share}, {checks} checks"),
            })
        });
        Ok(Some(said.unwrap_or_else(|| no_case(self.say))))
    }

    /// The figure of a target, or the least and the greatest of its groups.
    #[allow(clippy::cast_precision_loss)] // a number that a person wrote
    async fn target(&mut self, item: &Item) -> Told {
        let targets = self.inputs.metrics.regulation().targets();
        let Some(target) = targets.iter().find(|target| target_id(target) == item.id) else { return Ok(None) };
        let ask = Question { by: target.by.clone(), ..question(&target.metric, self.part) };
        let range = self.inputs.reach.range(ask.period);
        let grid = self.grid_of(&ask, range).await?;
        let is_told = |row: &usize| {
            let group = grid.group(*row);
            !grid.is_unnamed(*row)
                && target.only.as_ref().is_none_or(|only| matches!(group, [Cell::Text(name)] if name == only))
                && !grid.rows[*row].iter().any(|cell| matches!(cell, Cell::Text(text) if target.except.contains(text)))
        };
        // a group that is too small to judge says nothing
        let few = self.inputs.metrics.regulation().rules().small_group as f64;
        let is_small = |row: &usize| {
            let of = grid.column(&target.column).and_then(|column| grid.number(*row, column.of.as_deref()?));
            !target.by.is_empty() && of.or_else(|| grid.cases(*row)).is_some_and(|cases| cases < few)
        };
        let (small, rows): (Vec<usize>, Vec<usize>) =
            grid.current_rows().into_iter().filter(is_told).partition(is_small);
        let figures: Vec<f64> = rows.iter().filter_map(|row| grid.number(*row, &target.column)).collect();
        let unit = grid.unit(&target.column);
        let (least, most) = figures.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        let bounded = || rows.first().and_then(|row| value(self.say, &grid, *row, &target.column));
        let said = match (figures.len(), self.say.lang) {
            (0, _) if rows.is_empty() && !small.is_empty() => {
                unjudged(self.say, self.say.pick("групп достаточного размера нет", "no group is large enough"))
            }
            (0, _) if rows.len() == 1 => bounded().unwrap_or_else(|| unjudged(self.say, self.say.not_told())),
            (0, _) => unjudged(self.say, self.say.not_told()),
            (1, _) => self.say.numbers.compact(least, unit),
            (many, Lang::Ru) => format!("{}, строк {many}", self.say.numbers.bounds(least, most, unit)),
            (many, Lang::En) => format!("{}, {many} rows", self.say.numbers.bounds(least, most, unit)),
        };
        // the column's head names no other period
        Ok(Some(match ask.period == self.part.period {
            true => said,
            false => format!("{said} ({})", ask.period.words(self.say.lang)),
        }))
    }
}

fn question(metric: &str, part: &Norms) -> Question {
    Question { metric: metric.to_owned(), by: Vec::new(), period: part.period_of(metric) }
}

fn is(grid: &Grid, row: usize, column: &str, value: &str) -> bool {
    matches!(grid.cell(row, column), Cell::Text(text) if text == value)
}

/// The row of this value.
fn row_of(grid: &Grid, column: &str, value: &str) -> Option<usize> {
    (0..grid.rows.len()).find(|row| is(grid, *row, column, value))
}
