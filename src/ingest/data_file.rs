//! The store's Parquet files, read and written by Polars. The one place where Polars types are seen.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use polars::chunked_array::builder::{ChunkedBuilder, PrimitiveChunkedBuilder, StringChunkedBuilder};
use polars::prelude::{
    Column, DataFrame, DataType, Float64Type, Int32Type, Int64Type, Int128Type, IntoSeries, ParquetCompression,
    ParquetReader, ParquetWriter, PolarsError, SerReader, Series, TimeUnit, TimeZone,
};

use super::IngestError;
use super::rows::Rows;
use crate::export::datum::Cell;
use crate::journey::Journey;
use crate::model::layout::Layout;
use crate::model::tables::{Kind, MONEY_PRECISION, MONEY_SCALE};

const ROW_GROUP: usize = 300_000;
/// Bytes.
const WRITTEN_AT_ONCE: usize = 256 << 10;

/// The files of a bucket in memory; [`OldBucket::rows`] borrows from it.
#[derive(Debug, Default)]
pub(crate) struct OldBucket {
    frames: Vec<(PathBuf, DataFrame)>,
}

impl OldBucket {
    /// Reads the files of a bucket.
    pub(crate) fn read<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<OldBucket, IngestError> {
        let frame = |path: &Path| {
            let file = File::open(path).map_err(IngestError::io(path))?;
            let frame = ParquetReader::new(file).finish().map_err(|e| IngestError::data(path, e))?;
            Ok((path.to_owned(), frame))
        };
        Ok(OldBucket { frames: paths.map(frame).collect::<Result<_, IngestError>>()? })
    }

    /// Reads those of some columns that one file has.
    pub(crate) fn read_columns(path: &Path, columns: &[&str]) -> Result<OldBucket, IngestError> {
        OldBucket::read_part(path, columns, None)
    }

    /// Reads some columns of so many of the first rows of a file.
    pub(crate) fn read_head(path: &Path, columns: &[&str], rows: usize) -> Result<OldBucket, IngestError> {
        OldBucket::read_part(path, columns, Some((0, rows)))
    }

    fn read_part(path: &Path, columns: &[&str], slice: Option<(usize, usize)>) -> Result<OldBucket, IngestError> {
        let mut known = OldBucket::columns(path)?;
        known.retain(|name| columns.contains(&name.as_str()));
        let file = File::open(path).map_err(IngestError::io(path))?;
        let reader = ParquetReader::new(file).with_columns(Some(known)).with_slice(slice);
        let frame = reader.finish().map_err(|e| IngestError::data(path, e))?;
        Ok(OldBucket { frames: vec![(path.to_owned(), frame)] })
    }

    /// The columns of a file.
    pub(crate) fn columns(path: &Path) -> Result<Vec<String>, IngestError> {
        let file = File::open(path).map_err(IngestError::io(path))?;
        let schema = ParquetReader::new(file).schema().map_err(|e| IngestError::data(path, e))?;
        Ok(schema.iter_names().map(ToString::to_string).collect())
    }

    /// How many rows of a file have no value in a flat column: all where the file lacks it. By the footer, where that tells it.
    pub(crate) fn nulls(path: &Path, column: &str) -> Result<usize, IngestError> {
        let mut reader = ParquetReader::new(File::open(path).map_err(IngestError::io(path))?);
        let footer = reader.get_metadata().map_err(|e| IngestError::data(path, e))?;
        let mut nulls = 0;
        for group in &footer.row_groups {
            let Some(mut chunks) = group.columns_under_root_iter(column) else {
                nulls += group.num_rows();
                continue;
            };
            let statistics = chunks.next().and_then(|chunk| chunk.statistics(&footer.footer_buf)?.ok());
            match statistics.and_then(|statistics| usize::try_from(statistics.null_count()?).ok()) {
                Some(count) => nulls += count,
                None => {
                    let frames = OldBucket::read_columns(path, &[column])?.frames;
                    return Ok(frames.iter().flat_map(|(_, frame)| frame.columns()).map(Column::null_count).sum());
                }
            }
        }
        Ok(nulls)
    }

