//! `voronka ingest`.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono_tz::Tz;

use super::args::{Ingest, Place};
use super::outcome::Outcome;
use super::progress::Shown;
use super::said::Said;
use super::screen::{say, tell};
use super::{open, pipes};
use crate::company::{Absent, read};
use crate::draft::{Draft, draft};
use crate::export::{ExportError, Mapping, look};
use crate::ingest::{IngestError, IngestOptions, ingest};
use crate::model::lang::{Lang, both};
use crate::store::Store;

pub async fn run(args: &Ingest, place: &Place) -> Result<Outcome> {
    let at_hand = pipes::at_hand(&args.exports)?;
    let lang = open::lang(args.lang, place);
    load(args, place, &at_hand.exports).await.map_err(|error| at_hand.renamed(error, lang))
}

async fn load(args: &Ingest, place: &Place, exports: &[PathBuf]) -> Result<Outcome> {
    // the mapping and the exports first: what is wrong with them should not leave an empty store behind
    let lang = open::lang(args.lang, place);
    // one that cannot be read stops here: it says the time zone, and stays with the store
    let regulation = open::company(place).regulation_if_any()?;
    let zone = args.zone.or_else(|| regulation.as_ref().map(|regulation| regulation.calendar().zone));
    let mapping = match &args.mapping {
        Some(file) => Mapping::parse(&file.display().to_string(), &read(file)?)?,
        None => Mapping::presets(zone.unwrap_or_else(|| no_zone(lang)))?,
    };
    if let Some((stated, zone)) = zone.and_then(|zone| Some((mapping.zone_beside(zone)?, zone))) {
        tell(match lang {
            Lang::Ru => format!(
                "часовые пояса различаются: в маппинге {stated}, в регламенте {zone}; дни и недели отчёта — по {zone}, верны ли оба?"
            ),
            Lang::En => format!(
                "the time zones differ: {stated} in the mapping, {zone} in the regulation; days and weeks of reports are those of \
                 {zone}: are both right?"
            ),
        });
    }
    let is_pattern = |path: &Path| path.to_string_lossy().contains(['*', '?', '[']);
    let absent = exports.iter().find(|export| !export.exists() && !is_pattern(export));
    if let Some(export) = absent {
        return Err(Absent::new(export).into());
    }
    match look(&mapping, exports, &std::env::temp_dir()) {
        Err(ExportError::Unknown { paths, .. }) if args.mapping.is_none() => {
            paths.iter().try_for_each(|path| begun(path, lang, zone))?;
            return Ok(Outcome::Found);
        }
        looked => looked?,
    }
    let store = Store::open_or_create(&place.store).await?;
    let shown = Shown::new();
    let options = IngestOptions::at(open::now()).regulation(regulation.as_ref()).taken(args.taken).progress(&shown);
    let summary = match ingest(&store, &mapping, exports, options).await {
        Err(error @ IngestError::Export(ExportError::Unproven { .. })) if args.mapping.is_none() => {
            let way_out = match lang {
                Lang::Ru => {
                    "маппинг — пресет: выведите его, voronka presets ИМЯ > mapping.toml, укажите это в нём и назовите файл: \
                     --mapping mapping.toml"
                }
                Lang::En => {
                    "the mapping is a preset: print it with voronka presets NAME > mapping.toml, state it there, and \
                     name the file: --mapping mapping.toml"
                }
            };
            bail!("{}\n    {way_out}", error.text(lang));
        }
        done => done?,
    };
    drop(shown);
    say(summary.text(lang).trim_end()).with_context(|| {
        Said(both!(
            "выгрузки загружены в хранилище, не записана только сводка о них (см. voronka log)",
            "the exports are in the store, only the summary of them could not be written (see voronka log)"
        ))
    })?;
    match summary.gave_nothing() {
        true => Ok(Outcome::Found),
        false => Ok(Outcome::Fine),
    }
}

