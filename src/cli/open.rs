//! What the reading commands have in common: regulation, store version, session, catalog.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chrono::{Days, Months, NaiveDate, Utc};

use super::args::{Language, Place, Reading};
use super::screen::tell;
use crate::metrics::Catalog;
use crate::model::lang::Lang;
use crate::model::letters::on_disk;
use crate::model::problem::{Problems, nearest};
use crate::regulation::{History, Regulation};
use crate::session::Session;
use crate::store::{Snapshot, Store, currencies, regulations};

/// How far ahead a report may look.
const YEARS_AHEAD: u32 = 10;
/// How many files a message lists.
const LISTED: usize = 8;

/// The current instant. The only clock in the program.
#[allow(clippy::disallowed_methods)]
pub fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}

/// Reads a text file that a person wrote.
pub fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(on_disk(file)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => no_file(file),
        std::io::ErrorKind::InvalidData => anyhow::anyhow!("{}: not UTF-8 text\n    save it as UTF-8", file.display()),
        _ => anyhow::Error::new(error).context(format!("cannot read {}", file.display())),
    })
}

/// A file that is not there, and the one beside it that may have been meant.
pub fn no_file(file: &Path) -> anyhow::Error {
    absent(file, Lang::En)
}

/// As [`no_file`], in the language of the command.
pub fn absent(file: &Path, lang: Lang) -> anyhow::Error {
    let say = |ru: &'static str, en: &'static str| if lang == Lang::Ru { ru } else { en };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let kind = |path: &Path| path.extension().map(|e| e.to_ascii_lowercase());
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let alike = entries.filter(|path| path.is_file() && kind(path) == kind(file));
    let mut names: Vec<String> = alike.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    names.sort();
    let wanted = file.file_name().unwrap_or_default().to_string_lossy();
    let hint = match (nearest(&wanted, names.iter().map(String::as_str)), &names[..]) {
        _ if wanted.contains('*') => {
            say("таких файлов нет: сначала положите их сюда", "no file has a name like that: put the files there first")
                .to_owned()
        }
        (Some(near), _) => format!("{} `{near}`?", say("может быть,", "did you mean")),
        (None, []) => {
            format!(
                "{} {}",
                say("и других файлов такого вида нет в папке", "nor any other file of that kind in"),
                folder.display()
            )
        }
        (None, names) if names.len() <= LISTED => format!("{}: {}", say("есть", "there are"), names.join(", ")),
        (None, names) => {
            let (listed, more) = (names[..LISTED].join(", "), names.len() - LISTED);
            match lang {
                Lang::Ru => format!("есть: {listed} и ещё {more}"),
                Lang::En => format!("there are: {listed} and {more} more"),
            }
        }
    };
    anyhow::anyhow!("{}: {}\n    {hint}", file.display(), say("такого файла нет", "there is no such file"))
}

/// The folder that holds the store: where the company's own metrics and reports lie.
pub fn beside(store: &Path, name: &str) -> PathBuf {
    store.parent().unwrap_or_else(|| Path::new("")).join(name)
}

/// The regulation that was asked for, or the one lying here or beside the store.
pub fn regulation(place: &Place) -> Result<Regulation> {
    let file = match &place.regulation {
        Some(file) => file.clone(),
        None => {
            let nearby = [PathBuf::from("regulation.toml"), beside(&place.store, "regulation.toml")];
            match nearby.into_iter().find(|file| file.is_file()) {
                Some(file) => file,
                None => bail!(
                    "no regulation: there is no regulation.toml here or beside the store `{}`\n    \
                     name one with --regulation FILE, or start one with `voronka init DIR`",
                    place.store.display()
                ),
            }
        }
    };
    Ok(Regulation::parse(&file.display().to_string(), &text(&file)?)?)
}

/// The language that was asked for, or the regulation's. Where there is no sound one, the language is no reason to fail.
pub fn lang(asked: Option<Language>, place: &Place) -> Lang {
    asked.map_or_else(|| regulation(place).map_or(Lang::Ru, |regulation| regulation.lang()), Lang::from)
}

/// The shipped metrics and those in `queries/` beside the store.
pub fn catalog(place: &Place) -> Result<Catalog> {
    Ok(Catalog::load(own_metrics(place).as_deref())?)
}

