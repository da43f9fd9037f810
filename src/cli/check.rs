//! `voronka check`: all problems of all files that people write.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::args::{Check, Place};
use super::open;
use super::outcome::Outcome;
use super::said::{Said, said};
use super::screen::say;
use crate::company::read;
use crate::delivery::Delivery;
use crate::export::Mapping;
use crate::ingest::check_privacy;
use crate::metrics::Catalog;
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::{Problem, Problems};
use crate::regulation::{Known, Regulation};
use crate::report::definition::Definition;
use crate::session::Session;
use crate::store::{Store, is_remote};

pub async fn run(args: &Check, place: &Place) -> Result<Outcome> {
    let lang = open::lang(args.speaks.lang, place);
    let files = match args.files.is_empty() {
        true => nearby(place)?,
        false => args.files.clone(),
    };
    // a damaged store is told first: nothing that is said of metrics holds without it
    let is_store = args.files.is_empty() && (place.store.is_dir() || is_remote(&place.store));
    if is_store {
        whole(place, lang).await?;
    }
    if files.is_empty() && is_store {
        return Ok(Outcome::Fine);
    }
    if files.is_empty() {
        return Err(said!(
            "проверять нечего: здесь нет ни регламента, ни маппинга, ни метрик, ни отчётов\n    назовите файл или начните с `voronka init ПАПКА`",
            "nothing to check: no regulation, mapping, metric or report here\n    name a file, or start with `voronka init DIR`"
        ));
    }
    let (catalog, mut problems) = Catalog::sound(open::company(place).own_metrics().as_deref())?;
    // a metric that is broken is there all the same: whoever names it has no problem of their own
    let broken = problems.iter().flat_map(|problem| no_metric(&stem(Path::new(&problem.file))));
    let broken: Vec<String> = broken.collect();
    let session = if files.iter().any(|file| is_metric(file)) { session(place).await } else { None };
    for file in &files {
        let found = problems_of(file, &catalog, place)?;
        if let (true, true, Some(session)) = (is_metric(file), found.is_empty(), &session) {
            problems.extend(unplanned(file, &catalog, session).await?);
        }
        problems.extend(found);
    }
    problems.retain(|problem| !broken.contains(&problem.what.en));
    problems.sort();
    problems.dedup();
    for problem in &problems {
        say(problem.text(lang))?;
    }
    let read = files.len();
    match problems.len() {
        0 => {
            let en = format!("{} checked, no problems", count(read, "file"));
            say(Text::new(format!("файлов проверено: {read}, ошибок нет"), en).get(lang))?;
            Ok(Outcome::Fine)
        }
        n => {
            let en = format!("{} checked, {}", count(read, "file"), count(n, "problem"));
            say(Text::new(format!("файлов проверено: {read}, ошибок: {n}"), en).get(lang))?;
            Ok(Outcome::Found)
        }
    }
}

/// Reads the whole store, and says what of it is whole.
async fn whole(place: &Place, lang: Lang) -> Result<()> {
    let shown = place.store.display();
    let store = Store::open(&place.store).await?;
    let mut checked = store.check().await?;
    let of_privacy = check_privacy(&store, checked.ingests as u64);
    let of_privacy = of_privacy.iter().map(|error| Text::new(error.text(Lang::Ru), error.text(Lang::En)));
    checked.damaged.extend(of_privacy);
    let kib = checked.bytes.div_ceil(1024);
    for damaged in &checked.damaged {
        say(damaged.get(lang))?;
    }
    let size = Text::new(
        format!("загрузок {}, файлов данных {} ({kib} КиБ)", checked.ingests, checked.files),
        format!("{}, {} ({kib} KiB)", count(checked.ingests, "ingest"), count(checked.files, "data file")),
    );
    if !checked.damaged.is_empty() {
        let damaged = checked.damaged.len();
        return Err(Said(Text::new(
            format!("{shown}: {}; повреждено или потеряно: {damaged}", size.ru),
            format!("{shown}: {damaged} of {} are damaged", size.en),
        ))
        .into());
    }
    let sound =
        both!("{shown}: ", "{shown}: ").and(size).and(Text::new("; прочитано всё, всё цело", " read, all whole"));
    say(sound.get(lang))?;
    if checked.unproven > 0 {
        let told = both!(
            "    из них {} записаны до того, как стали храниться контрольные суммы: о них известны только длина и число строк; \
             следующая загрузка даст им суммы",
            "    {} of them were written before digests were kept: of these only length and number of rows are certain; the next \
             ingest gives them digests",
            checked.unproven
        );
        say(told.get(lang))?;
    }
    Ok(())
}