/// Where neither a regulation nor an option says the time zone, the one taken is told.
fn no_zone(lang: Lang) -> Tz {
    let zone = Tz::Europe__Moscow;
    tell(match lang {
        Lang::Ru => format!("регламента нет, время в выгрузках взято как {zone}; другой пояс назовёт --zone"),
        Lang::En => format!("there is no regulation: times in the exports are taken as {zone}; --zone names another"),
    });
    zone
}

/// Writes a mapping to begin with for an export that no preset fits.
fn begun(export: &Path, lang: Lang, zone: Option<Tz>) -> Result<()> {
    let Draft { text, told, asked } = draft(export, &std::env::temp_dir(), lang, zone)?;
    let stem = export.file_stem().map_or_else(|| "export".into(), |stem| stem.to_string_lossy().into_owned());
    let path = PathBuf::from(format!("{stem}.mapping.toml"));
    let shown = path.display();
    let (mapping, named) = (pasted(&path), pasted(export));
    match create_own(&path) {
        Ok(mut file) => file
            .write_all(text.as_bytes())
            .with_context(|| Said(both!("не записать {shown}", "cannot write {shown}")))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match lang {
            Lang::Ru => bail!(
                "{}: ни один пресет не подходит к заголовку, а {shown} уже есть\n    поправьте его и назовите: --mapping {mapping}; или \
                 удалите, чтобы получить новый черновик",
                export.display()
            ),
            Lang::En => bail!(
                "{}: no preset fits its header, and {shown} is there already\n    edit it and name it: --mapping {mapping}; or remove \
                 it for a new draft",
                export.display()
            ),
        },
        Err(error) => {
            return Err(anyhow::Error::new(error).context(Said(both!("не записать {shown}", "cannot write {shown}"))));
        }
    }
    let held: String = told.iter().map(|line| format!("  {line}\n")).collect();
    let lines: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let (count, lines) = (lines.len(), lines.join(", "));
    let export = export.display();
    let told = match lang {
        Lang::Ru => {
            let answer = match count {
                0 => "Вопросов нет: проверьте роли столбцов и часовой пояс, затем:".to_owned(),
                _ => format!(
                    "Проверьте роли столбцов, впишите то, что отмечено «?» (вопросов {count}, строки {lines}), затем:"
                ),
            };
            format!(
                "{export}: ни один пресет не подходит к заголовку; ничего не загружено.\n{held}  Черновик маппинга: {shown}\n  \
                 {answer}\n  voronka ingest --mapping {mapping} {named}"
            )
        }
        Lang::En => {
            let answer = match count {
                0 => "Nothing is asked: check the roles of the columns and the time zone, then:".to_owned(),
                _ => format!(
                    "Check the roles of the columns, state what is marked with `?` ({count} of them, lines {lines}), then:"
                ),
            };
            format!(
                "{export}: no preset fits its header; nothing was loaded.\n{held}  A draft of a mapping: {shown}\n  {answer}\n  \
                 voronka ingest --mapping {mapping} {named}"
            )
        }
    };
    say(told)?;
    Ok(())
}

/// Creates a file that its owner alone can read: it tells of a company's clients.
fn create_own(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A file's name as a shell takes it for one word.
fn pasted(path: &Path) -> String {
    let name = path.to_string_lossy();
    match !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "._-/".contains(c)) {
        true => name.into_owned(),
        false => format!("'{}'", name.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_to_a_shell() {
        for plain in ["deals.csv", "exports/2025-03_deals.csv", "сделки.csv"] {
            assert_eq!(pasted(Path::new(plain)), plain);
        }
        for (name, quoted) in [
            ("Сделки за март (1).csv", "'Сделки за март (1).csv'"),
            ("a;b$c.csv", "'a;b$c.csv'"),
            ("o'neil.csv", "'o'\\''neil.csv'"),
            ("Звонки \"март\".csv", "'Звонки \"март\".csv'"),
            ("", "''"),
        ] {
            assert_eq!(pasted(Path::new(name)), quoted);
        }
    }
}
