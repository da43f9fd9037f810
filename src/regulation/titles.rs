//! What ids of the regulation are called, by the columns of metrics that hold them.

use std::collections::BTreeMap;

use super::Regulation;
use crate::model::lang::Text;

/// Of a column: the title of each id.
pub type Titles = BTreeMap<String, Text>;

impl Regulation {
    /// What ids are called, by the columns of metrics that hold them, such as `stage`.
    pub fn titles(&self) -> BTreeMap<&'static str, Titles> {
        titles(self)
    }
}

/// `reason` and `lost_reason` hold the same ones.
fn titles(regulation: &Regulation) -> BTreeMap<&'static str, Titles> {
    let stages = regulation.stages.iter().map(|stage| (&stage.id, &stage.title));
    let reasons = regulation.lost_reasons.iter().map(|reason| (&reason.id, &reason.title));
    let interests = regulation.interests.iter().map(|interest| (&interest.id, &interest.title));
    let kinds = regulation.client_kinds.iter().map(|kind| (&kind.id, &kind.title));
    let rules = regulation.controls.iter().map(|control| (&control.rule, &control.title));
    let items = regulation.quality.checklist.iter().map(|item| (&item.id, &item.title));
    BTreeMap::from([
        ("stage", of(stages)),
        ("reason", of(reasons.clone())),
        ("lost_reason", of(reasons)),
        ("interest", of(interests)),
        ("kind", of(kinds.clone())),
        ("client_kind", of(kinds)),
        ("rule", of(rules)),
        ("item", of(items)),
    ])
}

fn of<'a>(titles: impl Iterator<Item = (&'a String, &'a Text)>) -> Titles {
    titles.map(|(id, title)| (id.clone(), title.clone())).collect()
}
