//! `voronka send`.

use std::path::PathBuf;

use anyhow::Result;

use super::args::{Place, Send};
use super::open;
use super::outcome::Outcome;
use super::said::said;
use super::screen::{say, tell};
use crate::company::{Company, read};
use crate::delivery::{Delivery, State, Told, Wanted, World, send};
use crate::model::lang::{Lang, both};
use crate::report::for_report;

/// The file, here or beside the store.
pub const FILE: &str = "delivery.toml";

pub async fn run(args: &Send, place: &Place) -> Result<Outcome> {
    let lang = open::lang(args.speaks.lang, place);
    let company = open::company(place);
    let file = file(args, &company)?;
    let delivery = Delivery::parse(&file.display().to_string(), &read(&file)?)?;
    let (regulation, catalog) = (company.regulation()?, company.catalog()?);
    let session = for_report(&open::session(place, &args.reading, &regulation, open::Wanted::Figures).await?).await?;
    let world = World {
        company: &company,
        regulation: &regulation,
        catalog: &catalog,
        session: &session,
        clock: &open::now,
        environment: &variable,
    };
    let wanted = Wanted {
        to: args.to.clone(),
        reports: args.report.clone(),
        resend_unknown: args.resend_unknown,
        dry_run: args.dry_run.clone(),
    };
    let mut all = Vec::new();
    let mut told = |one: &Told| {
        shown(one, lang);
        all.push(one.clone());
    };
    send(&world, &delivery, &wanted, &mut told).await?;
    let count = |of: &dyn Fn(&State) -> bool| all.iter().filter(|one| of(&one.state)).count();
    let (sent, before) = (count(&|s| matches!(s, State::Sent | State::Unlogged(_))), count(&|s| *s == State::Already));
    let (quiet, written) = (count(&|s| *s == State::NothingNew), count(&|s| matches!(s, State::Written(_))));
    let trouble = all.iter().filter(|one| one.is_trouble()).count();
    let summary = match args.dry_run.is_some() {
        true => both!(
            "записано {written}, уже отправлено раньше {before}, без нового {quiet}, с ошибками {trouble}; не отправлено ничего",
            "{written} written, {before} sent before, {quiet} with nothing new, {trouble} in trouble; nothing was sent"
        ),
        false => both!(
            "отправлено {sent}, уже отправлено раньше {before}, без нового {quiet}, с ошибками {trouble}",
            "{sent} sent, {before} sent before, {quiet} with nothing new, {trouble} in trouble"
        ),
    };
    tell(summary.get(lang));
    Ok(if trouble == 0 { Outcome::Fine } else { Outcome::Found })
}

/// What went out, and the files of a dry run, are data; the rest is told beside it.
fn shown(one: &Told, lang: Lang) {
    match &one.state {
        // whoever stops listening stops no delivery
        State::Sent => drop(say(one.text(lang))),
        State::Written(files) => files.iter().for_each(|file| drop(say(file.display()))),
        State::Already
        | State::NothingNew
        | State::Failed(_)
        | State::Refused(_)
        | State::Unknown(_)
        | State::Unlogged(_) => {
            tell(one.text(lang));
        }
    }
}

fn file(args: &Send, company: &Company) -> Result<PathBuf> {
    let nearby = [PathBuf::from(FILE), company.beside(FILE)];
    match args.file.clone().or(nearby.into_iter().find(|file| file.is_file())) {
        Some(file) => Ok(file),
        None => Err(said!(
            "нет {FILE}: ни здесь, ни рядом с хранилищем\n    назовите файл или начните с образца: docs/guide/delivery.ru.md",
            "there is no {FILE} here or beside the store\n    name a file, or start from the example in docs/guide/delivery.en.md"
        )),
    }
}

/// A variable of the environment.
#[allow(clippy::disallowed_methods)] // secrets come out of it, and only here
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
