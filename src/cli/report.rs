//! `voronka report`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::args::{Place, Report};
use super::open;
use super::outcome::Outcome;
use super::progress::Shown;
use super::said::{Said, said};
use super::screen::say;
use crate::company::held;
use crate::model::lang::{Lang, both};
use crate::model::problem::hint;
use crate::model::progress::Progress;
use crate::model::timings;
use crate::report::definition::Definition;
use crate::report::document::Document;
use crate::report::render::{Format, render_all};
use crate::report::slug::{slug, told_apart};
use crate::report::{build, for_report};
use crate::session::Session;

pub async fn run(args: &Report, place: &Place) -> Result<Outcome> {
    let formats = args.format.iter().map(|f| f.parse::<Format>()).collect::<Result<Vec<_>, _>>()?;
    let company = open::company(place);
    let (regulation, catalog) = (company.regulation()?, company.catalog()?);
    let Asked { definitions, person, each } = asked(args, company.definition(&args.name, &catalog)?)?;
    let Some(definition) = definitions.first() else { return Ok(Outcome::Fine) };
    let everyone = open::session(place, &args.reading, &regulation, open::Wanted::Figures).await?;
    let mut session = for_report(&everyone).await?;
    for (dimension, value) in definition.only().iter().chain(&args.only) {
        session = held(&session, dimension, value).await?;
    }
    // the values of all, before the session is held to some: what they are called in Latin letters must differ
    let mut values = BTreeMap::new();
    let dimensions = args.only.iter().map(|(dimension, _)| dimension.as_str());
    for dimension in dimensions.chain(each).chain(definition.person().filter(|_| person.is_some())) {
        values.insert(dimension.to_owned(), everyone.values(dimension).await?);
    }
    let lang = args.lang.map(Lang::from).or(definition.lang()).unwrap_or(regulation.lang());
    let sessions = sessions(person, each, definition, session).await?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| Said(both!("не создать {}", "cannot make {}", args.out.display())))?;
    let (mut names, mut files, mut failed) = (BTreeSet::new(), Vec::new(), Vec::new());
    let shown = Shown::new();
    let all = sessions.iter().flat_map(|session| definitions.iter().map(move |definition| (session, definition)));
    for ((session, definition), done) in all.zip(0..) {
        // one report tells its sections, many tell whose they are
        let sections: &dyn Progress = if sessions.len() == 1 { &shown } else { &() };
        if let ([_, _, ..], Some((_, who))) = (&sessions[..], session.held().last()) {
            shown.step(who, done, sessions.len() as u64);
        }
        // of many reports one that cannot be made leaves the others
        let began = timings::begin();
        let built = build(session, &catalog, definition, session.as_of(), lang, sections).await;
        timings::end(began, || "build the document".to_owned(), None);
        let mut document = match (built, session.held().last()) {
            (Ok(document), _) => document,
            (Err(error), Some((_, who))) if sessions.len() > 1 => {
                failed.push(format!("{who}: {}", error.text(lang)));
                continue;
            }
            (Err(error), _) => return Err(error.into()),
        };
        // two names may be alike in Latin letters, whether their reports are made together or one by one
        for (dimension, value) in session.held().iter().filter(|held| !definition.only().contains(held)) {
            let alike = |other: &String| other != value && slug(other) == slug(value);
            if values.get(dimension).is_some_and(|values| values.iter().any(alike)) {
                document.name = format!("{}-{}", document.name, told_apart(value));
            }
        }
        let stem = document.name.clone();
        let mut others = (2..).map(|number| format!("{stem}-{number}"));
        while !names.insert(document.name.clone()) {
            document.name = others.next().unwrap_or_default();
        }
        document.folds &= !args.full;
        files.extend(drawn(&mut document, &args.out, &formats)?);
        failed.append(&mut document.failed);
    }
    // told when all are made: whoever stops listening loses no file
    for file in files {
        say(file.display()).context(Said(both!(
            "отчёты записаны, не вывести только список их файлов",
            "the reports are written, only the list of their files could not be"
        )))?;
    }
    // the reports are there, and say in its place what failed; a batch job that reads exit codes must not take them for whole
    match failed.is_empty() {
        true => Ok(Outcome::Fine),
        false => Err(said!(
            "записано, но часть не посчитана:\n    {}",
            "written, but a part could not be computed:\n    {}",
            failed.join("\n    ")
        )),
    }
}

