//! Which section of a mapping an export is for: by its file's name, or by its header.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{self, Input};
use super::mapping::{Export, Fill, Mapping, Source};
use super::read::{Fit, Head, fit, heads};
use super::records::{Cut, Readable};
use super::{ExportError, repair};
use crate::model::lang::Text;
use crate::model::tables::Table;

/// An export, its section, and what is worth telling of the choice.
pub(crate) type Chosen<'m> = (Input, Cow<'m, Export>, Option<Text>);

/// As [`choose`], for files, folders and patterns as a person names them.
pub(crate) fn of_paths<'m>(
    mapping: &'m Mapping,
    exports: &[PathBuf],
    scratch: &Path,
) -> Result<Vec<Chosen<'m>>, ExportError> {
    choose(mapping, repair::known(files::expand(exports)?, scratch)?, scratch)
}

/// The section for every export, with what is worth telling of the choice.
pub(crate) fn choose<'m>(
    mapping: &'m Mapping,
    inputs: Vec<Input>,
    scratch: &Path,
) -> Result<Vec<Chosen<'m>>, ExportError> {
    let mut seen = BTreeSet::new();
    let (mut chosen, mut unknown) = (Vec::new(), Vec::new());
    for input in inputs {
        let path = &input.path;
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            return Err(ExportError::Twice { path: path.clone() });
        }
        let named: Vec<&Export> = mapping.exports.iter().filter(|export| is_for(export, &input)).collect();
        let (export, why) = match named.as_slice() {
            [one] => (*one, None),
            [] => match by_header(mapping, &input, scratch)? {
                Some(found) => found,
                // all of them are told at once
                None => {
                    unknown.push(input.path);
                    continue;
                }
            },
            several => {
                return Err(ExportError::SeveralExports {
                    path: path.clone(),
                    mapping: mapping.file.clone(),
                    names: several.iter().map(|e| e.name.as_str()).collect::<Vec<_>>().join(", "),
                });
            }
        };
        let export = if input.repairs { Cow::Owned(export.for_repairs()) } else { Cow::Borrowed(export) };
        chosen.push((input, export, why));
    }
    match unknown.is_empty() {
        true => Ok(chosen),
        false => Err(ExportError::Unknown { paths: unknown, mapping: mapping.file.clone() }),
    }
}

/// Refuses several files of a section whose deals are known by the number of their row: each file begins with the first row.
pub(crate) fn refuse_parts(chosen: &[Chosen<'_>]) -> Result<(), ExportError> {
    for (at, (input, export, _)) in chosen.iter().enumerate().filter(|(_, (_, export, _))| export.numbers_rows()) {
        if let Some((other, ..)) = chosen[..at].iter().find(|(_, other, _)| other.name == export.name) {
            let (paths, export) = (vec![other.path.clone(), input.path.clone()], export.name.clone());
            return Err(ExportError::SameNumbers { paths, export });
        }
    }
    Ok(())
}

/// Whether a section is for a file: by its name, or by the end of its path where the pattern has folders. A name may have the
/// signs of a pattern in it: `deals [1].csv`.
fn is_for(export: &Export, input: &Input) -> bool {
    let fits = |pattern: &glob::Pattern| {
        let depth = pattern.as_str().split('/').count();
        input.ends(depth).iter().any(|end| pattern.matches(end) || pattern.as_str() == end)
    };
    export.files.iter().any(fits)
}

/// The section, of those that name no files, that asks for most columns of those whose columns are all there. A mapping of one
/// section is for any file. None: there is none.
fn by_header<'m>(
    mapping: &'m Mapping,
    input: &Input,
    scratch: &Path,
) -> Result<Option<(&'m Export, Option<Text>)>, ExportError> {
    let unnamed: Vec<&Export> = mapping.exports.iter().filter(|export| export.files.is_empty()).collect();
    match unnamed.as_slice() {
        [] => {
            let known = mapping.exports().map(|(name, files)| format!("{name} ({})", files.join(", ")));
            return Err(ExportError::NoExport {
                path: input.path.clone(),
                mapping: mapping.file.clone(),
                known: known.collect::<Vec<_>>().join("; "),
            });
        }
        [only] if mapping.exports.len() == 1 => return Ok(Some((only, None))),
        _ => {}
    }
    let is_of_presets = mapping.file == Mapping::PRESETS;
    let readable = Readable::new(input, None, scratch, Some(ROWS))?;
    let mut fitting: Vec<((usize, usize), &Export, Fit)> = Vec::new();
    // most sections cut a file alike: it is read once for all of these
    let mut cuts: Vec<(Cut, Vec<Head>)> = Vec::new();
    for export in unnamed {
        let cut = if input.repairs { Cut::default() } else { export.cut.clone() };
        let at = match cuts.iter().position(|(known, _)| *known == cut) {
            Some(at) => at,
            None => {
                let heads = heads(&readable, &cut)?;
                cuts.push((cut, heads));
                cuts.len() - 1
            }
        };
        let is_theirs = |found: &Fit| !(is_of_presets && says_itself(export, found));
        let found = fit(&cuts[at].1, export).filter(Fit::is_whole).filter(is_theirs);
        if let Some(found) = found {
            let needed = export.wanted().filter(|wanted| !wanted.optional).count();
            fitting.push(((needed, found.columns()), export, found));
        }
    }
    fitting.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
    match fitting.as_slice() {
        [] => Ok(None),
        [(one, export, _), (other, second, _), ..] if one == other => Err(ExportError::SeveralExports {
            path: input.path.clone(),
            mapping: mapping.file.clone(),
            names: format!("{}, {}", export.name, second.name),
        }),
        [(_, export, found), ..] => Ok(Some((export, Some(because(export, found))))),
    }
}

