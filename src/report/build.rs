//! From a checked definition to a document: asks the metrics, and arranges what they say.

mod chart;
mod rows;
mod table;
mod tile;

use chrono::NaiveDate;

use super::asker::{Asker, Missing};
use super::definition::{Definition, Part, Section};
use super::document::{self, Block, Document, Tile};
use super::findings::findings;
use super::say::Say;
use super::slug::slug;
use crate::metrics::{Catalog, MetricError};
use crate::model::lang::Lang;
use crate::model::progress::Progress;
use crate::session::{Session, SessionError};

/// Why a report cannot be made. What is merely missing is no error: the report says so in its place.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A metric failed, or a target of the regulation names one that does not exist.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// A target of the regulation names a column that its metric does not have.
    #[error(
        "a target of the regulation names the column `{column}`, which the metric `{metric}` does not have\n    {hint}"
    )]
    TargetColumn {
        /// The metric.
        metric: String,
        /// What the target names.
        column: String,
        /// The nearest column, or all.
        hint: String,
    },
    /// The session could not be opened for an earlier day, or not be asked.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A result holds values that no cell can hold.
    #[error("a result cannot be read: {0}")]
    Cells(arrow::error::ArrowError),
}

/// What a part became: a block, nothing where no row fits, or the reason why there is none.
type Made = Result<Option<Block>, Missing>;

/// Something that could not be computed, and for which part.
struct Gap {
    title: String,
    missing: Missing,
}

/// Makes the document of a report as of a day.
pub async fn build(
    session: &Session,
    catalog: &Catalog,
    definition: &Definition,
    as_of: NaiveDate,
    lang: Lang,
    progress: &dyn Progress,
) -> Result<Document, ReportError> {
    let regulation = session.regulation();
    let say = Say::new(lang, session, catalog, &definition.labels);
    let mut builder = Builder { asker: Asker::new(session, catalog, as_of, lang).await?, say: &say, gaps: Vec::new() };
    let mut sections = Vec::new();
    let all = definition.sections.len() as u64;
    for (section, done) in definition.sections.iter().zip(0..) {
        progress.step(say.text(&section.title), done, all);
        match &section.each {
            None => sections.push(builder.section(section).await?),
            Some(each) => {
                let values = session.values(&each.dimension).await?;
                let limit = each.limit.unwrap_or(values.len());
                for (number, value) in (1..).zip(values.into_iter().take(limit)) {
                    let held = session.only(&each.dimension, &value).await?;
                    let asker = Asker::new(&held, catalog, as_of, lang).await?;
                    let mut one = Builder { asker, say: &say, gaps: std::mem::take(&mut builder.gaps) };
                    let made = one.section(section).await?;
                    builder.gaps = one.gaps;
                    sections.push(numbered(made, number, &value));
                }
            }
        }
    }
    let range = builder.asker.range(definition.period);
    let last = builder.asker.last_day().filter(|last| *last < range.from);
    if let (Some(last), Some(first)) = (last, sections.first_mut()) {
        first.blocks.insert(0, Block::Notice(say.data_end(last)));
    }
    let parts = || definition.sections.iter().flat_map(|section| &section.parts);
    let of_period =
        |part: &Part| matches!(part, Part::Findings(_)) || part.ask().is_some_and(|ask| say.has_period(ask));
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
        sections,
        colophon: say.colophon(regulation),
    })
}

/// The report's name, and what it is held to beside what its definition says: the stem of its files.
fn name_of(definition: &Definition, session: &Session) -> String {
    let beside = session.held().iter().filter(|held| !definition.only.contains(held));
    beside.fold(definition.name.clone(), |name, (_, value)| format!("{name}-{}", slug(value)))
}

/// A section of several alike: its ids and its title tell which.
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
    asker: Asker<'a>,
    say: &'a Say<'a>,
    gaps: Vec<Gap>,
}

impl Builder<'_> {
    async fn section(&mut self, section: &Section) -> Result<document::Section, ReportError> {
        let mut blocks: Vec<Block> =
            section.text.iter().map(|text| Block::Text(self.say.text(text).to_owned())).collect();
        let (mut made, mut empty, before) = (0, 0, self.gaps.len());
        for part in &section.parts {
            let (title, block) = match part {
                Part::Text(text) => {
                    blocks.push(Block::Text(self.say.text(text).to_owned()));
                    continue;
                }
                Part::Missing => {
                    blocks.push(self.all_gaps());
                    made += 1;
                    continue;
                }
                Part::Findings(part) => {
                    blocks.extend(findings(&mut self.asker, self.say, part).await?);
                    made += 1;
                    continue;
                }
                Part::Tile(tile) => (&tile.label, tile::tile(&mut self.asker, self.say, tile).await?),
                Part::Table(table) => (&table.title, table::table(&mut self.asker, self.say, table).await?),
                Part::Chart(chart) => (&chart.title, chart::chart(&mut self.asker, self.say, chart).await?),
            };
            match block {
                Ok(Some(block)) => {
                    made += 1;
                    push(&mut blocks, block);
                }
                Ok(None) => {
                    let has_period = part.ask().is_none_or(|ask| self.say.has_period(ask));
                    blocks.push(Block::Text(self.say.nothing(self.say.text(title), has_period)));
                    empty += 1;
                }
                Err(missing) => {
                    let title = self.say.text(title).to_owned();
                    blocks.push(Block::Notice(self.say.gap(&title, &missing)));
                    self.gaps.push(Gap { title, missing });
                }
            }
        }
        // a section of which nothing is left is one line
        let gaps = &self.gaps[before..];
        if made == 0 && !gaps.is_empty() {
            blocks = vec![Block::Notice(self.say.gaps_of_section(&reasons(gaps)))];
        } else if made == 0 && empty > 0 {
            let has_period = section.parts.iter().filter_map(Part::ask).any(|ask| self.say.has_period(ask));
            blocks = vec![Block::Notice(self.say.nothing(self.say.text(&section.title), has_period))];
        }
        Ok(document::Section { id: section.id.clone(), title: self.say.text(&section.title).to_owned(), blocks })
    }

    /// Everything that could not be computed so far, grouped by what is missing.
    fn all_gaps(&self) -> Block {
        let reasons = reasons(&self.gaps);
        let one = |missing: &&Missing| {
            let titles = self.gaps.iter().filter(|gap| gap.missing == **missing).map(|gap| format!("«{}»", gap.title));
            let mut titles: Vec<String> = titles.collect();
            titles.dedup();
            format!("{} ({}): {}", missing.what, missing.why, titles.join(", "))
        };
        match reasons.is_empty() {
            true => Block::Text(
                self.say
                    .pick("Посчитано всё, что предусмотрено отчётом.", "All that the report provides for was computed.")
                    .to_owned(),
            ),
            false => Block::Notice(reasons.iter().map(one).collect::<Vec<_>>().join("; ") + "."),
        }
    }
}

/// Different reasons, in the order of the report.
fn reasons(gaps: &[Gap]) -> Vec<&Missing> {
    let mut reasons: Vec<&Missing> = Vec::new();
    for gap in gaps {
        if !reasons.contains(&&gap.missing) {
            reasons.push(&gap.missing);
        }
    }
    reasons
}

/// Adds a block; a tile joins the tiles before it.
fn push(blocks: &mut Vec<Block>, block: Block) {
    match (blocks.last_mut(), block) {
        (Some(Block::Tiles(tiles)), Block::Tiles(more)) => tiles.extend::<Vec<Tile>>(more),
        (_, block) => blocks.push(block),
    }
}
