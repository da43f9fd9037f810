//! Rows to stdout, in the format that was asked for, as they come: nothing but a table is held in memory.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::datatypes::SchemaRef;
use arrow::json::ArrayWriter;
use arrow::record_batch::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use chrono::NaiveDate;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use super::args::Format;
use super::said::{Said, said};
use super::screen;
use crate::model::lang::{Lang, both};
use crate::model::shown::visible;
use crate::session::bounds::guarded;
use crate::workbook::{Looks, RowColumn, Rows, WorkbookError, csv};

/// A table is for people: it ends after so many rows, and says so.
const SHOWN: usize = 1000;
/// Parquet collects a row group before it writes it; this is as large as it may grow.
const ROW_GROUP: usize = 64 << 20;

/// Where rows go, and as what.
pub struct To<'a> {
    /// As what.
    pub format: Format,
    /// The file; standard output if there is none.
    pub file: Option<&'a Path>,
    /// What a workbook says beside them.
    pub book: Book,
}

impl To<'_> {
    /// Standard output, for rows of which nothing is known but their types.
    pub fn stdout(format: Format, lang: Lang) -> To<'static> {
        let name = lang.pick("Строки", "Rows").to_owned();
        // the rows are of no day: the same ones give the same bytes
        let book = Book { name, columns: None, lang, currency: String::new(), day: NaiveDate::default() };
        To { format, file: None, book }
    }
}

/// What a workbook says beside its rows.
pub struct Book {
    /// The title of its sheet.
    pub name: String,
    /// Titles and units of the columns. `None`: they are called as in the result, and have no units.
    pub columns: Option<Vec<RowColumn>>,
    /// The language of its words.
    pub lang: Lang,
    /// The currency of its money.
    pub currency: String,
    /// Its creation date.
    pub day: NaiveDate,
}

impl Book {
    fn open(&self, schema: &SchemaRef) -> Result<Rows, WorkbookError> {
        let named =
            || schema.fields().iter().map(|field| RowColumn { head: field.name().clone(), unit: None }).collect();
        let columns = self.columns.clone().unwrap_or_else(named);
        let looks = Arc::new(Looks::new(self.lang, &self.currency));
        Rows::open(schema, &columns, &looks, &self.name, self.day)
    }
}

/// Prints a whole result.
pub fn print(batch: &RecordBatch, to: &To<'_>) -> Result<()> {
    let file = Aside::open(to.file)?;
    let mut printer = printer(batch.schema(), to, file.as_ref())?;
    printer.write(batch)?;
    printer.finish()?;
    file.map_or(Ok(()), Aside::place)
}

/// Prints the rows of a query as it finds them. Where a table is full, the query is stopped.
pub async fn print_all(mut rows: SendableRecordBatchStream, to: &To<'_>) -> Result<()> {
    let file = Aside::open(to.file)?;
    let mut printer = printer(rows.schema(), to, file.as_ref())?;
    while let Some(batch) = guarded(async { rows.next().await.transpose() }).await? {
        printer.write(&batch)?;
        if printer.is_full() {
            break;
        }
    }
    printer.finish()?;
    file.map_or(Ok(()), Aside::place)
}

fn printer(schema: SchemaRef, to: &To<'_>, file: Option<&Aside>) -> Result<Printer<Box<dyn Write + Send>>> {
    if let Some(file) = file {
        return Printer::new(Box::new(io::BufWriter::new(file.create()?)), schema, to);
    }
    let out = screen::rows();
    let binary = match to.format {
        Format::Parquet => Some(("Parquet", "parquet")),
        Format::Xlsx => Some(("Excel", "xlsx")),
        Format::Table | Format::Csv | Format::Json => None,
    };
    if let (Some((name, word)), true) = (binary, out.is_read_by_a_person()) {
        return Err(said!(
            "{name} — не текст\n    запишите его в файл: voronka … --format {word} --out rows.{word}",
            "{name} is not text\n    write it to a file: voronka … --format {word} --out rows.{word}"
        ));
    }
    Printer::new(Box::new(io::BufWriter::new(out)), schema, to)
}

/// A file that is written aside and takes its place when it is whole.
struct Aside {
    target: PathBuf,
    folder: TempDir,
}

impl Aside {
    fn open(target: Option<&Path>) -> Result<Option<Aside>> {
        let Some(target) = target else { return Ok(None) };
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new().prefix(".voronka.part-").tempdir_in(parent);
        let folder = folder.with_context(|| cannot_write(target))?;
        Ok(Some(Aside { target: target.to_owned(), folder }))
    }

    fn part(&self) -> PathBuf {
        self.folder.path().join("rows")
    }

    fn create(&self) -> Result<File> {
        File::create(self.part()).with_context(|| cannot_write(&self.target))
    }

    fn place(self) -> Result<()> {
        std::fs::rename(self.part(), &self.target).with_context(|| cannot_write(&self.target))
    }
}

fn cannot_write(path: &Path) -> Said {
    Said(both!("не записать {}", "cannot write {}", path.display()))
}

/// Batches on their way out. An empty result still has its header.
enum Printer<W: Write + Send> {
    Table { out: W, batches: Vec<RecordBatch>, left: usize, full: bool },
    Csv { out: W },
    Json(ArrayWriter<W>),
    Parquet(Box<ArrowWriter<W>>),
    Xlsx { out: W, rows: Box<Rows> },
}

