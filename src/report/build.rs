//! Builds a `Document` from a checked definition: runs the metrics and arranges the results.

mod absent;
mod chart;
mod gaps;
mod made;
mod norms;
mod rows;
mod table;
mod tile;
mod undated;
mod unknown;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::ahead::at_once;
use super::definition::{self, Definition, Each, Part, Question, Section};
use super::document::{self, Block, Document, Red, Tile};
use super::error::ReportError;
use super::findings::{Made as Judged, actions, findings};
use super::inputs::Inputs;
use super::missing::{Cover, Gap, Lack, Missing, Unnamed};
use super::period::Period;
use super::phrases::Phrases;
use super::render::number::Numbers;
use super::slug::slug;
use super::titles::Titles;
use crate::metrics::{Catalog, Metric};
use crate::model::lang::{Lang, Text};
use crate::model::progress::Progress;
use crate::session::Session;

use gaps::{of_parts, reasons, stands_empty};
use undated::undated_wins;

/// Metrics that list what breaks the regulation.
const LISTS_OF_BREACHES: [&str; 2] = ["control_list", "worklist"];
/// Metrics that judge: without a row, there was nothing to judge.
const JUDGING: [&str; 6] =
    ["adherence", "adherence_by_stage", "rule_effect", "contact_rules", "contacts", "mailing_caps"];
/// The metric that has a row for each rule that was judged.
const ADHERENCE: &str = "adherence";

/// How much of what a list would show could be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Judging {
    Nothing,
    Part,
    Whole,
}

/// Builds the document of a report as of a day. A part that fails becomes a notice in its place and an entry of
/// [`Document::failed`].
pub async fn build(
    session: &Session,
    catalog: &Catalog,
    definition: &Definition,
    as_of: NaiveDate,
    lang: Lang,
    progress: &dyn Progress,
) -> Result<Document, ReportError> {
    definition.check(catalog)?;
    let regulation = session.regulation();
    let gathers = |section: &&Section| section.parts.iter().any(|part| matches!(part, Part::Missing));
    let gathered = definition.sections.iter().find(gathers).map(|section| section.title.get(lang).to_owned());
    let numbers = Numbers { lang, currency: regulation.currency_sign() };
    let say = Phrases::new(session, Titles::new(numbers, &definition.labels, regulation), gathered);
    let inputs = Inputs::open(session, catalog, as_of).await?;
    let mut builder = Builder {
        inputs,
        say: &say,
        period: definition.period,
        gaps: Vec::new(),
        unnamed: Vec::new(),
        failed: Vec::new(),
        red: Vec::new(),
        gathered: 0,
    };
    let once: Vec<&Section> = definition.sections.iter().filter(|section| section.each.is_none()).collect();
    builder.compute_ahead(&once, at_once(session), progress).await;
    let mut sections = Vec::new();
    let all = definition.sections.len() as u64;
    for (section, done) in definition.sections.iter().zip(0..) {
        progress.step(say.text(&section.title), done, all);
        match &section.each {
            None => sections.push(builder.section(section).await),
            Some(each) => match builder.for_each(section, each, session, catalog).await {
                Ok(made) => sections.extend(made),
                Err(error) => sections.push(builder.failed_section(section, &error)),
            },
        }
    }
    let range = builder.inputs.reach.range(definition.period);
    let parts = || definition.sections.iter().flat_map(|section| &section.parts);
    let of_period = |part: &Part| {
        matches!(part, Part::Actions(_) | Part::Findings(_) | Part::Regulation(_))
            || part.ask().is_some_and(|ask| builder.inputs.has_period(ask))
    };
    let last = builder.inputs.reach.last.filter(|last| *last < range.from);
    let is_loaded = builder.inputs.reach.last.is_some() && last.is_none();
    // the same day as beside the parts: the last one that the exports cover, where that is known
    let covered =
        parts().filter_map(Part::ask).filter_map(|ask| builder.inputs.cover(ask, range, &[])).map(Cover::last);
    let end = last.filter(|_| parts().any(of_period)).map(|last| covered.max().unwrap_or(last));
    if let (Some(end), Some(first)) = (end.filter(|end| *end < range.from), sections.first_mut()) {
        // where all is of these days, there is nothing else to show
        if let Period::Days(_) = definition.period {
            first.blocks.clear();
        }
        first.blocks.insert(0, Block::Notice(say.data_end(end, definition.period)));
    }
    let days = match parts().any(|part| part.ask().is_some()) && !parts().any(of_period) {
        true => say.day(),
        false => format!("{}: {}", say.period(definition.period), say.range(range)),
    };
    let held: String = session.held().iter().map(|(_, value)| format!("{value} · ")).collect();
    let audience = definition.audience.as_ref().map(|text| format!("{} · ", say.text(text))).unwrap_or_default();
    Ok(Document {
        name: name_of(definition, session),
        lang,
        currency: regulation.currency_sign().to_owned(),
        company: regulation.company().to_owned(),
        title: say.text(&definition.title).to_owned(),
        subtitle: format!("{held}{audience}{days}"),
        as_of,
        sections,
        colophon: say.colophon(regulation),
        definitions: builder.inputs.metrics.asked().into_iter().map(|metric| defined(metric, lang)).collect(),
        folds: definition.folds,
        failed: builder.failed,
        red: distinct(builder.red),
        is_loaded,
    })
}