/// The store, where there is one that can be asked: what metrics name is compared with what it holds.
async fn session(place: &Place) -> Option<Session> {
    let regulation = open::company(place).regulation().ok()?;
    let snapshot = Store::open(&place.store).await.ok()?.snapshot(None).await.ok()?;
    let today = regulation.calendar().day(open::now());
    Session::open(&snapshot, &regulation, today, None).await.ok()
}

/// What the engine says of a sound metric that names what the store does not have.
async fn unplanned(file: &Path, catalog: &Catalog, session: &Session) -> Result<Option<Problem>> {
    let name = file.display().to_string();
    let Ok(Some(metric)) = catalog.check(&name, &read(file)?) else { return Ok(None) };
    let Err(error) = metric.plan(session).await else { return Ok(None) };
    let parts = |lang, tables: &str| {
        let said = error.text(lang);
        let said = said.strip_prefix(&format!("`{}`: ", metric.name)).unwrap_or(&said);
        let (what, hint) = said.split_once('\n').unwrap_or((said, tables));
        (what.to_owned(), hint.trim().to_owned())
    };
    let ru = parts(Lang::Ru, "таблицы и столбцы: docs/decisions/session.md");
    let en = parts(Lang::En, "tables and columns: docs/decisions/session.md");
    Ok(Some(Problem { file: name, line: 0, what: Text::new(ru.0, en.0), hint: Text::new(ru.1, en.1) }))
}

fn is_metric(file: &Path) -> bool {
    file.extension().is_some_and(|e| e == "sql")
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is said of a metric that is not there: where a report or a target names it, and where a metric reads it.
fn no_metric(name: &str) -> [String; 2] {
    [format!("there is no metric `{name}`"), format!("there is no table `{name}`")]
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Every file of the company's that lies here or beside the store.
fn nearby(place: &Place) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = place.regulation.clone().into_iter().collect();
    for pattern in ["regulation*.toml", "mapping*.toml", "queries/**/*.sql", "reports/*.toml", "delivery*.toml"] {
        let beside = open::company(place).beside(pattern);
        for pattern in [pattern.to_owned(), beside.display().to_string()] {
            files.extend(glob::glob(&pattern)?.filter_map(Result::ok));
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// The problems of one file, by what its content says it is.
fn problems_of(file: &Path, catalog: &Catalog, place: &Place) -> Result<Vec<Problem>> {
    let name = file.display().to_string();
    let text = read(file)?;
    let found = if is_metric(file) {
        catalog.check(&name, &text).err()
    } else if has_table(&text, "export") {
        Mapping::parse(&name, &text).err()
    } else if has_table(&text, "company") || has_table(&text, "stage") {
        Regulation::parse(&name, &text).and_then(|r| r.check_targets(&name, &known(catalog))).err()
    } else if has_table(&text, "recipient") || has_table(&text, "send") {
        match Delivery::parse(&name, &text) {
            Ok(delivery) => {
                let company = open::company(place);
                Some(Problems(delivery.check_reports(|report| company.definition(report, catalog))))
            }
            Err(problems) => Some(problems),
        }
    } else if has_table(&text, "section") {
        Definition::parse(&name, &text, catalog).err()
    } else {
        Some(Problems(vec![Problem {
            file: name,
            line: 0,
            what: Text::new("не понять, что это за файл", "cannot tell what kind of file this is"),
            hint: Text::new(
                "в регламенте есть [company], в маппинге [[export]], в отчёте [[section]], в рассылке [[send]]; метрика — файл .sql",
                "a regulation has [company], a mapping [[export]], a report [[section]], a delivery [[send]]; a metric is an .sql file",
            ),
        }]))
    };
    Ok(found.map(|problems| problems.0).unwrap_or_default())
}

/// What a regulation's targets may name.
fn known(catalog: &Catalog) -> Vec<Known<'_>> {
    let metrics = catalog.names().filter_map(|name| catalog.get(name).ok());
    metrics
        .map(|metric| Known {
            metric: &metric.name,
            columns: metric.columns.iter().map(|column| column.name.as_str()).collect(),
            dimensions: metric.dimensions.iter().map(String::as_str).collect(),
            further: metric.extra_dimensions,
        })
        .collect()
}

/// Whether a TOML text has a table or an array of tables of that name, even where it does not parse.
fn has_table(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let head = line.trim_start().trim_start_matches('[');
        line.trim_start().starts_with('[')
            && head
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([']', '.']) || rest.trim_start().starts_with(']'))
    })
}