impl<W: Write + Send> Printer<W> {
    fn new(out: W, schema: SchemaRef, to: &To<'_>) -> Result<Printer<W>> {
        let empty = RecordBatch::new_empty(schema);
        Ok(match to.format {
            Format::Table => Printer::Table { out, batches: vec![empty], left: SHOWN, full: false },
            Format::Csv => {
                if let Some(field) = empty.schema().fields().iter().find(|field| field.data_type().is_nested()) {
                    return Err(said!(
                        "в ячейке CSV не может стоять список `{}`\n    уберите его из SELECT или добавьте --format json либо --format parquet",
                        "a cell of CSV cannot hold the list `{}`\n    leave it out of the SELECT, or add --format json or --format parquet",
                        field.name()
                    ));
                }
                let mut out = out;
                out.write_all(&csv(&empty, true)?)?;
                Printer::Csv { out }
            }
            Format::Json => Printer::Json(ArrayWriter::new(out)),
            Format::Parquet => Printer::Parquet(Box::new(ArrowWriter::try_new(out, empty.schema(), None)?)),
            Format::Xlsx => Printer::Xlsx { out, rows: Box::new(to.book.open(&empty.schema())?) },
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Printer::Table { batches, left, full, .. } => {
                let shown = batch.num_rows().min(*left);
                *full |= shown < batch.num_rows();
                *left -= shown;
                batches.push(batch.slice(0, shown));
            }
            Printer::Csv { out } => out.write_all(&csv(batch, false)?)?,
            Printer::Json(json) => json.write(batch)?,
            Printer::Xlsx { rows, .. } => rows.write(batch)?,
            Printer::Parquet(parquet) => {
                parquet.write(batch)?;
                if parquet.in_progress_size() > ROW_GROUP {
                    parquet.flush()?;
                }
            }
        }
        Ok(())
    }

    /// Whether rows came that are not shown.
    fn is_full(&self) -> bool {
        matches!(self, Printer::Table { full: true, .. })
    }

    fn finish(self) -> Result<()> {
        let mut out = match self {
            Printer::Table { mut out, batches, full, .. } => {
                writeln!(out, "{}", visible(&pretty_format_batches(&batches)?.to_string()))?;
                if full {
                    // below the table and not on stderr: whoever is sent the table is told as well
                    writeln!(out, "The first {SHOWN} rows; there are more. For all of them add --format csv")?;
                }
                out
            }
            Printer::Csv { out } => out,
            Printer::Json(mut json) => {
                json.finish()?;
                let mut out = json.into_inner();
                writeln!(out)?;
                out
            }
            Printer::Parquet(parquet) => parquet.into_inner()?,
            Printer::Xlsx { mut out, rows } => {
                // written aside first: of a pipe that closes the library would say more than we do
                let mut file = tempfile::tempfile()?;
                rows.finish(io::BufWriter::new(&file))?;
                file.rewind()?;
                io::copy(&mut file, &mut out)?;
                out
            }
        };
        Ok(out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

    use super::*;

    fn batch(numbers: std::ops::Range<i64>) -> RecordBatch {
        let schema = Schema::new(vec![Field::new("n", DataType::Int64, false)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int64Array::from_iter_values(numbers))]).unwrap()
    }

    fn printed(format: Format, batches: &[RecordBatch]) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        let mut printer = Printer::new(&mut bytes, batch(0..0).schema(), &To::stdout(format, Lang::En)).unwrap();
        for batch in batches {
            printer.write(batch).unwrap();
        }
        let full = printer.is_full();
        printer.finish().unwrap();
        (bytes, full)
    }

    fn text(format: Format, batches: &[RecordBatch]) -> String {
        String::from_utf8(printed(format, batches).0).unwrap()
    }

    #[test]
    fn a_table_is_cut_and_says_so() {
        let (whole, full) = printed(Format::Table, &[batch(0..600), batch(600..1000)]);
        let whole = String::from_utf8(whole).unwrap();
        assert!(!full && whole.contains("| 999 |") && !whole.contains("more"), "{whole}");
        let (cut, full) = printed(Format::Table, &[batch(0..600), batch(600..1001)]);
        let cut = String::from_utf8(cut).unwrap();
        assert!(full && cut.contains("| 999 |") && !cut.contains("1000 |"), "{cut}");
        assert!(cut.ends_with("The first 1000 rows; there are more. For all of them add --format csv\n"), "{cut}");
    }

    #[test]
    fn several_batches_are_one_result() {
        let batches = [batch(0..2), batch(2..2), batch(2..3)];
        assert_eq!(text(Format::Csv, &batches), "n\n0\n1\n2\n");
        assert_eq!(text(Format::Json, &batches), "[{\"n\":0},{\"n\":1},{\"n\":2}]\n");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&printed(Format::Parquet, &batches).0).unwrap();
        let rows = ParquetRecordBatchReader::try_new(file, 10).unwrap().next().unwrap().unwrap();
        assert_eq!(rows.column(0).as_primitive::<Int64Type>().values(), &[0, 1, 2]);
    }

    #[test]
    fn a_list_does_not_go_into_csv_and_that_is_said() {
        let item = Arc::new(Field::new_list_field(DataType::Int64, true));
        let schema = Arc::new(Schema::new(vec![Field::new("touch_at", DataType::List(item), true)]));
        let error = Printer::new(Vec::new(), schema, &To::stdout(Format::Csv, Lang::En)).err().unwrap().to_string();
        assert!(error.contains("the list `touch_at`") && error.contains("--format json"), "{error}");
    }

    #[test]
    fn no_rows_are_a_header() {
        assert_eq!(text(Format::Csv, &[]), "n\n");
        assert_eq!(text(Format::Json, &[]), "[]\n");
        assert!(text(Format::Table, &[]).contains("| n |"));
        assert!(printed(Format::Parquet, &[]).0.starts_with(b"PAR1"));
    }
}