/// What is asked for: the definitions of the reports, and whose rows they hold.
struct Asked<'a> {
    definitions: Vec<Definition>,
    /// `--for`, where it names no role.
    person: Option<&'a str>,
    /// `--for-each`, where it does not stand for the roles.
    each: Option<&'a str>,
}

/// What stands in `--for-each` for all roles of a report.
const ROLES: &str = "role";

/// In a report that has roles, `--for` names one of them, and `--for-each role` stands for all.
fn asked(args: &Report, definition: Definition) -> Result<Asked<'_>> {
    let (person, each) = (args.person.as_deref(), args.for_each.as_deref());
    let ids: Vec<String> = definition.roles().iter().map(|role| role.id.clone()).collect();
    match (person, each) {
        _ if ids.is_empty() => Ok(Asked { definitions: vec![definition], person, each }),
        (Some(name), _) => match definition.for_role(name) {
            Some(own) => Ok(Asked { definitions: vec![own], person: None, each: None }),
            None => {
                let what = both!(
                    "в отчёте `{}` нет роли `{name}`\n    ",
                    "the report `{}` has no role `{name}`\n    ",
                    definition.name()
                );
                Err(Said(what.and(hint(name, ids.iter().map(String::as_str)))).into())
            }
        },
        (None, Some(ROLES)) => {
            let definitions = ids.iter().filter_map(|id| definition.for_role(id)).collect();
            Ok(Asked { definitions, person: None, each: None })
        }
        _ => Ok(Asked { definitions: vec![definition], person, each }),
    }
}

/// A session for each report that is asked for: for all, for one, or for each value of a dimension.
async fn sessions(
    person: Option<&str>,
    each: Option<&str>,
    definition: &Definition,
    session: Session,
) -> Result<Vec<Session>> {
    Ok(match (person, each, definition.person()) {
        (Some(person), _, Some(dimension)) => vec![held(&session, dimension, person).await?],
        (Some(_), _, None) => {
            return Err(said!(
                "отчёт `{}` — для всех, а не для одного\n    уберите --for или напишите --where DIM=VALUE",
                "the report `{}` is for everyone, not for one person\n    leave out --for, or write --where DIM=VALUE",
                definition.name()
            ));
        }
        (None, Some(dimension), _) => {
            let mut sessions = Vec::new();
            for value in session.values(dimension).await? {
                sessions.push(session.only(dimension, &value).await?);
            }
            if sessions.is_empty() {
                return Err(said!(
                    "ни в одной сделке не указано: {dimension}; делать отчёт не для кого",
                    "no deal names its {dimension}: there is nobody to make the report for"
                ));
            }
            sessions
        }
        (None, None, Some(dimension)) => {
            return Err(said!(
                "отчёт `{}` делается для одного ({dimension})\n    назовите его: --for ИМЯ, или сделайте для всех: --for-each {dimension}",
                "the report `{}` is for one {dimension}\n    name one with --for NAME, or make all with --for-each {dimension}",
                definition.name()
            ));
        }
        (None, None, None) => vec![session],
    })
}

/// Renders the document; where a chart cannot be drawn, a notice takes its place.
fn drawn(document: &mut Document, out: &Path, formats: &[Format]) -> Result<Vec<PathBuf>> {
    let began = timings::begin();
    let rendered = render_all(document, out, formats);
    timings::end(began, || "draw and write".to_owned(), None);
    Ok(rendered?)
}
