//! The kinds of charts. A kind is one file: how a definition names its columns, how rows fill it, how it is checked, drawn and
//! described, and its examples (the trait `Kind`).
//!
//! To add one: its file, its `mod` and its name in the list below. The two enums are made of the list: `Encoding`, what a
//! definition says of a chart, and [`Plot`], what the document holds of it.

mod bars;
pub(super) mod data;
mod fan;
mod funnel;
mod grouped;
mod heat;
mod intervals;
mod kind;
mod lines;
pub(super) mod sample;
pub(super) mod series;
mod stacked;
mod view;
mod waterfall;

use std::fmt;

use self::data::ChartData;
use self::kind::{Filled, Kind};
pub(super) use self::kind::{Length, Translate};
pub use self::series::Series;
pub(super) use self::view::View;
use super::definition::asked::Asked;
use super::grid::Grid;
use super::render::draw::picture::Picture;
use super::render::draw::sheet::Sheet;
use super::render::number::Numbers;
use crate::model::written::Section;

/// Makes the enums of the kinds, and passes each call on to the kind.
macro_rules! kinds {
    ($($file:ident::$Kind:ident),* $(,)?) => {
        $(pub use self::$file::$Kind;)*

        /// What a chart draws.
        #[derive(Clone, PartialEq)]
        #[allow(missing_docs)] // each kind says it of itself
        pub enum Plot {
            $($Kind($Kind),)*
        }

        /// The kind of a chart, and the columns that it draws.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) enum Encoding {
            $($Kind(<$Kind as Kind>::Encoding),)*
        }

        /// The kinds and their keys: the rows of a table in `docs/guide/report.md`.
        #[cfg(test)]
        pub fn kinds_table() -> String {
            [$((<$Kind as Kind>::NAME, <$Kind as Kind>::KEYS)),*].map(|(name, keys)| format!("| `{name}` | {keys} |\n")).concat()
        }

        impl Encoding {
            /// The kinds by their names in definitions, each with the function that reads its keys.
            pub const KINDS: &[(&str, ReadEncoding)] = &[
                $((<$Kind as Kind>::NAME, |asked, part| Encoding::$Kind($Kind::read(asked, part))),)*
            ];

            /// The columns that are drawn.
            pub fn values(&self) -> Vec<&str> {
                match self { $(Encoding::$Kind(encoding) => $Kind::values(encoding),)* }
            }

            /// Whether a column makes the series: `limit` counts series then, not rows.
            pub fn has_series(&self) -> bool {
                match self { $(Encoding::$Kind(encoding) => $Kind::has_series(encoding),)* }
            }

            /// The column whose value of all groups together is to be asked for: it becomes [`View::whole`].
            pub fn whole(&self, grid: &Grid) -> Option<&str> {
                match self { $(Encoding::$Kind(encoding) => $Kind::whole(encoding, grid),)* }
            }

            /// The plot of these rows; how many series of how many it shows, if `limit` counts series.
            pub fn fill(&self, view: &View<'_>) -> (Plot, Option<(usize, usize)>) {
                match self {
                    $(Encoding::$Kind(encoding) => {
                        let Filled { plot, shown } = $Kind::fill(encoding, view);
                        (Plot::$Kind(plot), shown)
                    })*
                }
            }
        }

        impl Plot {
            /// The lists that must be equally long.
            pub(super) fn lengths(&self) -> Vec<Length> {
                match self { $(Plot::$Kind(plot) => plot.lengths(),)* }
            }

            /// Draws it without title and source. `None` if there is no value.
            pub(super) fn draw(&self, sheet: &Sheet<'_>) -> Option<Picture> {
                match self { $(Plot::$Kind(plot) => plot.draw(sheet),)* }
            }

            /// It as a sentence, for screen readers.
            pub(super) fn describe(&self, numbers: &Numbers<'_>) -> String {
                match self { $(Plot::$Kind(plot) => plot.describe(numbers),)* }
            }

            /// Its numbers as a table, and how a spreadsheet may draw them.
            pub(super) fn data(&self, numbers: &Numbers<'_>) -> ChartData {
                match self { $(Plot::$Kind(plot) => plot.data(numbers),)* }
            }

            /// All names in it that come from the data.
            pub(super) fn names(&mut self) -> Vec<&mut String> {
                match self { $(Plot::$Kind(plot) => plot.names(),)* }
            }

            /// Examples of all kinds, by id.
            pub(super) fn samples(t: Translate<'_>) -> Vec<(&'static str, Plot)> {
                let mut samples = Vec::new();
                $(samples.extend($Kind::samples(t).into_iter().map(|(id, plot)| (id, Plot::$Kind(plot))));)*
                samples
            }
        }

        impl fmt::Debug for Plot {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Plot::$Kind(plot) => plot.fmt(f),)* }
            }
        }
    };
}

/// Reads the keys of a chart in a definition.
type ReadEncoding = fn(&Asked<'_>, &Section<'_>) -> Encoding;

kinds! {
    stacked::Stacked,
    grouped::Grouped,
    lines::Lines,
    funnel::Funnel,
    intervals::Intervals,
    heat::Heat,
    waterfall::Waterfall,
    fan::Fan,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn names_of_kinds_and_of_examples_are_unique() {
        let kinds: BTreeSet<&str> = Encoding::KINDS.iter().map(|(name, _)| *name).collect();
        assert_eq!(kinds.len(), Encoding::KINDS.len());
        let samples = Plot::samples(&|ru, _| ru.to_owned());
        let ids: BTreeSet<&str> = samples.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids.len(), samples.len());
    }

    #[test]
    fn the_guide_lists_the_kinds() {
        const HEAD: &str = "| `kind` | encodings (columns of the metric) |\n|---|---|\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/report.md");
        let guide = fs::read_to_string(path).unwrap();
        let (before, rest) = guide.split_once(HEAD).expect("a table of kinds");
        let (_, after) = rest.split_once("\n\n").unwrap();
        let wanted = format!("{before}{HEAD}{}\n{after}", kinds_table());
        if guide != wanted {
            let fresh = std::env::temp_dir().join("report.md");
            fs::write(&fresh, wanted).unwrap();
            panic!(
                "the guide does not list the kinds as they are; make it anew:\ncp {} docs/guide/report.md",
                fresh.display()
            );
        }
    }
}
