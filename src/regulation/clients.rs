//! `[[client_kind]]`: which clients there are, and how often each kind is to be contacted.

use super::condition::Condition;
use super::rules::ClientKind;
use super::{contacts, stages};
use crate::model::tables::TOUCH_KINDS;
use crate::model::written::Section;

/// Reads every `[[client_kind]]`. A client is of the first kind whose condition holds.
pub fn kinds(root: &Section<'_>) -> Vec<ClientKind> {
    let sections = root.tables("client_kind");
    let read = |section: &Section<'_>| {
        let mut means = Vec::new();
        for kind in section.texts("means") {
            match contacts::contact_kind(&kind, &TOUCH_KINDS) {
                Ok(kind) => means.push(kind),
                Err(wrong) => section.problem(kind.line, wrong.what, wrong.hint),
            }
        }
        ClientKind {
            id: section.text("kind"),
            title: section.bilingual("title"),
            when: section.checked("when", Condition::client),
            contact_days: section.optional_positive("contact_every_days"),
            means,
            advice: section.optional_bilingual("advice"),
        }
    };
    let kinds: Vec<_> = sections.iter().map(read).collect();
    stages::unique(&sections, "kind", kinds.iter().map(|kind| kind.id.as_str()), ("вид клиентов", "the client kind"));
    kinds
}
