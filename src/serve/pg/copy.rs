//! `COPY (query) TO STDOUT`: text and CSV, as PostgreSQL writes them.

use std::sync::Arc;

use arrow::array::{Array, AsArray as _};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::sql::sqlparser::ast::{
    CopyLegacyCsvOption, CopyLegacyOption, CopyOption, CopySource, CopyTarget, Ident, Query, Statement,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use futures::{Stream, StreamExt as _};
use pgwire::error::PgWireResult;
use pgwire::messages::copy::CopyData;

use super::error::{code, error, of_engine};
use super::rows::Shape;
use crate::model::lang::Lang;

/// How rows are copied out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    is_csv: bool,
    header: bool,
    delimiter: char,
    null: String,
    quote: char,
    escape: char,
    /// The columns whose values stand in quotes whatever they are; `*` for all.
    force: Vec<String>,
}

/// What a `COPY` asks, and how it is to be written.
pub fn read(statement: &Statement) -> PgWireResult<Option<(Query, Copy)>> {
    let Statement::Copy { source, to, target, options, legacy_options, .. } = statement else { return Ok(None) };
    if !to && matches!(target, CopyTarget::File { .. } | CopyTarget::Program { .. }) {
        let text = "COPY reads no file and runs no program of the server\nload exports with `voronka ingest`";
        return Err(error(code::NO_PRIVILEGE, text));
    }
    if !to {
        return Err(error(
            code::READ_ONLY,
            "cannot execute COPY FROM: the server only reads\nload exports with `voronka ingest`",
        ));
    }
    if !matches!(target, CopyTarget::Stdout) {
        return Err(error(
            code::NO_PRIVILEGE,
            "COPY writes no file and runs no program of the server\nuse COPY … TO STDOUT, or \\copy in psql",
        ));
    }
    let query = match source {
        CopySource::Query(query) => (**query).clone(),
        CopySource::Table { table_name, columns } => of_table(&table_name.to_string(), columns)?,
    };
    Ok(Some((query, Copy::read(options, legacy_options)?)))
}

fn of_table(table: &str, columns: &[Ident]) -> PgWireResult<Query> {
    let columns: Vec<String> = columns.iter().map(Ident::to_string).collect();
    let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
    let wrong = |e: datafusion::sql::sqlparser::parser::ParserError| error(code::SYNTAX, e.to_string());
    let text = format!("SELECT {columns} FROM {table}");
    let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(&text).map_err(wrong)?;
    Ok(*parser.parse_query().map_err(wrong)?)
}

