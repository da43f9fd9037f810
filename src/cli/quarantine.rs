//! `voronka quarantine`.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Int64Array, StringArray, UInt64Array};
use arrow::record_batch::RecordBatch;

use super::args::{Format, Place, Quarantine};
use super::outcome::Outcome;
use super::output::To;
use super::said::Said;
use super::screen::say;
use super::{open, output};
use crate::ingest::{Repairs, Waiting, repairs, waiting};
use crate::model::lang::{Lang, both};
use crate::model::problem::hint;
use crate::model::shown::in_line;
use crate::store::{Snapshot, Store};

pub async fn run(args: &Quarantine, place: &Place) -> Result<Outcome> {
    let lang = open::lang(args.lang, place);
    let snapshot = Store::open(&place.store).await?.snapshot(args.version).await?;
    let file = args.file.as_deref();
    let found = waiting(&snapshot, file)?;
    if let (Some(file), true) = (file, found.is_empty()) {
        return none_of(&snapshot, file, lang);
    }
    match &args.out {
        Some(folder) => written(&repairs(&snapshot, file, folder, lang)?, lang)?,
        None if args.format == Format::Table => listed(&found, lang)?,
        None => output::print(&batch(&found, lang)?, &To::stdout(args.format, lang))?,
    }
    Ok(Outcome::Fine)
}

/// Nothing waits of the export that was asked for: none does, or none is called so.
fn none_of(snapshot: &Snapshot, file: &str, lang: Lang) -> Result<Outcome> {
    let mut names: Vec<String> = waiting(snapshot, None)?.into_iter().map(|waiting| waiting.file).collect();
    names.dedup();
    if !names.is_empty() {
        let what = both!("в карантине нет ничего из `{file}`\n    ", "nothing of `{file}` is in quarantine\n    ");
        return Err(Said(what.and(hint(file, names.iter().map(String::as_str)))).into());
    }
    listed(&[], lang)?;
    Ok(Outcome::Fine)
}

fn listed(found: &[Waiting], lang: Lang) -> Result<()> {
    let words = |ru, en| if lang == Lang::Ru { ru } else { en };
    if found.is_empty() {
        say(words("в карантине ничего нет", "nothing is in quarantine"))?;
        return Ok(());
    }
    for of_file in found.chunk_by(|a, b| a.file == b.file) {
        let rows: u64 = of_file.iter().map(|waiting| waiting.rows).sum();
        say(format!("{}: {} {rows}", in_line(&of_file[0].file), words("строк", "rows")))?;
        for waiting in of_file {
            let column = match waiting.column.as_str() {
                "" => String::new(),
                column => format!("`{}`: ", in_line(column)),
            };
            let (reason, line) = (waiting.reason.get(lang), words("строка", "line"));
            let examples = waiting.examples.iter().map(|text| format!("`{}`", in_line(text)));
            let examples = match examples.collect::<Vec<_>>().join(", ") {
                none if none.is_empty() => none,
                some => format!("; {some}"),
            };
            say(format!("  {} × {column}{reason} ({line} {}{examples})", waiting.rows, waiting.first_line))?;
        }
    }
    say(words(
        "\nстроки для правки: voronka quarantine --out repair",
        "\nthe rows, to be mended: voronka quarantine --out repair",
    ))?;
    Ok(())
}

fn written(found: &[Repairs], lang: Lang) -> Result<()> {
    for repairs in found.iter().filter(|repairs| repairs.rows > 0) {
        let (file, rows, path) = (in_line(&repairs.file), repairs.rows, shown(&repairs.path));
        match lang {
            Lang::Ru => say(format!("{file}: строк {rows} → {path}"))?,
            Lang::En => say(format!("{file}: rows {rows} → {path}"))?,
        }
    }
    for repairs in found.iter().filter(|repairs| repairs.elsewhere > 0) {
        let (file, rows) = (in_line(&repairs.file), repairs.elsewhere);
        say(match lang {
            Lang::Ru => {
                format!("{file}: ещё строк {rows}, которых нет в хранилище целиком: правьте их в самой выгрузке")
            }
            Lang::En => {
                format!("{file}: {rows} more rows that the store does not hold whole: mend them in the export itself")
            }
        })?;
    }
    if found.iter().any(|repairs| repairs.rows > 0) {
        let told = match lang {
            Lang::Ru => {
                "исправьте ячейки, первые три столбца не трогайте; затем загрузите эти файлы, как выгрузку: voronka ingest …\n\
                 где строки одного ключа складываются (расходы на рекламу), исправляйте саму выгрузку и загружайте её заново\n\
                         исправленное уйдёт из карантина, остальное останется"
            }
            Lang::En => {
                "mend the cells, leave the first three columns as they are; then ingest these files as you do the export: \
                         voronka ingest …\nwhere rows of one key add up (advertising costs), mend the export itself and ingest it \
                         again\nwhat is mended leaves the quarantine, the rest stays"
            }
        };
        say(told)?;
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    in_line(&path.display().to_string()).into_owned()
}

fn batch(found: &[Waiting], lang: Lang) -> Result<RecordBatch> {
    let text =
        |of: &dyn Fn(&Waiting) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values(found.iter().map(of))) };
    let rows: ArrayRef = Arc::new(UInt64Array::from_iter_values(found.iter().map(|waiting| waiting.rows)));
    let lines: ArrayRef = Arc::new(Int64Array::from_iter_values(found.iter().map(|waiting| waiting.first_line)));
    Ok(RecordBatch::try_from_iter([
        ("file", text(&|w| w.file.clone())),
        ("column", text(&|w| w.column.clone())),
        ("reason", text(&|w| w.reason.get(lang).to_owned())),
        ("rows", rows),
        ("first_line", lines),
        ("examples", text(&|w| w.examples.join(" · "))),
    ])?)
}