    /// The texts of a column, in the order of the rows; of files that have it.
    pub(crate) fn texts<'o>(&'o self, column: &str) -> Result<impl Iterator<Item = Option<&'o str>>, IngestError> {
        let of_frame = |(path, frame): &'o (PathBuf, DataFrame)| {
            let texts = frame.column(column).ok()?.as_materialized_series().str();
            Some(texts.map_err(|e| IngestError::data(path, e)))
        };
        let texts = self.frames.iter().filter_map(of_frame).collect::<Result<Vec<_>, IngestError>>()?;
        Ok(texts.into_iter().flat_map(|texts| texts.iter()))
    }

    /// The rows, in the columns of the layout; a column that a file does not have is not filled.
    pub(crate) fn rows(&self, layout: &Layout) -> Result<Rows<'_>, IngestError> {
        self.rows_within(layout, Vec::new())
    }

    /// The same in memory that was used before.
    pub(crate) fn rows_within<'a>(&'a self, layout: &Layout, cells: Vec<Cell<'a>>) -> Result<Rows<'a>, IngestError> {
        let mut rows = Rows::within(layout.width(), cells);
        for (path, frame) in &self.frames {
            let start = rows.cells.len();
            rows.cells.resize(start + frame.height() * layout.width(), Cell::Null);
            for (slot, (name, kind)) in layout.columns.iter().enumerate() {
                if let Ok(column) = frame.column(name) {
                    let places = rows.cells[start..].iter_mut().skip(slot).step_by(layout.width());
                    let series = column.as_materialized_series();
                    fill(series, *kind, places).map_err(|e| IngestError::data(path, e))?;
                }
            }
        }
        Ok(rows)
    }
}

fn fill<'a: 'p, 'p>(
    series: &'a Series,
    kind: Kind,
    places: impl Iterator<Item = &'p mut Cell<'a>>,
) -> Result<(), PolarsError> {
    let physical = |values: &mut dyn Iterator<Item = Cell<'a>>| {
        places.zip(values).for_each(|(place, cell)| *place = cell);
    };
    match kind {
        Kind::Text => physical(&mut series.str()?.iter().map(|text| text.map_or(Cell::Null, Cell::Text))),
        // a column that mappings named before it was canonical: a text
        Kind::Real if series.dtype() == &DataType::String => {
            physical(&mut series.str()?.iter().map(|text| text.and_then(share).map_or(Cell::Null, Cell::Real)));
        }
        Kind::Real => physical(&mut series.f64()?.iter().map(|x| x.map_or(Cell::Null, Cell::Real))),
        Kind::Count => physical(&mut series.i64()?.iter().map(|x| x.map_or(Cell::Null, Cell::Whole))),
        Kind::Instant => {
            physical(&mut series.datetime()?.physical().iter().map(|x| x.map_or(Cell::Null, Cell::Whole)));
        }
        Kind::Day => {
            physical(&mut series.date()?.physical().iter().map(|x| x.map_or(Cell::Null, |x| Cell::Whole(i64::from(x)))))
        }
        Kind::Money => {
            let units = |x: i128| i64::try_from(x).map_or(Cell::Null, Cell::Whole);
            physical(&mut series.decimal()?.physical().iter().map(|x| x.map_or(Cell::Null, units)));
        }
        // journeys are made anew, never read
        Kind::Entries | Kind::Returns | Kind::Intervals | Kind::Instants => {}
        Kind::Amounts | Kind::Days | Kind::Reals | Kind::Absences => {}
    }
    Ok(())
}

/// A number, or a percentage as a share.
fn share(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().ok().map(|percent| percent / 100.0),
        None => text.parse().ok(),
    }
}

/// Writes rows in the order given.
pub(crate) fn write(path: &Path, layout: &Layout, rows: &Rows<'_>, order: &[u32]) -> Result<(), IngestError> {
    let columns = layout.columns.iter().enumerate().map(|(slot, (name, kind))| (slot, name.as_str(), *kind));
    shuffled(columns, rows, order)
        .and_then(|columns| save(path, order.len(), columns))
        .map_err(|e| IngestError::unwritten(path, e))
}