/// Each once: a target may be judged in several parts of a report.
fn distinct(red: Vec<Red>) -> Vec<Red> {
    let mut seen = BTreeSet::new();
    red.into_iter().filter(|red| seen.insert(red.key.clone())).collect()
}

/// What a metric counts, for the foot of the page.
fn defined(metric: &Metric, lang: Lang) -> document::Definition {
    document::Definition {
        name: metric.name.clone(),
        title: metric.title.get(lang).to_owned(),
        about: metric.about.get(lang).split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// The report's name, plus the values that `--for` and `--where` restrict it to: the stem of its files.
fn name_of(definition: &Definition, session: &Session) -> String {
    let beside = session.held().iter().filter(|held| !definition.only.contains(held));
    beside.fold(definition.name.clone(), |name, (_, value)| format!("{name}-{}", slug(value)))
}

/// Makes ids and the title of a repeated section (`each`) unique.
fn numbered(section: document::Section, number: usize, value: &str) -> document::Section {
    let id = |id: &str| format!("{id}-{number}");
    let block = |block: Block| match block {
        Block::Table(table) => Block::Table(document::Table { id: id(&table.id), ..table }),
        Block::Chart(chart) => Block::Chart(document::Chart { id: id(&chart.id), ..chart }),
        other => other,
    };
    document::Section {
        id: id(&section.id),
        title: format!("{}: {value}", section.title),
        blocks: section.blocks.into_iter().map(block).collect(),
    }
}

struct Builder<'a> {
    inputs: Inputs<'a>,
    say: &'a Phrases<'a>,
    period: Period,
    gaps: Vec<Gap>,
    unnamed: Vec<Unnamed>,
    /// What failed, in words.
    failed: Vec<String>,
    /// What is beyond a red bound.
    red: Vec<Red>,
    /// How many tables of missing data were built so far; makes their ids unique.
    gathered: usize,
}

impl Builder<'_> {
    /// Computes the questions of sections at once, where that is faster. The sections are built without answers, to learn what they ask; then
    /// with those, since an answer may lead to another question.
    async fn compute_ahead(&mut self, sections: &[&Section], threads: usize, progress: &dyn Progress) {
        /// A question that comes up later is computed when its section is built.
        const ROUNDS: usize = 8;
        let what = self.say.pick("Показатели", "Figures");
        for _ in 0..if threads > 1 { ROUNDS } else { 0 } {
            let before =
                (self.gaps.clone(), self.unnamed.clone(), self.failed.clone(), self.red.clone(), self.gathered);
            self.inputs.metrics.collect();
            for section in sections {
                self.section(section).await;
            }
            (self.gaps, self.unnamed, self.failed, self.red, self.gathered) = before;
            if self.inputs.metrics.compute_collected(threads, what, progress).await == 0 {
                break;
            }
        }
    }

    /// Builds a section for each value of its dimension. A section that fails does not stop the others.
    async fn for_each(
        &mut self,
        section: &Section,
        each: &Each,
        session: &Session,
        catalog: &Catalog,
    ) -> Result<Vec<document::Section>, ReportError> {
        let values = session.values(&each.dimension).await?;
        let limit = each.limit.unwrap_or(values.len());
        let mut sections = Vec::new();
        for (number, value) in (1..).zip(values.into_iter().take(limit)) {
            let made = match self.held(section, (&each.dimension, &value), session, catalog).await {
                Ok(made) => made,
                Err(error) => self.failed_section(section, &error),
            };
            sections.push(numbered(made, number, &value));
        }
        Ok(sections)
    }

    /// Builds the section restricted to one value of a dimension.
    async fn held(
        &mut self,
        section: &Section,
        (dimension, value): (&str, &str),
        session: &Session,
        catalog: &Catalog,
    ) -> Result<document::Section, ReportError> {
        let held = session.only(dimension, value).await?;
        let inputs = Inputs::open(&held, catalog, session.as_of()).await?;
        let mut one = Builder {
            inputs,
            say: self.say,
            period: self.period,
            gaps: std::mem::take(&mut self.gaps),
            unnamed: std::mem::take(&mut self.unnamed),
            failed: std::mem::take(&mut self.failed),
            red: Vec::new(),
            gathered: 0,
        };
        one.compute_ahead(&[section], at_once(&held), &()).await;
        let made = one.section(section).await;
        (self.gaps, self.unnamed, self.failed) = (one.gaps, one.unnamed, one.failed);
        let of_value = |red: Red| Red {
            key: format!("{dimension}={value}|{}", red.key),
            title: format!("{} ({value})", red.title),
        };
        self.red.extend(one.red.into_iter().map(of_value));
        Ok(made)
    }

    async fn section(&mut self, section: &Section) -> document::Section {
        let mut blocks: Vec<Block> =
            section.text.iter().map(|text| Block::Text(self.say.text(text).to_owned())).collect();
        let (mut made, mut empty, before) = (0, 0, self.gaps.len());
        let spans = self.spans(section);
        let (mut undated, mut least_judged) = (None, Judging::Whole);
        let mut most_judged = Judging::Nothing;
        for part in &section.parts {
            let (title, block) = match part {
                Part::Text { text, of } => {
                    let shown = |id: &String| blocks.iter().any(|block| block.id() == Some(id.as_str()));
                    if of.is_empty() || of.iter().any(shown) {
                        blocks.push(Block::Text(self.say.text(text).to_owned()));
                    }
                    continue;
                }
                Part::Missing | Part::Actions(_) | Part::Findings(_) | Part::Regulation(_) => {
                    blocks.extend(self.several(part).await);
                    made += 1;
                    continue;
                }
                Part::Tile(tile) => (&tile.label, tile::tile(&mut self.inputs, self.say, tile).await),
                Part::Table(table) => (&table.title, table::table(&mut self.inputs, self.say, table).await),
                Part::Chart(chart) => (&chart.title, chart::chart(&mut self.inputs, self.say, chart).await),
            };
            match block {
                Ok(Some(block)) => {
                    made += 1;
                    if let (Some(ask), false) = (part.ask(), matches!(part, Part::Tile(_))) {
                        let range = self.inputs.reach.range(ask.period);
                        undated = undated.or(undated_wins(&mut self.inputs, ask, range).await);
                    }
                    let block = match part.ask().filter(|ask| spans.len() > 1 && self.inputs.has_period(ask)) {
                        Some(ask) => spanned(block, &ask.period.words(self.say.lang)),
                        None => block,
                    };
                    push(&mut blocks, block);
                }
                Ok(None) => {
                    let title = self.say.text(title);
                    let judging = self.judging(part.ask()).await;
                    (least_judged, most_judged) = (least_judged.min(judging), most_judged.max(judging));
                    blocks.push(Block::Text(self.empty(title, part.ask(), judging)));
                    empty += 1;
                }
                Err(missing) => {
                    if let Some(said) = self.lacking(part, section, self.say.text(title), missing) {
                        push(&mut blocks, said);
                    }
                }
            }
        }
        self.note_faults(self.say.text(&section.title));
        let gaps = &self.gaps[before.min(self.gaps.len())..];
        // a section without any remaining part becomes one line
        if made == 0 && !gaps.is_empty() {
            blocks = vec![Block::Notice(self.say.gaps_of_section(&reasons(gaps)))];
        } else if made == 0 && empty > 0 {
            // the notice names the period of the first part that has one
            let asks = || section.parts.iter().filter_map(Part::ask);
            let ask = asks().find(|ask| self.inputs.has_period(ask)).or_else(|| asks().next());
            let title = self.say.text(&section.title);
            // one list of several that could be judged in part says so for all
            let judging = if most_judged == least_judged { least_judged } else { Judging::Part };
            let said = self.empty(title, ask, judging);
            // that a period has no such row is no warning
            let is_plain = judging == Judging::Whole && ask.is_none_or(|ask| !JUDGING.contains(&ask.metric.as_str()));
            blocks = vec![if is_plain { Block::Text(said) } else { Block::Notice(said) }];
        } else {
            let left: Vec<&str> = of_parts(gaps, section, self.say).map(|gap| gap.title.as_str()).collect();
            blocks.extend(self.say.left_out(&left).map(Block::Notice));
            // a tile says it of itself
            blocks.extend(undated.map(|wins| Block::Text(self.say.section_undated_wins(wins))));
        }
        document::Section { id: section.id.clone(), title: self.say.text(&section.title).to_owned(), blocks }
    }

    /// The blocks of a part that makes several.
    async fn several(&mut self, part: &Part) -> Vec<Block> {
        match part {
            Part::Missing => self.all_unknown().await,
            Part::Actions(of) | Part::Findings(of) => self.judged(matches!(part, Part::Actions(_)), of).await,
            Part::Regulation(of) => self.norms(of).await,
            Part::Text { .. } | Part::Tile(_) | Part::Table(_) | Part::Chart(_) => Vec::new(),
        }
    }

    /// The judged targets of the regulation: what to do first, or all findings.
    async fn judged(&mut self, to_do: bool, part: &definition::Findings) -> Vec<Block> {
        let Judged { blocks, missing, also_missing, unnamed, red } = match to_do {
            true => actions(&mut self.inputs, self.say, part).await,
            false => findings(&mut self.inputs, self.say, part).await,
        };
        let missing = missing.into_iter().chain(also_missing);
        self.gaps.extend(missing.map(|(title, missing)| Gap { title, missing }));
        self.unnamed.extend(unnamed);
        self.red.extend(red);
        blocks
    }

    /// Notes what is missing for a part, and what else it lacks; what stands in its place.
    fn lacking(&mut self, part: &Part, section: &Section, title: &str, missing: Missing) -> Option<Block> {
        let in_its_place = stands_empty(part, section, &missing, self.say);
        let more = part.ask().map(|ask| self.inputs.metrics.also_lacking(ask, &missing));
        let said = self.gap(title, missing);
        let more = more.into_iter().flatten();
        self.gaps.extend(more.map(|missing| Gap { title: title.to_owned(), missing }));
        in_its_place.or(said)
    }

    /// The periods that the tables and charts of a section speak of. Where they are several, a reader compares figures of different
    /// times unless each says of which it is.
    fn spans(&self, section: &Section) -> Vec<Period> {
        let shown = section.parts.iter().filter(|part| matches!(part, Part::Table(_) | Part::Chart(_)));
        let mut spans = Vec::new();
        for ask in shown.filter_map(Part::ask).filter(|ask| self.inputs.has_period(ask)) {
            if !spans.contains(&ask.period) {
                spans.push(ask.period);
            }
        }
        spans
    }

    /// Notes what is missing for a part; what is said in its place. Missing data are listed in one section if the report has one;
    /// faults are shown where they occurred.
    fn gap(&mut self, title: &str, missing: Missing) -> Option<Block> {
        let is_told_here = missing.lack != Lack::Data || self.say.gathered.is_none();
        let said = is_told_here.then(|| Block::Notice(self.say.gap(title, &missing)));
        self.gaps.push(Gap { title: title.to_owned(), missing });
        said
    }

    /// What to say of a part without a row. Of metrics that judge, it means that nothing could be judged.
    fn no_row(&self, title: &str, ask: Option<&Question>) -> String {
        match ask {
            Some(ask) if JUDGING.contains(&ask.metric.as_str()) => self.say.unjudged(title),
            _ => self.say.nothing(title, ask.is_none_or(|ask| self.inputs.has_period(ask))),
        }
    }

    /// What to say of a part without a row, where that much could be judged.
    fn empty(&self, title: &str, ask: Option<&Question>, judging: Judging) -> String {
        match judging {
            Judging::Nothing => self.say.unjudged(title),
            Judging::Part => self.say.partly_unjudged(title),
            Judging::Whole => self.no_row(title, ask),
        }
    }

    /// How much of what a metric that lists breaches would list could be judged: only of the whole an empty answer means that there are
    /// none. Of other metrics, the whole.
    async fn judging(&mut self, ask: Option<&Question>) -> Judging {
        let Some(ask) = ask.filter(|ask| LISTS_OF_BREACHES.contains(&ask.metric.as_str())) else {
            return Judging::Whole;
        };
        let adherence = Question { metric: ADHERENCE.to_owned(), by: Vec::new(), period: ask.period };
        let range = self.inputs.reach.range(adherence.period);
        let Ok(grid) = self.inputs.metrics.ask(&adherence, range).await else { return Judging::Nothing };
        // one in two hundred makes no difference, as for shares
        let is_part = |row: usize| match ["checked", "unjudged"].map(|column| grid.number(row, column)) {
            [Some(checked), Some(unjudged)] => 200.0 * unjudged > checked + unjudged,
            _ => true,
        };
        match grid.rows.len() {
            0 => Judging::Nothing,
            rows if (0..rows).any(is_part) => Judging::Part,
            _ => Judging::Whole,
        }
    }

    /// A section that could not be built.
    fn failed_section(&mut self, section: &Section, error: &ReportError) -> document::Section {
        let title = self.say.text(&section.title).to_owned();
        let said = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        self.failed.push(format!("{title}: {said}"));
        let missing = Missing { lack: Lack::Fault, what: section.id.clone(), why: Text::new(said.clone(), said) };
        document::Section { id: section.id.clone(), blocks: vec![Block::Notice(self.say.gap(&title, &missing))], title }
    }

    /// Records the error in [`Document::failed`] as well, so that an unattended run reports it.
    fn note_faults(&mut self, title: &str) {
        let faults = self.inputs.metrics.take_faults();
        self.failed
            .extend(faults.iter().map(|fault| format!("{title}: {}: {}", fault.what, self.say.text(&fault.why))));
    }
}

/// A table or chart whose title says of which period it is.
fn spanned(mut block: Block, period: &str) -> Block {
    if let Block::Table(document::Table { title, .. }) | Block::Chart(document::Chart { title, .. }) = &mut block {
        title.push_str(" · ");
        title.push_str(period);
    }
    block
}

/// Adds a block; a tile joins the tiles before it.
fn push(blocks: &mut Vec<Block>, block: Block) {
    match (blocks.last_mut(), block) {
        (Some(Block::Tiles(tiles)), Block::Tiles(more)) => tiles.extend::<Vec<Tile>>(more),
        (_, block) => blocks.push(block),
    }
}