impl Copy {
    fn read(options: &[CopyOption], legacy: &[CopyLegacyOption]) -> PgWireResult<Copy> {
        let mut is_csv = legacy.iter().any(|option| matches!(option, CopyLegacyOption::Csv(_)));
        for option in options {
            if let CopyOption::Format(name) = option {
                is_csv = match name.value.to_lowercase().as_str() {
                    "csv" => true,
                    "text" => false,
                    other => {
                        let text = format!("COPY … (FORMAT {other}) is not written\nuse FORMAT text or csv");
                        return Err(error(code::NOT_SUPPORTED, text));
                    }
                };
            }
        }
        if legacy.iter().any(|option| matches!(option, CopyLegacyOption::Binary)) {
            return Err(error(code::NOT_SUPPORTED, "COPY … BINARY is not written\nuse FORMAT text or csv"));
        }
        let mut copy = Copy {
            is_csv,
            header: false,
            delimiter: if is_csv { ',' } else { '\t' },
            null: if is_csv { String::new() } else { "\\N".to_owned() },
            quote: '"',
            escape: '"',
            force: Vec::new(),
        };
        for option in options {
            match option {
                CopyOption::Delimiter(sign) => copy.delimiter = *sign,
                CopyOption::Null(text) => copy.null.clone_from(text),
                CopyOption::Header(header) => copy.header = *header,
                CopyOption::Quote(sign) => (copy.quote, copy.escape) = (*sign, *sign),
                CopyOption::ForceQuote(columns) => copy.force = columns.iter().map(|name| name.value.clone()).collect(),
                _ => {}
            }
        }
        for option in options {
            if let CopyOption::Escape(sign) = option {
                copy.escape = *sign;
            }
        }
        for option in legacy {
            match option {
                CopyLegacyOption::Delimiter(sign) => copy.delimiter = *sign,
                CopyLegacyOption::Null(text) => copy.null.clone_from(text),
                CopyLegacyOption::Header => copy.header = true,
                CopyLegacyOption::Csv(inner) => {
                    for option in inner {
                        match option {
                            CopyLegacyCsvOption::Header => copy.header = true,
                            CopyLegacyCsvOption::Quote(sign) => (copy.quote, copy.escape) = (*sign, *sign),
                            CopyLegacyCsvOption::ForceQuote(columns) => {
                                copy.force = columns.iter().map(|name| name.value.clone()).collect();
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(copy)
    }

    /// The lines of a result, as they come.
    pub fn lines(
        self,
        rows: SendableRecordBatchStream,
        shape: &Shape,
        lang: Lang,
    ) -> impl Stream<Item = PgWireResult<(CopyData, usize)>> + Send + use<> {
        let names = shape.names(&rows.schema());
        let forced: Vec<bool> =
            names.iter().map(|name| self.force.iter().any(|known| known == name || known == "*")).collect();
        let header = self.header.then(|| {
            let mut line = String::new();
            for (at, name) in names.iter().enumerate() {
                self.put(&mut line, at, Some(name), false);
            }
            line.push('\n');
            Ok((CopyData::new(line.into_bytes().into()), 0))
        });
        let (inner, copy) = (shape.clone(), Arc::new(self));
        let lines = shape.batches(rows).flat_map(move |batch| {
            let lines = batch.and_then(|batch| Ok(copy.batch(&inner.plain(&batch)?, &forced)?));
            futures::stream::iter(match lines {
                Ok(lines) => lines.into_iter().map(|line| Ok((line, 1))).collect(),
                Err(failed) => vec![Err(of_engine(&failed, lang))],
            })
        });
        futures::stream::iter(header).chain(lines)
    }

    /// The lines of a batch, each a message: clients take what comes in one for one row.
    fn batch(&self, batch: &RecordBatch, forced: &[bool]) -> Result<Vec<CopyData>, arrow::error::ArrowError> {
        let options = FormatOptions::default()
            .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%:z"))
            .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"));
        let plain = |array: &Arc<dyn Array>| match array.data_type() {
            DataType::Utf8View | DataType::LargeUtf8 => cast(array, &DataType::Utf8),
            _ => Ok(Arc::clone(array)),
        };
        let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>, _>>()?;
        let formatters = columns
            .iter()
            .map(|array| ArrayFormatter::try_new(array.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut lines, mut ends) = (String::new(), vec![0]);
        for row in 0..batch.num_rows() {
            for (at, (array, formatter)) in columns.iter().zip(&formatters).enumerate() {
                let text = array.is_valid(row).then(|| match array.data_type() {
                    DataType::Boolean => if array.as_boolean().value(row) { "t" } else { "f" }.to_owned(),
                    DataType::List(_) => as_array(&array.as_list::<i32>().value(row), &options),
                    DataType::LargeList(_) => as_array(&array.as_list::<i64>().value(row), &options),
                    _ => formatter.value(row).to_string(),
                });
                self.put(&mut lines, at, text.as_deref(), forced.get(at).copied().unwrap_or(false));
            }
            lines.push('\n');
            ends.push(lines.len());
        }
        let whole = CopyData::new(lines.into_bytes().into());
        Ok(ends.windows(2).map(|ends| CopyData::new(whole.data.slice(ends[0]..ends[1]))).collect())
    }

    fn put(&self, line: &mut String, at: usize, value: Option<&str>, forced: bool) {
        if at > 0 {
            line.push(self.delimiter);
        }
        let Some(value) = value else { return line.push_str(&self.null) };
        if self.is_csv {
            let special = |sign: char| sign == self.delimiter || sign == self.quote || sign == '\n' || sign == '\r';
            if !forced && value != self.null && value != "\\." && !value.contains(special) {
                return line.push_str(value);
            }
            line.push(self.quote);
            for sign in value.chars() {
                if sign == self.quote || sign == self.escape {
                    line.push(self.escape);
                }
                line.push(sign);
            }
            return line.push(self.quote);
        }
        for sign in value.chars() {
            match sign {
                '\\' => line.push_str("\\\\"),
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                '\t' => line.push_str("\\t"),
                '\u{8}' => line.push_str("\\b"),
                '\u{b}' => line.push_str("\\v"),
                '\u{c}' => line.push_str("\\f"),
                sign if sign == self.delimiter => line.extend(['\\', sign]),
                sign => line.push(sign),
            }
        }
    }
}

/// A list as PostgreSQL writes arrays.
fn as_array(items: &Arc<dyn Array>, options: &FormatOptions<'_>) -> String {
    let Ok(formatter) = ArrayFormatter::try_new(items.as_ref(), options) else { return String::new() };
    let item = |at: usize| {
        if items.is_null(at) {
            return "NULL".to_owned();
        }
        let text = formatter.value(at).to_string();
        let special = |sign: char| matches!(sign, '{' | '}' | ',' | '"' | '\\') || sign.is_whitespace();
        match text.is_empty() || text.eq_ignore_ascii_case("null") || text.contains(special) {
            true => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            false => text,
        }
    };
    format!("{{{}}}", (0..items.len()).map(item).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(options: &str) -> Copy {
        let text = format!("COPY (SELECT 1) TO STDOUT {options}");
        let statement = Parser::parse_sql(&PostgreSqlDialect {}, &text).unwrap().remove(0);
        read(&statement).unwrap().unwrap().1
    }

    fn line(copy: &Copy, values: &[Option<&str>]) -> String {
        let mut line = String::new();
        for (at, value) in values.iter().enumerate() {
            copy.put(&mut line, at, *value, false);
        }
        line
    }

    #[test]
    fn text_and_csv_are_written_as_postgres_writes_them() {
        let values = [Some("a,b"), None, Some(""), Some("say \"x\""), Some("tab\there\\")];
        assert_eq!(line(&copy(""), &values), "a,b\t\\N\t\tsay \"x\"\ttab\\there\\\\");
        for csv in ["(FORMAT csv)", "CSV", "WITH (FORMAT 'csv', HEADER true)"] {
            assert_eq!(line(&copy(csv), &values), "\"a,b\",,\"\",\"say \"\"x\"\"\",tab\there\\", "{csv}");
        }
        assert_eq!(line(&copy("(FORMAT csv, DELIMITER ';', NULL '-')"), &values[..3]), "a,b;-;");
    }

    #[test]
    fn files_programs_and_writing_are_refused() {
        for refused in [
            "COPY deals FROM STDIN",
            "COPY deals FROM '/tmp/x'",
            "COPY deals TO '/tmp/x'",
            "COPY (SELECT 1) TO PROGRAM 'cat'",
            "COPY deals TO STDOUT (FORMAT binary)",
        ] {
            let statement = Parser::parse_sql(&PostgreSqlDialect {}, refused).unwrap().remove(0);
            assert!(read(&statement).is_err(), "{refused}");
        }
    }
}
