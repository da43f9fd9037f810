//! Roles: one definition from which each reader gets the sections that are theirs.

use std::collections::BTreeSet;

use super::{Definition, Role};
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::written::{Document, Section, Wrong};

impl Definition {
    /// The roles that the report can be made for; empty if everyone reads the same.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The report as one role reads it: its sections, and those that are for all. The role is named by its id or its title.
    /// `None` if there is no such role.
    pub fn for_role(&self, name: &str) -> Option<Definition> {
        let is_it = |role: &&Role| {
            let names = [&role.id, &role.title.ru, &role.title.en];
            names.iter().any(|known| known.to_lowercase() == name.to_lowercase())
        };
        let role = self.roles.iter().find(is_it)?;
        let mut own = self.clone();
        own.sections.retain(|section| section.roles.is_empty() || section.roles.contains(&role.id));
        own.name = format!("{}-{}", self.name, role.id);
        own.audience = Some(role.title.clone());
        own.roles = Vec::new();
        Some(own)
    }
}

/// Reads every `[[role]]`.
pub(super) fn roles(doc: &Document, person: Option<&str>) -> Vec<Role> {
    let mut ids = BTreeSet::new();
    let sections = doc.root().tables("role");
    let one = |section: &Section<'_>| {
        let id = section.checked("id", |id| fresh(id, &mut ids)).unwrap_or_default();
        Role { id, title: section.bilingual("title") }
    };
    let roles: Vec<Role> = sections.iter().map(one).collect();
    if let (Some(first), Some(person)) = (sections.first(), person) {
        let what = both!(
            "отчёт — и для каждого ({person}), и по ролям: `--for` не может значить и то и другое",
            "the report is both for each {person} and by role: `--for` cannot mean both"
        );
        let hint = Text::new("уберите `for` или [[role]]", "remove `for`, or [[role]]");
        first.problem(first.line(), what, hint);
    }
    roles
}

fn fresh(id: &str, ids: &mut BTreeSet<String>) -> Result<String, Wrong> {
    let is_plain = !id.is_empty() && id.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'));
    match (is_plain, ids.insert(id.to_owned())) {
        (true, true) => Ok(id.to_owned()),
        (true, false) => Err(Wrong::new(
            both!("роль `{id}` — дважды", "the role `{id}` is written twice"),
            Text::new("оставьте одну", "keep one"),
        )),
        (false, _) => Err(Wrong::new(
            both!("`{id}` не может быть id роли", "`{id}` cannot be the id of a role"),
            Text::new(
                "строчные латинские буквы, цифры и дефисы: `head`",
                "small Latin letters, digits and hyphens: `head`",
            ),
        )),
    }
}

/// The roles that a section names: each is one of the report's.
pub(super) fn of_section(section: &Section<'_>, known: &[Role]) -> Vec<String> {
    let named = section.texts("roles");
    for name in named.iter().filter(|name| !known.iter().any(|role| role.id == name.value)) {
        let ids = known.iter().map(|role| role.id.as_str());
        let way = match known.is_empty() {
            true => {
                Text::new("объявите роли: [[role]] с id и title", "declare the roles: [[role]] with an id and a title")
            }
            false => hint(&name.value, ids),
        };
        section.problem(name.line, both!("нет роли `{}`", "there is no role `{}`", name.value), way);
    }
    named.into_iter().map(|name| name.value).collect()
}