/// Writes journeys: the columns that they share with the deals, in the deals' order, and what was folded.
pub(crate) fn write_journeys(
    path: &Path,
    journeys: &Layout,
    deals: (&Layout, &Rows<'_>, &[u32]),
    folded: &[Journey<'_>],
) -> Result<(), IngestError> {
    let (layout, rows, order) = deals;
    let shared =
        journeys.columns.iter().filter_map(|(name, kind)| Some((layout.slot(name).ok()?, name.as_str(), *kind)));
    let columns = || {
        let mut shared = shuffled(shared, rows, order)?.into_iter();
        let column = |(name, kind): &(String, Kind)| match layout.slot(name) {
            Ok(_) => Ok(shared.next()),
            Err(_) => crate::journey::polars::column(name, *kind, folded).map(Some),
        };
        let columns: Vec<Option<Column>> = journeys.columns.iter().map(column).collect::<Result<_, _>>()?;
        Ok(columns.into_iter().flatten().collect())
    };
    columns().and_then(|columns| save(path, order.len(), columns)).map_err(|e| IngestError::unwritten(path, e))
}

/// Columns out of rows, given by slot, name and kind, in the order given.
fn shuffled<'n>(
    columns: impl Iterator<Item = (usize, &'n str, Kind)>,
    rows: &Rows<'_>,
    order: &[u32],
) -> Result<Vec<Column>, PolarsError> {
    /// So many rows stay in the processor's cache while each column takes what is its own of them.
    const BLOCK: usize = 1024;
    let mut building: Vec<(usize, Building)> =
        columns.map(|(slot, name, kind)| (slot, Building::new(name, kind, order.len()))).collect();
    for block in order.chunks(BLOCK) {
        for (slot, column) in &mut building {
            column.extend(block.iter().map(|row| rows.cell(*row as usize, *slot)));
        }
    }
    building.into_iter().map(|(_, column)| column.finish()).collect()
}

fn save(path: &Path, height: usize, columns: Vec<Column>) -> Result<(), PolarsError> {
    let mut frame = DataFrame::new(height, columns)?;
    // Polars writes each field of a footer by itself
    let mut file = BufWriter::with_capacity(WRITTEN_AT_ONCE, File::create(path)?);
    let writer = ParquetWriter::new(&mut file).with_compression(ParquetCompression::Lz4Raw);
    writer.with_row_group_size(Some(ROW_GROUP)).finish(&mut frame)?;
    Ok(file.flush()?)
}

/// A column that is being filled.
enum Building {
    Text(StringChunkedBuilder),
    Real(PrimitiveChunkedBuilder<Float64Type>),
    Count(PrimitiveChunkedBuilder<Int64Type>),
    Instant(PrimitiveChunkedBuilder<Int64Type>),
    Day(PrimitiveChunkedBuilder<Int32Type>),
    Money(PrimitiveChunkedBuilder<Int128Type>),
    /// A list column, filled by the fold: source rows hold nulls in it.
    Empty(String, usize),
}

impl Building {
    fn new(name: &str, kind: Kind, rows: usize) -> Building {
        match kind {
            Kind::Text => Building::Text(StringChunkedBuilder::new(name.into(), rows)),
            Kind::Real => Building::Real(PrimitiveChunkedBuilder::new(name.into(), rows)),
            Kind::Count => Building::Count(PrimitiveChunkedBuilder::new(name.into(), rows)),
            Kind::Instant => Building::Instant(PrimitiveChunkedBuilder::new(name.into(), rows)),
            Kind::Day => Building::Day(PrimitiveChunkedBuilder::new(name.into(), rows)),
            Kind::Money => Building::Money(PrimitiveChunkedBuilder::new(name.into(), rows)),
            Kind::Entries | Kind::Returns | Kind::Intervals | Kind::Instants => Building::Empty(name.to_owned(), 0),
            Kind::Amounts | Kind::Days | Kind::Reals | Kind::Absences => Building::Empty(name.to_owned(), 0),
        }
    }

    fn extend<'a>(&mut self, cells: impl Iterator<Item = Cell<'a>>) {
        match self {
            Building::Text(column) => cells.for_each(|cell| column.append_option(cell.text())),
            Building::Real(column) => cells.for_each(|cell| column.append_option(cell.real())),
            Building::Count(column) | Building::Instant(column) => {
                cells.for_each(|cell| column.append_option(cell.whole()));
            }
            Building::Day(column) => {
                cells.for_each(|cell| column.append_option(cell.whole().and_then(|day| i32::try_from(day).ok())));
            }
            Building::Money(column) => cells.for_each(|cell| column.append_option(cell.whole().map(i128::from))),
            Building::Empty(_, rows) => *rows += cells.count(),
        }
    }

    fn finish(self) -> Result<Column, PolarsError> {
        let series = match self {
            Building::Text(column) => column.finish().into_series(),
            Building::Real(column) => column.finish().into_series(),
            Building::Count(column) => column.finish().into_series(),
            Building::Instant(column) => {
                column.finish().into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)).into_series()
            }
            Building::Day(column) => column.finish().into_date().into_series(),
            Building::Money(column) => {
                let scale = MONEY_SCALE.unsigned_abs().into();
                column.finish().into_decimal(MONEY_PRECISION.into(), scale)?.into_series()
            }
            Building::Empty(name, rows) => Series::full_null(name.into(), rows, &DataType::Null),
        };
        Ok(series.into())
    }
}

#[cfg(test)]
impl OldBucket {
    /// Each row with all that it holds.
    pub(crate) fn told(&self) -> Vec<String> {
        let row = |frame: &DataFrame, row: usize| {
            let cells = frame.columns().iter().map(|column| format!("{}={:?}", column.name(), column.get(row)));
            // whether a text is borrowed shows in how it is told
            cells.collect::<Vec<_>>().join(" ").replace("Owned(", "(")
        };
        self.frames.iter().flat_map(|(_, frame)| (0..frame.height()).map(move |at| row(frame, at))).collect()
    }
}
