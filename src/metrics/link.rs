//! Which metrics and shared pieces a metric reads by name: found once all files are read, in the order in which they are computed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Metric;
use super::select::{Read, Select};
use crate::model::lang::{Text, both};
use crate::model::problem::Problem;
use crate::model::tables::Table;
use crate::regulation;
use crate::session::is_view;

/// All that can be read by name, beside the session's tables and views, which come first.
pub(super) struct Readable<'a> {
    pub metrics: &'a BTreeMap<String, Metric>,
    pub pieces: &'a BTreeMap<String, Arc<Select>>,
}

impl Readable<'_> {
    /// Gives a metric what it reads. Refuses a circle, and a split that something read does not have.
    pub fn link(&self, metric: &mut Metric) -> Result<(), Box<Problem>> {
        let mut order = Vec::new();
        self.visit(&metric.select, &mut Vec::new(), &mut order)?;
        // the last is the metric itself
        order.pop();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for select in order.iter().chain([&metric.select]) {
            for (name, mention) in &select.relations {
                *times.entry(name).or_default() += mention.times;
            }
        }
        let is_read = |name: &String| order.iter().any(|select| select.name == *name);
        let all = || order.iter().chain([&metric.select]);
        let relations: BTreeSet<String> =
            all().flat_map(|select| select.relations.keys()).filter(|name| !is_read(name)).cloned().collect();
        let named = all().flat_map(|select| &select.words).cloned().collect();
        let has_period = all().any(|select| select.has_period);
        let read = |select: &Arc<Select>| Read {
            select: Arc::clone(select),
            is_kept: times.get(select.name.as_str()).is_some_and(|times| *times > 1),
        };
        let reads: Vec<Read> = order.iter().map(read).collect();
        let mut read_needs = Vec::new();
        for of in reads.iter().filter_map(|read| self.metrics.get(&read.select.name)) {
            split(metric, of)?;
            read_needs.extend(of.needs.iter().filter(|need| !metric.needs.contains(need)).cloned());
        }
        (metric.reads, metric.read_needs) = (reads, read_needs);
        (metric.relations, metric.named, metric.has_period) = (relations, named, has_period);
        Ok(())
    }

    /// Puts a SELECT behind all that it reads. `path` leads to it.
    fn visit(
        &self,
        select: &Arc<Select>,
        path: &mut Vec<Arc<Select>>,
        order: &mut Vec<Arc<Select>>,
    ) -> Result<(), Box<Problem>> {
        if order.iter().any(|done| done.name == select.name) {
            return Ok(());
        }
        path.push(Arc::clone(select));
        for (name, mention) in &select.relations {
            let Some(read) = self.get(name, path) else { continue };
            if let Some(at) = path.iter().position(|one| one.name == *name) {
                let circle: Vec<&str> = path[at..].iter().map(|one| one.name.as_str()).chain([name.as_str()]).collect();
                return Err(Box::new(Problem {
                    file: select.file.clone(),
                    line: usize::try_from(mention.line).unwrap_or_default(),
                    what: Text::new(
                        format!("круг: {}", circle.join(" читает ")),
                        format!("a circle: {}", circle.join(" reads ")),
                    ),
                    hint: Text::new("одна из них должна обойтись без другой", "one of them must do without the other"),
                }));
            }
            self.visit(&read, path, order)?;
        }
        path.pop();
        order.push(Arc::clone(select));
        Ok(())
    }

    /// What bears a name: the metric that is looked at, another metric or a piece. None for a table or view of the session.
    fn get(&self, name: &str, path: &[Arc<Select>]) -> Option<Arc<Select>> {
        let is_table = Table::named(name).is_some() || regulation::TABLES.contains(&name) || is_view(name);
        let of_path = path.iter().find(|select| select.name == name);
        let others = || self.pieces.get(name).or_else(|| self.metrics.get(name).map(|metric| &metric.select));
        of_path.or_else(others).filter(|_| !is_table).map(Arc::clone)
    }
}

/// A metric may be split only by what all metrics that it reads can be split by.
fn split(metric: &Metric, of: &Metric) -> Result<(), Box<Problem>> {
    let extra = (metric.extra_dimensions && !of.extra_dimensions).then_some("extra");
    let missing = metric.dimensions.iter().find(|name| !of.dimensions.contains(name)).map(String::as_str).or(extra);
    let Some(missing) = missing else { return Ok(()) };
    Err(Box::new(Problem {
        file: metric.select.file.clone(),
        line: metric.select.relations.get(&of.name).map_or(0, |at| usize::try_from(at.line).unwrap_or_default()),
        what: both!(
            "`{}` не делится по `{missing}`, а здесь читается",
            "`{}` cannot be split by `{missing}`, and is read here",
            of.name
        ),
        hint: both!("уберите `{missing}` из `dimensions`", "take `{missing}` out of `dimensions`"),
    }))
}
