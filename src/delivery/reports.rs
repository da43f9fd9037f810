//! The reports that the file names: they are all sound, and fit those who get them, before anything is sent.

use std::collections::BTreeMap;

use super::error::DeliveryError;
use super::file::{Condition, Delivery, Sending};
use super::world::World;
use crate::company::CompanyError;
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::{Problem, Problems, hint};
use crate::report::definition::Definition;

/// The definitions by the names that the file gives.
pub(super) type Reports = BTreeMap<String, Definition>;

/// Reads the definitions of all reports.
pub(super) fn reports(world: &World<'_>, delivery: &Delivery) -> Result<Reports, DeliveryError> {
    let of = |name: &str| world.company.definition(name, world.catalog);
    let (reports, problems) = checked(delivery, of);
    match problems.is_empty() {
        true => Ok(reports),
        false => Err(Problems(problems).into()),
    }
}

/// The definitions, and what is wrong with them.
pub(super) fn checked(
    delivery: &Delivery,
    of: impl Fn(&str) -> Result<Definition, CompanyError>,
) -> (Reports, Vec<Problem>) {
    let (mut reports, mut problems) = (Reports::new(), Vec::new());
    for send in &delivery.sends {
        let problem = |what, hint| Problem { file: delivery.file.clone(), line: send.report.line, what, hint };
        match of(&send.report.value) {
            Ok(definition) => {
                let Some(definition) = of_role(send, definition, &mut problems, &delivery.file) else { continue };
                problems.extend(unfit(delivery, send, &definition).into_iter().map(|(what, hint)| problem(what, hint)));
                reports.insert(send.name(), definition);
            }
            Err(CompanyError::Problems(Problems(found))) => {
                problems.extend(found.into_iter().map(|one| match one.line {
                    // there is no such report: the place is where it is named
                    0 => problem(one.what, one.hint),
                    _ => one,
                }))
            }
            Err(error) => {
                problems.push(problem(Text::new(error.text(Lang::Ru), error.text(Lang::En)), Text::default()))
            }
        }
    }
    problems.sort();
    problems.dedup();
    (reports, problems)
}

/// The report as the role reads it; `None` if it has no such role, which is noted.
fn of_role(send: &Sending, definition: Definition, problems: &mut Vec<Problem>, file: &str) -> Option<Definition> {
    let Some(role) = &send.role else { return Some(definition) };
    let own = definition.for_role(role);
    if own.is_none() {
        let what =
            both!("в отчёте `{}` нет роли `{}`", "the report `{}` has no role `{}`", send.report.value, role.value);
        let hint = match definition.roles() {
            [] => Text::new("уберите `role`", "remove `role`"),
            roles => hint(role, roles.iter().map(|role| role.id.as_str())),
        };
        problems.push(Problem { file: file.to_owned(), line: role.line, what, hint });
    }
    own
}

/// Why a report cannot go to those who are to get it, and the way out.
fn unfit(delivery: &Delivery, send: &Sending, definition: &Definition) -> Vec<(Text, Text)> {
    let mut unfit = Vec::new();
    if let Some(person) = definition.person() {
        for recipient in send.to.iter().map(|at| &delivery.recipients[*at]) {
            if !recipient.only.iter().any(|(dimension, _)| dimension == person) {
                unfit.push((
                    both!(
                        "отчёт `{}` делается для одного ({person}), а `{}` видит всех",
                        "the report `{}` is for one {person}, and `{}` sees all",
                        send.report.value,
                        recipient.name
                    ),
                    both!(
                        "добавьте получателю only = {{ {person} = \"…\" }}",
                        "add only = {{ {person} = \"…\" }} to the recipient"
                    ),
                ));
            }
        }
    }
    if send.condition == Condition::NewFinding && !definition.judges_targets() {
        unfit.push((
            both!(
                "в отчёте `{}` нет целей, и ничего нового вне нормы в нём не бывает",
                "the report `{}` judges no target: nothing in it is ever off target",
                send.report.value
            ),
            Text::new("уберите only_if или возьмите brief, weekly", "remove only_if, or take brief or weekly"),
        ));
    }
    unfit
}
