//! What is missing for the parts of a section, and what stands in their place.

use crate::model::unit::Unit;
use crate::report::definition::{Part, Section};
use crate::report::document::{Before, Block, Cell, Tile};
use crate::report::missing::{Gap, Lack, Missing};
use crate::report::phrases::Phrases;

/// The gaps of a section's tiles, tables and charts whose data are missing (reasons: another section). Gaps of targets are
/// shown by the findings.
pub(super) fn of_parts<'g>(
    gaps: &'g [Gap],
    section: &'g Section,
    say: &'g Phrases<'_>,
) -> impl Iterator<Item = &'g Gap> {
    let title = |part: &'g Part| match part {
        Part::Tile(tile) => Some(say.text(&tile.label)),
        Part::Table(table) => Some(say.text(&table.title)),
        Part::Chart(chart) => Some(say.text(&chart.title)),
        Part::Text { .. } | Part::Actions(_) | Part::Findings(_) | Part::Regulation(_) | Part::Missing => None,
    };
    let of_section = move |gap: &&'g Gap| section.parts.iter().filter_map(title).any(|title| title == gap.title);
    gaps.iter().filter(|gap| gap.missing.lack == Lack::Data).filter(of_section)
}

/// The tile of a figure whose data are missing, in a brief without a section that gathers what is missing: it keeps its place, and
/// says in a few words what is not there.
pub(super) fn stands_empty(part: &Part, section: &Section, missing: &Missing, say: &Phrases<'_>) -> Option<Block> {
    let is_brief = say.gathered.is_none() && section.parts.iter().any(|part| matches!(part, Part::Actions(_)));
    let Part::Tile(tile) = part else { return None };
    let note = format!("{}: {}", say.pick("нет данных", "no data"), say.source_of(&missing.what));
    (is_brief && missing.lack == Lack::Data).then(|| {
        Block::Tiles(vec![Tile {
            label: say.text(&tile.label).to_owned(),
            value: Cell::Empty,
            unit: Unit::Text,
            before: Before::default(),
            notes: vec![note],
            source: String::new(),
        }])
    })
}

/// The distinct reasons, in the order of the report.
pub(super) fn reasons(gaps: &[Gap]) -> Vec<&Missing> {
    let mut reasons: Vec<&Missing> = Vec::new();
    for gap in gaps {
        if !reasons.contains(&&gap.missing) {
            reasons.push(&gap.missing);
        }
    }
    reasons
}
