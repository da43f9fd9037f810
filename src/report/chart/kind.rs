//! What a chart kind defines: how a definition names its columns, how rows fill it, how it is checked, drawn and described.

use super::data::ChartData;
use super::view::View;
use crate::model::written::Section;
use crate::report::definition::asked::Asked;
use crate::report::grid::Grid;
use crate::report::render::draw::picture::Picture;
use crate::report::render::draw::sheet::Sheet;
use crate::report::render::number::Numbers;

/// Chooses the text of the sample's language: `t("выручка", "revenue")`.
pub(in crate::report) type Translate<'a> = &'a dyn Fn(&str, &str) -> String;

/// A kind of chart. The implementing type is the data that it draws; it stands in the document.
pub(in crate::report) trait Kind: Sized {
    /// Its name in a definition: `kind = "funnel"`.
    const NAME: &'static str;

    /// Its keys in a definition, as `docs/guide/report.md` lists them: a test compares the two, nothing else reads it.
    #[cfg_attr(not(test), expect(dead_code))]
    const KEYS: &'static str;

    /// The columns of a metric that it draws, as a definition names them.
    type Encoding;

    /// Reads the keys of a `[[section.chart]]` and notes their problems.
    fn read(asked: &Asked<'_>, part: &Section<'_>) -> Self::Encoding;

    /// The columns that are drawn. If none of them has a value, the report says what is missing.
    fn values(encoding: &Self::Encoding) -> Vec<&str>;

    /// Whether a column makes the series. Then `limit` counts series, not rows.
    fn has_series(_encoding: &Self::Encoding) -> bool {
        false
    }

    /// The column whose value of all groups together is drawn as well, if it takes a question of its own: see [`View::whole`].
    fn whole<'e>(_encoding: &'e Self::Encoding, _grid: &Grid) -> Option<&'e str> {
        None
    }

    /// Takes what is drawn from the rows of a result.
    fn fill(encoding: &Self::Encoding, view: &View<'_>) -> Filled<Self>;

    /// The lists that must be equally long. Drawing relies on it.
    fn lengths(&self) -> Vec<Length>;

    /// Draws it without title and source. `None` if there is no value.
    fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture>;

    /// It as a sentence, for screen readers: the kind, and the last or only values.
    fn describe(&self, numbers: &Numbers<'_>) -> String;

    /// Its numbers as a table, and how a spreadsheet may draw them.
    fn data(&self, numbers: &Numbers<'_>) -> ChartData;

    /// All names in it that come from the data.
    fn names(&mut self) -> Vec<&mut String>;

    /// Examples by id: those that the sample document shows, and hard ones. The tests draw all of them in both languages and
    /// widths, and fail if texts collide.
    fn samples(t: Translate<'_>) -> Vec<(&'static str, Self)>;
}

/// A filled chart.
pub(in crate::report) struct Filled<K> {
    /// What is drawn.
    pub plot: K,
    /// How many series are shown, and of how many, where `limit` counts series.
    pub shown: Option<(usize, usize)>,
}

impl<K> From<K> for Filled<K> {
    fn from(plot: K) -> Filled<K> {
        Filled { plot, shown: None }
    }
}

/// The length of a list, and the length that it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Length {
    /// What is counted, such as ``values of `open` ``.
    pub what: String,
    /// How many there are.
    pub found: usize,
    /// How many there must be.
    pub wanted: usize,
}

impl Length {
    /// The length of `list` beside the wanted one.
    pub fn of<T>(what: impl Into<String>, list: &[T], wanted: usize) -> Length {
        Length { what: what.into(), found: list.len(), wanted }
    }
}

/// A description: the kind, then its parts.
pub(super) fn sentence(kind: &str, parts: impl Iterator<Item = String>) -> String {
    format!("{kind}: {}.", parts.collect::<Vec<_>>().join("; "))
}