/// The folder of the company's own metrics, where there is one.
pub fn own_metrics(place: &Place) -> Option<PathBuf> {
    Some(beside(&place.store, "queries")).filter(|folder| folder.is_dir())
}

/// The day an answer is for: the one asked for, or tomorrow, so that all of today is seen. Weeks are counted up to it, so a
/// day far ahead is refused: it is a slip, and the weeks would not end.
pub fn as_of(reading: &Reading, regulation: &Regulation) -> Result<NaiveDate> {
    let today = regulation.calendar().day(now());
    let latest = today + Months::new(12 * YEARS_AHEAD);
    match reading.as_of {
        Some(day) if day > latest => {
            bail!(
                "--as-of {day} is more than {YEARS_AHEAD} years ahead\n    the latest day is {latest}; without --as-of it is tomorrow"
            )
        }
        Some(day) => Ok(day),
        None => Ok(today + Days::new(1)),
    }
}

/// A session over the asked version of the store.
pub async fn session(place: &Place, reading: &Reading, regulation: &Regulation) -> Result<Session> {
    let snapshot = Store::open(&place.store).await?.snapshot(reading.version).await?;
    let as_of = as_of(reading, regulation)?;
    let in_force = in_force(regulation, &snapshot, as_of)?;
    Ok(Session::open(&snapshot, &in_force, as_of, Some(reading.memory)).await?)
}

/// Refuses to show amounts in a currency that they are not in.
pub async fn one_currency(place: &Place, reading: &Reading, regulation: &Regulation) -> Result<()> {
    let version = reading.version;
    let mut records = Store::open(&place.store).await?.log().await?;
    records.retain(|record| version.is_none_or(|version| record.ingest <= version));
    let other = |(_, code, _): &(&str, Option<&str>, u64)| code.is_some_and(|code| code != regulation.currency());
    let Some((place, Some(code), ingest)) = currencies(&records).find(other) else { return Ok(()) };
    let stated = regulation.currency();
    match regulation.lang() {
        Lang::Ru => bail!(
            "суммы {place} (загрузка {ingest}) — в {code}, а в регламенте currency = \"{stated}\"\n    исправьте currency в [company] \
             регламента; либо пересчитайте суммы в {stated} и соберите хранилище заново"
        ),
        Lang::En => bail!(
            "the amounts of {place} (ingest {ingest}) are in {code}, and the regulation has currency = \"{stated}\"\n    mend \
             `currency` under [company] of the regulation; or convert the amounts to {stated} and make the store anew"
        ),
    }
}

/// The regulation by which the days before `as_of` are judged: today's, or an older one that the store kept.
fn in_force(today: &Regulation, snapshot: &Snapshot, as_of: NaiveDate) -> Result<Regulation> {
    let last = as_of - Days::new(1);
    let kept = regulations(snapshot)?;
    let holds = |from: Option<NaiveDate>| from.is_none_or(|from| from <= last);
    if holds(today.valid_from()) {
        return Ok(today.clone());
    }
    let older = kept.iter().filter(|kept| holds(kept.valid_from)).max_by_key(|kept| (kept.valid_from, kept.ingest));
    let Some(older) = older else {
        return Ok(today.clone().among(History { until: None, too_young: true }));
    };
    let later = kept.iter().map(|kept| kept.valid_from).chain([today.valid_from()]).flatten();
    let until = later.filter(|from| Some(*from) > older.valid_from && *from > last).min();
    let file = format!("the regulation that ingest {} kept", older.ingest);
    Ok(Regulation::parse(&file, &older.text)?.among(History { until, too_young: false }))
}

/// The regulation that an ingest is made under, where there is one and it is sound.
pub fn regulation_to_keep(place: &Place, lang: Lang) -> Option<Regulation> {
    match regulation(place) {
        Ok(regulation) => Some(regulation),
        Err(error) if error.is::<Problems>() => {
            tell(match lang {
                Lang::Ru => "в регламенте есть ошибки, с хранилищем он не сохранён; их покажет `voronka check`",
                Lang::En => "the regulation has problems and is not kept with the store; `voronka check` lists them",
            });
            None
        }
        Err(_) => None,
    }
}