/// Whether a table of costs says by itself from which source each row is, where a section would say it of all: then it is a
/// company's own table, and not a cabinet's.
fn says_itself(export: &Export, found: &Fit) -> bool {
    const SOURCES: [&str; 8] =
        ["источник", "площадка", "рекламная система", "рекламная площадка", "канал", "source", "utm_source", "channel"];
    let says = |fill: &Fill| {
        fill.table == Table::Spend
            && fill.columns.iter().any(|column| column.name == "source" && matches!(column.source, Source::Const(_)))
    };
    export.fills.iter().any(says) && found.texts().any(|cell| SOURCES.contains(&cell.to_lowercase().as_str()))
}

/// Our columns that a section looks for and the file does not have, of those that much is made of.
fn absent(export: &Export, found: &Fit) -> Vec<String> {
    const MATTER: [&str; 9] =
        ["client_id", "created_at", "closed_at", "amount", "stage", "manager", "source", "cost", "campaign"];
    let columns = export.fills.iter().flat_map(|fill| &fill.columns).filter(|column| column.optional && !column.extra);
    let absent = columns.filter(|column| {
        let headers = column.source.headers();
        MATTER.contains(&column.name.as_str()) && !headers.iter().any(|header| found.cell(header).is_some())
    });
    let mut names: Vec<String> = absent.map(|column| format!("`{}`", column.name)).collect();
    names.dedup();
    names
}

/// So many rows tell what a file is.
const ROWS: u64 = 200;

fn because(export: &Export, found: &Fit) -> Text {
    let needed = export.wanted().filter(|wanted| !wanted.optional).flat_map(|wanted| wanted.headers);
    let mut there: Vec<String> = Vec::new();
    for header in needed.filter_map(|header| found.cell(&header)) {
        let shown = format!("`{header}`");
        if !there.contains(&shown) {
            there.push(shown);
        }
    }
    let (name, there, absent) = (&export.name, there.join(", "), absent(export, found).join(", "));
    let (ru, en) = match absent.as_str() {
        "" => (String::new(), String::new()),
        absent => (format!("; нет столбцов для {absent}"), format!("; it has none for {absent}")),
    };
    Text::new(
        format!("прочитано как `{name}`: есть столбцы {there}{ru}"),
        format!("read as `{name}`: it has the columns {there}{en}"),
    )
}
