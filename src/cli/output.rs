//! Record batches to stdout, in the format that was asked for.

use std::io::{self, Write};

use anyhow::Result;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow::util::pretty::pretty_format_batches;

use super::args::Format;

/// Prints all batches. An empty result still prints its header.
pub fn print(schema: SchemaRef, batches: &[RecordBatch], format: Format) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    match format {
        Format::Table => {
            let empty = [RecordBatch::new_empty(schema)];
            writeln!(out, "{}", pretty_format_batches(if batches.is_empty() { &empty } else { batches })?)?;
        }
        Format::Csv => {
            let mut csv = arrow::csv::WriterBuilder::new().with_header(true).build(&mut out);
            csv.write(&RecordBatch::new_empty(schema))?;
            for batch in batches {
                csv.write(batch)?;
            }
        }
        Format::Json => {
            let mut json = arrow::json::ArrayWriter::new(&mut out);
            for batch in batches {
                json.write(batch)?;
            }
            json.finish()?;
            drop(json);
            writeln!(out)?;
        }
        Format::Parquet => {
            let mut parquet = parquet::arrow::ArrowWriter::try_new(&mut out, schema, None)?;
            for batch in batches {
                parquet.write(batch)?;
            }
            parquet.close()?;
        }
    }
    Ok(out.flush()?)
}
